r"""‖q − r_α‖₁ grows with α: the escorts are ordered by their likelihood ratio to q.

With the signs s of `log(r_α/q)`, the 1-norm at a larger order is at least `Σ s (r − q)` there, and `Σ s r` grows: its
rate is the covariance of s and log p/q under the escort, and s increases with log p/q.
"""

from sympy import Symbol, exp, sign

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le
from proofs.lemmas import Argument, by_identity
from proofs.notation import (
    alpha,
    b,
    escort,
    i,
    k,
    log_partition,
    log_ratio,
    mixed,
    norm1,
    own,
    q,
    r,
    softmax,
    square,
    t,
    target,
)
from proofs.refutation import Neighbour, logits_of

x = Symbol("x", real=True)
larger = Symbol("alphaprime", positive=True)
r_larger = escort(larger)


def log_share(n):
    """`log r_n/q_n`."""
    return alpha * log_ratio(n) - log_partition(mixed(alpha)) + log_partition(b)


def force(n):
    """`r_n − q_n`."""
    return r(n) - q(n)


def larger_force(n):
    """The same at the larger order."""
    return r_larger(n) - q(n)


def monotone(kernel: Argument) -> Theorem:
    """Signs fixed at the smaller order, and the mean value theorem in the order."""
    signs = sign(log_share(i))
    size, least, most = kernel.sign_of(log_share(i), exp(x), x)
    smaller = kernel.sum_over(size, i, weight=q(i))
    here = kernel.sum_over(kernel.times_sign(signs, larger_force(i), least, most), i)

    along = Total(signs * softmax(mixed(t))(i), i)
    xi, change, *_ = kernel.taylor(along, t, alpha, larger, order=1)
    tilt = softmax(mixed(xi))
    ordered = kernel.signs_ordered(log_share(i), log_share(k))
    covariance = kernel.sum_over(ordered, i, k, weight=tilt(i) * tilt(k))
    gap = larger - alpha
    return kernel.combine(
        le(norm1(force), norm1(larger_force)),
        (1, here),
        (-1, smaller),
        (-1, change),
        (gap / (2 * alpha), covariance),
    )


PROOF = Proof(
    "order-monotone-force",
    goals=(
        Goal(
            "monotone",
            given=(le(alpha, larger),),
            shows=(le(norm1(force), norm1(larger_force)),),
            argument=monotone,
        ),
        Goal("order 0", shows=(eq(norm1(lambda n: escort(0)(n) - q(n)), 0),), argument=by_identity),
    ),
    asserts={
        r"\alpha \le \alpha' \Rightarrow \|q - r_\alpha\|_1 \le \|q - r_{\alpha'}\|_1": (
            "monotone",
            "order 0",
        ),
    },
    domain="0 ≤ α ≤ α' < ∞ and finite logits",
    beyond="α' = ∞",
    neighbour=Neighbour(
        "monotone",
        lambda _: le(square(force), square(larger_force)),
        {
            i.total: 3,
            alpha: 1,
            larger: 2,
            target: logits_of(1, 1000, 1),
            own: logits_of(10**9, 10**6, 1),
        },
    ),
)

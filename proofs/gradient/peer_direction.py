r"""How fast D changes with the target's logits: without bound at α = 1, which is why the target must be detached.

The gradient is `α/(α−1)·(r − p)`. Two distributions are at most 2 apart; and r moves from p with α at a speed of at
most half the oscillation. Below 1, D and its gradient are those of order 1 − α with the arguments exchanged.
"""

from sympy import Abs, Integer, Symbol, sign

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le, lt, ne
from proofs.lemmas import Argument, by_identity
from proofs.notation import (
    a,
    alpha,
    b,
    escort,
    high,
    i,
    log_ratio,
    low,
    mean,
    mixed,
    norm1,
    order,
    own,
    p,
    q,
    r,
    renyi,
    softmax,
    square,
    t,
    target,
)
from proofs.refutation import Neighbour, logits_of
from proofs.supports import WHOLE

x = Symbol("x", real=True)
best = Symbol("c", nonnegative=True)
"""A constant with `‖q − r‖₂² ≤ c D` at order 1 − α, for all logits."""

factor = alpha / (alpha - 1)
exchanged = escort(1 - alpha, b, a)
BEST = le(square(lambda n: p(n) - exchanged(n)), best * renyi(1 - alpha, q, p), target, own)
BOUNDED = (le(low, log_ratio(i), i), le(log_ratio(i), high, i))
ASSERTION = (
    r"\|\nabla_{z_p} D_\alpha\|_1 \le \alpha \min(\frac{2}{|\alpha-1|}, \frac{1}{2} \mathrm{osc}(\log p/q))"
)


def shift(n):
    """`r_n − p_n`."""
    return r(n) - p(n)


def gradient(n):
    """`α/(α−1)·(r_n − p_n)`."""
    return factor * shift(n)


def gradient_zero(n):
    """The same at α = 0."""
    return Integer(0) / (0 - 1) * (escort(0)(n) - p(n))


def gradient_one(n):
    """`p_n (log p_n/q_n − KL)`, up to a constant in both logarithms."""
    return p(n) * (log_ratio(n) - mean(p, log_ratio))


def apart(kernel: Argument) -> Theorem:
    """`|r − p| ≤ r + p`."""
    above, below = (kernel.sign(le(e, r(i) + p(i))) for e in (shift(i), -shift(i)))
    summed = kernel.sum_over(kernel.within(shift(i), above, below), i)
    return kernel.combine(le(norm1(gradient), 2 * alpha / Abs(alpha - 1)), (alpha / Abs(alpha - 1), summed))


def moved(kernel: Argument) -> Theorem:
    """The mean value theorem for `Σ s r` with the signs s of r − p."""
    signs = sign(shift(i))
    size, least, most = kernel.sign_of(shift(i), x, x)
    total = kernel.sum_over(size, i)
    xi, change, _ = kernel.taylor(Total(signs * softmax(mixed(t))(i), i), t, 1, alpha, order=1)
    rate = softmax(mixed(xi))(i) * (log_ratio(i) - Total(softmax(mixed(xi))(i) * log_ratio(i), i))
    speed = kernel.cite("order-lipschitz", "deviation", {order: xi})
    deviation = kernel.cite("order-lipschitz", "oscillation", {order: xi})
    goal = le(norm1(shift), Abs(alpha - 1) * (high - low) / 2)
    forward, backward = (
        kernel.sum_over(kernel.times_sign(e, rate, *bounds), i)
        for e, bounds in (
            (signs, (least, most)),
            (-signs, (kernel.combine(le(-1, -signs), (1, most)), kernel.combine(le(-signs, 1), (1, least)))),
        )
    )
    cases = []
    for branch, sense, summed in ((le(1, alpha), 1, forward), (le(alpha, 1), -1, backward)):
        case = [kernel.suppose(branch)]
        length = sense * (alpha - 1)
        width = kernel.absolute(length, using=case)
        bound = kernel.combine(
            le(norm1(shift), length * (high - low) / 2),
            (-1, total),
            (1, change),
            (length, summed),
            (length, speed),
            (length, deviation),
            using=case,
        )
        cases.append(kernel.combine(goal, (1, bound), ((low - high) / 2, width)))
    distance = kernel.cases(cases[1], cases[0])
    return kernel.combine(le(norm1(gradient), alpha * (high - low) / 2), (alpha / Abs(alpha - 1), distance))


def order_one(kernel: Argument) -> Theorem:
    """At 1 the gradient is the speed of the escort, whose bound is that of `order-lipschitz`."""
    speed = kernel.cite("order-lipschitz", "deviation", {order: Integer(1)})
    deviation = kernel.cite("order-lipschitz", "oscillation", {order: Integer(1)})
    return kernel.combine(le(norm1(gradient_one), (high - low) / 2), (1, speed), (1, deviation))


def below_one(kernel: Argument) -> Theorem:
    """The bound of the own gradient, of order 1 − α, with the arguments exchanged."""
    own_bound = kernel.suppose(BEST)
    skew = kernel.cite("skew", "skew", WHOLE)
    return kernel.combine(
        le(square(gradient), alpha / (1 - alpha) * best * renyi(alpha)),
        (factor**2, own_bound),
        (-alpha * best / (1 - alpha) ** 2, skew),
    )


PROOF = Proof(
    "peer-direction",
    goals=(
        Goal(
            "apart",
            given=(ne(alpha, 1),),
            shows=(le(norm1(gradient), 2 * alpha / Abs(alpha - 1)),),
            argument=apart,
        ),
        Goal(
            "moved",
            given=(ne(alpha, 1), *BOUNDED),
            shows=(le(norm1(gradient), alpha * (high - low) / 2),),
            argument=moved,
        ),
        Goal(
            "order 1",
            given=BOUNDED,
            shows=(le(norm1(gradient_one), (high - low) / 2),),
            argument=order_one,
        ),
        Goal("order 0", shows=(eq(norm1(gradient_zero), 0),), argument=by_identity),
        Goal(
            "below 1",
            given=(lt(alpha, 1), BEST),
            shows=(le(square(gradient), alpha / (1 - alpha) * best * renyi(alpha)),),
            argument=below_one,
        ),
    ),
    asserts={
        ASSERTION: ("apart", "moved", "order 1", "order 0"),
        (
            r"\|\nabla_{z_p} D_\alpha\|_2^2 \le \frac{\alpha}{1-\alpha} c(1-\alpha) D_\alpha(p\|q)"
            r" \quad (\alpha < 1)"
        ): ("below 1",),
    },
    domain="finite α ≥ 0 and finite logits; c any constant that bounds the own gradient at order 1 − α",
    neighbour=Neighbour(
        "apart",
        lambda bound: le(bound.left, 2),
        {i.total: 2, alpha: 2, target: logits_of(1, 9), own: logits_of(1, 999)},
    ),
)

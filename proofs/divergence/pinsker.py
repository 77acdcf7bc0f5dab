r"""Pinsker's inequality at every order: first KL, then below 1 through the escort, above 1 by monotony.

KL: `3(x−1)² ≤ (4+2x)(x log x − x + 1)` class by class. Below 1: (1−α)D is the value of the variational formula at
the escort, and `αx² + (1−α)y² ≥ α(1−α)(x+y)²`.
"""

from sympy import Abs, Min, Rational, Symbol, diff, log, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import a, alpha, b, i, kl, mixed, norm1, order, own, p, q, r, renyi, target
from proofs.refutation import Neighbour, logits_of
from proofs.supports import (
    BELOW_LARGEST,
    MASS_P,
    MASS_Q,
    WHOLE,
    largest,
    log_of_mass,
    mass_p,
    mass_q,
    on_p,
    on_q,
)

x, y = Symbol("x", positive=True), Symbol("y", positive=True)
CLASSICAL = (4 + 2 * x) * (x * log(x) - x + 1) - 3 * (x - 1) ** 2
DISTANCE = norm1(lambda n: p(n) - q(n))
DISTANCE_ABOVE = norm1(lambda n: p(n) - on_q(n)) + 1 - mass_q
"""`‖p − q‖₁` where p ≪ q: classes that only q has are as far apart as q has mass there."""
DISTANCE_BELOW = norm1(lambda n: on_p(n) - on_q(n)) + (1 - mass_p) + (1 - mass_q)
KL_BOUND = le(DISTANCE_ABOVE**2 / 2, kl(p, on_q))
ASSERTION = r"D_\alpha(p\|q) \ge \frac{\min(\alpha, 1)}{2} \|p - q\|_1^2"


def order_one(kernel: Argument) -> Theorem:
    """Class by class a quadratic bound; then `f(|p − q|/f − N/2)² ≥ 0` for `f = (4q + 2p)/3`, summed, f sums to 2.

    Where p is masked `f = 4q/3`, and the bound of `(p − q)²/f` is `3q/4`.
    """
    log_bound = kernel.tangent(log(y), y, at=1, to=1 / x)
    curvature = kernel.combine(le(0, diff(CLASSICAL, x, 2)), (4, log_bound))
    bound = kernel.tangent(CLASSICAL, x, at=1, to=p(i) / on_q(i), curvature=curvature)
    first, difference = (4 * on_q(i) + 2 * p(i)) / 3, p(i) - on_q(i)
    second = p(i) * log(p(i) / on_q(i)) - p(i) + on_q(i)
    product = kernel.combine(le(Abs(difference) ** 2, first * second), (on_q(i) ** 2 / 3, bound))
    ratio = kernel.combine(le(difference**2 / first, second), (1 / first, product))
    masked = kernel.combine(le(0, 1 - mass_q), (1, kernel.suppose(MASS_Q)))
    half = DISTANCE_ABOVE / 2
    squares = Total((Abs(difference) / sqrt(first) - sqrt(first) * half) ** 2, i)
    return kernel.combine(
        KL_BOUND,
        (1, kernel.sum_over(ratio, i)),
        (Rational(1, 4), masked),
        (Rational(4, 3) * (Rational(3, 4) - half) ** 2, masked),
        rest=squares,
    )


def below_one(kernel: Argument) -> Theorem:
    """The triangle inequality through the escort, and a square."""
    value = kernel.cite("variational", "attained", {order: alpha})
    to_target = kernel.cite("pinsker", "order 1", {target: mixed(alpha), own: a, mass_q: mass_p})
    to_own = kernel.cite("pinsker", "order 1", {target: mixed(alpha), own: b})
    gaps = (lambda n: r(n) - on_p(n), lambda n: r(n) - on_q(n), lambda n: on_p(n) - on_q(n))
    first, second = (norm1(gap) + 1 - mass for gap, mass in zip(gaps, (mass_p, mass_q), strict=False))
    to_p, to_q = (kernel.absolute(r(i) - f(i)) for f in (on_p, on_q))
    from_p, from_q = (kernel.absolute(f(i) - r(i)) for f in (on_p, on_q))
    through = Abs(r(i) - on_p(i)) + Abs(r(i) - on_q(i))
    above = kernel.combine(le(on_p(i) - on_q(i), through), (1, from_p), (1, to_q))
    below = kernel.combine(le(on_q(i) - on_p(i), through), (1, to_p), (1, from_q))
    triangle = kernel.sum_over(kernel.within(on_p(i) - on_q(i), above, below), i)
    masked = [kernel.combine(le(0, 1 - m), (1, kernel.suppose(le(m, 1)))) for m in (mass_p, mass_q)]
    lengths = [
        kernel.combine(le(0, norm1(gap) + lost), *((1, part) for part in parts), rest=norm1(gap))
        for gap, lost, parts in zip(
            gaps,
            (1 - mass_p, 1 - mass_q, 2 - mass_p - mass_q),
            (masked[:1], masked[1:], masked),
            strict=True,
        )
    ]
    return kernel.combine(
        le(alpha / 2 * DISTANCE_BELOW**2, renyi(alpha, on_p, on_q)),
        (1 / (1 - alpha), value),
        (alpha / (1 - alpha), to_target),
        (1, to_own),
        *((alpha / 2 * length.right, triangle) for length in lengths),
        rest=(alpha * first - (1 - alpha) * second) ** 2 / (2 * (1 - alpha)),
        using=lengths,
    )


def above_one(kernel: Argument) -> Theorem:
    """KL, and a larger order."""
    return kernel.combine(
        le(DISTANCE_ABOVE**2 / 2, renyi(alpha, p, on_q)),
        (1, kernel.cite("pinsker", "order 1")),
        (1, kernel.cite("order-monotone", "from 1 on")),
    )


def order_infinity(kernel: Argument) -> Theorem:
    """KL, and `log p/q ≤ log M` class by class."""
    bound = kernel.suppose(BELOW_LARGEST)
    logs = kernel.monotone(log(y), y, bound)
    return kernel.combine(
        le(DISTANCE_ABOVE**2 / 2, log(largest)),
        (1, kernel.cite("pinsker", "order 1")),
        (1, kernel.sum_over(logs, i, weight=p(i))),
    )


def every_order(kernel: Argument) -> Theorem:
    """Below and above 1, where nothing is masked."""
    least, goal = Min(alpha, 1), le(Min(alpha, 1) / 2 * DISTANCE**2, renyi(alpha))
    under = kernel.suppose(lt(alpha, 1))
    small = kernel.combine(
        goal,
        (1, kernel.cite("pinsker", "order below 1", WHOLE, shown=[under])),
        (DISTANCE**2 / 2, kernel.extremum(least, alpha)),
    )
    over = kernel.sign(lt(1, alpha), using=[kernel.suppose(le(1, alpha))])
    large = kernel.combine(
        goal,
        (1, kernel.cite("pinsker", "order above 1", WHOLE, shown=[over])),
        (DISTANCE**2 / 2, kernel.extremum(least, 1)),
    )
    return kernel.cases(small, large)


PROOF = Proof(
    "pinsker",
    goals=(
        Goal("order 1", given=(MASS_Q,), shows=(KL_BOUND,), argument=order_one),
        Goal(
            "order below 1",
            given=(lt(alpha, 1), MASS_P, MASS_Q),
            shows=(le(alpha / 2 * DISTANCE_BELOW**2, renyi(alpha, on_p, on_q)),),
            argument=below_one,
        ),
        Goal(
            "order above 1",
            given=(lt(1, alpha), MASS_Q),
            shows=(le(DISTANCE_ABOVE**2 / 2, renyi(alpha, p, on_q)),),
            argument=above_one,
        ),
        Goal(
            "order 0",
            given=(MASS_Q,),
            shows=(le(0, renyi(0, on_p, on_q)),),
            argument=lambda kernel: kernel.combine(
                le(0, renyi(0, on_p, on_q)), (1, log_of_mass(kernel, mass_q))
            ),
        ),
        Goal(
            "order ∞",
            given=(MASS_Q, BELOW_LARGEST),
            shows=(le(DISTANCE_ABOVE**2 / 2, log(largest)),),
            argument=order_infinity,
        ),
        Goal(
            "every order",
            given=(ne(alpha, 1),),
            shows=(le(Min(alpha, 1) / 2 * DISTANCE**2, renyi(alpha)),),
            argument=every_order,
        ),
    ),
    asserts={
        ASSERTION: ("order 0", "order below 1", "order 1", "order above 1", "order ∞"),
    },
    domain="α ∈ [0, ∞] and any masks",
    neighbour=Neighbour(
        "every order",
        lambda bound: le(Min(alpha, 3) / 2 * DISTANCE**2, bound.right),
        {i.total: 2, alpha: 3, target: logits_of(99, 1), own: logits_of(3, 7)},
    ),
)

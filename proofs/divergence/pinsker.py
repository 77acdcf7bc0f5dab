r"""Pinsker's inequality at every order: first KL, then below 1 through the escort, above 1 by monotony.

KL: `3(x−1)² ≤ (4+2x)(x log x − x + 1)` and Cauchy–Schwarz. Below 1: (1−α)D is the value of the variational formula at
the escort, and `αx² + (1−α)y² ≥ α(1−α)(x+y)²`.
"""

from sympy import Abs, Min, Rational, Symbol, diff, log, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import a, alpha, b, i, kl, mixed, norm1, order, own, p, q, r, renyi, target
from proofs.refutation import Neighbour, logits_of

x, y = Symbol("x", positive=True), Symbol("y", positive=True)
CLASSICAL = (4 + 2 * x) * (x * log(x) - x + 1) - 3 * (x - 1) ** 2
DISTANCE = norm1(lambda n: p(n) - q(n))
ASSERTION = r"D_\alpha(p\|q) \ge \frac{\min(\alpha, 1)}{2} \|p - q\|_1^2"


def order_one(kernel: Argument) -> Theorem:
    """Class by class a quadratic bound, then Cauchy–Schwarz."""
    log_bound = kernel.tangent(log(y), y, at=1, to=1 / x)
    curvature = kernel.combine(le(0, diff(CLASSICAL, x, 2)), (4, log_bound))
    bound = kernel.tangent(CLASSICAL, x, at=1, to=p(i) / q(i), curvature=curvature)
    first, second = (4 * q(i) + 2 * p(i)) / 3, p(i) * log(p(i) / q(i)) - p(i) + q(i)
    difference = p(i) - q(i)
    product = kernel.combine(le(Abs(difference) ** 2, first * second), (q(i) ** 2 / 3, bound))
    squared = kernel.cauchy_schwarz(sqrt(first), Abs(difference) / sqrt(first), i)
    ratio = kernel.combine(le(difference**2 / first, second), (1 / first, product))
    return kernel.combine(
        le(DISTANCE**2 / 2, kl()), (Rational(1, 2), squared), (1, kernel.sum_over(ratio, i))
    )


def below_one(kernel: Argument) -> Theorem:
    """The triangle inequality through the escort, and a square."""
    value = kernel.cite("variational", "attained", {order: alpha})
    to_target = kernel.cite("pinsker", "order 1", {target: mixed(alpha), own: a})
    to_own = kernel.cite("pinsker", "order 1", {target: mixed(alpha), own: b})
    first, second = norm1(lambda n: r(n) - p(n)), norm1(lambda n: r(n) - q(n))
    to_p, to_q = (kernel.absolute(r(i) - f(i)) for f in (p, q))
    from_p, from_q = (kernel.absolute(f(i) - r(i)) for f in (p, q))
    through = Abs(r(i) - p(i)) + Abs(r(i) - q(i))
    above = kernel.combine(le(p(i) - q(i), through), (1, from_p), (1, to_q))
    below = kernel.combine(le(q(i) - p(i), through), (1, to_p), (1, from_q))
    triangle = kernel.sum_over(kernel.within(p(i) - q(i), above, below), i)
    return kernel.combine(
        le(alpha / 2 * DISTANCE**2, renyi(alpha)),
        (1 / (1 - alpha), value),
        (alpha / (1 - alpha), to_target),
        (1, to_own),
        (alpha / 2 * (first + second + DISTANCE), triangle),
        rest=(alpha * first - (1 - alpha) * second) ** 2 / (2 * (1 - alpha)),
    )


def every_order(kernel: Argument) -> Theorem:
    """Below and above 1."""
    least, goal = Min(alpha, 1), le(Min(alpha, 1) / 2 * DISTANCE**2, renyi(alpha))
    under = kernel.suppose(lt(alpha, 1))
    small = kernel.combine(
        goal,
        (1, kernel.cite("pinsker", "order below 1", shown=[under])),
        (DISTANCE**2 / 2, kernel.extremum(least, alpha)),
    )
    over = kernel.sign(lt(1, alpha), using=[kernel.suppose(le(1, alpha))])
    large = kernel.combine(
        goal,
        (1, kernel.cite("pinsker", "order 1")),
        (1, kernel.cite("order-monotone", "from 1 on", shown=[over])),
        (DISTANCE**2 / 2, kernel.extremum(least, 1)),
    )
    return kernel.cases(small, large)


PROOF = Proof(
    "pinsker",
    goals=(
        Goal("order 1", shows=(le(DISTANCE**2 / 2, kl()),), argument=order_one),
        Goal(
            "order below 1",
            given=(lt(alpha, 1),),
            shows=(le(alpha / 2 * DISTANCE**2, renyi(alpha)),),
            argument=below_one,
        ),
        Goal(
            "every order",
            given=(ne(alpha, 1),),
            shows=(le(Min(alpha, 1) / 2 * DISTANCE**2, renyi(alpha)),),
            argument=every_order,
            asserts=(ASSERTION,),
        ),
    ),
    neighbour=Neighbour(
        "every order",
        lambda bound: le(Min(alpha, 3) / 2 * DISTANCE**2, bound.right),
        {i.total: 2, alpha: 3, target: logits_of(99, 1), own: logits_of(3, 7)},
    ),
)

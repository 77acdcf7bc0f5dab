r"""The best self-bounding constants, from the best Pinsker constants at the inverse order.

`D_α(p‖q) = D_{1/α}(r‖q)` (`order-inversion`), and `‖v‖₂² ≤ ½‖v‖₁²` for v = q − r, whose classes sum to 0.
"""

from sympy import Abs, Max, Min, Rational, log, sqrt

from proofs.divergence.pinsker_best import LARGEST
from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, eq, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import alpha, i, k, kl, mixed, norm1, own, p, q, r, renyi, square, target
from proofs.refutation import Neighbour, logits_of, reduced
from proofs.supports import WHOLE
from proofs.touching import IN_U, ROOT, U, u

SMALLEST = (3 * sqrt(5) - 5) / 2
"""The inverse of (5+3√5)/10."""

ROOF = 4 * u * (1 - u)


def force(n):
    """`q_n − r_n`."""
    return q(n) - r(n)


LENGTH, DISTANCE = square(force), norm1(force)


def norms(kernel: Argument) -> Theorem:
    """No class has more than half of the 1-norm of a vector that sums to 0."""
    up, down = kernel.absolute(force(k)), kernel.absolute(-force(k))
    above = kernel.terms_of_sum(Abs(force(k)) + force(k), k, i, using=[down])
    below = kernel.terms_of_sum(Abs(force(k)) - force(k), k, i, using=[up])
    room = DISTANCE - Abs(force(i))
    most = kernel.within(
        force(i),
        kernel.combine(le(force(i), room), (1, above)),
        kernel.combine(le(-force(i), room), (1, below)),
    )
    summed = kernel.sum_over(most, i, weight=Abs(force(i)))
    return kernel.combine(le(LENGTH, DISTANCE**2 / 2), (Rational(1, 2), summed))


def from_pinsker(kernel: Argument, best: Theorem, scale, roof, *terms, using=()) -> Theorem:
    """`‖q − r‖₂² ≤ roof·D_α` from `‖r − q‖₁²/2 ≤ scale·D_{1/α}(r‖q)`, `roof = scale` but for `terms`."""
    inversion = kernel.cite("order-inversion", "inversion", WHOLE, using=using)
    short = kernel.cite("self-bounding-best", "norms")
    positive = kernel.cite("nonneg", "order not 1", using=using)
    return kernel.combine(
        le(LENGTH, roof * renyi(alpha)),
        (1, short),
        (scale, best),
        (-scale, inversion),
        *terms,
        using=[positive, *using],
    )


INVERSE = {alpha: 1 / alpha, target: mixed(alpha)}


def usable(kernel: Argument) -> Theorem:
    """Pinsker's constant at 1/α is `½ min(1/α, (5+3√5)/10)`; where one is the least, its inverse is the largest."""
    best = kernel.cite("pinsker-best", "usable", INVERSE)
    least, most = Min(1 / alpha, LARGEST), Max(alpha, SMALLEST)
    branches = []
    for branch, bound, beyond, scale in (
        (le(alpha, SMALLEST), LARGEST, 1 / alpha, SMALLEST),
        (le(SMALLEST, alpha), 1 / alpha, LARGEST, alpha),
    ):
        fits = kernel.combine(le(bound, beyond), (LARGEST / alpha, kernel.suppose(branch)))
        exact = kernel.extremum(least, bound, using=[fits])
        larger = kernel.extremum(most, scale)
        terms = ((-scale * DISTANCE**2 / 2, exact), (renyi(alpha), larger))
        branches.append(from_pinsker(kernel, best, scale, most, *terms))
    return kernel.cases(*branches)


def touching(kernel: Argument) -> Theorem:
    """For α ≤ u the inverse order is at least 1/u."""
    beyond = kernel.combine(le(1 / u, 1 / alpha), (1 / (alpha * u), kernel.facts[3]))
    best = kernel.cite("pinsker-best", "sharp", INVERSE, shown=[beyond])
    inside = kernel.combine(lt(0, 1 - u), (1, kernel.facts[1]), rest=1 - U[1])
    below = kernel.combine(lt(alpha, 1), (1, kernel.facts[3]), (1, kernel.facts[1]), rest=1 - U[1])
    return from_pinsker(kernel, best, ROOF, ROOF, using=[inside, below])


ONE_HOT = log((1 - u) ** (1 - alpha)) / (alpha - 1)
"""`D_α` of p = (1, 0) from q = (1−u, u), where q − r = (−u, u)."""

PROOF = Proof(
    "self-bounding-best",
    goals=(
        Goal("norms", shows=(le(LENGTH, DISTANCE**2 / 2),), argument=norms),
        Goal(
            "usable",
            given=(ne(alpha, 1),),
            shows=(le(LENGTH, Max(alpha, SMALLEST) * renyi(alpha)),),
            argument=usable,
        ),
        Goal(
            "order 1",
            shows=(le(square(lambda n: q(n) - p(n)), kl()),),
            argument=lambda kernel: kernel.cite("self-bounding", "order 1"),
        ),
        Goal(
            "touching",
            given=(*IN_U, ROOT, le(alpha, u)),
            shows=(le(LENGTH, ROOF * renyi(alpha)),),
            argument=touching,
        ),
        Goal(
            "attained",
            given=(*IN_U, ROOT, ne(alpha, 1)),
            shows=(eq(u**2 + u**2, ROOF * ONE_HOT),),
            argument=lambda kernel: kernel.combine(
                eq(u**2 + u**2, ROOF * ONE_HOT),
                (ROOF * Rational(1, 2), kernel.suppose(ROOT)),
                using=[kernel.combine(lt(0, 1 - u), (1, kernel.facts[1]), rest=1 - U[1])],
            ),
        ),
    ),
    asserts={
        r"\|\nabla_{z_q} D_\alpha\|_2^2 \le \max(\alpha, \frac{3\sqrt{5}-5}{2}) \, D_\alpha(p\|q)": (
            "usable",
        ),
        (
            r"\|\nabla_{z_q} D_\alpha\|_2^2 \le c(\alpha) \, D_\alpha(p\|q)"
            r",\ c = \alpha \text{ for } \alpha \ge \frac{3\sqrt{5}-5}{2}"
            r",\ c = 4u(1-u) \text{ for } \alpha \le u,\ \frac{u}{1-u} = -2 \log(1-u)"
        ): ("touching",),
    },
    domain="0 < α < ∞ and finite logits",
    beyond="masks",
    neighbour=Neighbour(
        "usable", reduced, {i.total: 2, alpha: 2, target: logits_of(51, 49), own: logits_of(1, 1)}
    ),
)

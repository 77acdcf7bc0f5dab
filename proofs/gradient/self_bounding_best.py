r"""The best self-bounding constants, from the best Pinsker constants at the inverse order.

`D_α(p‖q) = D_{1/α}(r‖q)` (`order-inversion`), and `‖v‖₂² ≤ ½‖v‖₁²` for v = q − r, whose classes sum to 0. Classes that
only q has count as one, which has no smaller square; what only p has, for α < 1, adds to D.
"""

from sympy import Abs, Integer, Max, Min, Rational, Symbol, log, sqrt

from proofs.divergence.pinsker_best import ONE_HOTS, PAIRS, best
from proofs.goals import Goal, Proof
from proofs.gradient.self_bounding import masked_force
from proofs.kernel import Theorem, Total, eq, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import alpha, i, k, kl, mixed, norm1, own, p, q, r, renyi, square, target
from proofs.one_hot import LARGEST
from proofs.refutation import Neighbour, logits_of, reduced
from proofs.supports import MASS_P, MASS_Q, WHOLE, log_of_mass, mass_p, mass_q, on_p, on_q
from proofs.touching import IN_U, ROOT, U, u

SMALLEST = (3 * sqrt(5) - 5) / 2
"""The inverse of (5+3√5)/10."""

ROOF = 4 * u * (1 - u)
LENGTH = masked_force(r)
DISTANCE = norm1(lambda n: on_q(n) - r(n)) + 1 - mass_q
USABLE = Max(alpha, SMALLEST)
BELOW, ABOVE = renyi(alpha, on_p, on_q), renyi(alpha, p, on_q)


def force(n):
    """`q_n − r_n` where p has mass too."""
    return on_q(n) - r(n)


def norms(kernel: Argument) -> Theorem:
    """No class has more than half of the 1-norm of a vector that sums to 0."""
    up, down = kernel.absolute(force(k)), kernel.absolute(-force(k))
    above = kernel.terms_of_sum(Abs(force(k)) + force(k), k, i, using=[down])
    below = kernel.terms_of_sum(Abs(force(k)) - force(k), k, i, using=[up])
    lost = kernel.combine(le(0, 1 - mass_q), (1, kernel.suppose(MASS_Q)))
    room = DISTANCE - Abs(force(i))
    most = kernel.within(
        force(i),
        kernel.combine(le(force(i), room), (1, above), (2, lost)),
        kernel.combine(le(-force(i), room), (1, below)),
    )
    summed = kernel.sum_over(most, i, weight=Abs(force(i)))
    gains = kernel.sign(le(0, Total(Abs(force(k)) + force(k), k)), using=[down])
    return kernel.combine(
        le(LENGTH, DISTANCE**2 / 2),
        (Rational(1, 2), summed),
        ((1 - mass_q) / 2, gains),
        using=[lost],
    )


def from_pinsker(kernel: Argument, best: Theorem, scale, roof, *terms, using=()) -> Theorem:
    """`‖q − r‖₂² ≤ roof·D_α` from `‖r − q‖₁²/2 ≤ scale·D_{1/α}(r‖q)`, `roof = scale` but for `terms`."""
    inversion = kernel.cite("order-inversion", "inversion", using=using)
    short = kernel.cite("self-bounding-best", "norms")
    return kernel.combine(
        le(LENGTH, roof * ABOVE), (1, short), (scale, best), (-scale, inversion), *terms, using=using
    )


def with_rest(kernel: Argument, roof, whole: Theorem, using=()) -> Theorem:
    """What of p is masked in q adds `−α/(1−α)·log P` to D."""
    adds = (roof * alpha / (1 - alpha), log_of_mass(kernel, mass_p))
    return kernel.combine(le(LENGTH, roof * BELOW), (1, whole), adds, using=using)


INVERSE = {alpha: 1 / alpha, target: mixed(alpha)}


def usable(kernel: Argument, best: Theorem, positive: Theorem, bound, scale, fits: Theorem) -> Theorem:
    """Pinsker's constant at 1/α is `½ min(1/α, (5+3√5)/10)`; where one is the least, its inverse is the largest."""
    exact = kernel.extremum(Min(1 / alpha, LARGEST), bound, using=[fits])
    larger = kernel.extremum(USABLE, scale)
    if larger.relation.op == "=":  # where α > 1 it is known which is the larger
        larger = kernel.combine(le(scale, USABLE), (-1, larger))
    terms = ((-scale * DISTANCE**2 / 2, exact), (ABOVE, larger))
    return from_pinsker(kernel, best, scale, USABLE, *terms, using=[positive])


def usable_above(kernel: Argument) -> Theorem:
    """Of an order above 1 the inverse is below."""
    under = kernel.combine(lt(1 / alpha, 1), (1 / alpha, kernel.facts[0]))
    best = kernel.cite("pinsker-best", "usable, below 1", {**INVERSE, mass_p: Integer(1)}, shown=[under])
    positive = kernel.cite("nonneg", "masked, above 1")
    fits = kernel.combine(le(1 / alpha, LARGEST), (1, under), rest=LARGEST - 1)
    return usable(kernel, best, positive, 1 / alpha, alpha, fits)


def usable_below(kernel: Argument) -> Theorem:
    """Of an order below 1 the inverse is above."""
    over = kernel.combine(lt(1, 1 / alpha), (1 / alpha, kernel.facts[0]))
    best = kernel.cite("pinsker-best", "usable, above 1", INVERSE, shown=[over])
    positive = kernel.cite("nonneg", "masked, below 1", {mass_p: Integer(1)})
    branches = []
    for branch, bound, beyond, scale in (
        (le(alpha, SMALLEST), LARGEST, 1 / alpha, SMALLEST),
        (le(SMALLEST, alpha), 1 / alpha, LARGEST, alpha),
    ):
        fits = kernel.combine(le(bound, beyond), (LARGEST / alpha, kernel.suppose(branch)))
        branches.append(usable(kernel, best, positive, bound, scale, fits))
    return with_rest(kernel, USABLE, kernel.cases(*branches))


def every_order(kernel: Argument) -> Theorem:
    """Both, where nothing is masked."""
    under, over = kernel.suppose(lt(alpha, 1)), kernel.suppose(le(1, alpha))
    strict = kernel.sign(lt(1, alpha), using=[over])
    return kernel.cases(
        kernel.cite("self-bounding-best", "usable, below 1", WHOLE, shown=[under]),
        kernel.cite("self-bounding-best", "usable, above 1", WHOLE, shown=[strict]),
    )


def touching(kernel: Argument) -> Theorem:
    """For α ≤ u the inverse order is at least 1/u."""
    beyond = kernel.combine(le(1 / u, 1 / alpha), (1 / (alpha * u), kernel.facts[3]))
    best = kernel.cite("pinsker-best", "sharp", INVERSE, shown=[beyond])
    inside = kernel.combine(lt(0, 1 - u), (1, kernel.facts[1]), rest=1 - U[1])
    below = kernel.combine(lt(alpha, 1), (1, kernel.facts[3]), (1, kernel.facts[1]), rest=1 - U[1])
    using = [inside, below]
    return with_rest(kernel, ROOF, from_pinsker(kernel, best, ROOF, ROOF, using=using), using)


constant = Symbol("c", positive=True)
"""One that holds for two classes."""

OF_PAIRS = {alpha: 1 / alpha, best: 1 / constant}


def between(kernel: Argument) -> Theorem:
    """Two classes suffice for the inverse order."""
    over = kernel.combine(lt(1, 1 / alpha), (1 / alpha, kernel.facts[0]))
    images = {**OF_PAIRS, target: mixed(alpha)}
    best = kernel.cite("pinsker-best", "two classes suffice", images, shown=[over])
    return with_rest(kernel, constant, from_pinsker(kernel, best, constant, constant))


ONE_HOT = log((1 - u) ** (1 - alpha)) / (alpha - 1)
"""`D_α` of p = (1, 0) from q = (1−u, u), where q − r = (−u, u)."""

NORM = r"\|\nabla_{z_q} D_\alpha\|_2^2 \le "

PROOF = Proof(
    "self-bounding-best",
    goals=(
        Goal("norms", given=(MASS_Q,), shows=(le(LENGTH, DISTANCE**2 / 2),), argument=norms),
        Goal(
            "usable, below 1",
            given=(lt(alpha, 1), MASS_P, MASS_Q),
            shows=(le(LENGTH, USABLE * BELOW),),
            argument=usable_below,
        ),
        Goal(
            "usable, above 1",
            given=(lt(1, alpha), MASS_Q),
            shows=(le(LENGTH, USABLE * ABOVE),),
            argument=usable_above,
        ),
        Goal(
            "usable",
            given=(ne(alpha, 1),),
            shows=(le(square(lambda n: q(n) - r(n)), USABLE * renyi(alpha)),),
            argument=every_order,
        ),
        Goal(
            "order 1",
            given=(MASS_Q,),
            shows=(le(masked_force(p), kl(p, on_q)),),
            argument=lambda kernel: kernel.cite("self-bounding", "masked, at 1"),
        ),
        Goal(
            "touching",
            given=(*IN_U, ROOT, le(alpha, u), MASS_P, MASS_Q),
            shows=(le(LENGTH, ROOF * BELOW),),
            argument=touching,
        ),
        Goal(
            "between",
            given=(lt(alpha, 1), PAIRS.at(OF_PAIRS), ONE_HOTS.at(OF_PAIRS), MASS_P, MASS_Q),
            shows=(le(LENGTH, constant * BELOW),),
            argument=between,
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
        NORM + r"\max(\alpha, \frac{3\sqrt{5}-5}{2}) \, D_\alpha(p\|q)": (
            "usable, below 1",
            "order 1",
            "usable, above 1",
        ),
        (
            NORM + r"c(\alpha) \, D_\alpha(p\|q)"
            r",\ c = \alpha \text{ for } \alpha \ge \frac{3\sqrt{5}-5}{2}"
            r",\ c = 4u(1-u) \text{ for } \alpha \le u,\ \frac{u}{1-u} = -2 \log(1-u)"
        ): ("touching", "between", "usable, below 1", "order 1", "usable, above 1", "attained"),
    },
    domain=(
        "0 < α < ∞ and any masks; between 0.7153319 and 0.8541020 c(α) is by definition the best constant"
        " for two classes"
    ),
    neighbour=Neighbour(
        "usable", reduced, {i.total: 2, alpha: 2, target: logits_of(51, 49), own: logits_of(1, 1)}
    ),
)

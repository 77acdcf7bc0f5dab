r"""The best Pinsker constants: ½ min(α, (5+3√5)/10), and 1/(8u(1−u)) = 0.6138… from α = 1/u on.

Merging the classes where p ≥ q into one keeps ‖p − q‖₁ and does not increase D (`data-processing`), so two classes
decide: `two_classes` near the diagonal, `touching` at order 1/u. Larger orders have larger D (`order-monotone`).
"""

from sympy import Min, Rational, Symbol, log, sign, sqrt

from proofs.divergence import data_processing
from proofs.divergence.data_processing import weights
from proofs.divergence.order_monotone import larger as larger_order
from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import alpha, i, norm1, own, p, q, renyi, target
from proofs.refutation import Neighbour, logits_of
from proofs.supports import WHOLE
from proofs.touching import BEST, IN_U, ROOT, TOUCHING_GOALS, U, u
from proofs.two_classes import NEAR_GOALS, affinity, constant, larger, order, smaller

x, y = Symbol("x", real=True), Symbol("y", positive=True)
LARGEST = (5 + 3 * sqrt(5)) / 10
HALF = Rational(1, 2)


def share(n):
    """1 for a class where p > q, 0 where p < q, ½ where they are equal."""
    return (1 + sign(p(n) - q(n))) / 2


mass_p, mass_q = Total(share(i) * p(i), i), Total(share(i) * q(i), i)
DISTANCE = norm1(lambda n: p(n) - q(n))
APART = ne(DISTANCE, 0)
PROPER = (lt(mass_q, mass_p), lt(0, mass_q), lt(mass_p, 1))


def shares(kernel: Argument) -> tuple[Theorem, Theorem]:
    """`0 ≤ share ≤ 1`."""
    _, least, most = kernel.sign_of(p(i) - q(i), x, x)
    return (
        kernel.combine(le(0, share(i)), (HALF, least)),
        kernel.combine(le(0, 1 - share(i)), (HALF, most)),
    )


def distance(kernel: Argument) -> Theorem:
    """The two masses differ by half the 1-norm."""
    size, *_ = kernel.sign_of(p(i) - q(i), x, x)
    return kernel.combine(eq(mass_p - mass_q, DISTANCE / 2), (HALF, kernel.sum_over(size, i)))


def proper(kernel: Argument) -> tuple[Theorem, ...]:
    """Where p ≠ q both masses lie strictly between 0 and 1: else a share would vanish for all classes."""
    apart = kernel.cite("pinsker-best", "distance")
    positive = kernel.sign(lt(0, DISTANCE))
    known = shares(kernel)
    gap = kernel.combine(lt(mass_q, mass_p), (-1, apart), (HALF, positive))
    results = [gap]
    for part, f, g in ((share(i), q, p), (1 - share(i), p, q)):
        mass = Total(part * f(i), i)
        bottom = kernel.sign(le(0, mass), using=known)
        empty = kernel.suppose(le(mass, 0))
        none = kernel.vanishing(empty, using=known)
        nothing = kernel.sum_over(none, i, weight=g(i) / f(i))
        impossible = kernel.combine(lt(0, mass), (1, gap), (1, nothing), (2, bottom))
        results.append(kernel.cases(impossible, kernel.suppose(lt(0, mass))))
    return results[0], results[1], kernel.combine(PROPER[2], (1, results[2]))


MERGED = le(log(affinity(mass_p, mass_q, alpha)) / (alpha - 1), renyi(alpha))


def merged(kernel: Argument) -> Theorem:
    """Data processing into two classes, each by itself."""
    gap, low, high = kernel.cite("pinsker-best", "proper")
    known = [*shares(kernel), low, high]
    above = kernel.combine(lt(0, mass_p), (1, gap), (1, low))
    below = kernel.combine(lt(0, 1 - mass_q), (1, gap), (1, high))
    known += [above, below]
    parts = []
    for part, masses, positive in (
        (share, (mass_p, mass_q), known[0]),
        (lambda n: 1 - share(n), (1 - mass_p, 1 - mass_q), known[1]),
    ):
        sums = [kernel.identity(Total(part(i) * f(i), i), m) for f, m in zip((p, q), masses, strict=True)]
        images = {weights: part, data_processing.mass_p: masses[0], data_processing.mass_q: masses[1]}
        shown = (positive, *sums)
        parts.append(kernel.cite("data-processing", "one output class", images, shown=shown, using=known))
    total = affinity(mass_p, mass_q, alpha)
    whole = Total(p(i) ** alpha * q(i) ** (1 - alpha), i)
    bound = kernel.combine(le(total, whole), (1, parts[0]), (1, parts[1]), using=known)
    logs = kernel.monotone(log(y), y, bound, using=known)
    return kernel.combine(MERGED, (1 / (alpha - 1), logs), using=known)


def against(k, b=alpha):
    """`(κ/2)‖p − q‖₁² ≤ D_β`."""
    return le(k / 2 * DISTANCE**2, renyi(b))


def from_pair(kernel: Argument, k, b, pair, shown: tuple[Theorem, ...]) -> Theorem:
    """From two classes to all; where p = q there is nothing to show but D ≥ 0."""
    moved, still = kernel.suppose(APART), kernel.suppose(eq(DISTANCE, 0))
    gap, low, high = kernel.cite("pinsker-best", "proper", shown=[moved])
    known = [gap, low, high, kernel.combine(lt(0, mass_p), (1, gap), (1, low))]
    images = {larger: mass_p, smaller: mass_q}
    two = pair(images, known)
    at = {} if b == alpha else {alpha: b}
    all_classes = kernel.cite("pinsker-best", "merged", at, shown=(moved, *shown), using=shown)
    halves = kernel.cite("pinsker-best", "distance")
    apart = kernel.combine(
        against(k, b),
        (1, two),
        (1, all_classes),
        (-2 * k * (mass_p - mass_q + DISTANCE / 2), halves),
        using=[*known, *shown],
    )
    positive = kernel.cite("nonneg", "order not 1", at, using=shown)
    equal = kernel.combine(against(k, b), (1, positive), (k / 2 * DISTANCE, still), using=shown)
    return kernel.cases(equal, apart)


def small_orders(kernel: Argument) -> Theorem:
    """`two_classes` with κ = α, where `α² − α ≤ 1/5`."""
    rest = Rational(20, 3) * (LARGEST - alpha) * (alpha + LARGEST - 1)
    below_two = kernel.combine(lt(alpha, 2), (1, kernel.facts[1]), rest=2 - LARGEST)

    def pair(images, known) -> Theorem:
        gap_squared = (mass_p - mass_q) ** 2
        growth, spread = 2 * alpha * (alpha - 1), Rational(2, 3) * (2 - alpha**2 + alpha)
        room = kernel.combine(le((3 * growth - spread) * gap_squared, 0), rest=rest * gap_squared)
        images = {**images, order: alpha, constant: alpha}
        return kernel.cite("pinsker-best", "near", images, shown=(room, below_two, *known), using=known)

    return from_pair(kernel, alpha, alpha, pair, ())


def at_touching(kernel: Argument) -> Theorem:
    """`touching`, at order 1/u."""
    inside = kernel.combine(lt(0, 1 - u), (1, kernel.facts[1]), rest=1 - U[1])
    above = kernel.combine(lt(1, 1 / u), (1 / u, inside))

    def pair(images, known) -> Theorem:
        return kernel.cite("pinsker-best", "touching", images, shown=known, using=[*known, inside])

    return from_pair(kernel, BEST, 1 / u, pair, (above, inside))


def usable(kernel: Argument) -> Theorem:
    """Below 1, up to the largest order of `small_orders`, and beyond."""
    least = Min(alpha, LARGEST)
    goal = against(least)
    under, over = kernel.suppose(lt(alpha, 1)), kernel.suppose(le(1, alpha))
    up_to, beyond = kernel.suppose(le(alpha, LARGEST)), kernel.suppose(le(LARGEST, alpha))
    strict = kernel.sign(lt(1, alpha), using=[over])
    by_order, by_number = kernel.extremum(least, alpha), kernel.extremum(least, LARGEST)
    weight = DISTANCE**2 / 2
    small = kernel.cite("pinsker", "order below 1", WHOLE, shown=[under])
    middle = kernel.cite("pinsker-best", "small orders", shown=[strict, up_to])
    bottom = kernel.cite("pinsker-best", "small orders", {alpha: LARGEST})
    grows = kernel.cite(
        "order-monotone", "both above 1", {alpha: LARGEST, larger_order: alpha, **WHOLE}, shown=[beyond]
    )
    return kernel.cases(
        kernel.combine(goal, (1, small), (weight, by_order)),
        kernel.cases(
            kernel.combine(goal, (1, middle), (weight, by_order)),
            kernel.combine(goal, (1, bottom), (1, grows), (weight, by_number)),
        ),
    )


def sharp(kernel: Argument) -> Theorem:
    """From order 1/u on, the bound at 1/u."""
    inside = kernel.combine(lt(0, 1 - u), (1, kernel.facts[1]), rest=1 - U[1])
    above = kernel.combine(lt(1, 1 / u), (1 / u, inside))
    bottom = kernel.cite("pinsker-best", "at 1/u")
    grows = kernel.cite(
        "order-monotone",
        "both above 1",
        {alpha: 1 / u, larger_order: alpha, **WHOLE},
        shown=[above, kernel.facts[3]],
        using=[above, inside],
    )
    return kernel.combine(against(BEST), (1, bottom), (1, grows), using=[inside, above])


ONE_HOT = log((1 - u) ** (1 - alpha)) / (alpha - 1)
"""`D_α` of the one-hot p = (1, 0) from q = (1−u, u), whose 1-norm distance is 2u."""

ATTAINED = eq(ONE_HOT, BEST / 2 * (2 * u) ** 2)


def attained(kernel: Argument) -> Theorem:
    """By the equation of u."""
    inside = kernel.combine(lt(0, 1 - u), (1, kernel.facts[1]), rest=1 - U[1])
    return kernel.combine(ATTAINED, (-Rational(1, 2), kernel.suppose(ROOT)), using=[inside])


PROOF = Proof(
    "pinsker-best",
    goals=(
        *NEAR_GOALS,
        *TOUCHING_GOALS,
        Goal("distance", shows=(eq(mass_p - mass_q, DISTANCE / 2),), argument=distance),
        Goal("proper", given=(APART,), shows=PROPER, argument=proper),
        Goal("merged", given=(lt(1, alpha), APART), shows=(MERGED,), argument=merged),
        Goal(
            "small orders",
            given=(lt(1, alpha), le(alpha, LARGEST)),
            shows=(against(alpha),),
            argument=small_orders,
        ),
        Goal("at 1/u", given=(*IN_U, ROOT), shows=(against(BEST, 1 / u),), argument=at_touching),
        Goal(
            "usable",
            given=(ne(alpha, 1),),
            shows=(against(Min(alpha, LARGEST)),),
            argument=usable,
        ),
        Goal(
            "sharp",
            given=(*IN_U, ROOT, le(1 / u, alpha)),
            shows=(against(BEST),),
            argument=sharp,
        ),
        Goal("attained", given=(*IN_U, ROOT, ne(alpha, 1)), shows=(ATTAINED,), argument=attained),
    ),
    asserts={
        r"D_\alpha(p\|q) \ge \frac{1}{2} \min(\alpha, \frac{5+3\sqrt{5}}{10}) \|p - q\|_1^2": ("usable",),
        (
            r"D_\alpha(p\|q) \ge \frac{1}{2 c(1/\alpha)} \|p - q\|_1^2"
            r" \quad (0.6138519 \text{ for } \alpha \ge 1.3979525)"
        ): ("sharp",),
    },
    domain="0 < α < ∞ and finite logits",
    beyond="α ∈ {0, ∞} and masks",
    neighbour=Neighbour(
        "small orders",
        lambda bound: le(Rational(101, 100) * bound.left, bound.right),
        {i.total: 2, alpha: Rational(11, 10), target: logits_of(51, 49), own: logits_of(1, 1)},
    ),
)

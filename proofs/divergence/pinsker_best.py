r"""The best Pinsker constants: ½ min(α, (5+3√5)/10), and 1/(8u(1−u)) = 0.6138… from α = 1/u on.

Two classes decide (`merging`): `two_classes` near the diagonal, `touching` at order 1/u, `one_hot` where p is one-hot.
For orders between, where no closed form is known, whatever constant holds for two classes holds. Larger orders have
larger D (`order-monotone`).
"""

from sympy import Integer, Min, Rational, Symbol, log

from proofs.divergence.order_monotone import larger as larger_order
from proofs.divergence.pinsker import DISTANCE_BELOW
from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, eq, le, lt, ne
from proofs.lemmas import Argument
from proofs.merging import DISTANCE, MERGING_GOALS, against, from_pair, upper_p, upper_q
from proofs.notation import alpha, i, kl, own, p, renyi, target
from proofs.one_hot import LARGEST, ONE_HOT_GOALS, at_edge
from proofs.refutation import Neighbour, logits_of
from proofs.supports import (
    BELOW_LARGEST,
    MASS_P,
    MASS_Q,
    largest,
    log_of_mass,
    mass_p,
    mass_q,
    on_p,
    on_q,
)
from proofs.touching import BEST, IN_U, ROOT, TOUCHING_GOALS, U, u
from proofs.two_classes import NEAR_GOALS, constant, order


def small_orders(kernel: Argument) -> Theorem:
    """`two_classes` with κ = α, where `α² − α ≤ 1/5`."""
    rest = Rational(20, 3) * (LARGEST - alpha) * (alpha + LARGEST - 1)
    below_two = kernel.combine(lt(alpha, 2), (1, kernel.facts[1]), rest=2 - LARGEST)

    def pair(images, known) -> Theorem:
        gap_squared = (upper_p - upper_q) ** 2
        growth, spread = 2 * alpha * (alpha - 1), Rational(2, 3) * (2 - alpha**2 + alpha)
        room = kernel.combine(le((3 * growth - spread) * gap_squared, 0), rest=rest * gap_squared)
        images = {**images, order: alpha, constant: alpha}
        return kernel.cite("pinsker-best", "near", images, shown=(room, below_two, *known), using=known)

    one_hot = kernel.cite("pinsker-best", "one-hot, largest")
    edge = kernel.combine(
        at_edge(alpha), (1, one_hot), (2 * (1 - mass_q) ** 2, kernel.suppose(le(alpha, LARGEST)))
    )
    return from_pair(kernel, alpha, alpha, pair, edge, ())


def at_touching(kernel: Argument) -> Theorem:
    """`touching`, at order 1/u."""
    inside = kernel.combine(lt(0, 1 - u), (1, kernel.facts[1]), rest=1 - U[1])
    above = kernel.combine(lt(1, 1 / u), (1 / u, inside))

    def pair(images, known) -> Theorem:
        return kernel.cite("pinsker-best", "touching", images, shown=known, using=[*known, inside])

    edge = kernel.cite("pinsker-best", "one-hot, best")
    return from_pair(kernel, BEST, 1 / u, pair, edge, (above, inside))


best = Symbol("k", nonnegative=True)
"""A constant that holds for any two classes, of weights f, f' for p and g, g' for q, and where p is one-hot."""

WEIGHTS = tuple(Symbol(name, positive=True) for name in ("f", "f'", "g", "g'"))
f, f_bar, g, g_bar = WEIGHTS
pair_p, pair_q = (f / (f + f_bar), f_bar / (f + f_bar)), (g / (g + g_bar), g_bar / (g + g_bar))
SUM = sum(one**alpha * two ** (1 - alpha) for one, two in zip(pair_p, pair_q, strict=True))
PAIRS = le(2 * best * (pair_p[0] - pair_q[0]) ** 2, log(SUM) / (alpha - 1), *WEIGHTS)
ONE = at_edge(best).at({mass_q: pair_q[0]})
ONE_HOTS = le(ONE.left, ONE.right, g, g_bar)


def two_suffice(kernel: Argument) -> Theorem:
    """The pair is one of those; a one-hot p that q equals is nothing to show."""

    def pair(images, known) -> Theorem:
        left = [
            kernel.combine(lt(0, 1 - upper_p), (1, known[2])),
            kernel.combine(lt(0, 1 - upper_q), (1, known[2]), (1, known[0])),
        ]
        two = {f: upper_p, f_bar: 1 - upper_p, g: upper_q, g_bar: 1 - upper_q}
        return kernel.at(kernel.suppose(PAIRS), two, using=[*known, *left])

    apart, one = kernel.suppose(ne(mass_q, 1)), kernel.suppose(eq(mass_q, 1))
    positive = kernel.sign(lt(0, 1 - mass_q), using=[apart])
    edge = kernel.at(kernel.suppose(ONE_HOTS), {g: mass_q, g_bar: 1 - mass_q}, using=[positive])
    negative = kernel.combine(le(0, -log(mass_q)), (1, log_of_mass(kernel, mass_q)))
    nothing = kernel.combine(at_edge(best), (1, negative), (-2 * best * (1 - mass_q), one))
    return from_pair(kernel, best, alpha, pair, kernel.cases(nothing, edge), ())


def usable(kernel: Argument) -> Theorem:
    """Up to the largest order of `small_orders`, and beyond."""
    least = Min(alpha, LARGEST)
    goal = against(least)
    up_to, beyond = kernel.suppose(le(alpha, LARGEST)), kernel.suppose(le(LARGEST, alpha))
    by_order, by_number = kernel.extremum(least, alpha), kernel.extremum(least, LARGEST)
    weight = DISTANCE**2 / 2
    middle = kernel.cite("pinsker-best", "small orders", shown=[up_to])
    bottom = kernel.cite("pinsker-best", "small orders", {alpha: LARGEST})
    images = {alpha: LARGEST, larger_order: alpha, mass_p: Integer(1)}
    grows = kernel.cite("order-monotone", "both above 1", images, shown=[beyond])
    return kernel.cases(
        kernel.combine(goal, (1, middle), (weight, by_order)),
        kernel.combine(goal, (1, bottom), (1, grows), (weight, by_number)),
    )


def usable_below(kernel: Argument) -> Theorem:
    """`pinsker`."""
    least = Min(alpha, LARGEST)
    under = kernel.combine(le(alpha, LARGEST), (1, kernel.facts[0]), rest=LARGEST - 1)
    return kernel.combine(
        USABLE_BELOW,
        (1, kernel.cite("pinsker", "order below 1")),
        (DISTANCE_BELOW**2 / 2, kernel.extremum(least, alpha, using=[under])),
    )


def sharp(kernel: Argument) -> Theorem:
    """From order 1/u on, the bound at 1/u."""
    inside = kernel.combine(lt(0, 1 - u), (1, kernel.facts[1]), rest=1 - U[1])
    above = kernel.combine(lt(1, 1 / u), (1 / u, inside))
    bottom = kernel.cite("pinsker-best", "at 1/u")
    grows = kernel.cite(
        "order-monotone",
        "both above 1",
        {alpha: 1 / u, larger_order: alpha, mass_p: Integer(1)},
        shown=[above, kernel.facts[4]],
        using=[above, inside],
    )
    return kernel.combine(against(BEST), (1, bottom), (1, grows), using=[inside, above])


def infinity(kernel: Argument, k, at, bottom: str, *using: Theorem) -> Theorem:
    """The bound at a finite order."""
    return kernel.combine(
        le(k / 2 * DISTANCE**2, log(largest)),
        (1, kernel.cite("pinsker-best", bottom, {alpha: at} if bottom == "small orders" else {})),
        (1, kernel.cite("order-monotone", "up to ∞", {alpha: at}, shown=using, using=using)),
        using=using,
    )


def sharp_infinity(kernel: Argument) -> Theorem:
    """The bound at 1/u."""
    inside = kernel.combine(lt(0, 1 - u), (1, kernel.facts[1]), rest=1 - U[1])
    above = kernel.combine(lt(1, 1 / u), (1 / u, inside))
    return infinity(kernel, BEST, 1 / u, "at 1/u", above, inside)


ONE_HOT = log((1 - u) ** (1 - alpha)) / (alpha - 1)
"""`D_α` of the one-hot p = (1, 0) from q = (1−u, u), whose 1-norm distance is 2u."""

ATTAINED = eq(ONE_HOT, BEST / 2 * (2 * u) ** 2)


def attained(kernel: Argument) -> Theorem:
    """By the equation of u."""
    inside = kernel.combine(lt(0, 1 - u), (1, kernel.facts[1]), rest=1 - U[1])
    return kernel.combine(ATTAINED, (-Rational(1, 2), kernel.suppose(ROOT)), using=[inside])


USABLE_BELOW = le(Min(alpha, LARGEST) / 2 * DISTANCE_BELOW**2, renyi(alpha, on_p, on_q))
KL_BOUND = le(DISTANCE**2 / 2, kl(p, on_q))

PROOF = Proof(
    "pinsker-best",
    goals=(
        *NEAR_GOALS,
        *TOUCHING_GOALS,
        *MERGING_GOALS,
        *ONE_HOT_GOALS,
        Goal(
            "small orders",
            given=(lt(1, alpha), le(alpha, LARGEST), MASS_Q),
            shows=(against(alpha),),
            argument=small_orders,
        ),
        Goal(
            "two classes suffice",
            given=(lt(1, alpha), MASS_Q, PAIRS, ONE_HOTS),
            shows=(against(best),),
            argument=two_suffice,
        ),
        Goal(
            "order 0",
            given=(MASS_Q,),
            shows=(le(0, renyi(0, on_p, on_q)),),
            argument=lambda kernel: kernel.cite("nonneg", "order 0"),
        ),
        Goal(
            "usable, below 1",
            given=(lt(alpha, 1), MASS_P, MASS_Q),
            shows=(USABLE_BELOW,),
            argument=usable_below,
        ),
        Goal(
            "usable, at 1",
            given=(MASS_Q,),
            shows=(KL_BOUND,),
            argument=lambda kernel: kernel.cite("pinsker", "order 1"),
        ),
        Goal(
            "usable, above 1",
            given=(lt(1, alpha), MASS_Q),
            shows=(against(Min(alpha, LARGEST)),),
            argument=usable,
        ),
        Goal(
            "usable, order ∞",
            given=(MASS_Q, BELOW_LARGEST),
            shows=(le(LARGEST / 2 * DISTANCE**2, log(largest)),),
            argument=lambda kernel: infinity(kernel, LARGEST, LARGEST, "small orders"),
        ),
        Goal("at 1/u", given=(*IN_U, ROOT, MASS_Q), shows=(against(BEST, 1 / u),), argument=at_touching),
        Goal(
            "sharp",
            given=(*IN_U, ROOT, MASS_Q, le(1 / u, alpha)),
            shows=(against(BEST),),
            argument=sharp,
        ),
        Goal(
            "sharp, order ∞",
            given=(*IN_U, ROOT, MASS_Q, BELOW_LARGEST),
            shows=(le(BEST / 2 * DISTANCE**2, log(largest)),),
            argument=sharp_infinity,
        ),
        Goal("attained", given=(*IN_U, ROOT, ne(alpha, 1)), shows=(ATTAINED,), argument=attained),
    ),
    asserts={
        r"D_\alpha(p\|q) \ge \frac{1}{2} \min(\alpha, \frac{5+3\sqrt{5}}{10}) \|p - q\|_1^2": (
            "order 0",
            "usable, below 1",
            "usable, at 1",
            "usable, above 1",
            "usable, order ∞",
        ),
        (
            r"D_\alpha(p\|q) \ge \frac{1}{2 c(1/\alpha)} \|p - q\|_1^2"
            r" \quad (0.6138519 \text{ for } \alpha \ge 1.3979525)"
        ): (
            "order 0",
            "usable, below 1",
            "usable, at 1",
            "small orders",
            "two classes suffice",
            "sharp",
            "sharp, order ∞",
            "attained",
        ),
    },
    domain=(
        "α ∈ [0, ∞] and any masks; between 1.1708204 and 1.3979525 c(1/α) is by definition the best constant"
        " for two classes"
    ),
    neighbour=Neighbour(
        "small orders",
        lambda bound: le(Rational(101, 100) * bound.left, bound.right),
        {i.total: 2, mass_q: 1, alpha: Rational(11, 10), target: logits_of(51, 49), own: logits_of(1, 1)},
    ),
)

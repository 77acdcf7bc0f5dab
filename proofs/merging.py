r"""From all classes to two: those where p > q merged into one, the others into another.

That keeps ‖p − q‖₁ and does not increase D (`data-processing`). With masks and p ≪ q, the classes that only q has join
the others; where these have nothing of p, what is left of D is at least −log Q, and ‖p − q‖₁ = 2(1 − Q).
"""

from collections.abc import Callable

from sympy import Rational, Symbol, log, sign

from proofs.divergence import data_processing
from proofs.divergence.data_processing import weights
from proofs.divergence.pinsker import DISTANCE_ABOVE as DISTANCE
from proofs.goals import Goal
from proofs.kernel import Theorem, Total, eq, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import alpha, i, p, q, renyi
from proofs.supports import MASS_Q, mass_q, on_q
from proofs.two_classes import affinity, larger, smaller

x, y = Symbol("x", real=True), Symbol("y", positive=True)
HALF = Rational(1, 2)


def share(n):
    """1 for a class where p > q, 0 where p < q, ½ where they are equal."""
    return (1 + sign(p(n) - on_q(n))) / 2


def other(n):
    """What is left of the class."""
    return 1 - share(n)


def of(part: Callable, f: Callable):
    """What a distribution has in one of the two."""
    return Total(part(i) * f(i), i)


upper_p, upper_q = of(share, p), of(share, on_q)
APART = ne(DISTANCE, 0)
INSIDE = lt(upper_p, 1)


def shares(kernel: Argument) -> tuple[Theorem, Theorem]:
    """`0 ≤ share ≤ 1`."""
    _, least, most = kernel.sign_of(p(i) - on_q(i), x, x)
    return (
        kernel.combine(le(0, share(i)), (HALF, least)),
        kernel.combine(le(0, other(i)), (HALF, most)),
    )


def distance(kernel: Argument) -> Theorem:
    """The two masses differ by half the 1-norm."""
    size, *_ = kernel.sign_of(p(i) - on_q(i), x, x)
    return kernel.combine(eq(upper_p - upper_q, DISTANCE / 2), (HALF, kernel.sum_over(size, i)))


def nothing_of(kernel: Argument, part, f, g) -> tuple[Theorem, Theorem]:
    """Where one distribution has nothing in a part, the other has not either; and that it may have nothing."""
    known = shares(kernel)
    empty = kernel.suppose(le(of(part, f), 0))
    none = kernel.vanishing(empty, using=known)
    return kernel.sum_over(none, i, weight=g(i) / f(i)), kernel.sign(le(0, of(part, f)), using=known)


def proper(kernel: Argument) -> tuple[Theorem, Theorem]:
    """Where p ≠ q the first mass of p is the larger, and q has some of it, since else p had none."""
    apart = kernel.cite("pinsker-best", "distance")
    far = kernel.combine(le(0, DISTANCE), (1, kernel.suppose(MASS_Q)), rest=DISTANCE - 1 + mass_q)
    positive = kernel.sign(lt(0, DISTANCE), using=[far])
    gap = kernel.combine(lt(upper_q, upper_p), (-1, apart), (HALF, positive))
    nothing, bottom = nothing_of(kernel, share, on_q, p)
    impossible = kernel.combine(lt(0, upper_q), (1, gap), (1, nothing), (2, bottom))
    return gap, kernel.cases(impossible, kernel.suppose(lt(0, upper_q)))


def rest_of_q(kernel: Argument) -> Theorem:
    """Where p has some of the other mass, q has too."""
    nothing, bottom = nothing_of(kernel, other, q, p)
    inside = kernel.suppose(INSIDE)
    impossible = kernel.combine(lt(0, of(other, q)), (1, inside), (1, nothing), (1, bottom))
    return kernel.cases(impossible, kernel.suppose(lt(0, of(other, q))))


MERGED = le(log(affinity(upper_p, upper_q, alpha)) / (alpha - 1), renyi(alpha, p, on_q))


def merged(kernel: Argument) -> Theorem:
    """Data processing into two classes, each by itself; and q has at least as much in the second."""
    gap, low = kernel.cite("pinsker-best", "proper")
    inside, small = kernel.suppose(INSIDE), kernel.suppose(MASS_Q)
    rest = kernel.cite("pinsker-best", "rest of q")
    known = [*shares(kernel), low, rest]
    known += [
        kernel.combine(lt(0, upper_p), (1, gap), (1, low)),
        kernel.combine(lt(0, 1 - upper_p), (1, inside)),
        kernel.combine(lt(0, of(share, q)), (1 / mass_q, low)),
        kernel.combine(lt(0, mass_q - upper_q), (mass_q, rest)),
        kernel.combine(lt(0, 1 - upper_q), (mass_q, rest), (1, small)),
    ]
    parts = []
    for part, positive, of_p in ((share, known[0], upper_p), (other, known[1], 1 - upper_p)):
        sums = [kernel.identity(of(part, f), whole) for f, whole in ((p, of_p), (q, of(part, q)))]
        images = {weights: part, data_processing.mass_p: of_p, data_processing.mass_q: of(part, q)}
        shown = (positive, *sums)
        parts.append(kernel.cite("data-processing", "one output class", images, shown=shown, using=known))
    more = kernel.combine(le(mass_q - upper_q, 1 - upper_q), (1, small))
    power = kernel.monotone(-(y ** (1 - alpha)), y, more, using=known)
    scale = mass_q ** (1 - alpha)
    bound = kernel.combine(
        le(affinity(upper_p, upper_q, alpha), Total(p(i) ** alpha * on_q(i) ** (1 - alpha), i)),
        (scale, parts[0]),
        (scale, parts[1]),
        ((1 - upper_p) ** alpha, power),
        using=known,
    )
    logs = kernel.monotone(log(y), y, bound, using=known)
    return kernel.combine(MERGED, (1 / (alpha - 1), logs), using=known)


def alone(kernel: Argument) -> Theorem:
    """Where p has nothing of the other mass, q has no more of it than is masked in p."""
    whole = kernel.suppose(le(1, upper_p))
    empty = kernel.combine(le(of(other, p), 0), (1, whole))
    none = kernel.vanishing(empty, using=shares(kernel))
    of_p, of_q = (kernel.sum_over(none, i, weight=weight) for weight in (1, on_q(i) / p(i)))
    apart = kernel.cite("pinsker-best", "distance")
    return kernel.combine(eq(DISTANCE, 2 * (1 - mass_q)), (-2, apart), (-2, of_p), (2, of_q))


def against(k, b=alpha):
    """`(κ/2)‖p − q‖₁² ≤ D_β`."""
    return le(k / 2 * DISTANCE**2, renyi(b, p, on_q))


def from_pair(kernel: Argument, k, b, pair, edge: Theorem, shown: tuple[Theorem, ...]) -> Theorem:
    """From two classes to all; where p = q there is nothing to show but D ≥ 0."""
    moved, still = kernel.suppose(APART), kernel.suppose(eq(DISTANCE, 0))
    inside, whole = kernel.suppose(INSIDE), kernel.suppose(le(1, upper_p))
    gap, low = kernel.cite("pinsker-best", "proper", shown=[moved])
    known = [gap, low, inside, kernel.combine(lt(0, upper_p), (1, gap), (1, low))]
    two = pair({larger: upper_p, smaller: upper_q}, known)
    at = {} if b == alpha else {alpha: b}
    all_classes = kernel.cite("pinsker-best", "merged", at, shown=(moved, inside, *shown), using=shown)
    halves = kernel.cite("pinsker-best", "distance")
    apart = kernel.combine(
        against(k, b),
        (1, two),
        (1, all_classes),
        (-2 * k * (upper_p - upper_q + DISTANCE / 2), halves),
        using=[*known, *shown],
    )
    positive = kernel.cite("nonneg", "order not 1", at, using=shown)
    one_hot = kernel.combine(
        against(k, b),
        (1, edge),
        (1, positive),
        (k / 2 * (DISTANCE + 2 * (1 - mass_q)), kernel.cite("pinsker-best", "alone", shown=[whole])),
        using=shown,
    )
    at_least = kernel.cite("nonneg", "masked, above 1", at, shown=shown, using=shown)
    equal = kernel.combine(against(k, b), (1, at_least), (k / 2 * DISTANCE, still), using=shown)
    return kernel.cases(equal, kernel.cases(apart, one_hot))


MERGING_GOALS = (
    Goal("distance", shows=(eq(upper_p - upper_q, DISTANCE / 2),), argument=distance),
    Goal(
        "proper",
        given=(APART, MASS_Q),
        shows=(lt(upper_q, upper_p), lt(0, upper_q)),
        argument=proper,
    ),
    Goal("rest of q", given=(INSIDE,), shows=(lt(0, of(other, q)),), argument=rest_of_q),
    Goal("merged", given=(lt(1, alpha), APART, MASS_Q, INSIDE), shows=(MERGED,), argument=merged),
    Goal("alone", given=(le(1, upper_p),), shows=(eq(DISTANCE, 2 * (1 - mass_q)),), argument=alone),
)

r"""At η = 1/L, without noise: A² ≤ 2LΔ/T + (1 − 1/T)ζ², reached by Lx²/2 with the constant bias −ζ. T = S + 1, or 1."""

from sympy import Integer, Rational

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, eq, le
from proofs.lemmas import Argument, by_identity
from proofs.quadratic import IS_SMOOTH, MEAN_SQUARE, START, gap, moves, position
from proofs.refutation import Neighbour
from proofs.runs import RESTING
from proofs.sgd import ABSOLUTE_BIAS, GAP, SGD, bias_bound, noise, noise_growth, smoothness, step_size, t
from proofs.stationarity.stationarity_sharp import IS_SIZE, IS_SIZE_ONE, count, last, s, size

FULL = {step_size: 1 / smoothness, noise_growth: Integer(0), noise: Integer(0)}
MOVES = moves(-bias_bound).at({step_size: 1 / smoothness})


def value(initial):
    """`2LΔ/T + (1 − 1/T)ζ²`."""
    return (2 * smoothness * initial + last * bias_bound**2) / count


def bound(kernel: Argument) -> Theorem:
    """The quadratic inequality of `stationarity-sharp` at h = 1."""
    sharp = kernel.cite("stationarity-sharp", "quadratic", FULL)
    return kernel.combine(le(size**2, value(GAP)), (1, sharp))


ONE = tuple(relation.at(FULL) for relation in (*SGD, IS_SIZE_ONE))
BOUND_ONE = le(size**2, 2 * smoothness * GAP)


def one_iterate(kernel: Argument) -> Theorem:
    """For T = 1 only the gradient at x_0 counts."""
    sharp = kernel.cite("stationarity-sharp", "one iterate", FULL)
    return kernel.combine(BOUND_ONE, (1, sharp))


def reached(kernel: Argument) -> Theorem:
    """After one step the gradient is ζ, and stays."""
    step = kernel.at(kernel.suppose(MOVES), {t: s})
    gradient = smoothness * position[s + 1]
    squares = kernel.sum_over(step, s, weight=smoothness * (gradient + bias_bound))
    return kernel.combine(
        eq(MEAN_SQUARE, value(gap)), (1 / count, squares), (2 * smoothness / count, kernel.suppose(START))
    )


PROOF = Proof(
    "last-step",
    goals=(
        Goal(
            "bound",
            given=tuple(relation.at(FULL) for relation in (*SGD, ABSOLUTE_BIAS, IS_SIZE)),
            shows=(le(size**2, value(GAP)),),
            argument=bound,
        ),
        Goal(
            "reached",
            given=(START, MOVES),
            shows=(eq(MEAN_SQUARE, value(gap)),),
            argument=reached,
        ),
        Goal("one iterate", given=ONE, shows=(BOUND_ONE,), argument=one_iterate),
        Goal(
            "one iterate reached",
            given=(START,),
            shows=(eq((smoothness * position[0]) ** 2, 2 * smoothness * gap),),
            argument=lambda kernel: kernel.combine(
                eq((smoothness * position[0]) ** 2, 2 * smoothness * gap),
                (2 * smoothness, kernel.suppose(START)),
            ),
        ),
        Goal("smooth", shows=IS_SMOOTH, argument=by_identity),
    ),
    asserts={
        r"A^2 \le \frac{2L\Delta}{T} + (1 - \frac{1}{T}) \zeta^2": ("bound", "one iterate"),
        r"A^2 = \frac{2L\Delta}{T} + (1 - \frac{1}{T}) \zeta^2 \text{ for } F = \frac{L}{2} x^2,\ b = -\zeta": (
            "reached",
            "one iterate reached",
            "smooth",
        ),
    },
    domain="every dimension, number of steps and constant",
    neighbour=Neighbour(
        "bound",
        lambda bound: bound.at({bias_bound: Rational(99, 100) * bias_bound}),
        {**RESTING, last: 1, size: 1},
    ),
)

r"""The noiseless floor is ζ²/(1−m): an upper bound as T → ∞, and a point of a parabola that SGD never leaves."""

from sympy import Integer, Symbol, sqrt

from convergence.bounds.stationarity import bias_floor
from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, eq, le, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.runs import RESTING
from proofs.sgd import (
    BIAS,
    GAP,
    SGD,
    SHORT,
    SQUARE,
    bias_bound,
    j,
    noise,
    noise_growth,
    norm2,
    outcome,
    relative_bias,
    smoothness,
    step_size,
    steps,
    t,
    x,
)

NOISELESS = {noise: Integer(0), noise_growth: Integer(0)}
FLOOR = bias_floor(bias_bound=bias_bound, relative_bias=relative_bias)
length = Symbol("N", positive=True)
"""`‖∇F(x)‖` where `∇F = Lx`."""

push = sqrt(relative_bias * length**2 + bias_bound**2)
IS_LENGTH = eq(length**2, smoothness**2 * norm2(x(t)))
AT_FLOOR = eq(length**2, FLOOR)
MOVES = eq(
    x(t + 1)(j),
    x(t)(j) - step_size * (smoothness * x(t)(j) - push * smoothness * x(t)(j) / length),
    t,
    outcome,
    j,
)


def bound(kernel: Argument) -> Theorem:
    """`stationarity` without noise."""
    general = kernel.cite("stationarity", "bound", NOISELESS)
    return kernel.combine(
        le(SQUARE, FLOOR + 2 * GAP / (step_size * steps * (1 - relative_bias))), (1, general)
    )


def reached(kernel: Argument) -> tuple[Theorem, Theorem]:
    """At the floor bias and gradient cancel, so that the iterate stays."""
    floor = kernel.suppose(AT_FLOOR)
    square = kernel.combine(eq(push**2, length**2), (relative_bias - 1, floor))
    up = kernel.root(push, kernel.combine(le(push**2, length**2), (1, square)), length)
    down = kernel.root(length, kernel.combine(le(length**2, push**2), (-1, square)), push)
    equal = kernel.antisymmetry(up, down)
    step = kernel.suppose(MOVES)
    return (
        kernel.combine(
            eq(x(t + 1)(j), x(t)(j)), (1, step), (step_size * smoothness * x(t)(j) / length, equal)
        ),
        kernel.combine(eq(smoothness**2 * norm2(x(t)), FLOOR), (-1, kernel.suppose(IS_LENGTH)), (1, floor)),
    )


PROOF = Proof(
    "bias-floor-tight",
    goals=(
        Goal(
            "bound",
            given=tuple(r.at(NOISELESS) for r in (*SGD, SHORT, BIAS, lt(relative_bias, 1))),
            shows=(le(SQUARE, FLOOR + 2 * GAP / (step_size * steps * (1 - relative_bias))),),
            argument=bound,
        ),
        Goal(
            "reached",
            given=(lt(relative_bias, 1), IS_LENGTH, AT_FLOOR, MOVES),
            shows=(eq(x(t + 1)(j), x(t)(j)), eq(smoothness**2 * norm2(x(t)), FLOOR)),
            argument=reached,
        ),
    ),
    asserts={
        r"A_\infty^2 \le \frac{\zeta^2}{1-m}": ("bound",),
        (
            r"A_\infty^2 = \frac{\zeta^2}{1-m} \text{ for } F = \frac{L}{2} \|x\|^2"
            r",\ b = -\sqrt{m \|\nabla F\|^2 + \zeta^2} \, \frac{\nabla F}{\|\nabla F\|}"
        ): ("reached",),
    },
    domain=(
        "every dimension, number of steps and constant, the limit of T → ∞ read"
        " off bounds for every T; reached by the run that starts at the floor"
    ),
    neighbour=Neighbour(
        "bound",
        lambda bound: le(bound.left, bound.right - bias_bound**2 / (1 - relative_bias) / 100),
        {**RESTING, steps: 200},
    ),
)

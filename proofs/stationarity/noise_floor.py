r"""With noise the floor is `A∞ = [(1−h)ζ + √(ζ² + (2−h)ηLσ²)]/(2−h)`: a bound as T → ∞, reached in the plane.

On `L‖x‖²/2` with the bias along x and the noise across it, ‖x‖ is deterministic and A∞/L is a fixed point of it.
"""

from sympy import Rational, Symbol, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, eq, le, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.sgd import (
    ABSOLUTE_BIAS,
    GAP,
    SGD,
    SHORT,
    bias_bound,
    h,
    noise,
    noise_growth,
    smoothness,
    step_size,
)
from proofs.stationarity.stationarity_sharp import (
    IS_SIZE,
    bias,
    count,
    k,
    kappa,
    remainder,
    size,
)

spread = sqrt(bias_bound**2 + (2 - h) * step_size * smoothness * noise**2)
FLOOR = ((1 - h) * bias_bound + spread) / (2 - h)
TRANSIENT = sqrt(2 * (2 - h) * GAP / (step_size * count)) / (2 - h)

along, across = Symbol("x_1", positive=True), Symbol("n", real=True)
"""A point `(x_1, 0)` of the plane, and the noise across it."""

gradient = smoothness * along
EXTREME = eq(across**2, noise_growth * (gradient - bias_bound) ** 2 + noise**2)
next_square = (along - step_size * (gradient - bias_bound)) ** 2 + (step_size * across) ** 2
"""`‖x_{t+1}‖²`."""

AT_FLOOR = eq(gradient, FLOOR)


def bound(kernel: Argument) -> Theorem:
    """`stationarity-sharp`, with T → ∞ in all but the transient."""
    sharp = kernel.cite("stationarity-sharp", "bound")
    gap = kernel.cite("stationarity-sharp", "gap")
    inner = bias**2 + 2 * k * remainder
    whole = bias_bound**2 + (2 - h) * step_size * smoothness * noise**2
    start = 2 * (2 - h) * GAP / (step_size * count)
    short = kernel.combine(lt(0, k), (1, kernel.suppose(SHORT)), rest=1)
    squares = kernel.combine(
        le(inner, (sqrt(whole) + sqrt(start)) ** 2),
        rest=whole / count + 2 * sqrt(whole) * sqrt(start),
        using=[gap, short],
    )
    roots = kernel.root(sqrt(inner), squares, sqrt(whole) + sqrt(start), using=[gap, short])
    shrink = kernel.root(
        bias, kernel.combine(le(bias**2, bias_bound**2), rest=bias_bound**2 / count), bias_bound
    )
    width = kernel.absolute(1 - h)
    return kernel.combine(
        le(size, FLOOR + TRANSIENT),
        (1, sharp),
        (1 / k, roots),
        (kappa / k, shrink),
        (bias_bound / k, width),
        using=[gap, short],
    )


def reached(kernel: Argument) -> Theorem:
    """A∞ is the root of the quadratic equation that a stationary ‖x‖ satisfies."""
    extreme, floor = kernel.suppose(EXTREME), kernel.suppose(AT_FLOOR)
    factor = smoothness * step_size * ((2 - h) * (gradient + FLOOR) - 2 * (1 - h) * bias_bound)
    return kernel.combine(
        eq(next_square, along**2),
        (step_size**2, extreme),
        (-factor / smoothness**2, floor),
    )


PROOF = Proof(
    "noise-floor",
    goals=(
        Goal(
            "bound",
            given=(*SGD, ABSOLUTE_BIAS, SHORT, IS_SIZE),
            shows=(le(size, FLOOR + TRANSIENT),),
            argument=bound,
        ),
        Goal(
            "reached",
            given=(SHORT, EXTREME, AT_FLOOR),
            shows=(eq(next_square, along**2),),
            argument=reached,
        ),
    ),
    asserts={
        r"A_\infty \le \frac{(1-h) \zeta + \sqrt{\zeta^2 + (2-h) \eta L \sigma^2}}{2-h}": ("bound",),
        (
            r"A_\infty = \frac{(1-h) \zeta + \sqrt{\zeta^2 + (2-h) \eta L \sigma^2}}{2-h}"
            r" \text{ for } F = \frac{L}{2} \|x\|^2,\ b = -\zeta \frac{x}{\|x\|}"
            r",\ n = \pm \sqrt{M \|\nabla F + b\|^2 + \sigma^2} \, \frac{x_\perp}{\|x\|}"
        ): ("reached",),
    },
    domain=(
        "every dimension, number of steps and constant, the limit of T → ∞ read"
        " off bounds for every T; reached by the run that starts at the floor"
    ),
    neighbour=Neighbour(
        "reached",
        lambda _: le(gradient**2, bias_bound**2 + step_size * smoothness * noise**2 / (2 - h)),
        {
            smoothness: 1,
            step_size: Rational(1, 2),
            noise_growth: 0,
            noise: 1,
            bias_bound: 1,
            across: 1,
            along: (1 + sqrt(7)) / 3,
        },
    ),
)

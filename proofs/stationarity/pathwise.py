r"""The sandwich of A on every run: the ledger with one curvature for the whole run, and Cauchy–Schwarz."""

from sympy import Abs, Integer, Rational, Symbol, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.sgd import step_size, steps, t
from proofs.stationarity.ledger import (
    CURVATURE,
    FALL,
    MOVE,
    SPLIT,
    bias,
    curvature,
    dot,
    estimate,
    gradient,
    j,
    noise,
    over_steps,
    value,
    x,
)

h = Symbol("h", real=True)
size, bias_size = Symbol("A", nonnegative=True), Symbol("zeta", nonnegative=True)
IS_CURVATURE = eq(
    h * over_steps(dot(estimate, estimate)), step_size * over_steps(curvature[t] * dot(estimate, estimate))
)
"""`h = ηL̂`, `L̂ = ΣL_t‖g_t‖²/Σ‖g_t‖²`."""

IS_SIZE = eq(size**2, over_steps(dot(gradient, gradient)) / steps)
IS_BIAS = eq(bias_size**2, over_steps(dot(bias, bias)) / steps)
remainder = (
    FALL / (step_size * steps)
    + over_steps(h / 2 * dot(noise, noise) - (1 - h) * dot(gradient, noise) + h * dot(bias, noise)) / steps
)
"""`R̂`."""

GIVEN = (MOVE, CURVATURE, SPLIT, IS_CURVATURE, IS_SIZE, IS_BIAS)
excess = (1 - h / 2) * size**2 - h / 2 * bias_size**2 - remainder
ANGLE = eq(excess, -(1 - h) * over_steps(dot(gradient, bias)) / steps)
RESIDUAL = le(Abs(excess), Abs(1 - h) * bias_size * size)
k, width = 2 - h, Abs(1 - h) * bias_size
inner = bias_size**2 + 4 * (1 - h / 2) * remainder
LOWER, UPPER = le((sqrt(inner) - width) / k, size), le(size, (sqrt(inner) + width) / k)


def angle(kernel: Argument) -> Theorem:
    """The ledger, with h in the place of every ηL_t."""
    ledger = kernel.cite("ledger", "closes")
    g_minus = lambda e: kernel.sum_over(  # noqa: E731
        kernel.sum_over(kernel.suppose(SPLIT), j, weight=e), t
    )
    squares = g_minus(estimate[t, j] + gradient[t, j] + bias[t, j] + noise[t, j])
    return kernel.combine(
        ANGLE,
        (1 / steps, ledger),
        (h / (2 * steps), squares),
        (-1 / (2 * steps), kernel.suppose(IS_CURVATURE)),
        (1 - h / 2, kernel.suppose(IS_SIZE)),
        (-h / 2, kernel.suppose(IS_BIAS)),
    )


def residual(kernel: Argument) -> Theorem:
    """`|Σ⟨∇F, b⟩| ≤ T ζ̂ A`."""
    identity = kernel.cite("pathwise", "angle")
    pair = gradient[t, j] * bias[t, j]
    product = kernel.cauchy_schwarz(gradient[t, j], bias[t, j], j, t)
    along = Total(Total(pair, j), t)
    is_size, is_bias = kernel.suppose(IS_SIZE), kernel.suppose(IS_BIAS)
    reach = steps * width * size
    squared = kernel.combine(
        le(((1 - h) * along) ** 2, reach**2),
        ((1 - h) ** 2, product),
        (-((1 - h) ** 2) * steps**2 * bias_size**2, is_size),
        (-((1 - h) ** 2) * steps * over_steps(dot(gradient, gradient)), is_bias),
    )
    above, below = (kernel.root(sign * (1 - h) * along, squared, reach) for sign in (1, -1))
    return kernel.within(
        excess,
        kernel.combine(le(excess, width * size), (1, identity), (1 / steps, below)),
        kernel.combine(le(-excess, width * size), (-1, identity), (1 / steps, above)),
    )


def interval(kernel: Argument) -> tuple[Theorem, Theorem]:
    """Complete the square on both sides."""
    bound = kernel.cite("pathwise", "residual")
    up, down = kernel.absolute(excess), kernel.absolute(-excess)
    lower = kernel.combine(le((k * size - width) ** 2, inner), (2 * k, bound), (2 * k, up))
    upper = kernel.combine(le(inner, (k * size + width) ** 2), (2 * k, bound), (2 * k, down))
    positive = kernel.combine(le(0, inner), (1, lower), rest=(k * size - width) ** 2)
    largest = kernel.root(k * size - width, lower)
    smallest = kernel.root(sqrt(inner), upper, k * size + width, using=[positive])
    return (
        kernel.combine(LOWER, (1 / k, smallest), using=[positive]),
        kernel.combine(UPPER, (1 / k, largest), using=[positive]),
    )


PROOF = Proof(
    "pathwise",
    goals=(
        Goal("angle", given=GIVEN, shows=(ANGLE,), argument=angle),
        Goal(
            "residual",
            given=GIVEN,
            shows=(RESIDUAL,),
            argument=residual,
        ),
        Goal(
            "interval",
            given=(*GIVEN, lt(h, 2)),
            shows=(LOWER, UPPER),
            argument=interval,
        ),
    ),
    asserts={
        r"|(1 - \frac{h}{2}) A^2 - \frac{h}{2} \hat\zeta^2 - \hat R| \le |1 - h| \hat\zeta A": ("residual",),
        (
            r"\frac{S - |1-h| \hat\zeta}{2 - h} \le A \le \frac{S + |1-h| \hat\zeta}{2 - h}"
            r",\ S = \sqrt{\hat\zeta^2 + 4 (1 - h/2) \hat R} \quad (h < 2)"
        ): ("interval",),
    },
    domain="every run",
    neighbour=Neighbour(
        "residual",
        lambda _: le(
            size**2,
            2 * FALL / (step_size * steps)
            + over_steps(dot(bias, bias) + 2 * dot(bias, noise) + dot(noise, noise)) / steps,
        ),
        {
            j.total: 1,
            steps: 1,
            step_size: 2,
            x: lambda t, j: Integer(-1) ** t,
            gradient: lambda t, j: Integer(-1) ** t,
            estimate: lambda t, j: Integer(-1) ** t,
            bias: lambda t, j: 0,
            noise: lambda t, j: 0,
            value: lambda t: Rational(1, 2),
            curvature: lambda t: 1,
            h: 2,
            size: 1,
            bias_size: 0,
        },
    ),
)

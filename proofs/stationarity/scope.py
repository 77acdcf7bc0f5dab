r"""The bounded scope: E‖x_t‖² falls geometrically to a constant where the gradient pulls back far out.

With `ρ = ‖x‖`, a step gives `E‖x'‖² ≤ E[(1 − 2ηa + η²L²)ρ² + 2ηBρ + ηK]`; the linear term is bounded by Young's
inequality, or, at the fixed point s*, by its tangent.
"""

from sympy import Rational, Symbol, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Relation, Theorem, eq, le, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.runs import RESTING
from proofs.sgd import (
    ABSOLUTE_BIAS,
    CENTRED,
    STEP,
    G,
    b,
    bias_bound,
    dot,
    g,
    grad,
    here,
    j,
    mean,
    n,
    noise,
    norm2,
    outcome,
    point,
    smoothness,
    step_size,
    t,
    x,
)

coercivity, slack, radius = (
    Symbol("a", positive=True),
    Symbol("c", nonnegative=True),
    Symbol("s", positive=True),
)
at_origin = Symbol("G_0", nonnegative=True)
_X = point(here)
COERCIVE = le(coercivity * norm2(_X) - slack, dot(grad(_X), _X), here)
GROWTH = le(norm2(grad(_X)), (smoothness * sqrt(norm2(_X)) + at_origin) ** 2, here)
CENTRED_AT_ITERATE = eq(mean(dot(x(t), n(t))), 0, t)
NOISE = le(mean(norm2(n(t))), noise**2, t)
ORDERED = le(coercivity, smoothness)
"""Coercivity and linear growth together force it."""

SGD = (STEP, *CENTRED, CENTRED_AT_ITERATE, NOISE, ABSOLUTE_BIAS, COERCIVE, GROWTH, ORDERED)
push = at_origin + bias_bound
drift_bound = bias_bound + step_size * smoothness * push
"""`B`."""

spread = 2 * slack + step_size * (push**2 + noise**2)
"""`K`."""

pull = 2 * coercivity - step_size * smoothness**2
square = mean(norm2(x(t)))
SHORT = le(4 * step_size * smoothness**2, coercivity)
RATE = 1 - step_size * coercivity / 2
LIMIT = 2 / coercivity * (2 * slack + bias_bound**2 / coercivity + step_size * (2 * push**2 + noise**2))
SHARP_SHORT = lt(0, pull)
IS_RADIUS = eq(radius, (drift_bound + sqrt(drift_bound**2 + pull * spread)) / pull)
SHARP_RATE = 1 - step_size * (pull - drift_bound / radius)


def decay(rate, limit) -> Relation:
    """`E‖x_t‖² ≤ limit + rate^t (E‖x_0‖² − limit)`."""
    return le(square, limit + rate**t * (mean(norm2(x(0))) - limit))


length = sqrt(norm2(x(t)))
LINEAR = le(
    mean(norm2(x(t + 1))),
    (1 - 2 * step_size * coercivity + step_size**2 * smoothness**2) * square
    + 2 * step_size * drift_bound * mean(length)
    + step_size * spread,
)


def against(kernel: Argument, u, size, bound: Theorem) -> Theorem:
    """`⟨u, b⟩² ≤ (ζ·size)²` from `‖u‖² ≤ size²`."""
    product = kernel.cauchy_schwarz(u(j), b(t)(j), j)
    bias = kernel.suppose(ABSOLUTE_BIAS)
    return kernel.combine(
        le(dot(u, b(t)) ** 2, (bias_bound * size) ** 2),
        (1, product),
        (norm2(u), bias),
        (bias_bound**2, bound),
    )


def one_step(kernel: Argument) -> Theorem:
    """The square of the step taken, in expectation."""
    step = kernel.suppose(STEP)
    other_end = x(t + 1)(j) + x(t)(j) - step_size * g(t)(j)
    squares = kernel.sum_over(step, j, weight=other_end)
    coercive = kernel.at(kernel.suppose(COERCIVE), {here: x(t)})
    growth = kernel.at(kernel.suppose(GROWTH), {here: x(t)})
    itself = kernel.combine(le(norm2(x(t)), length**2))
    reach = smoothness * length + at_origin
    inward = kernel.root(-dot(x(t), b(t)), against(kernel, x(t), length, itself), bias_bound * length)
    along = kernel.root(dot(G(t), b(t)), against(kernel, G(t), reach, growth), bias_bound * reach)
    expected = kernel.sum_over(squares, outcome)
    across_gradient, across_bias = (kernel.suppose(hypothesis) for hypothesis in CENTRED)
    return kernel.combine(
        LINEAR,
        (1, expected),
        (2 * step_size, kernel.sum_over(coercive, outcome)),
        (2 * step_size, kernel.sum_over(inward, outcome)),
        (-2 * step_size, kernel.suppose(CENTRED_AT_ITERATE)),
        (step_size**2, kernel.sum_over(growth, outcome)),
        (2 * step_size**2, kernel.sum_over(along, outcome)),
        (step_size**2, kernel.sum_over(kernel.suppose(ABSOLUTE_BIAS), outcome)),
        (2 * step_size**2, across_gradient),
        (2 * step_size**2, across_bias),
        (step_size**2, kernel.suppose(NOISE)),
    )


def plain(kernel: Argument) -> Theorem:
    """Young's inequality with weights a and 1/a."""
    linear = kernel.cite("scope", "one step")
    short = kernel.suppose(SHORT)
    young = kernel.sum_over(
        kernel.combine(
            le(2 * bias_bound * length, coercivity * norm2(x(t)) + bias_bound**2 / coercivity),
            rest=(coercivity * length - bias_bound) ** 2 / coercivity,
        ),
        outcome,
    )
    square_of_sum = kernel.sum_over(
        kernel.combine(
            le(2 * smoothness * push * length, smoothness**2 * norm2(x(t)) + push**2),
            rest=(smoothness * length - push) ** 2,
        ),
        outcome,
    )
    contraction = kernel.combine(
        le(0, RATE),
        (coercivity / (8 * smoothness**2), short),
        ((coercivity + smoothness) / (8 * smoothness**2), kernel.suppose(ORDERED)),
        rest=1 - coercivity**2 / (8 * smoothness**2) - (smoothness**2 - coercivity**2) / (8 * smoothness**2),
    )
    recursion = kernel.combine(
        le(mean(norm2(x(t + 1))), RATE * square + (1 - RATE) * LIMIT),
        (1, linear),
        (step_size, young),
        (step_size**2, square_of_sum),
        (step_size / 2 * square, short),
    )
    return kernel.geometric(t, square, RATE, LIMIT, recursion, using=[contraction])


def sharp(kernel: Argument) -> Theorem:
    """The tangent of the root at the fixed point."""
    linear = kernel.cite("scope", "one step")
    is_radius = kernel.suppose(IS_RADIUS)
    tangent = kernel.sum_over(
        kernel.combine(le(2 * length, norm2(x(t)) / radius + radius), rest=(length - radius) ** 2 / radius),
        outcome,
    )
    root = sqrt(drift_bound**2 + pull * spread)
    quadratic = kernel.combine(
        eq((pull * radius - drift_bound) ** 2, root**2),
        (pull * (pull * radius - drift_bound + root), is_radius),
    )
    contraction = kernel.combine(
        le(0, SHARP_RATE),
        (2 * step_size, kernel.suppose(ORDERED)),
        rest=(1 - step_size * smoothness) ** 2 + step_size * drift_bound / radius,
    )
    recursion = kernel.combine(
        le(mean(norm2(x(t + 1))), SHARP_RATE * square + (1 - SHARP_RATE) * radius**2),
        (1, linear),
        (step_size * drift_bound, tangent),
        (-step_size / pull, quadratic),
    )
    return kernel.geometric(t, square, SHARP_RATE, radius**2, recursion, using=[contraction])


PROOF = Proof(
    "scope",
    goals=(
        Goal("one step", given=SGD, shows=(LINEAR,), argument=one_step),
        Goal(
            "bound",
            given=(*SGD, SHORT),
            shows=(decay(RATE, LIMIT),),
            argument=plain,
        ),
        Goal(
            "sharp",
            given=(*SGD, SHARP_SHORT, IS_RADIUS),
            shows=(decay(SHARP_RATE, radius**2),),
            argument=sharp,
        ),
    ),
    asserts={
        (
            r"\limsup_t E\|x_t\|^2"
            r" \le \frac{2}{a} \left( 2c + \frac{\zeta^2}{a} + \eta (2 (G_0 + \zeta)^2 + \sigma^2) \right)"
        ): ("bound",),
        (
            r"\limsup_t E\|x_t\|^2 \le s_*^2,\ "
            r"s_* = \frac{B + \sqrt{B^2 + (2a - \eta L^2) K}}{2a - \eta L^2}"
            r",\ B = \zeta + \eta L (G_0 + \zeta),\ K = 2c + \eta ((G_0 + \zeta)^2 + \sigma^2)"
        ): ("sharp",),
    },
    domain="every dimension and constant, the limit read off a geometric bound",
    neighbour=Neighbour(
        "sharp",
        lambda _: decay(SHARP_RATE, Rational(99, 100) * radius**2),
        {
            **RESTING,
            step_size: Rational(1, 1000),
            coercivity: 1,
            slack: 0,
            at_origin: 0,
            radius: (Rational(1001, 1000) + sqrt(Rational(1001, 1000) ** 2 + Rational(1999, 10**6)))
            / Rational(1999, 1000),
            t: 5000,
        },
    ),
)

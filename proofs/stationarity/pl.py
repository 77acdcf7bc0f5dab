r"""Under the Polyak–Łojasiewicz inequality F itself comes down geometrically, to a floor.

The first floor follows from the descent inequality. The second, for m = 0, is `A∞²/(2μ)` with A∞ of `noise-floor`:
at A∞ the root of ‖∇F‖² in the descent inequality is replaced by its tangent, which makes the recursion linear.
"""

from sympy import Rational, Symbol, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Relation, Theorem, eq, le, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.runs import RESTING
from proofs.sgd import (
    ABSOLUTE_BIAS,
    BIAS,
    GAP,
    SGD,
    SHORT,
    G,
    b,
    bias,
    bias_bound,
    dot,
    drift,
    grad,
    h,
    here,
    iterate,
    j,
    least,
    mean,
    noise,
    norm2,
    outcome,
    point,
    relative_bias,
    smoothness,
    step_size,
    t,
    value,
    x,
)
from proofs.stationarity.noise_floor import FLOOR as LARGEST

constant, floor = Symbol("mu", positive=True), Symbol("a", positive=True)
PL = le(2 * constant * (value(point(here)) - least), norm2(grad(point(here))), here)
ORDERED = le(constant, smoothness)
"""PŁ and smoothness together force it wherever F exceeds its least value."""

excess = mean(value(x(t))) - least
"""`E F(x_t) − F*`."""

excess_next = mean(value(x(t + 1))) - least

RATE = 1 - step_size * constant * (1 - relative_bias)
LIMIT = (bias_bound**2 + step_size * smoothness * noise**2) / (2 * constant * (1 - relative_bias))
IS_FLOOR = eq(floor, LARGEST)
k = 2 - h
pull = k - (1 - h) * bias_bound / floor
SHARP_RATE = 1 - step_size * constant * pull
SHARP_LIMIT = floor**2 / (2 * constant)


def decay(rate, limit) -> Relation:
    """`E F(x_t) − F* ≤ limit + rate^t (Δ − limit)`."""
    return le(excess, limit + rate**t * (GAP - limit))


def plain(kernel: Argument) -> tuple[Theorem, Theorem]:
    """Descent with the bias bound and PŁ."""
    one_step = kernel.cite("stationarity", "descent")
    bias = kernel.sum_over(kernel.suppose(BIAS), outcome)
    condition = kernel.sum_over(kernel.at(kernel.suppose(PL), {here: x(t)}), outcome)
    short = kernel.suppose(SHORT)
    contraction = kernel.combine(
        le(0, RATE),
        (1, short),
        (step_size, kernel.suppose(ORDERED)),
        rest=step_size * constant * relative_bias
        + smoothness * step_size * (h / (smoothness * step_size) - 1),
    )
    recursion = kernel.combine(
        le(excess_next, RATE * excess + (1 - RATE) * LIMIT),
        (1, one_step),
        (step_size / 2 * mean(norm2(drift(t))), short),
        (step_size / 2, bias),
        (step_size / 2 * (1 - relative_bias), condition),
    )
    geometric_ = kernel.geometric(t, excess, RATE, LIMIT, recursion, using=[contraction])
    bounded = kernel.combine(
        le(excess, RATE**t * GAP + LIMIT), (1, geometric_), rest=RATE**t * LIMIT, using=[contraction]
    )
    return geometric_, bounded


def sharp(kernel: Argument) -> Theorem:
    """The tangent of the root at the floor."""
    one_step = kernel.cite("stationarity", "descent")
    bounded = kernel.suppose(ABSOLUTE_BIAS)
    product = kernel.cauchy_schwarz(G(t)(j), b(t)(j), j)
    length = sqrt(norm2(G(t)))
    squared = kernel.combine(
        le(dot(G(t), b(t)) ** 2, (bias_bound * length) ** 2), (1, product), (norm2(G(t)), bounded)
    )
    against = kernel.root(-dot(G(t), b(t)), squared, bias_bound * length)
    tangent = kernel.combine(
        le(-dot(G(t), b(t)), bias_bound * (norm2(G(t)) / (2 * floor) + floor / 2)),
        (1, against),
        rest=bias_bound * (length - floor) ** 2 / (2 * floor),
    )
    expected = kernel.sum_over(tangent, outcome)
    biases = kernel.sum_over(bounded, outcome)

    is_floor, short = kernel.suppose(IS_FLOOR), kernel.suppose(SHORT)
    positive = kernel.combine(lt(0, k), (1, short), rest=1)
    root = sqrt(bias_bound**2 + k * step_size * smoothness * noise**2)
    spread = k * floor - (1 - h) * bias_bound
    quadratic = kernel.combine(eq(spread**2, root**2), (k * (spread + root), is_floor), using=[positive])
    pulls = kernel.combine(le(0, pull), (-k / floor, is_floor), rest=root / floor, using=[positive])
    least_rate = kernel.combine(
        le(0, SHARP_RATE),
        (step_size * k, kernel.suppose(ORDERED)),
        rest=(1 - h) ** 2
        + k * (h - step_size * smoothness)
        + step_size * constant * (1 - h) * bias_bound / floor,
        using=[positive, kernel.sign(le(step_size * smoothness, h))],
    )
    condition = kernel.sum_over(kernel.at(kernel.suppose(PL), {here: x(t)}), outcome)
    recursion = kernel.combine(
        le(excess_next, SHARP_RATE * excess + (1 - SHARP_RATE) * SHARP_LIMIT),
        (1, one_step),
        (step_size * (1 - h), expected),
        (step_size * h / 2, biases),
        (step_size / 2 * pull, condition),
        (-step_size / (2 * k), quadratic),
        using=[positive, pulls],
    )
    return kernel.geometric(t, excess, SHARP_RATE, SHARP_LIMIT, recursion, using=[least_rate])


PROOF = Proof(
    "pl",
    goals=(
        Goal(
            "bound",
            given=(*SGD, SHORT, BIAS, lt(relative_bias, 1), PL, ORDERED),
            shows=(decay(RATE, LIMIT), le(excess, RATE**t * GAP + LIMIT)),
            argument=plain,
        ),
        Goal(
            "floor",
            given=(*SGD, SHORT, ABSOLUTE_BIAS, PL, ORDERED, IS_FLOOR),
            shows=(decay(SHARP_RATE, SHARP_LIMIT),),
            argument=sharp,
        ),
    ),
    asserts={
        (
            r"E F(x_T) - F^* \le (1 - \eta\mu(1-m))^T \Delta"
            r" + \frac{\zeta^2 + \eta L \sigma^2}{2 \mu (1-m)}"
        ): ("bound",),
        r"\limsup_T E F(x_T) - F^* \le \frac{A_\infty^2}{2\mu} \quad (m = 0)": ("floor",),
    },
    domain="every dimension, number of steps and constant, the limit read off a geometric bound",
    neighbour=Neighbour(
        "bound",
        lambda _, bound: le(bound.left, bound.right + GAP * ((2 * RATE - 1) ** t - RATE**t)),
        {
            **RESTING,
            step_size: Rational(1, 2),
            bias_bound: 0,
            bias: lambda t, outcome, j: 0,
            iterate: lambda t, outcome, j: Rational(1, 2) ** t,
            constant: 1,
            t: 1,
        },
    ),
)

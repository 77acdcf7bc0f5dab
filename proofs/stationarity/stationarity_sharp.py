r"""A ≤ [|1−h|ζ' + √(ζ'² + 4(1−h/2)R')]/(2−h): the last step is not paid for, and the angle of the bias is kept.

All but the last iterate obey the descent inequality; the last gradient is bounded by what is left of F − F*. The
run has S + 1 iterates here: T = S + 1.
"""

from sympy import Abs, Rational, Symbol, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Time, Total, eq, le
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.runs import RESTING
from proofs.sgd import (
    ABSOLUTE_BIAS,
    BOUNDED,
    GAP,
    LENGTH,
    SGD,
    SMOOTH,
    G,
    b,
    bias_bound,
    dot,
    grad,
    h,
    here,
    j,
    least,
    mean,
    noise,
    norm2,
    outcome,
    point,
    smoothness,
    step_size,
    t,
    there,
    value,
    x,
)

last = Symbol("S", integer=True, positive=True)
s = Time("s", last)
count = last + 1
"""`T`."""

size = Symbol("A", nonnegative=True)
IS_SIZE = eq(size**2, (Total(mean(norm2(G(s))), s) + mean(norm2(G(last)))) / count)
IS_SIZE_ONE = eq(size**2, mean(norm2(G(0))))
bias = bias_bound * sqrt(last / count)
"""`ζ' = ζ√(1 − 1/T)`."""

remainder = GAP / (step_size * count) + last / count * step_size * smoothness * noise**2 / 2
"""`R'`."""

k, kappa = 2 - h, Abs(1 - h)
GRADIENT = le(norm2(grad(point(here))), 2 * smoothness * (value(point(here)) - least))
QUADRATIC = le((k * size - kappa * bias) ** 2, bias**2 + 2 * k * remainder)
BOUND = le(size, (kappa * bias + sqrt(bias**2 + 2 * k * remainder)) / k)
BOUND_ONE = le(size**2, 2 * GAP / (step_size * k))


def gradient(kernel: Argument) -> Theorem:
    """One step of length 1/L from any point cannot go below F*."""
    here_ = point(here)
    step = lambda n: here_(n) - grad(here_)(n) / smoothness  # noqa: E731
    smooth = kernel.at(kernel.suppose(SMOOTH), {there: step})
    bottom = kernel.at(kernel.suppose(BOUNDED), {here: step})
    return kernel.combine(GRADIENT, (2 * smoothness, smooth), (2 * smoothness, bottom))


def nonnegative_gap(kernel: Argument) -> Theorem:
    """`Δ ≥ 0`."""
    bottom = kernel.sum_over(kernel.at(kernel.suppose(BOUNDED), {here: x(0)}), outcome)
    return kernel.combine(le(0, GAP), (1, bottom))


def quadratic(kernel: Argument) -> Theorem:
    """Descent but for the last step, Cauchy–Schwarz for the angle, and the last gradient."""
    one_step = kernel.at(kernel.cite("stationarity", "descent"), {t: s})
    summed = kernel.sum_over(one_step, s)
    telescope = kernel.telescope(mean(value(x(s))), s)
    final = kernel.sum_over(kernel.cite("stationarity-sharp", "gradient", {here: x(last)}), outcome)

    product = kernel.cauchy_schwarz(G(s)(j), b(s)(j), j, outcome, s)
    along = Total(mean(dot(G(s), b(s))), s)
    gradients = Total(mean(norm2(G(s))), s)
    bounded = kernel.at(kernel.suppose(ABSOLUTE_BIAS), {t: s})
    biases = kernel.sum_over(kernel.sum_over(bounded, outcome), s)
    is_size = kernel.suppose(IS_SIZE)
    reach = kappa * bias_bound * sqrt(last * count) * size
    squared = kernel.combine(
        le(((1 - h) * along) ** 2, reach**2),
        ((1 - h) ** 2, product),
        ((1 - h) ** 2 * gradients, biases),
        (-((1 - h) ** 2) * last * bias_bound**2 * count, is_size),
        rest=(1 - h) ** 2 * last * bias_bound**2 * mean(norm2(G(last))),
    )
    angle = kernel.root((h - 1) * along, squared, reach)

    scale = 2 * k / (step_size * count)
    return kernel.combine(
        QUADRATIC,
        (scale, summed),
        (-scale, telescope),
        (scale / (2 * smoothness), final),
        (2 * k / count, angle),
        (h * k / count, biases),
        (k**2, is_size),
        rest=k
        * ((1 - smoothness * step_size) ** 2 + (h - smoothness * step_size) * smoothness * step_size)
        / (smoothness * step_size * count)
        * mean(norm2(G(last))),
        using=[kernel.sign(le(smoothness * step_size, h))],
    )


def bound(kernel: Argument) -> Theorem:
    """The root of the quadratic inequality."""
    quadratic_ = kernel.cite("stationarity-sharp", "quadratic")
    rooted = kernel.root(k * size - kappa * bias, quadratic_)
    square = (k * size - kappa * bias) ** 2
    positive = kernel.combine(le(0, quadratic_.right), (1, quadratic_), rest=square)
    return kernel.combine(BOUND, (1 / k, rooted), using=[positive])


def one_iterate(kernel: Argument) -> Theorem:
    """For T = 1 only the gradient at x_0 counts."""
    first = kernel.sum_over(kernel.cite("stationarity-sharp", "gradient", {here: x(0)}), outcome)
    length = step_size * smoothness
    spare = ((1 - length) ** 2 + (h - length) * length) / (step_size * k)
    top = kernel.cite("stationarity-sharp", "gap")
    return kernel.combine(
        BOUND_ONE,
        (1, first),
        (1, kernel.suppose(IS_SIZE_ONE)),
        rest=2 * GAP * spare,
        using=[top, kernel.sign(le(length, h))],
    )


PROOF = Proof(
    "stationarity-sharp",
    goals=(
        Goal("gradient", given=(SMOOTH, BOUNDED), shows=(GRADIENT,), argument=gradient),
        Goal("gap", given=(BOUNDED,), shows=(le(0, GAP),), argument=nonnegative_gap),
        Goal(
            "quadratic",
            given=(*SGD, ABSOLUTE_BIAS, LENGTH, IS_SIZE),
            shows=(QUADRATIC,),
            argument=quadratic,
        ),
        Goal(
            "bound",
            given=(*SGD, ABSOLUTE_BIAS, LENGTH, IS_SIZE),
            shows=(BOUND,),
            argument=bound,
        ),
        Goal(
            "one iterate",
            given=(*SGD, LENGTH, IS_SIZE_ONE),
            shows=(BOUND_ONE,),
            argument=one_iterate,
        ),
    ),
    asserts={
        (
            r"A \le \frac{|1-h| \zeta' + \sqrt{\zeta'^2 + 4 (1 - h/2) R'}}{2 - h}"
            r",\ \zeta' = \zeta \sqrt{1 - \frac{1}{T}}"
            r",\ R' = \frac{\Delta}{\eta T} + (1 - \frac{1}{T}) \frac{\eta L \sigma^2}{2}"
        ): ("bound", "one iterate"),
    },
    domain="every dimension, number of steps and constant",
    neighbour=Neighbour(
        "bound",
        lambda bound: le(bound.left**2, Rational(99, 100) * bound.right**2),
        {**RESTING, last: 1, size: 1},
    ),
)

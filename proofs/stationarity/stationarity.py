r"""A² ≤ [2Δ/(ηT) + ηLσ² + ζ²]/(1−m): the descent lemma step by step, in expectation, summed."""

from convergence.bounds import stationarity as bounds
from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, le, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour, reduced
from proofs.runs import RESTING
from proofs.sgd import (
    BIAS,
    BOUNDED,
    CENTRED,
    CONSTANT,
    GAP,
    NOISE,
    SGD,
    SHORT,
    SMOOTH,
    SQUARE,
    STEP,
    STEPS,
    G,
    b,
    bias_bound,
    dot,
    drift,
    g,
    here,
    j,
    mean,
    noise,
    noise_growth,
    norm2,
    outcome,
    relative_bias,
    smoothness,
    step_size,
    step_sizes,
    steps,
    t,
    there,
    value,
    x,
)

DESCENTS = le(
    mean(value(x(t + 1))),
    mean(value(x(t)))
    - step_sizes[t] * mean(dot(G(t), drift(t)))
    + smoothness * step_sizes[t] ** 2 / 2 * ((noise_growth + 1) * mean(norm2(drift(t))) + noise**2),
)
DESCENT = DESCENTS.at(CONSTANT)
MEAN_BIAS = Total(mean(norm2(b(t))), t) / steps
CONSTANTS = {
    "initial_gap": GAP,
    "step_size": step_size,
    "smoothness": smoothness,
    "steps": steps,
    "noise_variance": noise**2,
    "noise_growth": noise_growth,
}


def descent(kernel: Argument) -> Theorem:
    """The descent lemma along the step taken, and its expectation."""
    smooth, step = kernel.suppose(SMOOTH), kernel.suppose(STEPS)
    moved = kernel.at(smooth, {here: x(t), there: x(t + 1)})
    along = kernel.sum_over(step, j, weight=G(t)(j))
    move = x(t + 1)(j) - x(t)(j)
    length = kernel.sum_over(step, j, weight=move - step_sizes[t] * g(t)(j))
    taken = kernel.combine(
        le(
            value(x(t + 1)),
            value(x(t)) - step_sizes[t] * dot(G(t), g(t)) + smoothness * step_sizes[t] ** 2 / 2 * norm2(g(t)),
        ),
        (1, moved),
        (1, along),
        (smoothness / 2, length),
    )
    expected = kernel.sum_over(taken, outcome)
    across, along_bias = (kernel.suppose(hypothesis) for hypothesis in CENTRED)
    return kernel.combine(
        DESCENTS,
        (1, expected),
        (smoothness * step_sizes[t] ** 2 - step_sizes[t], across),
        (smoothness * step_sizes[t] ** 2, along_bias),
        (smoothness * step_sizes[t] ** 2 / 2, kernel.suppose(NOISE)),
    )


def path_mean(kernel: Argument) -> Theorem:
    """Steps short enough that the square of the drift is paid for; then a telescoping sum."""
    one_step = kernel.cite("stationarity", "descent")
    paid = kernel.combine(
        le(
            mean(value(x(t + 1))),
            mean(value(x(t)))
            - step_size / 2 * (mean(norm2(G(t))) - mean(norm2(b(t))))
            + smoothness * step_size**2 / 2 * noise**2,
        ),
        (1, one_step),
        (step_size / 2 * mean(norm2(drift(t))), kernel.suppose(SHORT)),
    )
    summed = kernel.sum_over(paid, t)
    telescope = kernel.telescope(mean(value(x(t))), t)
    bottom = kernel.sum_over(kernel.at(kernel.suppose(BOUNDED), {here: x(steps)}), outcome)
    scale = 2 / (step_size * steps)
    return kernel.combine(
        le(SQUARE, bounds.stationarity(**CONSTANTS) + MEAN_BIAS),
        (scale, summed),
        (-scale, telescope),
        (scale, bottom),
    )


def bounded(kernel: Argument) -> Theorem:
    """The bias bound on the path, and division by 1 − m."""
    along = kernel.cite("stationarity", "path mean")
    bias = kernel.sum_over(kernel.sum_over(kernel.suppose(BIAS), outcome), t)
    share = 1 / (1 - relative_bias)
    return kernel.combine(
        le(SQUARE, bounds.stationarity(**CONSTANTS, bias_bound=bias_bound, relative_bias=relative_bias)),
        (share, along),
        (share / steps, bias),
    )


PROOF = Proof(
    "stationarity",
    goals=(
        Goal("descents", given=(SMOOTH, STEPS, *CENTRED, NOISE), shows=(DESCENTS,), argument=descent),
        Goal(
            "descent",
            given=(SMOOTH, STEP, *CENTRED, NOISE),
            shows=(DESCENT,),
            argument=lambda kernel: kernel.cite("stationarity", "descents", CONSTANT),
        ),
        Goal(
            "path mean",
            given=(*SGD, SHORT),
            shows=(le(SQUARE, bounds.stationarity(**CONSTANTS) + MEAN_BIAS),),
            argument=path_mean,
        ),
        Goal(
            "bound",
            given=(*SGD, SHORT, BIAS, lt(relative_bias, 1)),
            shows=(
                le(
                    SQUARE,
                    bounds.stationarity(**CONSTANTS, bias_bound=bias_bound, relative_bias=relative_bias),
                ),
            ),
            argument=bounded,
        ),
    ),
    asserts={
        r"A^2 \le \frac{2\Delta}{\eta T} + \eta L \sigma^2 + \frac{1}{T} \sum_{t<T} E\|b_t\|^2": (
            "path mean",
        ),
        r"A^2 \le \frac{1}{1-m} \left( \frac{2\Delta}{\eta T} + \eta L \sigma^2 + \zeta^2 \right)": (
            "bound",
        ),
    },
    domain="every dimension, number of steps and constant",
    neighbour=Neighbour("bound", reduced, {**RESTING, steps: 200}),
)

r"""With step sizes that change, noise enters by Ση²/Ση and the bias stays: ζ²/(1−m) in the limit."""

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, le, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.runs import NOISY
from proofs.sgd import (
    BIAS,
    BOUNDED,
    CENTRED,
    GAP,
    NOISE,
    SMOOTH,
    STEPS,
    G,
    bias_bound,
    drift,
    here,
    mean,
    noise,
    noise_growth,
    norm2,
    outcome,
    relative_bias,
    smoothness,
    step_sizes,
    steps,
    t,
    value,
    x,
)

length = Total(step_sizes[t], t)
SHORT = le(step_sizes[t] * smoothness * (noise_growth + 1), 1, t)
AVERAGE = Total(step_sizes[t] * mean(norm2(G(t))), t) / length
"""The η_t-weighted mean of E‖∇F_t‖²."""

BOUND = ((2 * GAP + smoothness * noise**2 * Total(step_sizes[t] ** 2, t)) / length + bias_bound**2) / (
    1 - relative_bias
)


def bound(kernel: Argument) -> Theorem:
    """As for `stationarity`, each step with its own weight."""
    one_step = kernel.cite("stationarity", "descents")
    bias = kernel.sum_over(kernel.suppose(BIAS), outcome)
    paid = kernel.combine(
        le(
            mean(value(x(t + 1))),
            mean(value(x(t)))
            - step_sizes[t] / 2 * ((1 - relative_bias) * mean(norm2(G(t))) - bias_bound**2)
            + smoothness * step_sizes[t] ** 2 / 2 * noise**2,
        ),
        (1, one_step),
        (step_sizes[t] / 2 * mean(norm2(drift(t))), kernel.suppose(SHORT)),
        (step_sizes[t] / 2, bias),
    )
    summed = kernel.sum_over(paid, t)
    telescope = kernel.telescope(mean(value(x(t))), t)
    bottom = kernel.sum_over(kernel.at(kernel.suppose(BOUNDED), {here: x(steps)}), outcome)
    scale = 2 / (length * (1 - relative_bias))
    return kernel.combine(le(AVERAGE, BOUND), (scale, summed), (-scale, telescope), (scale, bottom))


PROOF = Proof(
    "diminishing",
    goals=(
        Goal(
            "bound",
            given=(SMOOTH, BOUNDED, STEPS, *CENTRED, NOISE, BIAS, SHORT, lt(relative_bias, 1)),
            shows=(le(AVERAGE, BOUND),),
            argument=bound,
        ),
    ),
    asserts={
        (
            r"\frac{\sum_t \eta_t E\|\nabla F_t\|^2}{\sum_t \eta_t} \le \frac{1}{1-m}"
            r" \left( \frac{2\Delta + L\sigma^2 \sum_t \eta_t^2}{\sum_t \eta_t} + \zeta^2 \right)"
        ): ("bound",),
    },
    domain="every dimension, number of steps and constant",
    neighbour=Neighbour(
        "bound",
        lambda bound: le(
            bound.left, (2 * GAP / Total(step_sizes[t], t) + bias_bound**2) / (1 - relative_bias)
        ),
        {**NOISY, steps: 4, step_sizes: lambda t: 1},
    ),
)

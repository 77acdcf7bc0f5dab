"""With diminishing step sizes the noise term vanishes from the weighted mean, and the bias stays."""

from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import BIAS, NOISE, SMOOTH, STEP
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.descents import HORIZON, Oracle, descend
from convergence.claims.samplers.landscapes import landscape


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    smoothness = coordinates.log_uniform(0.1, 10)
    scale = smoothness * coordinates.log_uniform(0.03, 3)
    oracle = Oracle(
        bias_bound=scale * coordinates.uniform(0, 1),
        relative_bias=coordinates.uniform(0, 0.9),
        noise_variance=(scale * coordinates.uniform(0, 1)).square(),
        noise_growth=coordinates.uniform(-1, 2).clamp(min=0),
    )
    largest = 1 / (smoothness * (oracle.noise_growth + 1))
    step_sizes = largest.unsqueeze(1) * coordinates.log_uniform(0.05, 1, HORIZON)
    function, start = landscape(coordinates, smoothness), 3 * coordinates.take()
    run = descend(
        function, start, step_sizes, oracle, coordinates.take(HORIZON), coordinates.uniform(0, 1, HORIZON)
    )
    weights = step_sizes / step_sizes.sum(1, keepdim=True)
    return {
        "initial_gap": (run.objective[:, 0] - function.minimum()).clamp(min=0),
        "step_sizes": step_sizes,
        "smoothness": smoothness,
        **oracle._asdict(),
        "weighted_gradient_norm_squared": (weights * run.gradient_norm_squared).sum(1),
    }


def _bound(
    weighted_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_sizes: Tensor,
    smoothness: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
    relative_bias: Tensor,
) -> Sides:
    bound = stationarity_bounds.diminishing(
        initial_gap=initial_gap,
        step_sizes=step_sizes.unbind(1),
        smoothness=smoothness,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=bias_bound,
        relative_bias=relative_bias,
    )
    return Sides(weighted_gradient_norm_squared, bound)


def _without_noise(
    weighted_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_sizes: Tensor,
    smoothness: Tensor,
    bias_bound: Tensor,
    relative_bias: Tensor,
) -> Sides:
    transient = 2 * initial_gap / step_sizes.sum(1)
    return Sides(weighted_gradient_norm_squared, (transient + bias_bound.square()) / (1 - relative_bias))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="diminishing",
    assertions=(
        Assertion(
            r"\frac{\sum_t \eta_t E\|\nabla F_t\|^2}{\sum_t \eta_t} \le \frac{1}{1-m}"
            r" \left( \frac{2\Delta + L\sigma^2 \sum_t \eta_t^2}{\sum_t \eta_t} + \zeta^2 \right)",
            "<=",
            _bound,
        ),
    ),
    assumptions=(
        STEP.replace("η", "η_t"),
        NOISE,
        BIAS,
        SMOOTH,
        "η_t ≤ 1/((M+1)L), 0 ≤ m < 1",
        "where Ση_t = ∞ and Ση_t²/Ση_t → 0, the right side tends to ζ²/(1−m)",
    ),
    source="ours, from the descent lemma",
    instances=INSTANCES,
    depends_on=("stationarity",),
    false_neighbour=Assertion(
        r"\frac{\sum_t \eta_t E\|\nabla F_t\|^2}{\sum_t \eta_t} \le \frac{1}{1-m}"
        r" \left( \frac{2\Delta}{\sum_t \eta_t} + \zeta^2 \right)",
        "<=",
        _without_noise,
    ),
)

"""Constant-step-size SGD is stationary up to a transient, a noise term of order η and a bias that stays."""

from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import SGD
from convergence.claims.claim import Assertion, Claim, Sides, reduced
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.descents import runs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    return runs(coordinates, relative=True)


def _bound(
    mean_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
    relative_bias: Tensor,
) -> Sides:
    bound = stationarity_bounds.stationarity(
        initial_gap=initial_gap,
        step_size=step_size,
        smoothness=smoothness,
        steps=steps,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=bias_bound,
        relative_bias=relative_bias,
    )
    return Sides(mean_gradient_norm_squared, bound)


def _path_mean(
    mean_gradient_norm_squared: Tensor,
    mean_bias_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
) -> Sides:
    bound = stationarity_bounds.stationarity(
        initial_gap=initial_gap,
        step_size=step_size,
        smoothness=smoothness,
        steps=steps,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=mean_bias_norm_squared.sqrt(),
    )
    return Sides(mean_gradient_norm_squared, bound)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="stationarity",
    assertions=(
        Assertion(
            r"A^2 \le \frac{1}{1-m} \left( \frac{2\Delta}{\eta T} + \eta L \sigma^2 + \zeta^2 \right)",
            "<=",
            _bound,
        ),
        Assertion(
            r"A^2 \le \frac{2\Delta}{\eta T} + \eta L \sigma^2 + \frac{1}{T} \sum_{t<T} E\|b_t\|^2",
            "<=",
            _path_mean,
        ),
    ),
    assumptions=(*SGD, "η ≤ 1/((M+1)L)", "0 ≤ m < 1"),
    source="ours, from the descent lemma",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"A^2 \le \frac{0.99}{1-m} \left( \frac{2\Delta}{\eta T} + \eta L \sigma^2 + \zeta^2 \right)",
        "<=",
        reduced(_bound),
    ),
)

"""A bias that grows with the gradient: the bound on A as the root of one quadratic equation in A²."""

from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.claim import Assertion, Claim, Sides
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
    bound = stationarity_bounds.relative_bias_bound(
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


def _too_small(
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
    left, right, _ = _bound(**locals())
    return Sides(left, 0.99 * right)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="relative-bias",
    assertions=(
        Assertion(
            r"A \le A_+,\ A_+^2 - \left( (1-h) A_+ + h \sqrt{m A_+^2 + \zeta^2} \right)^2 = 2hR"
            r",\ R = \frac{\Delta}{\eta T} + \frac{\eta L \sigma^2}{2}",
            "<=",
            _bound,
        ),
    ),
    assumptions=("F L-smooth and bounded below", "h = ηL(M+1) ≤ 1", "0 ≤ m < 1"),
    source="ours, from the descent lemma and Minkowski's inequality",
    instances=INSTANCES,
    dimension=INSTANCES.dimension,
    false_neighbour=Assertion(r"A^2 \le 0.99 \, A_+^2", "<=", _too_small),
)

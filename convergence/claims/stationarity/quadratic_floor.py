"""On a quadratic with additive noise the stationary squared gradient is known exactly, mode by mode."""

from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import STEP
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler

MODES = 3
STEPS = 200


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    """Mean and variance of each mode are followed until they no longer move."""
    step_size = coordinates.log_uniform(1e-3, 10)
    contractions = coordinates.uniform(0.15, 1.85, MODES)
    noise_variances = coordinates.uniform(0, 2, MODES).square()
    bias = 2 * coordinates.take(MODES)
    rate, eta = 1 - contractions, step_size.unsqueeze(1)
    mean, variance = eta * coordinates.take(MODES), 0.0 * noise_variances
    for _ in range(STEPS):
        mean, variance = rate * mean - eta * bias, rate.square() * variance + eta.square() * noise_variances
    curvatures = contractions / eta
    return {
        "step_size": step_size,
        "curvatures": curvatures,
        "noise_variances": noise_variances,
        "bias": bias,
        "floor": (curvatures.square() * (mean.square() + variance)).sum(1),
    }


def _exact(
    floor: Tensor, step_size: Tensor, curvatures: Tensor, noise_variances: Tensor, bias: Tensor
) -> Sides:
    value = stationarity_bounds.quadratic_floor(
        step_size=step_size,
        curvatures=curvatures.unbind(1),
        noise_variances=noise_variances.unbind(1),
        bias=bias.unbind(1),
    )
    return Sides(floor, value)


def _small_steps(
    floor: Tensor, step_size: Tensor, curvatures: Tensor, noise_variances: Tensor, bias: Tensor
) -> Sides:
    noise = step_size * (curvatures * noise_variances).sum(1) / 2
    return Sides(floor, noise + bias.square().sum(1))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="quadratic-floor",
    assertions=(
        Assertion(
            r"E\|\nabla F\|^2 = \sum_i \frac{\eta h_i \sigma_i^2}{2 - \eta h_i} + \|b\|^2", "==", _exact
        ),
    ),
    assumptions=(
        STEP,
        "F = ½Σh_i x_i²",
        "noise of variances σ_i² at every x_t, constant bias b, zero where h_i = 0",
        "0 < ηh_i < 2 where h_i is not 0",
        "T → ∞",
    ),
    source="classical: moment recursion of a linear iteration",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"E\|\nabla F\|^2 \le \sum_i \frac{\eta h_i \sigma_i^2}{2} + \|b\|^2", "<=", _small_steps
    ),
)

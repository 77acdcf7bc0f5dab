"""At step size 1/L without noise the bound is exact, and the last step's bias is not paid for."""

from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import SGD
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.descents import runs
from convergence.claims.samplers.quadratics import biased_descent


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    run = runs(coordinates, smallest_contraction=1.0, noisy=False, growing=False)
    return run | {"extremal_gradient_norm_squared": biased_descent(run)}


def _exact(smoothness: Tensor, initial_gap: Tensor, steps: Tensor, bias_bound: Tensor) -> Tensor:
    return stationarity_bounds.last_step(
        initial_gap=initial_gap, smoothness=smoothness, steps=steps, bias_bound=bias_bound
    )


def _bound(
    mean_gradient_norm_squared: Tensor,
    smoothness: Tensor,
    initial_gap: Tensor,
    steps: Tensor,
    bias_bound: Tensor,
) -> Sides:
    return Sides(mean_gradient_norm_squared, _exact(smoothness, initial_gap, steps, bias_bound))


def _reached(
    extremal_gradient_norm_squared: Tensor,
    smoothness: Tensor,
    initial_gap: Tensor,
    steps: Tensor,
    bias_bound: Tensor,
) -> Sides:
    return Sides(extremal_gradient_norm_squared, _exact(smoothness, initial_gap, steps, bias_bound))


def _too_small(
    extremal_gradient_norm_squared: Tensor,
    smoothness: Tensor,
    initial_gap: Tensor,
    steps: Tensor,
    bias_bound: Tensor,
) -> Sides:
    return Sides(extremal_gradient_norm_squared, _exact(smoothness, initial_gap, steps, 0.99 * bias_bound))


INSTANCES = Sampler(_instances)
BOUND = r"\frac{2L\Delta}{T} + (1 - \frac{1}{T}) \zeta^2"

CLAIM = Claim(
    id="last-step",
    assertions=(
        Assertion(r"A^2 \le " + BOUND, "<=", _bound),
        Assertion(r"A^2 = " + BOUND + r" \text{ for } F = \frac{L}{2} x^2,\ b = -\zeta", "==", _reached),
    ),
    assumptions=(*SGD, "η = 1/L", "m = M = σ = 0"),
    source="ours, from stationarity-sharp",
    instances=INSTANCES,
    depends_on=("stationarity-sharp",),
    false_neighbour=Assertion(
        r"A^2 \le \frac{2L\Delta}{T} + (1 - \frac{1}{T}) (0.99 \, \zeta)^2", "<=", _too_small
    ),
)

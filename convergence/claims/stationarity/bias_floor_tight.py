"""A bias of constant size keeps the gradient from vanishing: the floor ζ²/(1−m) is reached."""

import torch
from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import LIMIT, SGD
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.radial import settle


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    """`F = ℓ‖x‖²/2`, `ℓ ≤ L`, with part of the bias allowed; the worst case has all of it."""
    smoothness = coordinates.log_uniform(0.1, 10)
    bias_bound, relative_bias = coordinates.log_uniform(1e-3, 10), coordinates.uniform(0, 0.5)
    step_size = coordinates.log_uniform(0.5, 1) / smoothness
    start = bias_bound / smoothness * coordinates.log_uniform(0.1, 10)
    share, curvature = coordinates.take(), smoothness * coordinates.uniform(0.8, 1)

    def floor(curvature: Tensor, share: Tensor) -> Tensor:
        distance = settle(
            start,
            step_size=step_size,
            gradient=lambda distance: curvature * distance,
            bias=lambda distance: (
                -share * (relative_bias * (curvature * distance).square() + bias_bound.square()).sqrt()
            ),
            noise_variance=torch.zeros_like(start),
            noise_growth=torch.zeros_like(start),
        )
        return (curvature * distance).square()

    return {
        "step_size": step_size,
        "smoothness": smoothness,
        "bias_bound": bias_bound,
        "relative_bias": relative_bias,
        "floor": floor(curvature, share),
        "extremal_floor": floor(smoothness, torch.ones_like(share)),
    }


def _bound(floor: Tensor, bias_bound: Tensor, relative_bias: Tensor) -> Sides:
    return Sides(floor, stationarity_bounds.bias_floor(bias_bound=bias_bound, relative_bias=relative_bias))


def _reached(extremal_floor: Tensor, bias_bound: Tensor, relative_bias: Tensor) -> Sides:
    bound = stationarity_bounds.bias_floor(bias_bound=bias_bound, relative_bias=relative_bias)
    return Sides(extremal_floor, bound)


def _too_small(extremal_floor: Tensor, bias_bound: Tensor, relative_bias: Tensor) -> Sides:
    bound = stationarity_bounds.bias_floor(bias_bound=bias_bound, relative_bias=relative_bias)
    return Sides(extremal_floor, 0.99 * bound)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="bias-floor-tight",
    assertions=(
        Assertion(r"A_\infty^2 \le \frac{\zeta^2}{1-m}", "<=", _bound),
        Assertion(
            r"A_\infty^2 = \frac{\zeta^2}{1-m} \text{ for } F = \frac{L}{2} \|x\|^2"
            r",\ b = -\sqrt{m \|\nabla F\|^2 + \zeta^2} \, \frac{\nabla F}{\|\nabla F\|}",
            "==",
            _reached,
        ),
    ),
    assumptions=(*SGD, LIMIT, "ηL ≤ 1", "σ = M = 0", "0 ≤ m < 1"),
    source="ours, from stationarity and the instance on a quadratic",
    instances=INSTANCES,
    depends_on=("stationarity",),
    false_neighbour=Assertion(r"A_\infty^2 \le 0.99 \, \frac{\zeta^2}{1-m}", "<=", _too_small),
)

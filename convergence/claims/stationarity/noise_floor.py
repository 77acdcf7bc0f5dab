"""The exact worst floor of SGD under bias and noise: noise goes with the step size, bias stays."""

import math

import torch
from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import LIMIT, SGD
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.radial import settle


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    """`F = ℓ‖x‖²/2` in the plane with `ℓ ≤ L` and part of the bias allowed; the worst case has all of it."""
    smoothness = coordinates.log_uniform(0.1, 10)
    scale, angle = coordinates.log_uniform(0.1, 10), coordinates.uniform(0, math.pi / 2)
    constants = {
        "noise_variance": (scale * angle.sin()).square(),
        "noise_growth": coordinates.uniform(-1, 1).clamp(min=0),
        "bias_bound": scale * angle.cos(),
    }
    contraction = coordinates.log_uniform(0.3, 1)
    step_size = contraction / (smoothness * (1 + constants["noise_growth"]))
    start = scale / smoothness * coordinates.log_uniform(0.1, 10)
    constants |= {"step_size": step_size, "smoothness": smoothness}
    share, curvature = coordinates.take(), smoothness * coordinates.uniform(0.8, 1)
    return {
        **constants,
        "floor": _floor(start, constants, curvature, share),
        "extremal_floor": _floor(start, constants, smoothness, torch.ones_like(share)),
    }


def _floor(start: Tensor, constants: dict[str, Tensor], curvature: Tensor, share: Tensor) -> Tensor:
    distance = settle(
        start,
        step_size=constants["step_size"],
        gradient=lambda distance: curvature * distance,
        bias=lambda _: -share * constants["bias_bound"],
        noise_variance=constants["noise_variance"],
        noise_growth=constants["noise_growth"],
    )
    return (curvature * distance).square()


def _worst(
    step_size: Tensor, smoothness: Tensor, noise_variance: Tensor, noise_growth: Tensor, bias_bound: Tensor
) -> Tensor:
    return stationarity_bounds.noise_floor(
        step_size=step_size,
        smoothness=smoothness,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=bias_bound,
    )


def _bound(
    floor: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
) -> Sides:
    return Sides(floor, _worst(step_size, smoothness, noise_variance, noise_growth, bias_bound))


def _reached(
    extremal_floor: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
) -> Sides:
    return Sides(extremal_floor, _worst(step_size, smoothness, noise_variance, noise_growth, bias_bound))


def _constant_bias(
    extremal_floor: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
) -> Sides:
    bound = stationarity_bounds.constant_bias_floor(
        step_size=step_size,
        smoothness=smoothness,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=bias_bound,
    )
    return Sides(extremal_floor, bound)


INSTANCES = Sampler(_instances)
FLOOR = r"\frac{(1-h) \zeta + \sqrt{\zeta^2 + (2-h) \eta L \sigma^2}}{2-h}"

CLAIM = Claim(
    id="noise-floor",
    assertions=(
        Assertion(rf"A_\infty \le {FLOOR}", "<=", _bound),
        Assertion(
            rf"A_\infty = {FLOOR} \text{{ for }} F = \frac{{L}}{{2}} \|x\|^2,\ b = -\zeta \frac{{x}}{{\|x\|}}"
            r",\ n = \pm \sqrt{M \|\nabla F + b\|^2 + \sigma^2} \, \frac{x_\perp}{\|x\|}",
            "==",
            _reached,
        ),
    ),
    assumptions=(*SGD, LIMIT, "h = ηL(M+1) ≤ 1", "m = 0"),
    source="ours, from stationarity-sharp and the instance in the plane",
    instances=INSTANCES,
    depends_on=("stationarity-sharp",),
    false_neighbour=Assertion(r"A_\infty^2 \le \zeta^2 + \frac{\eta L \sigma^2}{2-h}", "<=", _constant_bias),
)

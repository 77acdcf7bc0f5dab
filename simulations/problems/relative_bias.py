"""A quadratic whose bias grows with the gradient: the worst case of `bias-floor-tight`."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from convergence.bounds.stationarity import bias_floor
from simulations.ensemble.compiled import coupled
from simulations.ensemble.compiled.kernel import Kernel
from simulations.problems.noise import gaussian
from simulations.problems.problem import Bias, Coercivity, Problem


def relative_bias(
    dimension: int = 2,
    smoothness: float = 1.0,
    bias_bound: float = 0.5,
    relative: float = 0.5,
    noise_variance: float = 0.0,
    start_distance: float = 3.0,
) -> Problem:
    r"""`F = L‖x‖²/2` with `b = −√(m‖∇F‖² + ζ²)·∇F/‖∇F‖`: without noise SGD rests at `‖∇F‖² = ζ²/(1−m)`.

    Args:
        dimension: d.
        smoothness: L.
        bias_bound: ζ.
        relative: m ∈ [0, 1).
        noise_variance: σ² of the Gaussian noise.
        start_distance: `‖x_0‖ > 0`.
    """
    parameters = dict(locals())

    def objective(x: Tensor) -> Tensor:
        return 0.5 * smoothness * (x * x).sum(1)

    def gradient(x: Tensor) -> Tensor:
        return smoothness * x

    def bias(x: Tensor, gradient: Tensor) -> Tensor:
        squared = gradient.square().sum(1, keepdim=True)
        direction = gradient / torch.where(squared == 0, 1.0, squared.sqrt())
        return -(relative * squared + bias_bound**2).sqrt() * direction

    floor = bias_floor(bias_bound=bias_bound, relative_bias=relative)
    return Problem(
        name="relative-bias",
        dimension=dimension,
        objective=objective,
        gradient=gradient,
        smoothness=smoothness,
        minimum=0.0,
        start=(start_distance / math.sqrt(dimension),) * dimension,
        noise=gaussian(dimension, noise_variance),
        kernel=Kernel(
            coupled.relative_bias,
            math.sqrt(noise_variance / dimension),
            [[smoothness, relative, bias_bound]],
        ),
        bias=Bias(bias, bias_bound, relative),
        minimisers=((0.0,) * dimension,),
        pl_constant=smoothness,
        coercivity=Coercivity(smoothness),
        floor=None if noise_variance else lambda step_size: floor if step_size * smoothness < 2 else None,
        floor_limit=None if noise_variance else floor,
        floor_slope=None if noise_variance else 0.0,
        parameters=parameters,
        sources={"smoothness": "curvature", "minimum": "at 0", "floor": "bias-floor-tight"},
    )

"""A quadratic with a constant bias: its floor is known exactly at every step size."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from convergence.bounds import stationarity as bounds
from simulations.ensemble.compiled import separable
from simulations.ensemble.compiled.kernel import Kernel
from simulations.problems.noise import gaussian
from simulations.problems.problem import Bias, Coercivity, Problem


def quadratic(
    dimension: int = 10,
    smoothness: float = 1.0,
    condition: float = 10.0,
    bias_bound: float = 0.5,
    noise_variance: float = 1.0,
    start_distance: float = 3.0,
) -> Problem:
    r"""`F(x) = ½ Σ h_i x_i²` with geometric `h_i` from L/condition to L, Gaussian noise, constant bias.

    Its stationary `E‖∇F‖² = Σ ηh_iσ_i²/(2−ηh_i) + ζ²` exactly (`quadratic-floor`), with `σ_i² = σ²/d`.

    Args:
        dimension: d.
        smoothness: L, the largest curvature.
        condition: L over the least curvature, at least 1.
        bias_bound: ζ, the norm of the bias, which is along `(1, …, 1)`.
        noise_variance: σ².
        start_distance: `‖x_0‖`.
    """
    parameters = dict(locals())
    if condition < 1:
        raise ValueError(f"condition is {condition}; it must be at least 1")
    curvatures = torch.logspace(-math.log10(condition), 0, dimension, dtype=torch.float64) * smoothness
    if dimension == 1:
        curvatures = torch.tensor([smoothness], dtype=torch.float64)

    def objective(x: Tensor) -> Tensor:
        return 0.5 * (curvatures.to(x) * x * x).sum(1)

    def gradient(x: Tensor) -> Tensor:
        return curvatures.to(x) * x

    def bias(x: Tensor, gradient: Tensor) -> Tensor:
        return torch.full_like(x, bias_bound / math.sqrt(dimension))

    def floor(step_size: float) -> float:
        if step_size * smoothness >= 2:
            return math.inf
        return bounds.quadratic_floor(
            step_size=step_size,
            curvatures=curvatures.tolist(),
            noise_variances=[noise_variance / dimension] * dimension,
            bias=[bias_bound / math.sqrt(dimension)] * dimension,
        )

    return Problem(
        name="quadratic",
        dimension=dimension,
        objective=objective,
        gradient=gradient,
        smoothness=smoothness,
        minimum=0.0,
        start=(start_distance / math.sqrt(dimension),) * dimension,
        noise=gaussian(dimension, noise_variance),
        kernel=Kernel(
            separable.quadratic,
            math.sqrt(noise_variance / dimension),
            [curvatures.tolist(), [bias_bound / math.sqrt(dimension)] * dimension],
        ),
        bias=Bias(bias, bias_bound) if bias_bound else None,
        minimisers=((0.0,) * dimension,),
        floor=floor,
        floor_limit=bias_bound**2,
        floor_slope=float(curvatures.sum()) * noise_variance / (2 * dimension),
        parameters=parameters,
        pl_constant=float(curvatures[0]),
        coercivity=Coercivity(float(curvatures[0])),
        sources={
            "smoothness": "largest curvature",
            "minimum": "at 0",
            "coercivity": "least curvature",
            "floor": "quadratic-floor",
        },
    )

"""The worst case of `noise-floor`: bias and noise that keep the distance to the minimiser deterministic."""

from __future__ import annotations

import torch
from torch import Tensor

from convergence.bounds import stationarity as bounds
from simulations.problems.problem import Bias, Coercivity, Noise, Problem


def noise_floor(
    smoothness: float = 1.0,
    bias_bound: float = 0.5,
    noise_variance: float = 1.0,
    noise_growth: float = 0.0,
    start_distance: float = 3.0,
) -> Problem:
    r"""`F = L‖x‖²/2` in the plane, `b = −ζx/‖x‖`, `n = ±√(M‖∇F+b‖²+σ²)·x_⊥/‖x‖` with equal chance.

    Noise across and bias along `x` make `‖x_t‖` deterministic, so the bound of `noise-floor` and the run
    agree to rounding.

    Args:
        smoothness: L.
        bias_bound: ζ.
        noise_variance: σ².
        noise_growth: M.
        start_distance: `‖x_0‖`.
    """
    parameters = dict(locals())

    def objective(x: Tensor) -> Tensor:
        return 0.5 * smoothness * (x * x).sum(1)

    def gradient(x: Tensor) -> Tensor:
        return smoothness * x

    def ray(x: Tensor) -> tuple[Tensor, Tensor]:
        """A vector along each x and its norm; at 0, which noise that only grows leads to, any will do."""
        norm = x.norm(dim=1, keepdim=True)
        return torch.where(norm == 0, torch.tensor([1.0, 0.0]).to(x), x), torch.where(norm == 0, 1.0, norm)

    def bias(x: Tensor, gradient: Tensor) -> Tensor:
        along, norm = ray(x)
        return -bias_bound * along / norm

    def shape(signs: Tensor, x: Tensor, mean_gradient: Tensor) -> Tensor:
        along, norm = ray(x)
        across = torch.stack((-along[:, 1], along[:, 0]), dim=1) / norm
        squared = noise_growth * mean_gradient.square().sum(1, keepdim=True) + noise_variance
        return signs * squared.sqrt() * across

    noise = Noise("sign", 1, shape, noise_variance, noise_growth)

    def floor(step_size: float) -> float | None:
        if step_size * smoothness * (noise_growth + 1) > 1:
            return None
        return bounds.noise_floor(
            step_size=step_size,
            smoothness=smoothness,
            noise_variance=noise_variance,
            noise_growth=noise_growth,
            bias_bound=bias_bound,
        )

    return Problem(
        name="noise-floor",
        dimension=2,
        objective=objective,
        gradient=gradient,
        smoothness=smoothness,
        minimum=0.0,
        start=(start_distance, 0.0),
        noise=noise if noise_variance or noise_growth else None,
        bias=Bias(bias, bias_bound) if bias_bound else None,
        minimisers=((0.0, 0.0),),
        floor=floor,
        floor_limit=bias_bound**2,
        floor_slope=smoothness * noise_variance / (1 if bias_bound else 2),
        pl_constant=smoothness,
        coercivity=Coercivity(smoothness),
        parameters=parameters,
        sources={"smoothness": "curvature", "minimum": "at 0", "floor": "noise-floor"},
    )

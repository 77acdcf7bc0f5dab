"""Recovering a vector from the squares of its projections."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from simulations.ensemble.compiled import coupled
from simulations.ensemble.compiled.kernel import Kernel
from simulations.problems.noise import gaussian
from simulations.problems.problem import Problem


def phase_retrieval(
    dimension: int = 5, measurements: int = 30, radius: float = 2.0, noise_variance: float = 0.1
) -> Problem:
    r"""`F(x) = 1/(4N) Σ_i ((a_i·x)² − (a_i·x*)²)²`, minimum 0 at ±x*, `‖x*‖ = 1`.

    `∇²F = (1/N) Σ_i (3(a_i·x)² − (a_i·x*)²) a_ia_iᵀ`, so on the ball `L ≤ 3r²·λ_max((1/N) Σ ‖a_i‖² a_ia_iᵀ)`
    (and the negative part is smaller).

    Nearest minimisers tell half-spaces apart, not quite basins: of 2,000 points of the default problem's ball
    gradient descent led 19 % to a pair of local minima of value 0.27, and of the others 13 % to the farther of ±x*.

    Args:
        dimension: d.
        measurements: N, standard normal vectors `a_i` from a fixed seed.
        radius: r ≥ 1 of the ball on which L holds.
        noise_variance: σ² of the Gaussian noise.
    """
    parameters = dict(locals())
    if radius < 1:
        raise ValueError(f"radius is {radius}; at least 1 is needed for the ball to hold the minimisers")
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(measurements, dimension, generator=generator, dtype=torch.float64)
    truth = torch.full((dimension,), dimension**-0.5, dtype=torch.float64)
    squares = (directions @ truth).square()
    weighted = directions.T * directions.square().sum(1) @ directions / measurements

    def objective(x: Tensor) -> Tensor:
        return ((x @ directions.to(x).T).square() - squares.to(x)).square().mean(1) / 4

    def gradient(x: Tensor) -> Tensor:
        projections = x @ directions.to(x).T
        return (projections.square() - squares.to(x)) * projections @ directions.to(x) / measurements

    return Problem(
        name="phase-retrieval",
        dimension=dimension,
        objective=objective,
        gradient=gradient,
        smoothness=3 * radius**2 * float(torch.linalg.eigvalsh(weighted)[-1]),
        minimum=0.0,
        start=(1.0,) + (0.0,) * (dimension - 1),
        noise=gaussian(dimension, noise_variance),
        kernel=Kernel(
            coupled.phase_retrieval,
            math.sqrt(noise_variance / dimension),
            torch.column_stack((directions, squares)).tolist(),
        ),
        minimisers=tuple(tuple((sign * truth).tolist()) for sign in (-1, 1)),
        radius=radius,
        smoothness_exact=False,
        parameters=parameters,
        sources={"smoothness": "|a·x| ≤ ‖a‖r in ∇²F", "minimum": "at ±x*"},
    )

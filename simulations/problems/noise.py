"""Laws of gradient noise that do not depend on the objective."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from simulations.problems.problem import Noise, Problem


def gaussian(dimension: int, variance: float) -> Noise | None:
    """Isotropic Gaussian noise with `E‖n‖² = variance`; None for variance 0."""
    if variance < 0:
        raise ValueError(f"noise_variance is {variance}; it must not be negative")
    if variance == 0:
        return None
    scale = math.sqrt(variance / dimension)

    def shape(variates: Tensor, x: Tensor, mean_gradient: Tensor) -> Tensor:
        return variates

    return Noise("normal", dimension, shape, variance, isotropic=True, scale=scale)


def student(dimension: int, variance: float, degrees: float) -> Noise:
    r"""Student's t in each coordinate, `E‖n‖² = variance`; coordinates are uncorrelated, and tails heavy.

    Pairs come from uniforms by `√(ν(u^{−2/ν} − 1))·(cos, sin)(2πv)` (Bailey, Mathematics of Computation 62,
    1994): exactly t with ν degrees of freedom each, so that the pairs are dependent.

    Args:
        dimension: d.
        variance: σ² > 0.
        degrees: ν > 2; moments of order ν and above do not exist.
    """
    if not degrees > 2:
        raise ValueError(f"degrees is {degrees}; more than 2 are needed for a variance")
    pairs = (dimension + 1) // 2
    scale = math.sqrt(variance / dimension * (degrees - 2) / degrees)

    def shape(variates: Tensor, x: Tensor, mean_gradient: Tensor) -> Tensor:
        radius = (degrees * ((1 - variates[:, :pairs]) ** (-2 / degrees) - 1)).sqrt()
        angle = 2 * math.pi * variates[:, pairs:]
        values = torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=2).flatten(1)
        return scale * values[:, :dimension]

    return Noise("uniform", 2 * pairs, shape, variance, isotropic=True)


def heavy_tailed(problem: Problem, degrees: float) -> Problem:
    """The problem with Student's t noise of the same variance in place of its Gaussian noise.

    What depends on the noise by its covariance alone stays, an exact floor too.

    Raises:
        ValueError: the problem's noise is not isotropic, or degrees ≤ 2.
    """
    if problem.noise is None or not problem.noise.isotropic:
        raise ValueError(f"degrees is {degrees}, but the noise of {problem.name!r} is not isotropic")
    noise = student(problem.dimension, problem.noise.variance, degrees)
    return replace(problem, noise=noise, parameters={**problem.parameters, "degrees": degrees})

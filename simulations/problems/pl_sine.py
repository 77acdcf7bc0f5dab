"""A function that is not convex and yet has no stationary point but its minimum."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from simulations.ensemble.compiled import separable
from simulations.ensemble.compiled.kernel import Kernel
from simulations.problems.noise import gaussian
from simulations.problems.problem import Coercivity, Problem


def pl_sine(dimension: int = 1, noise_variance: float = 1.0) -> Problem:
    r"""`F(x) = Σ [x_i² + 3 sin² x_i]`: `F″ = 2 + 6 cos 2x_i ∈ [−4, 8]`, so L = 8; PŁ with μ = 1/32.

    Args:
        dimension: d; a sum of functions that are PŁ with the same μ is PŁ with μ.
        noise_variance: σ² of the Gaussian noise.
    """
    parameters = dict(locals())

    def objective(x: Tensor) -> Tensor:
        return (x * x + 3 * torch.sin(x).square()).sum(1)

    def gradient(x: Tensor) -> Tensor:
        return 2 * x + 3 * torch.sin(2 * x)

    return Problem(
        name="pl-sine",
        dimension=dimension,
        objective=objective,
        gradient=gradient,
        smoothness=8.0,
        minimum=0.0,
        start=(4.0,) * dimension,
        noise=gaussian(dimension, noise_variance),
        kernel=Kernel(separable.pl_sine, math.sqrt(noise_variance / dimension), [[0.0] * dimension] * 2),
        minimisers=((0.0,) * dimension,),
        pl_constant=1 / 32,
        coercivity=Coercivity(1.0, 2.25 * dimension),
        parameters=parameters,
        sources={
            "smoothness": "curvature at 0",
            "minimum": "at 0",
            "coercivity": "2x² − 3|x| ≥ x² − 9/4 in each coordinate",
            "pl_constant": "Karimi, Nutini & Schmidt 2016, section 2.2",
        },
    )

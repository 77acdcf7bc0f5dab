"""Rastrigin's function: a quadratic bowl covered with a lattice of local minima."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from simulations.ensemble.compiled import separable
from simulations.ensemble.compiled.kernel import Kernel
from simulations.problems.noise import gaussian
from simulations.problems.problem import Coercivity, Problem

HEIGHT = 10.0
"""Of the ripples."""


def rastrigin(dimension: int = 10, noise_variance: float = 100.0) -> Problem:
    r"""`F(x) = Σ [x_i² + 10(1 − cos 2πx_i)]`; `F″_ii = 2 + 40π² cos 2πx_i`, so `L = 2 + 40π²` exactly.

    Args:
        dimension: d.
        noise_variance: σ² of the Gaussian noise.
    """
    parameters = dict(locals())

    def objective(x: Tensor) -> Tensor:
        return (x * x + HEIGHT * (1 - torch.cos(2 * math.pi * x))).sum(1)

    def gradient(x: Tensor) -> Tensor:
        return 2 * x + 2 * math.pi * HEIGHT * torch.sin(2 * math.pi * x)

    def cell(x: Tensor) -> Tensor:
        # Of the stationary points x = −10π sin 2πx, none beyond ±10π, the maximum between cells k and k + 1 is
        # that with x − arcsin(x/10π)/2π = k + ½, and the minimum of cell k lies less than ½ from k there.
        inside = x.clamp(-math.pi * HEIGHT, math.pi * HEIGHT)
        return (inside - torch.asin(inside / (math.pi * HEIGHT)) / (2 * math.pi)).round()

    return Problem(
        name="rastrigin",
        dimension=dimension,
        objective=objective,
        gradient=gradient,
        smoothness=2 + 4 * math.pi**2 * HEIGHT,
        minimum=0.0,
        start=(2.2,) * dimension,
        noise=gaussian(dimension, noise_variance),
        kernel=Kernel(separable.rastrigin, math.sqrt(noise_variance / dimension), [[0.0] * dimension] * 2),
        minimisers=((0.0,) * dimension,),
        basin=cell,
        coercivity=Coercivity(1.0, dimension * (math.pi * HEIGHT) ** 2),
        parameters=parameters,
        sources={
            "smoothness": "curvature at x = 0",
            "minimum": "at 0; Rastrigin 1974",
            "coercivity": "2x² − 20π|x| ≥ x² − 100π² in each coordinate",
        },
    )

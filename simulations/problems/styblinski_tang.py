"""The function of Styblinski and Tang: 2^d wells of unequal depth."""

from __future__ import annotations

import itertools
import math

import numpy as np
from torch import Tensor

from simulations.ensemble.compiled import separable
from simulations.ensemble.compiled.kernel import Kernel
from simulations.problems.noise import gaussian
from simulations.problems.problem import Problem


def styblinski_tang(dimension: int = 2, radius: float = 4.5, noise_variance: float = 25.0) -> Problem:
    r"""`F(x) = ½ Σ (x_i⁴ − 16x_i² + 5x_i)`; `F″ = 6x_i² − 16`, so `L = 6·radius² − 16` on the ball, exactly.

    Args:
        dimension: d.
        radius: of the ball on which L holds, at least 4 (where L is the curvature at the rim).
        noise_variance: σ² of the Gaussian noise.
    """
    parameters = dict(locals())
    if radius < 4:
        raise ValueError(f"radius is {radius}; it must be at least 4")
    left, barrier, right = sorted(np.roots([4.0, 0.0, -32.0, 5.0]).real.tolist())

    def objective(x: Tensor) -> Tensor:
        squared = x * x
        return 0.5 * (squared * squared - 16 * squared + 5 * x).sum(1)

    def gradient(x: Tensor) -> Tensor:
        return 2 * x * x * x - 16 * x + 2.5

    return Problem(
        name="styblinski-tang",
        dimension=dimension,
        objective=objective,
        gradient=gradient,
        smoothness=6 * radius**2 - 16,
        minimum=0.5 * dimension * (left**4 - 16 * left**2 + 5 * left),
        start=(0.0,) * dimension,
        noise=gaussian(dimension, noise_variance),
        kernel=Kernel(
            separable.styblinski_tang, math.sqrt(noise_variance / dimension), [[0.0] * dimension] * 2
        ),
        minimisers=tuple(itertools.product((left, right), repeat=dimension)) if dimension <= 4 else (),
        basin=lambda x: x > barrier,
        radius=radius,
        parameters=parameters,
        sources={
            "smoothness": "curvature at the rim of the ball",
            "minimum": "least real root of 4x³ − 32x + 5; Styblinski & Tang 1990",
        },
    )

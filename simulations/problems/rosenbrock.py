"""Rosenbrock's curved valley."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from simulations.ensemble.compiled import coupled
from simulations.ensemble.compiled.kernel import Kernel
from simulations.problems.noise import gaussian
from simulations.problems.problem import Problem


def rosenbrock(radius: float = 2.0, noise_variance: float = 1.0) -> Problem:
    r"""`F(x, y) = (1−x)² + 100(y−x²)²`, minimum 0 at (1, 1).

    `∇²F = [[2 − 400y + 1200x², −400x], [−400x, 200]]`. On the ball `‖(x, y)‖ ≤ r`, r ≥ √2, its first entry is
    at most `a = 2 + 1200r² + 100/3` (at y = −1/6) and `|400x| ≤ b = 400r`; the largest eigenvalue increases
    in both, so `L = (a+200)/2 + √((a−200)²/4 + b²)`: an upper bound, reached by no point but nearly so.

    Args:
        radius: r.
        noise_variance: σ² of the Gaussian noise.
    """
    parameters = dict(locals())
    if radius < math.sqrt(2):
        raise ValueError(f"radius is {radius}; at least √2 is needed for the ball to hold the minimiser")
    largest, across = 2 + 1200 * radius**2 + 100 / 3, 400 * radius

    def objective(x: Tensor) -> Tensor:
        return (1 - x[:, 0]).square() + 100 * (x[:, 1] - x[:, 0].square()).square()

    def gradient(x: Tensor) -> Tensor:
        lift = 200 * (x[:, 1] - x[:, 0].square())
        return torch.stack((2 * (x[:, 0] - 1) - 2 * x[:, 0] * lift, lift), dim=1)

    return Problem(
        name="rosenbrock",
        dimension=2,
        objective=objective,
        gradient=gradient,
        smoothness=(largest + 200) / 2 + math.sqrt((largest - 200) ** 2 / 4 + across**2),
        minimum=0.0,
        start=(-1.2, 1.0),
        noise=gaussian(2, noise_variance),
        kernel=Kernel(coupled.rosenbrock, math.sqrt(noise_variance / 2)),
        minimisers=((1.0, 1.0),),
        radius=radius,
        smoothness_exact=False,
        parameters=parameters,
        sources={"smoothness": "bound on the entries of ∇²F", "minimum": "at (1, 1); Rosenbrock 1960"},
    )

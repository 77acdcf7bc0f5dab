r"""The quadratic `Lx²/2` under the worst bias or noise: what attains the exact bounds.

A run is given by its constants (as `descents.runs` names them); it starts where `Lx²/2` is the initial gap.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from convergence.claims.samplers.descents import HORIZON


def biased_descent(run: Mapping[str, Tensor]) -> Tensor:
    """Mean squared gradient `(N,)` without noise, under the bias `−√(m‖∇F‖² + ζ²)` against the gradient."""
    gradient = (2 * run["smoothness"] * run["initial_gap"]).sqrt()
    contraction = run["step_size"] * run["smoothness"]
    squares = []
    for _ in range(HORIZON):
        squares.append(gradient.square())
        bias = (run["relative_bias"] * gradient.square() + run["bias_bound"].square()).sqrt()
        gradient = (1 - contraction) * gradient + contraction * bias
    return _mean(squares, run["steps"])


def noisy_descent(run: Mapping[str, Tensor]) -> Tensor:
    """Mean squared gradient `(N,)` without bias, under noise with `E‖n‖² = M‖∇F‖² + σ²`: second moments."""
    square = 2 * run["smoothness"] * run["initial_gap"]
    contraction = run["step_size"] * run["smoothness"]
    squares = []
    for _ in range(HORIZON):
        squares.append(square)
        noise = run["noise_growth"] * square + run["noise_variance"]
        square = (1 - contraction).square() * square + contraction.square() * noise
    return _mean(squares, run["steps"])


def _mean(squares: list[Tensor], steps: Tensor) -> Tensor:
    """Over the first `steps` of them."""
    taken = torch.arange(HORIZON) < steps.unsqueeze(1)
    return (torch.stack(squares, 1) * taken).sum(1) / steps

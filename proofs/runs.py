"""Runs of SGD on the parabola x²/2, in closed form, on which false neighbours fail."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer

from proofs.sgd import (
    bias,
    bias_bound,
    error,
    iterate,
    j,
    least,
    noise,
    noise_growth,
    objective,
    outcome,
    relative_bias,
    smoothness,
    step_size,
)

RESTING: dict[Any, Any] = {
    j.total: 1,
    outcome: 1,
    objective: lambda x: x[0] ** 2 / 2,
    least: 0,
    smoothness: 1,
    step_size: 1,
    noise_growth: 0,
    noise: 0,
    bias_bound: 1,
    relative_bias: 0,
    iterate: lambda t, outcome, j: 1,
    bias: lambda t, outcome, j: -1,
    error: lambda t, outcome, j: 0,
}
"""A bias of −1 that holds x at 1, where the gradient is 1."""


def alternating(t: Any, outcome: Any) -> Expr:
    """Two independent signs, of four outcomes, in turns: one at even times, the other at odd ones."""
    even, odd = 1 - 2 * (int(outcome) % 2), 1 - 2 * (int(outcome) // 2)
    return Integer(even + odd) / 2 + Integer(-1) ** t * Integer(even - odd) / 2


NOISY: dict[Any, Any] = {
    **RESTING,
    outcome: 4,
    noise: 1,
    bias_bound: 0,
    bias: lambda t, outcome, j: 0,
    error: lambda t, outcome, j: alternating(t, outcome),
    iterate: lambda t, outcome, j: -alternating(t - 1, outcome),
}
"""Full steps: x is minus the last noise, of variance 1."""

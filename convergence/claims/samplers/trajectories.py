r"""Single paths of SGD in the plane, with everything that a ledger records of them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from convergence.claims.samplers.coordinates import Coordinates

STEPS = 4
PLANE = 2


class Wave(NamedTuple):
    """`F(x) = ½xᵀHx + a cos(w·x + φ)` for N choices of H, a, w, φ: smooth, nonconvex, not separable."""

    hessian: Tensor
    amplitude: Tensor
    direction: Tensor
    phase: Tensor

    def objective(self, x: Tensor) -> Tensor:
        """F at `(N, T, 2)` points, `(N, T)`."""
        quadratic = ((x @ self.hessian) * x).sum(-1) / 2
        return quadratic + self.amplitude.unsqueeze(1) * self._argument(x).cos()

    def gradient(self, x: Tensor) -> Tensor:
        """∇F at `(N, T, 2)` points."""
        push = self.amplitude.unsqueeze(1) * self._argument(x).sin()
        return x @ self.hessian - push.unsqueeze(-1) * self.direction.unsqueeze(1)

    def _argument(self, x: Tensor) -> Tensor:
        return (x * self.direction.unsqueeze(1)).sum(-1) + self.phase.unsqueeze(1)


def wave(coordinates: Coordinates) -> Wave:
    """Waves with curvatures of either sign up to about 5."""
    factor = coordinates.take(PLANE, PLANE)
    return Wave(
        hessian=factor @ factor.mT - 0.5 * torch.eye(PLANE, dtype=factor.dtype),
        amplitude=2 * coordinates.take(),
        direction=2 * coordinates.take(PLANE),
        phase=3 * coordinates.take(),
    )


def disturbances(coordinates: Coordinates) -> tuple[Tensor, Tensor]:
    """Bias and noise of any size, `(N, STEPS, 2)` each: the ledger does not ask how they came about."""
    bias = coordinates.log_uniform(1e-3, 10).reshape(-1, 1, 1) * coordinates.take(STEPS, PLANE)
    noise = coordinates.log_uniform(1e-3, 10).reshape(-1, 1, 1) * coordinates.take(STEPS, PLANE)
    return bias, noise


def recorded(
    function: Wave, points: Tensor, step_size: Tensor, bias: Tensor, estimates: Tensor
) -> dict[str, Tensor]:
    """The ledger of the path through `points` `(N, T+1, 2)`, with `g_t` = `estimates` `(N, T, 2)`."""
    objective, gradient = function.objective(points), function.gradient(points[:, :-1])
    moved = points.diff(dim=1)
    noise = estimates - gradient - bias
    length = moved.square().sum(-1)
    remainder = objective.diff(dim=1) - (gradient * moved).sum(-1)
    return {
        "step_size": step_size,
        "objective": objective,
        "gradient_norm_squared": gradient.square().sum(-1),
        "bias_norm_squared": bias.square().sum(-1),
        "noise_norm_squared": noise.square().sum(-1),
        "gradient_dot_bias": (gradient * bias).sum(-1),
        "gradient_dot_noise": (gradient * noise).sum(-1),
        "bias_dot_noise": (bias * noise).sum(-1),
        "gradient_estimate_norm_squared": estimates.square().sum(-1),
        "directional_smoothness": torch.where(length > 0, 2 * remainder / length, 0),
    }


def paths(coordinates: Coordinates) -> dict[str, Tensor]:
    """The ledger of `STEPS` steps of plain SGD."""
    function, step_size = wave(coordinates), coordinates.log_uniform(1e-2, 2)
    bias, noise = disturbances(coordinates)
    # At 1, the bias is −∇F up to a factor: Cauchy–Schwarz is then an equality.
    aligned = coordinates.uniform(0, 1).reshape(-1, 1)
    points, biases, estimates = [3 * coordinates.take(PLANE)], [], []
    for t in range(STEPS):
        gradient = function.gradient(points[-1].unsqueeze(1)).squeeze(1)
        biases.append((1 - aligned) * bias[:, t] - aligned * gradient)
        estimates.append(gradient + biases[-1] + noise[:, t])
        points.append(points[-1] - step_size.unsqueeze(1) * estimates[-1])
    stack = (torch.stack(values, 1) for values in (points, biases, estimates))
    path, bias, estimate = stack
    return recorded(function, path, step_size, bias, estimate)

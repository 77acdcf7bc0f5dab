r"""Whole paths, step by step: what the ledger and the pathwise sandwich are evaluated on.

With momentum γ and PyTorch's buffer u they are taken at the virtual iterate `x̃ = x − κu`, which makes plain
steps `x̃ ← x̃ − η̃g`: `η̃ = η/(1−γ)`, `κ = ηγ/(1−γ)` for heavy ball and `ηγ²/(1−γ)` for Nesterov, and the bias
there is `b + ∇F(x) − ∇F(x̃)` (`momentum-iterate`).
"""

from __future__ import annotations

import torch
from torch import Tensor

from simulations.ensemble.engine import Observation, State
from simulations.problems.problem import Problem


class PathRecorder:
    """Every step of every replica; memory grows with the number of steps.

    The displacement is read from the points before and after, so that an engine that steps differently from
    `−step_size·g` shows.
    """

    def __init__(self, problem: Problem, start: State, momentum: float, nesterov: bool) -> None:
        self.problem = problem
        self.momentum = momentum
        self.lag = momentum * (momentum if nesterov else 1.0) / (1 - momentum)  # κ/η
        self.objectives = [problem.objective(start.x)]
        self.points = [(start.x, start.velocity)]
        self.steps: list[dict[str, Tensor]] = []

    def update(self, before: State, seen: Observation, after: State, step_size: float) -> None:
        """Take in one step."""
        here, there = (state.x - step_size * self.lag * state.velocity for state in (before, after))
        gradient = self.problem.gradient(here) if self.momentum else seen.gradient
        bias = seen.bias + (seen.gradient - gradient)
        taken = gradient + bias + seen.noise
        displacement = there - here
        objective = self.problem.objective(there)
        remainder = objective - self.objectives[-1] - (gradient * displacement).sum(1)
        moved = displacement.square().sum(1)
        self.steps.append(
            {
                "gradient_norm_squared": gradient.square().sum(1),
                "bias_norm_squared": bias.square().sum(1),
                "noise_norm_squared": seen.noise.square().sum(1),
                "gradient_estimate_norm_squared": taken.square().sum(1),
                "gradient_dot_bias": (gradient * bias).sum(1),
                "gradient_dot_noise": (gradient * seen.noise).sum(1),
                "bias_dot_noise": (bias * seen.noise).sum(1),
                "directional_smoothness": 2 * remainder / torch.where(moved == 0, torch.inf, moved),
                "gradient_estimates": seen.gradient + seen.bias + seen.noise,
            }
        )
        self.objectives.append(objective)
        self.points.append((after.x, after.velocity))

    def result(self) -> dict[str, Tensor]:
        """Quantities by the names that the claims use (see `convergence.claims`)."""
        names = self.steps[0]
        arrays = {name: torch.stack([step[name] for step in self.steps], dim=1).cpu() for name in names}
        iterates, buffers = (torch.stack(states, dim=1).cpu() for states in zip(*self.points, strict=True))
        objective = torch.stack(self.objectives, dim=1).cpu()
        return arrays | {"objective": objective, "iterates": iterates, "buffers": buffers}

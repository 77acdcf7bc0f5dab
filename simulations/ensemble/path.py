r"""Sums along each replica's path that the ledger and the pathwise sandwich are made of.

With momentum γ and PyTorch's buffer u they are taken at the virtual iterate `x̃ = x − κu`, which makes plain
steps `x̃ ← x̃ − η̃g`: `η̃ = η/(1−γ)`, `κ = ηγ/(1−γ)` for heavy ball and `ηγ²/(1−γ)` for Nesterov, and the bias
there is `b + ∇F(x) − ∇F(x̃)` (`momentum-iterate`).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from simulations.ensemble.engine import Observation, State
from simulations.problems.problem import Problem


class PathRecorder:
    """Sums over the steps of each replica, `(R,)` each.

    The displacement is read from the points before and after, so that an engine that steps differently from
    `−step_size·g` shows.
    """

    def __init__(self, problem: Problem, start: Tensor, momentum: float, nesterov: bool) -> None:
        self.problem = problem
        self.momentum = momentum
        self.lag = momentum * (momentum if nesterov else 1.0) / (1 - momentum)  # κ/η
        self.last = problem.objective(start)
        self.sums: dict[str, Tensor] = {}

    def update(self, before: State, seen: Observation, after: State, step_size: float) -> None:
        """Take in one step."""
        here, gradient, bias = seen.x, seen.gradient, seen.bias
        there = after.x
        if self.momentum:
            here = before.x - step_size * self.lag * before.velocity
            there = after.x - step_size * self.lag * after.velocity
            gradient = self.problem.gradient(here)
            bias = seen.bias + seen.gradient - gradient
        effective = step_size / (1 - self.momentum)
        displacement = there - here
        objective = self.problem.objective(there)
        taken = gradient + bias + seen.noise
        remainder = objective - self.last - (gradient * displacement).sum(1)
        terms = {
            "gradient_squared": (gradient * gradient).sum(1),
            "gradient_bias": (gradient * bias).sum(1),
            "gradient_noise": (gradient * seen.noise).sum(1),
            "bias_squared": (bias * bias).sum(1),
            "noise_squared": (seen.noise * seen.noise).sum(1),
            "bias_noise": (bias * seen.noise).sum(1),
            "taken_squared": (taken * taken).sum(1),
            "descent": (self.last - objective) / effective,
            # η_t·L_t‖Δx‖²/η_t², with L_t the directional smoothness of the step taken
            "curvature": 2 * remainder / effective,
            "objective_magnitude": objective.abs() / effective,
        }
        for name, term in terms.items():
            self.sums[name] = self.sums.get(name, torch.zeros_like(term)) + term
        self.last = objective

    def result(self) -> dict[str, NDArray[np.float64]]:
        """Sums by name: `‖∇F‖²`, `⟨∇F,b⟩`, …, `(F_t − F_{t+1})/η_t`, `η_tL_t‖g_t‖²`, and `|F_{t+1}|/η_t`.

        The last tells what rounding of F costs the two before.
        """
        return {name: values.cpu().double().numpy() for name, values in self.sums.items()}

"""Sums along each replica's path that the ledger and the pathwise sandwich are made of."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from simulations.ensemble.engine import Observation
from simulations.problems.problem import Problem


class PathRecorder:
    """Sums over the steps of each replica, `(R,)` each.

    The displacement is read from the points before and after, so that an engine that steps differently from
    `−step_size·g` shows.
    """

    def __init__(self, problem: Problem, start: Tensor) -> None:
        self.problem = problem
        self.first = self.last = problem.objective(start)
        self.sums: dict[str, Tensor] = {}

    def update(self, observation: Observation, moved: Tensor, step_size: float) -> None:
        """Take in one step, from `observation.x` to `moved`."""
        x, gradient, bias, noise = observation
        displacement = moved - x
        objective = self.problem.objective(moved)
        terms = {
            "gradient_squared": (gradient * gradient).sum(1),
            "gradient_bias": (gradient * bias).sum(1),
            "gradient_noise": (gradient * noise).sum(1),
            "bias_squared": (bias * bias).sum(1),
            "noise_squared": (noise * noise).sum(1),
            "bias_noise": (bias * noise).sum(1),
            "step_squared": (gradient + bias + noise).square().sum(1),
            # L_t‖Δx‖²/η², with L_t the directional smoothness of the step taken
            "curvature": 2 * (objective - self.last - (gradient * displacement).sum(1)) / step_size**2,
        }
        for name, term in terms.items():
            self.sums[name] = self.sums.get(name, torch.zeros_like(term)) + term
        self.last = objective

    def result(self) -> dict[str, NDArray[np.float64]]:
        """The sums, and `drop` = F(x_0) − F(x_T)."""
        sums = self.sums | {"drop": self.first - self.last}
        return {name: values.cpu().double().numpy() for name, values in sums.items()}

"""What is kept of an ensemble while it runs: memory that does not grow with the number of steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from simulations.ensemble.engine import Observation
from simulations.problems.problem import Problem

OBSERVED = (
    "gradient_norm_squared",
    "objective",
    "distance_squared",
    "norm_squared",
    "average_gradient_norm_squared",
    "average_bias_norm_squared",
)
"""Names of the columns of `Moments`: `‖∇F(x_t)‖²`, `F(x_t)`, `‖x_t − x̂‖²` with x̂ the nearest known minimiser
(the start where none is known), `‖x_t‖²`, and the path averages `Σ_{s≤t} η_s‖∇F(x_s)‖²/Σ_{s≤t} η_s` and the
same of `‖b‖²`."""

DIVERGED = 1e20
"""A replica whose `‖∇F‖²` exceeds this many times `‖∇F(x_0)‖² + σ² + ζ²` has diverged: it counts as ∞."""


@dataclass(frozen=True)
class Moments:
    """Mean `(G, 6)` and covariance `(G, 6, 6)` over replicas of the quantities `OBSERVED`, at G iterations.

    Also how many replicas were nearest to each known minimiser, `nearest (G, n)`.
    """

    iterations: NDArray[np.int64]
    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    nearest: NDArray[np.int64]

    def column(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and variance over replicas `(G,)` of one of `OBSERVED`.

        Raises:
            ValueError: any other name.
        """
        if name not in OBSERVED:
            raise ValueError(f"name is {name!r}; one of {', '.join(OBSERVED)} is needed")
        k = OBSERVED.index(name)
        return self.mean[:, k], self.covariance[:, k, k]


def log_grid(steps: int) -> NDArray[np.int64]:
    """At most 60 iterations from 0 to `steps − 1`, evenly spread on a logarithmic scale."""
    return np.unique(np.geomspace(1, steps, 60).round().astype(np.int64)) - 1


class MomentRecorder:
    """Collects `Moments` on a log grid and, per replica, means of `‖∇F‖²` and `‖x‖²` in windows of time.

    If `leaving`, also when a replica first leaves the basin in which it starts.
    """

    def __init__(
        self, problem: Problem, steps: int, windows: int, start: Tensor, leaving: bool = False
    ) -> None:
        replicas = len(start)
        minimisers = problem.minimisers or (problem.start,)
        self.problem = problem
        self.grid = log_grid(steps)
        self.anchors = torch.tensor(minimisers, dtype=start.dtype, device=start.device)
        self.edges = np.linspace(0, steps, windows + 1).round().astype(np.int64)
        # float32 sums would drift: after 200,000 steps by 1.6e-3 of an average (seen)
        zeros = partial(torch.zeros, dtype=torch.float64, device=start.device)
        self.window_sums = zeros(windows, 2, replicas)
        self.bias_norm_squared = zeros(replicas)
        self.total = zeros(replicas)
        self.time = 0.0
        self.basin = self._basins() if leaving else None
        self.home = self.basin(start) if self.basin else None
        self.left_at = torch.full((replicas,), -1, dtype=torch.int64, device=start.device)
        self.diverged_at = torch.full((replicas,), -1, dtype=torch.int64, device=start.device)
        constants = problem.noise_variance + problem.bias_bound**2
        at_start = float(problem.gradient(start[:1]).square().sum())
        self.limit = DIVERGED * (at_start + constants) or torch.inf
        self.rows: list[tuple[Tensor, Tensor, Tensor]] = []
        self.window = 0

    def update(self, iteration: int, observation: Observation, step_size: float) -> None:
        """Take in the step from iteration to iteration + 1."""
        squared = observation.gradient.square().sum(1)
        if not float(squared.max()) <= self.limit:  # NaN is not
            within = squared <= self.limit
            squared = squared.where(within, torch.inf)
            self.diverged_at[~within & (self.diverged_at < 0)] = iteration
        self.total.add_(squared, alpha=step_size)
        if self.problem.bias:
            self.bias_norm_squared.add_(observation.bias.square().sum(1), alpha=step_size)
        self.time += step_size
        if iteration >= self.edges[self.window + 1]:
            self.window += 1
        gradients, norms = self.window_sums[self.window].unbind()
        gradients += squared
        norms += observation.x.square().sum(1)
        if self.basin and self.home is not None:
            outside = (self.basin(observation.x) != self.home).reshape(len(self.left_at), -1).any(1)
            self.left_at[outside & (self.left_at < 0)] = iteration
        if iteration == self.grid[len(self.rows)] if len(self.rows) < len(self.grid) else False:
            averages = torch.stack((self.total, self.bias_norm_squared)) / self.time
            self.record(observation.x, squared, averages)

    def _basins(self) -> Callable[[Tensor], Tensor]:
        if self.problem.basin:
            return self.problem.basin
        if len(self.problem.minimisers) < 2:
            raise ValueError(
                f"leaving needs two minimisers or a basin function; {self.problem.name!r} has neither"
            )
        return lambda x: self._distances(x).argmin(1)

    def _distances(self, x: Tensor) -> Tensor:
        """From each point to each anchor, `(R, n)`."""
        # Products of matrices, which `cdist` takes above 25 rows, lose the digits of small distances.
        return torch.cdist(x, self.anchors, compute_mode="donot_use_mm_for_euclid_dist")

    def record(self, x: Tensor, squared: Tensor, averages: Tensor) -> None:
        """Take in a point of the grid: points `(R, d)`, their `‖∇F‖²`, and the two path averages `(2, R)`."""
        nearest, label = self._distances(x).min(1)
        columns = torch.stack(
            (
                squared,
                self.problem.objective(x),
                nearest.square(),
                x.square().sum(1),
                *averages,
            )
        ).double()
        counts = torch.bincount(label, minlength=len(self.anchors))
        self.rows.append((columns.mean(1), torch.cov(columns), counts))

    def moments(self) -> Moments:
        """What was seen."""
        mean, covariance, counts = (torch.stack(rows).cpu().numpy() for rows in zip(*self.rows, strict=True))
        return Moments(self.grid, mean, covariance, counts)

    def window_means(self) -> NDArray[np.float64]:
        """Means of `‖∇F‖²` and of `‖x‖²` per replica and window, `(2, R, windows)`."""
        means = self.window_sums.cpu().double().numpy() / np.diff(self.edges)[:, None, None]
        return means.transpose(1, 2, 0)

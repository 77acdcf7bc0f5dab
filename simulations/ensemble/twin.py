r"""A linearised twin of each replica: the process of the local quadratic, driven by the same noise.

`y_{t+1} = y_t − η(Hy_t + n_t)` from `y_0 = 0`, H the Hessian of F at a minimiser. Its law is known exactly,
and near the minimiser `‖Hy‖²` goes up and down with `‖∇F(x)‖²`: a control variate for the floor.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from simulations.problems.problem import Problem

AT_ONCE = 4096
"""Steps whose expectations are held together, so that memory does not grow with their number."""


class Twin:
    """Twins of all replicas, and the means of their `‖Hy‖²` in windows of time."""

    def __init__(self, problem: Problem, start: Tensor, edges: NDArray[np.int64]) -> None:
        if problem.noise is None or not problem.noise.isotropic or not problem.minimisers:
            raise ValueError(f"twin needs isotropic noise and a known minimiser; {problem.name!r} lacks one")
        at = torch.tensor(problem.minimisers, dtype=start.dtype, device=start.device)
        nearest = at[(at - start[0]).square().sum(1).argmin()]
        with torch.enable_grad():
            hessian = torch.func.hessian(lambda x: problem.objective(x[None])[0])(nearest)
        self.hessian = hessian.detach()
        self.variance = problem.noise.variance / problem.dimension
        self.edges = edges
        self.y = torch.zeros_like(start)
        self.sums = torch.zeros(len(start), len(edges) - 1, dtype=torch.float64, device=start.device)

    def update(self, window: int, noise: Tensor, step_size: float) -> None:
        """Take the step that the replicas take."""
        pull = self.y @ self.hessian
        self.sums[:, window] += pull.square().sum(1)
        self.y = self.y - step_size * (pull + noise)

    def window_means(self) -> NDArray[np.float64]:
        """Mean of `‖Hy‖²` per replica and window, `(R, windows)`."""
        return self.sums.cpu().double().numpy() / np.diff(self.edges)

    def expected(self, step_size: float) -> NDArray[np.float64]:
        r"""Expectation of each window's mean of `E‖Hy_t‖² = Σ_i h_i²η²s²(1 − a_i^{2t})/(1 − a_i²)`.

        `a_i = 1 − ηh_i`, s² the noise variance of one coordinate.
        """
        curvatures = torch.linalg.eigvalsh(self.hessian.double().cpu()).numpy()
        squared = (1 - step_size * curvatures)[:, None] ** 2
        neutral = squared == 1
        sums = np.zeros(len(self.edges) - 1)
        for window, (begin, end) in enumerate(pairwise(self.edges.tolist())):
            for first in range(begin, end, AT_ONCE):
                times = np.arange(first, min(first + AT_ONCE, end))
                grown = np.where(neutral, times, (1 - squared**times) / np.where(neutral, 1, 1 - squared))
                sums[window] += (curvatures[:, None] ** 2 * grown).sum()
        return sums * step_size**2 * self.variance / np.diff(self.edges)

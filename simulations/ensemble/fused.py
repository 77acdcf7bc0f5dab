"""Ensembles in one fused loop on a CUDA device: what it takes, and the ensemble in the layout of its kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from simulations.ensemble.compiled import separable
from simulations.ensemble.compiled.kernel import Kernel
from simulations.ensemble.streams import initial_states
from simulations.problems.problem import Problem

KINDS = {
    id(getattr(separable, kind)): kind
    for kind in ("quadratic", "double_well", "rastrigin", "styblinski_tang", "pl_sine")
}
"""Compiled functions of sums over coordinates, each with its name in `triton_descent.slope`."""
MOST_DIMENSIONS = 8
"""All coordinates of a replica are in the registers of one lane."""
BLOCK = 256


class Lanes(NamedTuple):
    """An ensemble on a device, the last axis the replica's; see `compiled.descent.Blocks`."""

    points: Tensor
    totals: Tensor
    diverged_at: Tensor
    states: Tensor
    spare: Tensor


def fits(problem: Problem) -> bool:
    """Whether the fused loop runs the problem."""
    kernel = problem.kernel
    return kernel is not None and id(kernel.run) in KINDS and problem.dimension <= MOST_DIMENSIONS


class InLanes:
    """An ensemble on a device, as `recording.Moving`."""

    def __init__(
        self,
        kernel: Kernel,
        start: ArrayLike,
        *,
        replicas: int,
        seed: int,
        first_replica: int,
        dtype: torch.dtype,
        device: str,
    ) -> None:
        self._kernel = kernel
        self._lanes = open_lanes(
            start, replicas, seed=seed, first_replica=first_replica, dtype=dtype, device=device
        )

    def advance(self, step_sizes: ArrayLike, *, first: int, limit: float) -> None:
        """As `Moving` says."""
        advance(self._kernel, self._lanes, step_sizes, first=first, limit=limit)

    def results(self) -> tuple[Tensor, Tensor, Tensor]:
        """As `Moving` says."""
        lanes = self._lanes
        return lanes.points.T, lanes.totals.clone(), lanes.diverged_at

    def clear(self) -> None:
        """As `Moving` says."""
        self._lanes.totals[:2] = 0


def open_lanes(
    start: ArrayLike, replicas: int, *, seed: int, first_replica: int, dtype: torch.dtype, device: str
) -> Lanes:
    """Every replica at `start` `(d,)`, its stream at its beginning."""
    x = torch.as_tensor(np.asarray(start), dtype=dtype, device=device)
    states = initial_states(seed, replicas, first_replica).view(np.int64)
    return Lanes(
        points=x[:, None].repeat(1, replicas),
        totals=torch.zeros(4, replicas, dtype=torch.float64, device=device),
        diverged_at=torch.full((replicas,), -1, device=device),
        states=torch.from_numpy(states).to(device),
        spare=torch.zeros(replicas, dtype=dtype, device=device),
    )


def advance(
    kernel: Kernel, lanes: Lanes, step_sizes: ArrayLike, *, first: int, limit: float = np.inf
) -> None:
    """Take steps in place, as `compiled.engine.advance` does, up to rounding."""
    import triton

    from simulations.ensemble.triton_descent import descend_kernel

    points, (dimension, replicas) = lanes.points, lanes.points.shape
    etas = points.new_tensor(np.asarray(step_sizes).tolist())
    bounded = min(limit, float(torch.finfo(points.dtype).max))
    descend_kernel[(triton.cdiv(replicas, BLOCK),)](
        points,
        lanes.totals,
        lanes.diverged_at,
        lanes.states,
        lanes.spare,
        points.new_tensor([list(row) for row in kernel.parameters]),
        etas,
        points.new_tensor([kernel.noise_scale, bounded]),
        first,
        len(etas),
        replicas,
        KIND=KINDS[id(kernel.run)],
        DIMENSION=dimension,
        DOUBLE=points.dtype == torch.float64,
        BLOCK=BLOCK,
        enable_fp_fusion=True,
    )

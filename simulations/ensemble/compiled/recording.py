"""A whole run in the compiled engine, with the statistics that the general engine keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from simulations.ensemble.compiled import separable
from simulations.ensemble.compiled.engine import advance, by_replica, open_blocks
from simulations.ensemble.compiled.kernel import Kernel
from simulations.ensemble.engine import init, step
from simulations.ensemble.record import MomentRecorder
from simulations.ensemble.schedules import Schedule
from simulations.ensemble.twin import Twin
from simulations.problems.problem import Problem

STRETCH = 2**13
"""Most steps between two returns to Python; step sizes are listed for that many."""

CHECKED = 8
"""Replicas that are compared with the general engine before a run."""


def unfit(problem: Problem, twin: Twin | None, dtype: str) -> str | None:
    """Why the compiled engine can't run the problem; None if it can.

    A few replicas far from each other take three steps in both engines: a kernel that stayed behind when the
    problem's functions, noise or bias were replaced is found out here.
    """
    kernel = problem.kernel
    if kernel is None:
        return f"{problem.name!r} has no kernel"
    if twin and not torch.equal(twin.hessian, torch.diag(torch.diag(twin.hessian))):
        return f"the twin of {problem.name!r} does not separate into coordinates"
    state, step_size = (
        init(problem, replicas=CHECKED, seed=0, dtype=getattr(torch, dtype)),
        problem.largest_step_size,
    )
    _, seen = step(problem, state, step_size=step_size)
    # Noise and gradient lead to places where SGD can get, which need not be all of the space.
    apart = torch.linspace(0.0, 1.0, CHECKED)[:, None] * seen.gradient + seen.noise
    apart *= (1 + state.x.abs().max()) / (apart.square().mean().sqrt() + 1e-300)
    state = state._replace(x=state.x + apart)
    blocks = open_blocks(problem.start, CHECKED, seed=0, dtype=dtype)
    blocks.points[0, :, :CHECKED] = state.x.T
    squares, tolerance = torch.zeros(()), 1e-9 if dtype == "float64" else 1e-4
    for _ in range(3):
        state, seen = step(problem, state, step_size=step_size)
        squares = squares + torch.stack([v.square().sum(1) for v in (seen.gradient, seen.x, seen.bias)], 1)
    advance(kernel, blocks, [step_size] * 3, first=0)
    points, totals = (torch.from_numpy(by_replica(a, CHECKED)) for a in (blocks.points, blocks.totals))
    totals = totals[:, [0, 1, 3]] / torch.tensor([1.0, 1.0, step_size])
    for found, right in ((points, state.x), (totals, squares)):
        if not torch.allclose(found.double(), right.double(), rtol=tolerance, atol=tolerance):
            return f"the kernel of {problem.name!r} disagrees with its functions"
    return None


class Moving(Protocol):
    """An ensemble that takes steps in compiled code, wherever that runs."""

    def advance(self, step_sizes: list[float], *, first: int, limit: float) -> None:
        """Take steps; `first` is the iteration of the first, `limit` the largest `‖∇F‖²` not yet divergence."""
        ...

    def results(self) -> tuple[Tensor, Tensor, Tensor]:
        """Points `(R, d)`, totals `(4, R)` (see `Blocks`), and when replicas diverged `(R,)`."""
        ...

    def clear(self) -> None:
        """Begin the first two totals anew."""
        ...


Open = Callable[[Kernel, Sequence[float]], Moving]
"""Opens an ensemble for a kernel with every replica at a start."""


class InBlocks:
    """An ensemble in blocks on the CPU."""

    def __init__(
        self,
        kernel: Kernel,
        start: Sequence[float],
        *,
        replicas: int,
        seed: int,
        first_replica: int,
        dtype: str,
        threads: int,
    ) -> None:
        self._kernel, self._replicas, self._threads = kernel, replicas, threads
        self._blocks = open_blocks(start, replicas, seed=seed, first_replica=first_replica, dtype=dtype)

    def advance(self, step_sizes: list[float], *, first: int, limit: float) -> None:
        """As `Moving` says."""
        advance(self._kernel, self._blocks, step_sizes, first=first, limit=limit, threads=self._threads)

    def results(self) -> tuple[Tensor, Tensor, Tensor]:
        """As `Moving` says."""
        kept = (self._blocks.points, self._blocks.totals, self._blocks.diverged_at)
        points, totals, diverged_at = (torch.from_numpy(by_replica(array, self._replicas)) for array in kept)
        return points, totals.T.clone(), diverged_at

    def clear(self) -> None:
        """As `Moving` says."""
        self._blocks.totals[:, :2] = 0


def run_compiled(
    problem: Problem,
    recorder: MomentRecorder,
    twin: Twin | None,
    schedule: Schedule,
    *,
    opened: Open,
    progress: Callable[[int], None],
) -> Tensor:
    """Run a problem that is not `unfit` and record until the end of the recorder's last window.

    Returns:
        the final points `(R, d)`.
    """
    assert problem.kernel is not None
    moving = opened(problem.kernel, problem.start)
    ensembles = [moving]
    if twin:
        curvatures = torch.diag(twin.hessian).tolist()
        linear = Kernel(separable.quadratic, twin.variance**0.5, (curvatures, [0.0] * problem.dimension))
        ensembles.append(opened(linear, [0.0] * problem.dimension))
    edges, grid = recorder.edges.tolist(), recorder.grid.tolist()
    t = 0
    for stop in sorted({*grid, *edges[1:]}):
        while t < stop:
            end = min(stop, (t // STRETCH + 1) * STRETCH)
            step_sizes = [schedule(i) for i in range(t, end)]
            for each in ensembles:
                each.advance(step_sizes, first=t, limit=recorder.limit)
            recorder.time += sum(step_sizes)
            t = end
            progress(t)
        x, sums, recorder.diverged_at = moving.results()
        sums[0::2, recorder.diverged_at >= 0] = torch.inf
        recorder.total, recorder.bias_norm_squared = sums[2], sums[3]
        if t in edges[1:]:
            window = edges.index(t) - 1
            recorder.window_sums[window] = sums[:2]
            moving.clear()
            if twin:
                twin.sums[:, window] = ensembles[1].results()[1][0]
                ensembles[1].clear()
        if t in grid:
            _record(recorder, problem, x, schedule(t))
    return moving.results()[0]


def _record(recorder: MomentRecorder, problem: Problem, x: Tensor, step_size: float) -> None:
    gradient = problem.gradient(x)
    squared = gradient.square().sum(1).double()
    squared[~(squared <= recorder.limit)] = torch.inf
    bias = problem.bias.function(x, gradient).square().sum(1) if problem.bias else torch.zeros_like(squared)
    sums = torch.stack((recorder.total + step_size * squared, recorder.bias_norm_squared + step_size * bias))
    recorder.record(x, squared, sums / (recorder.time + step_size))

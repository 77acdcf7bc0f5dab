"""Run an ensemble and keep its statistics."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convergence.threads import one_thread
from simulations.device import chosen_device
from simulations.ensemble.compiled.recording import InBlocks, Open, run_compiled, unfit
from simulations.ensemble.engine import init, step
from simulations.ensemble.fused import InLanes, fits
from simulations.ensemble.path import PathRecorder
from simulations.ensemble.record import MomentRecorder, Moments
from simulations.ensemble.schedules import Constant, Schedule
from simulations.ensemble.twin import Twin
from simulations.problems import problem as named
from simulations.problems.problem import Problem

Array = NDArray[np.float64]
Engine = Literal["auto", "compiled", "general"]
MOST = 10**12
"""Of steps and replicas: more are mistakes."""
DTYPES = {"float64": torch.float64, "float32": torch.float32}


@dataclass(frozen=True)
class Ensemble:
    """What R replicas of SGD did in T steps.

    Args:
        problem: that was run.
        step_size: η of every step, or the largest of a schedule.
        schedule: of the step sizes.
        steps: T.
        replicas: R.
        seed: of all streams.
        momentum: γ, 0 for plain SGD.
        moments: over replicas, on a log grid of iterations.
        window_means: mean of `‖∇F‖²` in equal windows of time, `(R, windows)`.
        window_norms: the same of `‖x‖²`.
        average_gradient_norm_squared: `Σ_t η_t‖∇F(x_t)‖²/Σ_t η_t` of each replica, `(R,)`.
        average_bias_norm_squared: the same of `‖b‖²`.
        left_at: iteration at which a replica was first seen outside the basin of its start, −1 for never,
            `(R,)`; None unless asked for.
        diverged_at: iteration at which a replica diverged (see `record.DIVERGED`), −1 for never, `(R,)`.
        final: last points, `(R, d)`.
        twin_means: mean of the twins' `‖Hy‖²` in the same windows, `(R, windows)`; None unless asked for.
        twin_expected: its exact expectation, `(windows,)`.
        path: every step of every replica, by name (see `PathRecorder`); empty unless asked for.
    """

    problem: Problem
    step_size: float
    schedule: Schedule
    steps: int
    replicas: int
    seed: int
    momentum: float
    moments: Moments
    window_means: Array
    window_norms: Array
    average_gradient_norm_squared: Array
    average_bias_norm_squared: Array
    left_at: NDArray[np.int64] | None
    diverged_at: NDArray[np.int64]
    final: Array
    twin_means: Array | None
    twin_expected: Array | None
    path: dict[str, Tensor]

    @property
    def diverged(self) -> int:
        """How many replicas diverged."""
        return int((self.diverged_at >= 0).sum())


def simulate(
    problem: Problem | str,
    *,
    step_size: float | Schedule,
    steps: int,
    replicas: int,
    seed: int = 0,
    first_replica: int = 0,
    dtype: str = "float64",
    device: str = "cpu",
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
    windows: int = 64,
    twin: bool = False,
    leaving: bool = False,
    path: bool = False,
    engine: Engine = "auto",
    progress: Callable[[int], None] = lambda _: None,
) -> Ensemble:
    """Run `replicas` independent copies of SGD.

    Replica i depends on `seed` and i only, not on how many replicas there are. Divergence is recorded with
    its step, not raised; statistics over replicas are then infinite from that step on.

    Args:
        problem: what to run, or the name of a built-in.
        step_size: η > 0, or a schedule of them.
        steps: T ≥ 1.
        replicas: R ≥ 2.
        seed: of all streams, in [0, 2⁶³).
        first_replica: number of the first replica's stream; runs of one seed with disjoint numbers are
            independent.
        dtype: "float64" or "float32".
        device: "cpu" or "cuda". A compiled sum over at most 8 coordinates is one fused loop there; other problems
            run their functions there, on random words made on the CPU.
        momentum: γ ∈ [0, 1), PyTorch's buffer `u ← γu + g`.
        nesterov: step along `g + γu` instead of `u`.
        weight_decay: λ ≥ 0, coupled: SGD on `F + λ‖x‖²/2`, of which all results then speak.
        windows: how many equal windows of time to average over, for the plateau, at least 1.
        twin: also run the linearised twins (see `twin`), for a constant step size without momentum.
        leaving: also record when a replica first leaves the basin of its start.
        path: also keep every step of every replica, for the ledger; for short runs. With momentum only for a
            constant step size, and the steps are those of the virtual iterate.
        engine: "general" evaluates the problem's torch functions at every step; "compiled" runs the kernel of
            a problem that has one, on as many threads as torch may use; "auto" does so where it can. Both
            give the same numbers to rounding.
        progress: called with the iteration, now and then.
    """
    _check_whole(1, MOST, steps=steps, windows=windows)
    _check_whole(2, MOST, replicas=replicas)  # an interval needs two
    _check_whole(0, 2**63 - 1, seed=seed, first_replica=first_replica)
    _check(dtype, momentum)
    if isinstance(problem, str):
        problem = named(problem)
    if weight_decay:
        problem = problem.regularised(weight_decay)
    schedule = step_size if callable(step_size) else Constant(float(step_size))
    if path and momentum and not isinstance(schedule, Constant):
        raise ValueError("path needs a constant step_size where momentum is not 0")
    if twin and (momentum or not isinstance(schedule, Constant)):
        raise ValueError("twin needs a constant step_size and momentum 0")
    windows = min(windows, steps)
    chosen_device(device)
    start = torch.tensor(problem.start, dtype=DTYPES[dtype], device=device).expand(replicas, -1)
    _check_functions(problem, start[:2])
    recorder = MomentRecorder(problem, steps, windows, start, leaving)
    twins = Twin(problem, start, recorder.edges) if twin else None
    options: dict[str, Any] = {"replicas": replicas, "seed": seed, "first_replica": first_replica}
    needs = {
        "device": device != "cpu" and not fits(problem),
        "momentum": momentum > 0,
        "leaving": leaving,
        "path": path,
    }
    obstacle = _obstacle(engine, problem, twins, dtype, needs)
    kept: dict[str, Tensor] = {}
    threads = torch.get_num_threads()
    with torch.no_grad(), one_thread():
        if obstacle is None:
            opened: Open = (
                partial(InBlocks, dtype=dtype, threads=threads, **options)
                if device == "cpu"
                else partial(InLanes, dtype=DTYPES[dtype], device=device, **options)
            )
            final = run_compiled(problem, recorder, twins, schedule, opened=opened, progress=progress)
        else:
            state = init(problem, dtype=DTYPES[dtype], device=device, **options)
            path_recorder = PathRecorder(problem, state, momentum, nesterov) if path else None
            for iteration in range(steps):
                eta, before = schedule(iteration), state
                state, seen = step(problem, before, step_size=eta, momentum=momentum, nesterov=nesterov)
                recorder.update(iteration, seen, eta)
                if twins:
                    twins.update(recorder.window, seen.noise, eta)
                if path_recorder:
                    path_recorder.update(before, seen, state, eta)
                if iteration % 256 == 0:
                    progress(iteration)
            final, kept = state.x, path_recorder.result() if path_recorder else {}
    window_means, window_norms = recorder.window_means()
    return Ensemble(
        problem=problem,
        step_size=schedule.largest,
        schedule=schedule,
        steps=steps,
        replicas=replicas,
        seed=seed,
        momentum=momentum,
        moments=recorder.moments(),
        window_means=window_means,
        window_norms=window_norms,
        average_gradient_norm_squared=(recorder.total / recorder.time).cpu().double().numpy(),
        average_bias_norm_squared=(recorder.bias_norm_squared / recorder.time).cpu().double().numpy(),
        left_at=recorder.left_at.cpu().numpy() if leaving else None,
        diverged_at=recorder.diverged_at.cpu().numpy(),
        final=final.cpu().double().numpy(),
        twin_means=twins.window_means() if twins else None,
        twin_expected=twins.expected(schedule.largest) if twins else None,
        path=kept,
    )


def _obstacle(
    engine: Engine, problem: Problem, twin: Twin | None, dtype: str, needs: dict[str, bool]
) -> str | None:
    """Why the general engine runs the problem; None where the compiled one does."""
    if engine not in get_args(Engine):
        raise ValueError(f"engine is {engine!r}; one of {', '.join(get_args(Engine))} is needed")
    if engine == "general":
        return "general"
    needed = [name for name, wanted in needs.items() if wanted]
    obstacle = f"{needed[0]} needs the general engine" if needed else unfit(problem, twin, dtype)
    if obstacle and engine == "compiled":
        raise ValueError(f"engine is 'compiled', but {obstacle}")
    return obstacle


def _check_whole(least: int, most: int, **values: int) -> None:
    for name, value in values.items():
        if not (isinstance(value, numbers.Integral) and least <= value <= most):
            raise ValueError(f"{name} is {value!r}; a whole number from {least} to {most:,} is needed")


def _check(dtype: str, momentum: float) -> None:
    if dtype not in DTYPES:
        raise ValueError(f"dtype is {dtype!r}; one of {', '.join(DTYPES)} is needed")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum is {momentum}; it must lie in [0, 1)")


def _check_functions(problem: Problem, x: Tensor) -> None:
    """A user's functions that return the wrong shape would broadcast into nonsense: say so at once."""
    _check_result(problem, "objective", problem.objective(x), x.shape[:1])
    gradient = problem.gradient(x)
    _check_result(problem, "gradient", gradient, x.shape)
    if problem.bias:
        _check_result(problem, "bias", problem.bias.function(x, gradient), x.shape)
    if problem.noise:
        variates = torch.full((len(x), problem.noise.count), 0.5, dtype=x.dtype, device=x.device)
        _check_result(problem, "noise", problem.noise.shape(variates, x, gradient), x.shape)


def _check_result(problem: Problem, name: str, values: object, shape: torch.Size) -> None:
    if not isinstance(values, Tensor):
        raise TypeError(f"{name} of {problem.name!r} returns {type(values).__name__}; a tensor is needed")
    if values.shape != shape:
        raise ValueError(
            f"{name} of {problem.name!r} returns shape {tuple(values.shape)}; {tuple(shape)} is needed"
        )
    if values.isnan().any():
        raise ValueError(f"{name} of {problem.name!r} is NaN at the start")

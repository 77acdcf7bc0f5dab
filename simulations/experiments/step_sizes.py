"""Runs at one step size after another, each as long as it takes for its transient to be over."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from convergence.statistics.plateau import plateau
from simulations.ensemble.run import MOST, Ensemble, simulate
from simulations.ensemble.schedules import Constant
from simulations.problems.problem import Problem

Result = TypeVar("Result")

WINDOWS = 64
WINDOW_TIME = 8.0
"""Least length of a window in units of 1/(ηL) steps, the time in which the fastest mode relaxes."""

DOUBLINGS = 6
"""How often a run is doubled in length before its plateau is reported as not settled."""


def falling(step_sizes: Sequence[float], time: float) -> list[float]:
    """The largest first, each checked as `simulate` checks it and for a run of length `time = η·steps`.

    Raises:
        ValueError: none at all, or one that is not positive and finite, or so small that a run would not end.
    """
    if not len(step_sizes):
        raise ValueError("step_sizes is empty; at least one is needed")
    sizes = sorted((Constant(size).step_size for size in step_sizes), reverse=True)
    for size in sizes:
        if time > MOST * size:
            raise ValueError(f"step_size is {size}; at least {time / MOST:.2g} is needed, for {MOST:,} steps")
    return sizes


def settled_run(
    problem: Problem, step_size: float, *, window_time: float = WINDOW_TIME, **options: Any
) -> Ensemble:
    """A run whose transient is over in its first half: doubled in length for that, at most `DOUBLINGS` times.

    Args:
        problem: what to run.
        step_size: η.
        window_time: least length of a window in units of 1/(ηL) steps.
        **options: of `simulate`.
    """
    steps = WINDOWS * math.ceil(window_time / (step_size * problem.smoothness))
    for doubling in range(DOUBLINGS + 1):
        run = simulate(problem, step_size=step_size, steps=steps << doubling, **options)
        if run.diverged or plateau(run.window_means).settled:
            break
    return run


def one_by_one(
    step_sizes: Sequence[float], measure: Callable[[int, float], Result]
) -> tuple[tuple[Result, ...], bool]:
    """What `measure(k, step_size)` gives for each, and whether Ctrl-C ended it before all were measured.

    Raises:
        KeyboardInterrupt: before the first was measured.
    """
    results: list[Result] = []
    try:
        for k, step_size in enumerate(step_sizes):
            results.append(measure(k, step_size))
    except KeyboardInterrupt:
        if not results:
            raise
    return tuple(results), len(results) < len(step_sizes)

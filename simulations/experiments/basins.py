"""Does SGD go on searching? How often replicas leave the basin in which they start."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from convergence.statistics.intervals import Interval
from simulations.ensemble.run import simulate
from simulations.experiments.step_sizes import falling, one_by_one
from simulations.problems.problem import Problem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Survival:
    """How long replicas stay in their basin at one step size; time is η times the number of steps.

    Args:
        step_size: η.
        exits: how many replicas left.
        rate: exits per unit of time at risk, with its exact Poisson interval (constant hazard assumed).
        times: at which replicas left, `(n,)`, rising.
        surviving: Kaplan–Meier's estimate of the probability to stay beyond each of `times`.
        low: lower ends of its pointwise 95 % interval (log-log form); NaN where none or all have left.
        high: upper ends.
        diverged: how many replicas diverged.
    """

    step_size: float
    exits: int
    rate: Interval
    times: Array
    surviving: Array
    low: Array
    high: Array
    diverged: int

    def to_json(self) -> dict[str, object]:
        """JSON-ready form."""
        value, low, high = self.rate
        return {
            "step_size": self.step_size,
            "exits": self.exits,
            "rate": {"value": value, "low": low, "high": high},
            "times": self.times.tolist(),
            "surviving": self.surviving.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "diverged": self.diverged,
        }


@dataclass(frozen=True)
class Basins:
    """Survival in the basin of the start over step sizes, by falling step size; all unless `interrupted`."""

    problem: Problem
    curves: tuple[Survival, ...]
    replicas: int
    seed: int
    time: float
    interrupted: bool = False

    def to_json(self) -> dict[str, object]:
        """JSON-ready form."""
        return {
            "problem": self.problem.name,
            "parameters": dict(self.problem.parameters),
            "replicas": self.replicas,
            "seed": self.seed,
            "time": self.time,
            "interrupted": self.interrupted,
            "curves": [curve.to_json() for curve in self.curves],
        }


def basins(
    problem: Problem,
    step_sizes: Sequence[float] | None = None,
    *,
    time: float = 200.0,
    replicas: int = 256,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Basins:
    """Start every replica at a minimiser and see when it is first found in another basin.

    Ctrl-C leaves the step sizes that were measured by then; before the first it goes through.

    Args:
        problem: with two known minimisers or a function that tells basins apart.
        step_sizes: by default the largest of `stationarity` and its half and quarter.
        time: length of every run in units of η·steps.
        replicas: R.
        seed: of all streams.
        progress: told of each step size.

    Raises:
        ValueError: the problem does not tell basins apart, or time is not positive.
    """
    if len(problem.minimisers) < (1 if problem.basin else 2):
        raise ValueError(
            f"problem is {problem.name!r}; two minimisers, or one and a basin function, are needed"
        )
    if not 0 < time < math.inf:
        raise ValueError(f"time is {time}; a positive number is needed")
    at_minimum = replace(problem, start=problem.minimisers[0])
    sizes = [problem.largest_step_size / 2**k for k in range(3)] if step_sizes is None else step_sizes

    def measure(k: int, step_size: float) -> Survival:
        progress(f"{problem.name}, step size {step_size:.4g}")
        run = simulate(
            at_minimum,
            step_size=step_size,
            steps=max(1, round(time / step_size)),
            replicas=replicas,
            seed=seed,
            first_replica=k << 32,
            leaving=True,
        )
        assert run.left_at is not None
        return _survival(step_size, run.left_at, run.steps, run.diverged)

    curves, interrupted = one_by_one(falling(sizes, time), measure)
    return Basins(problem, curves, replicas, seed, time, interrupted)


def _survival(step_size: float, left_at: NDArray[np.int64], steps: int, diverged: int) -> Survival:
    left = left_at[left_at >= 0] * step_size
    stayed = np.full((left_at < 0).sum(), steps * step_size)
    exits, at_risk = len(left), float(left.sum() + stayed.sum())
    ends = stats.chi2.ppf([0.025, 0.975], [2 * exits, 2 * exits + 2]) / 2 / at_risk  # Garwood's interval
    rate = Interval(exits / at_risk, float(np.nan_to_num(ends[0])), float(ends[1]))
    if not exits:
        none = np.empty(0)
        return Survival(step_size, 0, rate, none, none, none, none, diverged)
    curve = stats.ecdf(stats.CensoredData(uncensored=left, right=stayed)).sf
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The confidence interval is undefined")
        band = curve.confidence_interval(0.95, method="log-log")
    times = curve.quantiles
    return Survival(
        step_size,
        exits,
        rate,
        times,
        curve.probabilities,
        band.low.probabilities,
        band.high.probabilities,
        diverged,
    )

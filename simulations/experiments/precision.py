"""The same precision from fewer runs: control variates for floors, common random numbers for slopes."""

from __future__ import annotations

from typing import Any, NamedTuple

from scipy import stats

from convergence.statistics.intervals import Interval, mean_interval
from convergence.statistics.plateau import plateau
from simulations.ensemble.run import Ensemble, simulate
from simulations.experiments.step_sizes import WINDOW_TIME, settled_run
from simulations.problems.problem import Problem


class Controlled(NamedTuple):
    """A floor with and without its control variate.

    Attributes:
        plain: from the replicas alone.
        controlled: regressed on the twins at their exact expectation.
        gain: variance of the plain estimate over that of the controlled one, at equal numbers of steps.
    """

    plain: Interval
    controlled: Interval
    gain: float


def controlled_floor(run: Ensemble) -> Controlled:
    """The floor of a run that was made with `twin=True`, with its linearised twins as control variates.

    Each replica's average after the transient is regressed on its twin's; the line's value at the twin's
    exact expectation is the estimate, its interval one of 95 %. The gain leaves the twins' own cost out.

    Raises:
        ValueError: the run has no twins, or fewer than 3 replicas.
    """
    if run.twin_means is None or run.twin_expected is None:
        raise ValueError("run has no twins; simulate with twin=True")
    if run.replicas < 3:
        raise ValueError(f"replicas is {run.replicas}; at least 3 are needed for a control variate")
    found = plateau(run.window_means)
    levels = run.window_means[:, found.transient :].mean(1)
    twins = run.twin_means[:, found.transient :].mean(1) - run.twin_expected[found.transient :].mean()
    line = stats.linregress(twins, levels)
    half = float(stats.t.ppf(0.975, run.replicas - 2) * line.intercept_stderr)
    value = float(line.intercept)
    gain = float((stats.sem(levels) / line.intercept_stderr) ** 2)
    return Controlled(found.level, Interval(value, value - half, value + half), gain)


def floor_slope(
    problem: Problem,
    step_size: float,
    *,
    ratio: float = 1.05,
    common: bool = True,
    replicas: int = 256,
    seed: int = 0,
    window_time: float = WINDOW_TIME,
    confidence: float = 0.95,
    **options: Any,
) -> Interval:
    """Slope of the floor over step sizes, `[f(ratio·η) − f(η)]/((ratio − 1)η)`, from runs of equal length.

    Args:
        problem: to run.
        step_size: η.
        ratio: of the step sizes, above 1.
        common: whether replica i draws the same numbers in both runs (far less variance) or others.
        replicas: R.
        seed: of all streams.
        window_time: see `settled_run`.
        confidence: of the interval over pairs of replicas.
        **options: of `simulate`.
    """
    if not ratio > 1:
        raise ValueError(f"ratio is {ratio}; it must exceed 1")
    lower = settled_run(problem, step_size, window_time=window_time, replicas=replicas, seed=seed, **options)
    upper = simulate(
        problem,
        step_size=ratio * step_size,
        steps=lower.steps,
        replicas=replicas,
        seed=seed,
        first_replica=0 if common else 1 << 32,
        **options,
    )
    transient = max(plateau(run.window_means).transient for run in (lower, upper))
    levels = [run.window_means[:, transient:].mean(1) for run in (lower, upper)]
    return mean_interval((levels[1] - levels[0]) / ((ratio - 1) * step_size), confidence=confidence)

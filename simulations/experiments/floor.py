"""How far from stationary does SGD stay? The floor of `E‖∇F‖²` over step sizes, extrapolated to 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from scipy import stats

from convergence.bounds.stationarity import asymptotic_floor
from convergence.statistics.extrapolation import Extrapolation, extrapolate
from convergence.statistics.intervals import Interval
from convergence.statistics.plateau import plateau
from simulations.ensemble.run import Ensemble
from simulations.experiments.step_sizes import WINDOW_TIME, WINDOWS, falling, one_by_one, settled_run
from simulations.problems.problem import Problem


@dataclass(frozen=True)
class FloorPoint:
    """The floor at one step size.

    Args:
        step_size: η.
        floor: stationary `E‖∇F‖²` with its interval over replicas.
        bound: what the theory allows; None where its assumptions fail.
        exact: the exact floor where it is known.
        steps: T of the run.
        settled: whether the transient was over in the first half of the run.
        diverged: how many replicas diverged.
    """

    step_size: float
    floor: Interval
    bound: float | None
    exact: float | None
    steps: int
    settled: bool
    diverged: int

    def to_json(self) -> dict[str, object]:
        """`floor`, `low` and `high` beside each other."""
        value, low, high = self.floor
        return {**asdict(self), "floor": value, "low": low, "high": high}


@dataclass(frozen=True)
class Floor:
    """The floor over step sizes.

    Args:
        problem: that was run.
        points: by falling step size.
        fit: through the points that settled and have an error; None where there are fewer than three step sizes.
        exact_intercept: the exact floor at η → 0 where it is known.
        exact_slope: its slope there.
        replicas: of every run.
        seed: of every run.
        interrupted: whether Ctrl-C ended it before all step sizes were measured.
    """

    problem: Problem
    points: tuple[FloorPoint, ...]
    fit: Extrapolation | None
    exact_intercept: float | None
    exact_slope: float | None
    replicas: int
    seed: int
    interrupted: bool = False

    def to_json(self) -> dict[str, object]:
        """Points, intercept and slope, each with its interval and its exact value or null."""
        return {
            "problem": self.problem.name,
            "parameters": dict(self.problem.parameters),
            "replicas": self.replicas,
            "seed": self.seed,
            "interrupted": self.interrupted,
            "points": [point.to_json() for point in self.points],
            "intercept": _coefficient(self.fit and self.fit.intercept, self.exact_intercept),
            "slope": _coefficient(self.fit and self.fit.slope, self.exact_slope),
            "misfit": self.fit and self.fit.misfit,
        }


def _coefficient(interval: Interval | None, exact: float | None) -> dict[str, float | None]:
    value, low, high = interval or (None, None, None)
    return {"value": value, "low": low, "high": high, "exact": exact}


def default_step_sizes(problem: Problem, count: int = 6) -> tuple[float, ...]:
    """A geometric grid down from a quarter of the largest step size of `stationarity`, by factors of √2.

    From there on what a parabola leaves of the floor of a quadratic moves its intercept by a few hundredths of
    the interval; from twice as far up, by half of it (at 256 replicas).
    """
    return tuple(problem.largest_step_size / 4 * 2 ** (-k / 2) for k in range(count))


def floor(
    problem: Problem,
    step_sizes: Sequence[float] | None = None,
    *,
    replicas: int = 256,
    seed: int = 0,
    dtype: str = "float64",
    device: str = "cpu",
    window_time: float = WINDOW_TIME,
    confidence: float = 0.95,
    progress: Callable[[str], None] = lambda _: None,
) -> Floor:
    """Measure the floor at each step size and extrapolate it to 0.

    Every step size has streams of its own, so that its error is independent of the others'. Runs are as
    long as it takes for the transient to be over in their first half. Ctrl-C leaves the step sizes that were
    measured by then; before the first it goes through.
    """
    time = WINDOWS * window_time / problem.smoothness
    sizes = falling(default_step_sizes(problem) if step_sizes is None else step_sizes, time)

    def measure(k: int, step_size: float) -> FloorPoint:
        progress(f"{problem.name}, step size {step_size:.4g}")
        run = settled_run(
            problem,
            step_size,
            replicas=replicas,
            seed=seed,
            first_replica=k << 32,
            dtype=dtype,
            device=device,
            window_time=window_time,
        )
        return _point(run, confidence)

    points, interrupted = one_by_one(sizes, measure)
    usable = [p for p in points if p.settled and p.floor.high > p.floor.low]
    different = len({point.step_size for point in usable})
    fit = None
    if different >= 3:
        errors = [_standard_error(p.floor, replicas, confidence) for p in usable]
        fit = extrapolate(
            [p.step_size for p in usable],
            [p.floor.value for p in usable],
            errors,
            degree=2 if different > 3 else 1,
            degrees_of_freedom=replicas - 1,
            confidence=confidence,
        )
    return Floor(
        problem=problem,
        points=points,
        fit=fit,
        exact_intercept=problem.floor_limit,
        exact_slope=problem.floor_slope,
        replicas=replicas,
        seed=seed,
        interrupted=interrupted,
    )


def _point(run: Ensemble, confidence: float) -> FloorPoint:
    found = plateau(run.window_means, confidence=confidence)
    return FloorPoint(
        step_size=run.step_size,
        floor=found.level,
        bound=floor_bound(run.problem, run.step_size),
        exact=run.problem.floor(run.step_size) if run.problem.floor else None,
        steps=run.steps,
        settled=found.settled,
        diverged=run.diverged,
    )


def floor_bound(problem: Problem, step_size: float) -> float | None:
    """What the theory allows for T → ∞; None beyond the step sizes that it speaks of, or where L is local."""
    if step_size > problem.largest_step_size or math.isfinite(problem.radius):
        return None
    return float(
        asymptotic_floor(
            step_size=step_size,
            smoothness=problem.smoothness,
            noise_variance=problem.noise_variance,
            noise_growth=problem.noise_growth,
            bias_bound=problem.bias_bound,
            relative_bias=problem.relative_bias,
        )
    )


def _standard_error(interval: Interval, replicas: int, confidence: float) -> float:
    return (interval.high - interval.value) / float(stats.t.ppf((1 + confidence) / 2, replicas - 1))

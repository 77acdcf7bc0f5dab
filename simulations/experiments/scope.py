"""How far does SGD wander? The mean square radius of the stationary cloud against `scope`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from convergence.bounds.scope import scope_radius, scope_radius_sharp
from convergence.statistics.intervals import Interval
from convergence.statistics.plateau import plateau
from simulations.experiments.step_sizes import WINDOW_TIME, WINDOWS, falling, one_by_one, settled_run
from simulations.problems.problem import Problem


@dataclass(frozen=True)
class ScopePoint:
    """The stationary cloud at one step size.

    Args:
        step_size: η.
        mean_square_radius: stationary `E‖x‖²` with its interval over replicas.
        bound: of `scope` for `η ≤ a/(4L²)`, squared; None beyond.
        sharp_bound: of `scope` for `η < 2a/L²`, squared; None beyond.
        steps: T of the run.
        settled: whether the transient was over in the first half of the run.
        diverged: how many replicas diverged.
    """

    step_size: float
    mean_square_radius: Interval
    bound: float | None
    sharp_bound: float | None
    steps: int
    settled: bool
    diverged: int

    def to_json(self) -> dict[str, object]:
        """JSON-ready form."""
        value, low, high = self.mean_square_radius
        return {**vars(self), "mean_square_radius": value, "low": low, "high": high}


@dataclass(frozen=True)
class Scope:
    """The stationary cloud over step sizes, by falling step size; all of them unless `interrupted`."""

    problem: Problem
    points: tuple[ScopePoint, ...]
    replicas: int
    seed: int
    interrupted: bool = False

    def to_json(self) -> dict[str, object]:
        """JSON-ready form."""
        return {
            "problem": self.problem.name,
            "parameters": dict(self.problem.parameters),
            "replicas": self.replicas,
            "seed": self.seed,
            "interrupted": self.interrupted,
            "points": [point.to_json() for point in self.points],
        }


def scope(
    problem: Problem,
    step_sizes: Sequence[float] | None = None,
    *,
    replicas: int = 256,
    seed: int = 0,
    confidence: float = 0.95,
    progress: Callable[[str], None] = lambda _: None,
) -> Scope:
    """Measure stationary `E‖x‖²` at each step size, by default six down from `a/L²` by factors of 2.

    Ctrl-C leaves the step sizes that were measured by then; before the first it goes through.

    Raises:
        ValueError: no constants of the bounded scope are known for the problem.
    """
    if problem.coercivity is None:
        raise ValueError(f"problem is {problem.name!r}; no constants of its bounded scope are known")
    largest = problem.coercivity.rate / problem.smoothness**2
    sizes = [largest / 2**j for j in range(6)] if step_sizes is None else step_sizes

    def measure(k: int, step_size: float) -> ScopePoint:
        progress(f"{problem.name}, step size {step_size:.4g}")
        run = settled_run(problem, step_size, replicas=replicas, seed=seed, first_replica=k << 32)
        norms = np.where(run.diverged_at[:, None] < 0, run.window_norms, np.inf)
        found = plateau(norms, confidence=confidence)
        bound, sharp = scope_bounds(problem, step_size)
        return ScopePoint(step_size, found.level, bound, sharp, run.steps, found.settled, run.diverged)

    points, interrupted = one_by_one(falling(sizes, WINDOWS * WINDOW_TIME / problem.smoothness), measure)
    return Scope(problem, points, replicas, seed, interrupted)


def scope_bounds(problem: Problem, step_size: float) -> tuple[float | None, float | None]:
    """Both bounds of `scope` on the stationary `E‖x‖²`; None where the step size is too large for one."""
    coercivity = problem.coercivity
    if coercivity is None or problem.relative_bias or problem.noise_growth:
        return None, None
    constants = {
        "step_size": step_size,
        "coercivity": coercivity.rate,
        "slack": coercivity.slack,
        "smoothness": problem.smoothness,
        "gradient_at_origin": coercivity.gradient_at_origin,
        "bias_bound": problem.bias_bound,
        "noise_variance": problem.noise_variance,
    }
    reach = step_size * problem.smoothness**2
    plain = float(scope_radius(**constants)) ** 2 if 4 * reach <= coercivity.rate else None
    sharp = float(scope_radius_sharp(**constants)) ** 2 if reach < 2 * coercivity.rate else None
    return plain, sharp

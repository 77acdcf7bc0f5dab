"""How much of each bound do runs use up?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch

from convergence.bounds import stationarity as bounds
from convergence.statistics.intervals import Interval, mean_interval
from simulations.ensemble.run import Ensemble, simulate
from simulations.ensemble.schedules import Constant
from simulations.problems.problem import Problem


@dataclass(frozen=True)
class Usage:
    """What one run used of one bound.

    Args:
        problem: name.
        bound: id of the statement.
        step_size: η.
        steps: T.
        measured: the path average of `E‖∇F‖²` with its interval over replicas.
        allowed: the bound on it.
        share: measured/allowed.
    """

    problem: str
    bound: str
    step_size: float
    steps: int
    measured: Interval
    allowed: float
    share: Interval

    def to_json(self) -> dict[str, object]:
        """JSON-ready form."""
        return {**asdict(self), "measured": self.measured._asdict(), "share": self.share._asdict()}


def tightness(
    problems: Sequence[Problem],
    *,
    step_fraction: float = 0.1,
    steps: int = 4000,
    replicas: int = 64,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Usage, ...]:
    """Run each problem and hold it against every bound that speaks of it.

    Problems whose smoothness is local or whose minimum is unknown are left out: no bound speaks of them.

    Args:
        problems: to run.
        step_fraction: η as a fraction of the largest step size of `stationarity`.
        steps: T.
        replicas: R.
        seed: of all streams.
        progress: told of each problem.
    """
    if not 0 < step_fraction <= 1:
        raise ValueError(f"step_fraction is {step_fraction}; it must lie in (0, 1]")
    usages = []
    for problem in problems:
        progress(problem.name)
        if initial_gap(problem) is None:
            continue
        run = simulate(
            problem,
            step_size=step_fraction * problem.largest_step_size,
            steps=steps,
            replicas=replicas,
            seed=seed,
        )
        measured = mean_interval(run.average_gradient_norm_squared)
        for name, allowed in path_bounds(run).items():
            share = Interval(*(end / allowed for end in measured))
            usages.append(Usage(problem.name, name, run.step_size, steps, measured, allowed, share))
    return tuple(usages)


def initial_gap(problem: Problem) -> float | None:
    """`Δ = F(x_0) − F*`; None where no bound speaks: F* is unknown or L holds only locally."""
    if problem.minimum is None or problem.radius != float("inf"):
        return None
    start = torch.tensor([problem.start], dtype=torch.float64)
    return float(problem.objective(start)) - problem.minimum


def path_bounds(run: Ensemble, steps: int | None = None) -> dict[str, float]:
    """Every bound on the path average of `E‖∇F‖²` over the first T steps, by the id of its statement.

    Of a schedule the average is the one weighted by step sizes. None speaks of momentum, of a step size above
    `largest_step_size`, nor where `initial_gap` is None.
    """
    problem, gap = run.problem, initial_gap(run.problem)
    if gap is None or run.momentum or run.step_size > problem.largest_step_size * (1 + 1e-12):
        return {}
    steps = run.steps if steps is None else steps
    constants = {
        "initial_gap": gap,
        "smoothness": problem.smoothness,
        "noise_variance": problem.noise_variance,
        "noise_growth": problem.noise_growth,
        "bias_bound": problem.bias_bound,
    }
    relative = constants | {"relative_bias": problem.relative_bias}
    if not isinstance(run.schedule, Constant):
        return {
            "diminishing": float(bounds.diminishing(step_sizes=map(run.schedule, range(steps)), **relative))
        }
    length = {"step_size": run.step_size, "steps": steps}
    constants, relative = constants | length, relative | length
    found = {
        "stationarity": bounds.stationarity(**relative),
        "relative-bias": bounds.relative_bias_bound(**relative),
    }
    if not problem.relative_bias:
        found["stationarity-sharp"] = bounds.stationarity_sharp(**constants)
        if not problem.bias_bound:
            del constants["bias_bound"]
            found["unbiased-exact"] = bounds.unbiased_exact(**constants)
    return {name: float(value) for name, value in found.items()}

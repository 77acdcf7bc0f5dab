"""Runs of SGD ensembles, computed a block of replicas at a time."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from rdml.config import Scalar, unknown
from rdml.kinds.kind import Conclusion, Configuration, Kind, Row, State

if TYPE_CHECKING:
    from convergence.statistics.intervals import Interval
    from simulations.ensemble.run import Ensemble

BLOCK = 128
"""Replicas that are simulated at once: a run can be cut between blocks."""

RELAXATIONS = 1024
"""Default length of a run in units of 1/(ηL) steps, the time in which the fastest mode relaxes."""

SHOWN = ("gradient_norm_squared", "average_gradient_norm_squared", "objective", "distance_squared")


OPTIONS = ("step_size", "seed", "dtype", "device", "momentum", "nesterov", "weight_decay")


class Simulate(Configuration):
    """An ensemble of SGD runs on a problem; see `rdml problems`."""

    kind: Literal["simulate"]
    problem: str = "quadratic"
    parameters: Annotated[dict[str, Scalar], Field(default_factory=dict, validate_default=True)]
    step_size: Annotated[float, Field(gt=0)]
    steps: Annotated[int, Field(ge=8, le=10**12)] | None = None
    replicas: Annotated[int, Field(ge=2, le=10**9)] = 256
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    nesterov: bool = False
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    dtype: Literal["float64", "float32"] = "float64"
    device: Literal["cpu", "cuda"] = "cpu"

    @field_validator("problem")
    @classmethod
    def _known_problem(cls, name: str) -> str:
        from simulations.problems import PROBLEMS

        if name not in PROBLEMS:
            raise ValueError(unknown("problem", name, PROBLEMS))
        return name

    @field_validator("parameters")
    @classmethod
    def _complete_parameters(cls, given: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """All parameters of the problem, so that a default written out is the same run."""
        from simulations.problems import PROBLEMS, problem

        name = info.data.get("problem")
        if name is None:  # it has an error of its own
            return given
        known = inspect.signature(PROBLEMS[name]).parameters
        for key, value in given.items():
            if key in known and isinstance(known[key].default, float) and type(value) is int:
                given = {**given, key: float(value)}
        problem(name, **given)  # refuses what the problem can't be made with
        return {key: given.get(key, parameter.default) for key, parameter in known.items()}


class Simulation:
    """One such run; step k adds the k-th block of replicas."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        from simulations.problems import problem

        self.settings = settings
        self.problem = problem(settings["problem"], **settings["parameters"])
        self.iterations = settings["steps"] or math.ceil(
            RELAXATIONS / (settings["step_size"] * self.problem.smoothness)
        )
        self.steps = max(1, settings["replicas"] // BLOCK)  # the last block takes the rest

    def start(self) -> State:
        """No replica yet."""
        return State(0, {})

    def advance(self, state: State, until: int) -> tuple[State, list[Row]]:
        """Simulate more blocks; the rows of metrics come with the last."""
        from convergence.threads import one_thread

        arrays = state.arrays
        with one_thread():  # other runs have the other cores
            for block in range(state.step, until):
                self.last = self._simulate(block)
                arrays = _joined(arrays, _arrays(self.last))
        return State(until, arrays), _rows(arrays) if until == self.steps else []

    def _simulate(self, block: int) -> Ensemble:
        from simulations.ensemble.run import simulate

        first, replicas = block * BLOCK, self.settings["replicas"]
        size = BLOCK if block < self.steps - 1 else replicas - first
        return simulate(
            self.problem,
            steps=self.iterations,
            replicas=size,
            first_replica=first,
            **{option: self.settings[option] for option in OPTIONS},
        )

    def conclude(self, state: State, rows: list[Row]) -> Conclusion:
        """Floor and path average with their intervals, bound and exact value, and verdicts."""
        from convergence.statistics.intervals import mean_interval
        from convergence.statistics.plateau import plateau
        from simulations.experiments.floor import floor_bound

        run = _with_arrays(self.last, state.arrays)
        found = plateau(run.window_means)
        plain = not (self.settings["momentum"] or self.settings["weight_decay"])
        exact = run.problem.floor(run.step_size) if plain and run.problem.floor else None
        bound = floor_bound(run.problem, run.step_size) if plain else None
        summary = {
            **_interval("floor", found.level),
            "floor_bound": bound,
            "floor_exact": exact,
            **_interval("average", mean_interval(run.average_gradient_norm_squared)),
            "settled": found.settled,
            "iterations": self.iterations,
            "diverged": run.diverged,
        }
        # without a bound the theory does not speak of such a run
        return Conclusion(summary, _verdicts(run, found.settled) if bound is not None else [])


def memory(settings: Mapping[str, Any]) -> float:
    """Bytes of a run: windows, final points and sums of every replica, several times over."""
    dimension = settings["parameters"].get("dimension", 100)
    return 64.0 * settings["replicas"] * (200 + float(dimension))


SIMULATE = Kind(Simulate, "rdml.kinds.simulate:Simulation", memory)


def _arrays(run: Ensemble) -> dict[str, np.ndarray]:
    """What replicas add to: arrays with one row a replica, and the moments over them.

    Laid out row by row, as they come back from a checkpoint: NumPy sums in the order of memory.
    """
    found = {f.name: getattr(run, f.name) for f in fields(run)}
    moments = {f"moments.{f.name}": getattr(run.moments, f.name) for f in fields(run.moments)}
    per_replica = {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
    arrays = per_replica | moments | {"replicas": np.array([run.replicas])}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _joined(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of all replicas of both: rows one after the other, moments pooled."""
    if not one:
        return two
    joined = {
        name: np.concatenate([one[name], value]) for name, value in two.items() if "moments." not in name
    }
    n, m = int(one["replicas"].sum()), int(two["replicas"].sum())
    a, b = one["moments.mean"], two["moments.mean"]
    with np.errstate(invalid="ignore"):  # diverged replicas: inf − inf
        apart = (b - a)[:, :, None] * (b - a)[:, None, :]
        scatter = (n - 1) * one["moments.covariance"] + (m - 1) * two["moments.covariance"]
        covariance = (scatter + n * m / (n + m) * apart) / (n + m - 1)
    return joined | {
        "moments.iterations": two["moments.iterations"],
        "moments.mean": (n * a + m * b) / (n + m),
        "moments.covariance": covariance,
        "moments.nearest": one["moments.nearest"] + two["moments.nearest"],
    }


def _with_arrays(run: Ensemble, arrays: Mapping[str, np.ndarray]) -> Ensemble:
    """The ensemble of all replicas, by the constants of one block of it."""
    moments = {f.name: arrays[f"moments.{f.name}"] for f in fields(run.moments)}
    changes: dict[str, Any] = {f.name: arrays[f.name] for f in fields(run) if f.name in arrays}
    changes |= {"replicas": int(arrays["replicas"].sum()), "moments": replace(run.moments, **moments)}
    return replace(run, **changes)


def _rows(arrays: Mapping[str, np.ndarray]) -> list[Row]:
    """Means over replicas with their 95 % intervals, at each recorded iteration."""
    from scipy import stats

    from simulations.ensemble.record import OBSERVED

    replicas = int(arrays["replicas"].sum())
    quantile = float(stats.t.ppf(0.975, replicas - 1))
    rows: list[Row] = []
    for iteration, mean, covariance in zip(
        arrays["moments.iterations"], arrays["moments.mean"], arrays["moments.covariance"], strict=True
    ):
        row: dict[str, float] = {"iteration": int(iteration)}
        for name in SHOWN:
            k = OBSERVED.index(name)
            value = float(mean[k])
            half = quantile * math.sqrt(max(float(covariance[k, k]), 0.0) / replicas)
            row |= {name: value, f"{name}_low": value - half, f"{name}_high": value + half}
        rows.append(row)
    return rows


def _interval(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _verdicts(run: Ensemble, settled: bool) -> list[dict[str, Any]]:
    """What this run says of the claims on averages and floors."""
    from convergence.claims import load_claims
    from simulations.experiments.evidence import judge
    from simulations.experiments.sources import averages

    claims, words = load_claims(), f"{run.problem.name}, η = {run.step_size:g}"
    evidences = [averages.path_average(run, words)]
    evidences += [averages.stationary_floor(run, words)] if settled else []
    judged = [
        judge(claims[id], [evidence], 0.0) for evidence in evidences for id in evidence.claims if id in claims
    ]
    return [asdict(verdict) for verdict in judged if verdict]

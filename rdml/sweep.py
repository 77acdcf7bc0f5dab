"""From a study to its runs: points of the design, replicates, settings, seeds and ids."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rdml.config import (
    LARGEST_STUDY,
    GridSweep,
    ListSweep,
    Range,
    SampledSweep,
    StudyFile,
    merged,
    unknown,
    validate,
)
from rdml.kinds import KINDS
from rdml.kinds.kind import Kind
from rdml.store import address, code_version, save_study
from simulations.studies.files import FORMAT, StoreError, read_study

Values = dict[str, Any]


@dataclass
class Plan:
    """A study and the ids of its runs, without their settings: those are made again when a run is computed.

    Args:
        study: as configured.
        kind: of all its runs.
        code: version of the code that the ids are made with.
        runs: id of each run, in the order of `points`; a point that is listed twice is one run.
    """

    study: StudyFile
    kind: Kind
    code: str
    runs: list[str] = field(default_factory=list)

    def memory(self) -> float:
        """Bytes that the hungriest of the first thousand runs needs."""
        return max(self.kind.memory(s) for _, _, s in itertools.islice(self.settings(), 1000))

    def settings(self) -> Iterator[tuple[Values, int, Values]]:
        """Swept values, number of the replicate, and settings, of each run, in the order of `runs`."""
        seen = set()
        for values, replicate, settings in _all_settings(self.study, self.kind):
            run = address(settings, self.code)
            if run not in seen:
                seen.add(run)
                yield values, replicate, settings


def plan(study: StudyFile, store: Path, kinds: Mapping[str, Kind] = KINDS) -> Plan:
    """Check every run of a study and keep its plan in the store.

    Where the store has the plan of the same study and code, it is taken from there: to see that a large study
    is finished, nothing else has to be loaded.

    Raises:
        ValueError: settings that are not allowed; the message says of which run.
    """
    code = code_version()
    kind = kind_of(study, kinds)
    result = Plan(study, kind, code)
    digest = _digest(study, code)
    try:
        known = read_study(store, study.name)
        if known.specification.get("digest") == digest:
            result.runs = known.points.column("run").to_pylist()
            return result
    except StoreError:
        pass  # none yet, or one that can't be read: made anew below
    check_size(study)
    axes = study.sweep.axes if study.sweep else []
    columns: dict[str, list[Any]] = {"run": result.runs, "replicate": [], **{axis: [] for axis in axes}}
    for values, replicate, settings in result.settings():
        result.runs.append(address(settings, code))
        columns["replicate"].append(replicate)
        for axis in axes:
            columns[axis].append(values[axis])
    specification = {
        "digest": digest,
        "code": code,
        "axes": axes,
        "design": study.sweep.design if study.sweep else "single",
        "study": study.model_dump(mode="json", exclude_none=True),
    }
    save_study(store, study.name, specification, columns)
    return result


def kind_of(study: StudyFile, kinds: Mapping[str, Kind] = KINDS) -> Kind:
    """The kind that `run.kind` names."""
    name = study.run.get("kind")
    if not isinstance(name, str) or name not in kinds:
        raise ValueError(f"{study.name}: run.kind: {unknown('kind', str(name), kinds)}")
    return kinds[name]


def check_size(study: StudyFile) -> int:
    """How many runs a study has.

    Raises:
        ValueError: more than `LARGEST_STUDY`.
    """
    sweep = study.sweep
    if isinstance(sweep, GridSweep):
        points = math.prod(len(values) for values in sweep.grid.values())
    elif isinstance(sweep, ListSweep):
        points = len(sweep.points)
    else:
        points = sweep.samples if sweep else 1
    runs = points * (sweep.seeds if sweep else 1)
    if runs > LARGEST_STUDY:
        raise ValueError(f"{study.name} has {runs:,} runs; at most {LARGEST_STUDY:,} are allowed")
    return runs


def points(study: StudyFile) -> Iterator[Values]:
    """The swept values of each point."""
    sweep = study.sweep
    if sweep is None:
        yield {}
    elif isinstance(sweep, GridSweep):
        for combination in itertools.product(*sweep.grid.values()):
            yield dict(zip(sweep.grid, combination, strict=True))
    elif isinstance(sweep, ListSweep):
        yield from sweep.points
    else:
        for position in _positions(sweep):
            yield {
                key: _along(axis, float(u))
                for (key, axis), u in zip(sweep.ranges.items(), position, strict=True)
            }


def _positions(sweep: SampledSweep) -> np.ndarray:
    """Points of the unit cube `(samples, axes)`."""
    shape = (sweep.samples, len(sweep.ranges))
    if sweep.design == "random":
        return np.random.Generator(np.random.PCG64(sweep.design_seed)).random(
            shape
        )  # row by row: more keep these
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(shape[1], rng=sweep.design_seed).random(shape[0]))


def _along(axis: Range | list[Any], u: float) -> Any:
    """The value at `u ∈ [0, 1)` of an axis."""
    if isinstance(axis, list):
        return axis[int(u * len(axis))]
    low, high = axis.low, axis.high
    whole = isinstance(low, int) and isinstance(high, int)
    top = high + 1 if whole else high
    value = low * (top / low) ** u if axis.scale == "log" else low + (top - low) * u
    return min(int(value), int(high)) if whole else min(float(value), float(high))


def _all_settings(study: StudyFile, kind: Kind) -> Iterator[tuple[Values, int, Values]]:
    sweep = study.sweep
    for values in points(study):
        where = study.name + "".join(f", {key} = {value!r}" for key, value in values.items())
        settings = validate(kind.configuration, merged(study.run, values), where).model_dump(mode="json")
        base = settings["seed"]
        for replicate in range(sweep.seeds if sweep else 1):
            if sweep is None or sweep.common_seeds:
                seed = (base + replicate) % 2**63
            else:
                seed = _derived_seed(settings, replicate)
            yield values, replicate, {**settings, "seed": seed}


def _derived_seed(settings: Values, replicate: int) -> int:
    """63 bits that depend on settings, base seed and replicate, not on the place in a study."""
    text = json.dumps([settings, replicate], sort_keys=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def _digest(study: StudyFile, code: str) -> str:
    text = json.dumps([FORMAT, study.model_dump(mode="json"), code], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()

"""Replicates of a point taken together, and points extrapolated to step size 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convergence.statistics.extrapolation import Extrapolation, extrapolate
from convergence.statistics.intervals import mean_interval

if TYPE_CHECKING:
    import pandas as pd

NORMAL_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


def quantities(frame: pd.DataFrame, axes: list[str]) -> list[str]:
    """Names of the numeric results in a frame of runs, without those that are ends or references of others."""
    parts = tuple(f"{name}_{part}" for name in frame for part in ("low", "high", "bound", "exact"))
    skipped = {*axes, "replicate", "run", "status", *parts}
    return [
        name
        for name in frame
        if name not in skipped and frame[name].dtype.kind in "if" and frame[name].notna().any()
    ]


def over_replicates(frame: pd.DataFrame, axes: list[str]) -> pd.DataFrame:
    r"""A line for each point: means over its replicates, with 95 % intervals where there are any.

    Replicates are independent. Where each run has an interval of its own, half-widths combine as
    `√(Σ half²)/n`; else Student's interval over two or more replicates, except of counts.
    """
    import pandas as pd

    names = quantities(frame, axes)
    groups = frame.groupby(axes, sort=False) if axes else [((), frame)]
    lines = []
    for key, group in groups:
        line: dict[str, Any] = dict(zip(axes, key, strict=True))
        finished = group[group["status"] == "finished"]
        line["runs"], line["finished"] = len(group), len(finished)
        for name in names:
            line |= _combined(finished, name)
        lines.append(line)
    return pd.DataFrame(lines)


def _combined(runs: pd.DataFrame, name: str) -> dict[str, float]:
    values = runs[name].dropna().to_numpy(dtype=float)
    if not len(values):
        return {name: math.nan}
    line = {name: float(values.mean())}
    if f"{name}_low" in runs and f"{name}_high" in runs:
        halves = (runs[f"{name}_high"] - runs[f"{name}_low"]).dropna().to_numpy(dtype=float) / 2
        half = float(np.sqrt((halves**2).sum()) / len(values))
        line |= {f"{name}_low": line[name] - half, f"{name}_high": line[name] + half}
    elif len(values) > 1 and not np.array_equal(values, values.round()):  # whole numbers are counts
        interval = mean_interval(values)
        line |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
    for part in ("bound", "exact"):
        if f"{name}_{part}" in runs:
            line[f"{name}_{part}"] = float(runs[f"{name}_{part}"].astype(float).mean())
    return line


class Limit(NamedTuple):
    """A quantity extrapolated to step size 0 along one line of points.

    Args:
        where: values of the other swept keys.
        fit: the polynomial with its intervals.
    """

    where: dict[str, Any]
    fit: Extrapolation


def limits(points: pd.DataFrame, axes: list[str], name: str) -> list[Limit]:
    """Extrapolations to step size 0 for each combination of the other axes that has three or more points.

    The points must be independent: not those of a study with common seeds.
    """
    if "step_size" not in axes or f"{name}_low" not in points:
        return []
    others = [axis for axis in axes if axis != "step_size"]
    found = []
    for key, group in points.groupby(others, sort=False) if others else [((), points)]:
        errors = (group[f"{name}_high"] - group[f"{name}_low"]).to_numpy(dtype=float) / (2 * NORMAL_95)
        usable = np.isfinite(group[name].to_numpy(dtype=float)) & np.isfinite(errors) & (errors > 0)
        if usable.sum() < 3:
            continue
        fit = extrapolate(
            group["step_size"].to_numpy(dtype=float)[usable],
            group[name].to_numpy(dtype=float)[usable],
            errors[usable],
            degree=2 if usable.sum() > 3 else 1,
        )
        found.append(Limit(dict(zip(others, key, strict=True)), fit))
    return found

"""Results of a study: quantities over a swept key, metrics over iterations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from simulations.plots.style import BOUND, FAR, draw_line, series, styles
from simulations.studies.aggregate import Limit

if TYPE_CHECKING:
    import pandas as pd

NAMES = {
    "step_size": "step size η",
    "parameters.alpha": "order α",
    "parameters.beta": "weight β",
    "alpha": "order α",
    "beta": "weight β",
    "floor": "floor of E‖∇F‖²  (squared gradient norm)",
    "average": "path average of E‖∇F‖²  (squared gradient norm)",
    "iteration": "iterations",
    "step": "steps",
    "gradient_norm_squared": "E‖∇F‖²  (squared gradient norm)",
    "average_gradient_norm_squared": "path average of E‖∇F‖²  (squared gradient norm)",
}
"""Names of axes; others are called by their key."""

UNITS = {
    "step_size": "distance per unit of gradient",
    "parameters.alpha": "dimensionless",
    "parameters.beta": "dimensionless",
    "alpha": "dimensionless",
    "beta": "dimensionless",
    "iteration": "count",
    "step": "count",
    "loss": "nats",
    "test_loss": "nats",
    "prediction_entropy": "nats",
    "train_accuracy": "share of samples",
    "test_accuracy": "share of samples",
    "calibration_error": "share of samples",
}
"""Units of axes whose name does not end in one; others are in the unit of their key."""

MOST_LINES = 6
"""Lines that can be told apart in one figure."""


def quantity_over_key(
    axes: Axes,
    points: pd.DataFrame,
    key: str,
    name: str,
    *,
    lines_by: Sequence[str] = (),
    limits: Sequence[Limit] = (),
) -> Axes:
    """Draw a quantity with its intervals over a swept key, a line for each combination of the other keys.

    Args:
        axes: to draw on.
        points: of `simulations.studies.aggregate.over_replicates`.
        key: a numeric swept key.
        name: a quantity; `name_low`, `name_high` are its interval, `name_bound`, `name_exact` references.
        lines_by: the other swept keys.
        limits: extrapolations to 0 along `key`, drawn down to there.
    """
    groups = list(points.groupby(list(lines_by), sort=False)) if lines_by else [((), points)]
    for (values, group), (colour, marker) in zip(groups[:MOST_LINES], series(MOST_LINES), strict=False):
        where = dict(zip(lines_by, values, strict=True))
        group = group.sort_values(key)
        x, y = group[key].to_numpy(dtype=float), group[name].to_numpy(dtype=float)
        low = y - group.get(f"{name}_low", group[name]).to_numpy(dtype=float)
        label = label_of(where) or "measured"
        limit = next((one for one in limits if one.where == where), None)
        axes.errorbar(
            x, y, np.nan_to_num([low, low]), fmt=marker, linestyle="none" if limit else "-", linewidth=1,
            color=colour, capsize=3, markersize=5, label=label,
        )  # fmt: skip
        if limit:
            fine = np.linspace(0, x.max(), 200)
            axes.plot(fine, limit.fit(fine), color=colour, linewidth=1)
            value, below, above = limit.fit.intercept
            axes.errorbar(
                [0], [value], [[value - below], [above - value]], fmt=marker, color=colour, capsize=3,
                mfc="white", zorder=3, clip_on=False,
            )  # fmt: skip
        for part, style in (("bound", "--"), ("exact", ":")):
            if drawable(group, points, name, part):
                look = {"color": colour if lines_by else BOUND, "linestyle": style}
                draw_line(axes, x, group[f"{name}_{part}"], **look)
    axes.set(xlabel=_with_unit(key), ylabel=_with_unit(name))
    if limits:
        axes.set_xlim(left=0)
    if lines_by:
        title = "" if len(groups) <= MOST_LINES else f"{MOST_LINES} of {len(groups)} lines"
        axes.legend(title=title, loc="upper left", bbox_to_anchor=(1, 1))
    return axes


def drawable(group: pd.DataFrame, points: pd.DataFrame, name: str, part: str) -> bool:
    """Whether a line's reference can be drawn without pressing what was measured at all points flat."""
    reference = f"{name}_{part}"
    return reference in group and bool(group[reference].max() <= FAR * points[name].max())


def metric_over_rows(axes: Axes, runs: Mapping[str, pd.DataFrame], x: str, y: str) -> Axes:
    """Draw a metric of several runs over iterations, with its band where the metrics have one.

    Args:
        axes: to draw on.
        runs: label -> metrics of the run.
        x: column of iterations.
        y: column to draw; `y_low` and `y_high` are its band. Rows of one iteration, such as those of
            several learners, are averaged.
    """
    runs = {label: table.groupby(x, as_index=False).mean() for label, table in runs.items()}
    positive = all((table[y].dropna() > 0).all() for table in runs.values())
    looks = zip(series(len(runs)), styles(len(runs)), strict=True)
    for (label, table), ((colour, _), style) in zip(runs.items(), looks, strict=True):
        count = table[x] + 1 if x == "iteration" else table[x]
        draw_line(axes, count, table[y], color=colour, linestyle=style, label=escaped(label))
        if f"{y}_low" in table and f"{y}_high" in table:
            axes.fill_between(
                count, table[f"{y}_low"], table[f"{y}_high"], color=colour, alpha=0.25, linewidth=0
            )
    longest = max(float(table[x].max()) for table in runs.values())
    if longest > 100 and x == "iteration":
        axes.set_xscale("log")
    if positive:
        axes.set_yscale("log")
    axes.set(xlabel=_with_unit(x), ylabel=_with_unit(y))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return axes


def first_metric(columns: Sequence[str]) -> str:
    """The metric that is drawn where none is asked for."""
    known = [name for name in ("gradient_norm_squared", "loss") if name in columns]
    return next(iter(known + [name for name in columns if f"{name}_low" in columns]), columns[-1])


def axis_name(key: str) -> str:
    """What a key is called on an axis."""
    return NAMES.get(key, escaped(key.replace("_", " ")))


def _with_unit(key: str) -> str:
    return f"{axis_name(key)} ({UNITS[key]})" if key in UNITS else axis_name(key)


def label_of(where: Mapping[str, Any]) -> str:
    """Values of swept keys in a few words."""
    words = []
    for key, value in where.items():
        short = NAMES.get(key, "").rpartition(" ")[2] or key.rpartition(".")[2]
        words.append(f"{short} = {value:g}" if isinstance(value, float) else f"{short} = {value}")
    return escaped(", ".join(words))


def escaped(text: str) -> str:
    """Text that matplotlib does not take for a formula."""
    return text.replace("$", r"\$")

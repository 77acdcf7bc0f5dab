"""The report of a study as one self-contained HTML page, and figures of single runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convergence.claims.verdict import Picture
from rdml.report import environment, svg
from simulations.studies.aggregate import Limit, limits, over_replicates, quantities
from simulations.studies.files import (
    Record,
    StoreError,
    Study,
    open_store,
    read_metrics,
    read_record,
    run_folder,
)
from simulations.studies.files import read_study as find_study

if TYPE_CHECKING:
    import pandas as pd

STATIONARY = ("floor",)
"""Quantities that have a limit at step size 0: they don't depend on how long a run is."""

MOST_POINTS = 1000
MOST_FAILURES = 100
SEVERITY = ("refuted", "failed", "checked", "certified", "proved", "assumed")


@dataclass
class ClaimRow:
    """What the runs of a study say of one claim.

    Args:
        claim: its id.
        statuses: how many verdicts of each status.
        worst: the verdict with the gravest status and then the smallest margin.
        run: whose it is.
    """

    claim: str
    statuses: Counter[str]
    worst: Record
    run: str


@dataclass
class StudyResult:
    """A study read back, with what could not be.

    Args:
        study: as it was expanded.
        records: of its runs that can be read, by id.
        damaged: one line for each that can't.
    """

    study: Study
    records: dict[str, Record] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)

    @property
    def axes(self) -> list[str]:
        """Swept keys."""
        return list(self.study.specification["axes"])

    def statuses(self) -> Counter[str]:
        """Runs by status; `absent` are not in the store yet."""
        counts = Counter(str(record["status"]) for record in self.records.values())
        missing = self.study.points.num_rows - len(self.records) - len(self.damaged)
        return counts + Counter({"absent": missing, "damaged": len(self.damaged)})

    def claims(self) -> list[ClaimRow]:
        """What the runs say of each claim, gravest first."""
        rows: dict[str, ClaimRow] = {}
        for run, record in self.records.items():
            for verdict in record.get("verdicts", []):
                row = rows.setdefault(verdict["claim"], ClaimRow(verdict["claim"], Counter(), verdict, run))
                row.statuses[verdict["status"]] += 1
                if _gravity(verdict) < _gravity(row.worst):
                    row.worst, row.run = verdict, run
        return sorted(rows.values(), key=lambda row: (_severity(row.worst), row.claim))


def read_result(store: Path, name: str) -> StudyResult:
    """Read a study; runs that are damaged are named and left out.

    Raises:
        StoreError: no such store or study.
    """
    result = StudyResult(find_study(open_store(store), name))
    for run in result.study.points.column("run").to_pylist():
        try:
            record = read_record(run_folder(store, run))
        except StoreError as error:
            result.damaged.append(str(error))
            continue
        if record is not None:
            result.records[run] = record
    return result


def render_study(store: Path, name: str) -> tuple[str, StudyResult]:
    """The report, and what it is about."""
    import tomli_w

    result = read_result(store, name)
    frame = _frame(result)
    points = over_replicates(frame, result.axes)
    names = quantities(frame, result.axes)
    common = bool((result.study.specification["study"].get("sweep") or {}).get("common_seeds"))
    found = {} if common else {name: limits(points, result.axes, name) for name in STATIONARY}
    page = (
        environment()
        .get_template("study.html.j2")
        .render(
            study=result.study,
            specification=result.study.specification["study"],
            configuration=tomli_w.dumps(result.study.specification["study"]),
            statuses=result.statuses(),
            claims=result.claims(),
            names=names,
            axes=result.axes,
            points=points.head(MOST_POINTS).to_dict("records"),
            left_out=max(0, len(points) - MOST_POINTS),
            limits={name: lines for name, lines in found.items() if lines},
            common_seeds=common,
            pictures=[(p, svg(p)) for p in pictures(store, result, points, found)],
            failures=_failures(result)[:MOST_FAILURES],
            damaged=result.damaged[:MOST_FAILURES],
            versions=_versions(result),
        )
    )
    return page, result


def pictures(
    store: Path, result: StudyResult, points: pd.DataFrame, found: Mapping[str, Sequence[Limit]]
) -> list[Picture]:
    """Each quantity over the first numeric swept key, and a metric of some runs over iterations."""
    from simulations.plots.study import axis_name, first_metric, metric_over_rows, quantity_over_key
    from simulations.plots.style import new_figure

    drawn = []
    numeric = [a for a in result.axes if points[a].dtype.kind in "if" and points[a].nunique() > 1]
    if numeric:
        key = "step_size" if "step_size" in numeric else numeric[0]
        others = [axis for axis in result.axes if axis != key and points[axis].nunique() > 1]
        for name in [name for name in points if f"{name}_low" in points]:
            figure, axes = new_figure()
            quantity_over_key(axes, points, key, name, lines_by=others, limits=found.get(name, ()))
            lines = f", a line for each combination of {', '.join(map(axis_name, others))}" if others else ""
            words = f"{axis_name(name)} over {axis_name(key)}{lines}; bars are 95 % intervals."
            words += " Open marks: extrapolated to step size 0." if found.get(name) else ""
            for part, stroke in (("bound", "Dashed"), ("exact", "Dotted")):
                if f"{name}_{part}" in points and points[f"{name}_{part}"].notna().any():
                    words += f" {stroke}: {part}, where it is not far above."
            drawn.append(Picture(f"{name}-over-{key}", figure, words))
    tables = example_metrics(store, result)
    if tables:
        first = next(iter(tables.values()))
        x, y = first.columns[0], first_metric(list(first.columns))
        figure, axes = new_figure()
        metric_over_rows(axes, tables, x, y)
        bands = "; bands are 95 % intervals" if f"{y}_low" in first else ""
        words = f"{axis_name(y)} over {axis_name(x)} in {len(tables)} of the runs{bands}."
        drawn.append(Picture(f"{y}-over-{x}", figure, words))
    return drawn


def example_metrics(store: Path, result: StudyResult) -> dict[str, pd.DataFrame]:
    """Metrics of up to six finished runs, evenly spread over the study, by label."""
    from simulations.plots.study import label_of

    finished = [
        point
        for point in result.study.points.to_pylist()
        if result.records.get(point["run"], {}).get("status") == "finished" and point["replicate"] == 0
    ]
    chosen = [finished[round(k * (len(finished) - 1) / 5)] for k in range(6)] if finished else []
    tables: dict[str, pd.DataFrame] = {}
    for point in {point["run"]: point for point in chosen}.values():
        try:
            table = read_metrics(run_folder(store, point["run"]), result.records[point["run"]])
        except StoreError as error:
            result.damaged.append(str(error))
            continue
        if table.num_columns > 1 and table.num_rows > 1:
            where = {axis: point[axis] for axis in result.axes}
            tables[label_of(where) or point["run"][:12]] = table.to_pandas()
    return tables


def _frame(result: StudyResult) -> pd.DataFrame:
    """A line for each run that can be read."""
    from simulations.studies.load import frame_of

    return frame_of(result.study, result.records)


def _failures(result: StudyResult) -> list[dict[str, Any]]:
    return [
        {"run": run, "error": record.get("error") or {}, "configuration": json.dumps(record["configuration"])}
        for run, record in result.records.items()
        if record["status"] == "failed"
    ]


def _versions(result: StudyResult) -> dict[str, list[str]]:
    """Each library's versions among the runs; more than one is worth knowing."""
    found: dict[str, dict[str, None]] = {}
    for record in result.records.values():
        for name, version in {"code": record.get("code", ""), **record.get("versions", {})}.items():
            found.setdefault(name, {})[str(version)] = None
    return {name: list(versions) for name, versions in found.items()}


def _gravity(verdict: Record) -> tuple[int, float]:
    margin = verdict.get("margin")
    margin = float(margin) if isinstance(margin, int | float) else float("inf")
    return _severity(verdict), margin


def _severity(verdict: Record) -> int:
    status = verdict["status"]
    return SEVERITY.index(status) if status in SEVERITY else 0

"""Studies as xarray Datasets and pandas frames."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from simulations.studies.files import (
    Record,
    StoreError,
    Study,
    open_store,
    read_metrics,
    read_record,
    read_study,
    run_folder,
)

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import xarray as xr

FORMS = ("dataset", "runs", "metrics")


@overload
def load(study: str, *, store: str | Path = ..., form: Literal["dataset"] = ...) -> xr.Dataset: ...


@overload
def load(study: str, *, store: str | Path = ..., form: Literal["runs", "metrics"]) -> pd.DataFrame: ...


def load(
    study: str, *, store: str | Path = "runs", form: Literal["dataset", "runs", "metrics"] = "dataset"
) -> xr.Dataset | pd.DataFrame:
    """The results of a study.

    Args:
        study: its name.
        store: the run store.
        form: `"dataset"`: an xarray Dataset. For a grid its dimensions are the swept keys and `replicate`;
            for other designs `point` and `replicate`, with the swept keys as coordinates. Summaries have
            these dimensions; metrics have `row` besides, NaN beyond a run's last row, and `_by_row` after a
            name that a summary has too. `"runs"`: a pandas frame with a line for each run: id, status, swept
            values, summary. `"metrics"`: a frame with a line for each row of metrics of each finished run.

    Runs that are not finished have NaN for results and their status in `status`.

    Raises:
        StoreError: no such store or study, or a damaged file, which is named.
        ValueError: another form.
    """
    if form not in FORMS:
        raise ValueError(f"form is {form!r}; one of {', '.join(FORMS)} is needed")
    root = open_store(Path(store))
    found = read_study(root, study)
    records = _records(root, found)
    if form == "runs":
        return frame_of(found, records)
    if form == "metrics":
        return _metrics_frame(root, found, records)
    return _dataset(root, found, records)


def frame_of(study: Study, records: Mapping[str, Record]) -> pd.DataFrame:
    """A line for each run of a study, from records by run id."""
    import pandas as pd

    absent = {"status": "absent"}
    found = [records.get(run, absent) for run in study.points.column("run").to_pylist()]
    lines = [{"status": record["status"], **_numbers(record.get("summary", {}))} for record in found]
    points = study.points.to_pandas()
    clash = set(points.columns) & {name for line in lines for name in line}
    if clash:
        raise StoreError(f"study {study.name}: {sorted(clash)} are names of swept keys and of results")
    return pd.concat([points, pd.DataFrame(lines, index=points.index)], axis=1)


def _metrics_frame(store: Path, study: Study, records: Mapping[str, Record]) -> pd.DataFrame:
    """A line for each row of metrics of each finished run, with the run's swept values."""
    import numpy as np

    tables, counts = _metrics(store, study, records)
    points = study.points.to_pandas()
    repeated = points.loc[np.repeat(points.index.to_numpy(), counts)].reset_index(drop=True)
    metrics = tables.to_pandas()
    metrics.insert(0, "row", np.concatenate([np.arange(n) for n in counts]) if len(metrics) else [])
    return repeated.join(metrics.rename(columns={c: f"{c}_by_row" for c in metrics if c in repeated}))


def _dataset(store: Path, study: Study, records: Mapping[str, Record]) -> xr.Dataset:
    import numpy as np
    import xarray as xr

    axes = study.specification["axes"]
    frame = frame_of(study, records)
    if study.specification["design"] == "grid":
        index = [*axes, "replicate"]
    else:
        changed = (frame[axes] != frame[axes].shift()).any(axis=1) if axes else frame.index == 0
        frame["point"] = np.cumsum(changed) - 1
        index = ["point", "replicate"]
    indexed = frame.set_index(index)
    results = xr.Dataset.from_dataframe(indexed)
    if index[0] == "point":
        first = frame.groupby("point").first()
        results = results.drop_vars(axes).assign_coords({axis: ("point", first[axis]) for axis in axes})
    tables, counts = _metrics(store, study, records)
    width = int(counts.max(initial=0))
    position = np.concatenate([np.arange(n) for n in counts]) if width else np.empty(0, int)
    run = np.repeat(np.arange(len(counts)), counts)
    shape = tuple(results.sizes[name] for name in index)
    places = tuple(results.get_index(name).get_indexer(frame[name]) for name in index)
    for name in tables.column_names:
        values = np.full((*shape, width), np.nan)
        column = tables.column(name).cast("float64").to_numpy()
        values[(*(place[run] for place in places), position)] = column
        results[name if name not in results else f"{name}_by_row"] = ((*index, "row"), values)
    results.attrs = {"study": study.name, "code": study.specification["code"]}
    return results


def _records(store: Path, study: Study) -> dict[str, Record]:
    """Records of the runs that have one, by id."""
    found = {}
    for run in study.points.column("run").to_pylist():
        record = read_record(run_folder(store, run))
        if record is not None:
            found[run] = record
    return found


def _metrics(store: Path, study: Study, records: Mapping[str, Record]) -> tuple[pa.Table, Any]:
    """Metrics of all finished runs one after the other, and the number of rows of every run."""
    import numpy as np
    import pyarrow as pa

    tables, counts = [], []
    for run in study.points.column("run").to_pylist():
        record = records.get(run)
        table = None
        if record is not None and record["status"] == "finished":
            table = read_metrics(run_folder(store, run), record)
        counts.append(table.num_rows if table is not None else 0)
        if table is not None and table.num_rows:
            tables.append(table)
    joined = pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})
    return joined, np.array(counts, dtype=np.int64)


def _numbers(summary: Record) -> Record:
    """A summary with the numbers that JSON has no word for."""
    words = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan, None: math.nan}
    return {k: words.get(v, v) for k, v in summary.items()}

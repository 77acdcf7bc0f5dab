"""`rdml plot`: a metric of runs over iterations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rdml.options import JsonFile, svg_file, writable_directory
from rdml.store_options import RunIds, StoreDir

if TYPE_CHECKING:
    import pandas as pd


def plot(
    runs: RunIds,
    metric: Annotated[
        str | None, typer.Option(help="Column to draw; the first with an interval by default.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE.svg",
            callback=svg_file,
            help="The run's figures/METRIC.svg by default.",
        ),
    ] = None,
    store: StoreDir = Path("runs"),
    json: JsonFile = None,
) -> None:
    """Draw a metric of one or more finished runs over iterations."""
    from rdml import find_runs
    from rdml.config import unknown
    from rdml.figures import svg_text
    from rdml.files import write_atomically, write_json
    from simulations.plots.study import first_metric, metric_over_rows
    from simulations.plots.style import new_figure
    from simulations.studies.files import open_store

    folders = find_runs.resolve(open_store(store), runs)
    tables = labelled_metrics(folders)
    first = next(iter(tables.values()))
    column = metric or first_metric(list(first.columns))
    for table in tables.values():
        if column not in table:
            raise ValueError(unknown("metric", column, table.columns))
    if out is None:
        if len(folders) > 1:
            raise typer.BadParameter("--out FILE.svg is needed for more than one run")
        out = folders[0] / "figures" / f"{column}.svg"
        writable_directory(out.parent)
    figure, axes = new_figure()
    metric_over_rows(axes, tables, first.columns[0], column)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, svg_text(figure, column))
    typer.echo(f"Figure: {out}", err=True)
    if json is not None:
        write_json(json, {"figure": str(out), "runs": [folder.name for folder in folders], "metric": column})


def labelled_metrics(folders: list[Path]) -> dict[str, pd.DataFrame]:
    """Metrics of runs by what differs between them."""
    from rdml.find_runs import description, varying
    from simulations.plots.study import label_of
    from simulations.studies.files import read_metrics, read_record

    records = [(folder, read_record(folder)) for folder in folders]
    finished = [(folder, record) for folder, record in records if record and record["status"] == "finished"]
    if len(finished) < len(folders):
        names = ", ".join(
            f.name[:12] for f, record in records if not record or record["status"] != "finished"
        )
        raise ValueError(f"not finished: {names}")
    settings = [
        {key: value for key, value in description(record).items() if key not in record["summary"]}
        for _, record in finished
    ]
    keys = [key for key in varying(settings) if key not in ("run", "seconds", "attempts", "code")]
    keys = [key for key in keys if key != "seed"] or keys
    labels = {}
    for (folder, record), known in zip(finished, settings, strict=True):
        label = label_of({key: known.get(key) for key in keys})
        if not label or label in labels:
            label = f"{label} {folder.name[:12]}".strip()
        labels[label] = read_metrics(folder, record).to_pandas()
    return labels

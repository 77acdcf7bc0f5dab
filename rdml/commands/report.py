"""`rdml report`: a study as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rdml.options import JsonFile, writable_directory
from rdml.store_options import Quiet, StoreDir, StudyName


def report(
    study: StudyName,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            callback=writable_directory,
            help="Write STUDY.html, figures included, here.",
        ),
    ] = Path("out"),
    store: StoreDir = Path("runs"),
    json: JsonFile = None,
    quiet: Quiet = False,
) -> None:
    """Write the report of a study: tables, figures with intervals, verdicts, configuration, versions.

    Exit code 0: all runs are finished and no claim is refuted. 1: otherwise.
    """
    from rdml.files import write_atomically, write_json
    from rdml.study_report import render_study

    page, result = render_study(store, study)
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / f"{study}.html", page)
    claims = result.claims()
    counts = result.statuses()
    if not quiet:
        typer.echo(f"Report: {out / f'{study}.html'}", err=True)
    if json is not None:
        rows = [
            {"claim": r.claim, "statuses": dict(r.statuses), "worst": r.worst, "run": r.run} for r in claims
        ]
        write_json(json, {"study": study, "runs": dict(counts), "verdicts": rows, "damaged": result.damaged})
    whole = counts["finished"] == result.study.points.num_rows
    raise typer.Exit(
        0 if whole and not any(r.worst["status"] in ("refuted", "failed") for r in claims) else 1
    )

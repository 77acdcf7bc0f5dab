"""`rdml runs`: list runs, show one, remove some."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rdml.options import JsonFile
from rdml.store_options import OwnStoreDir, Quiet, RunIds, StoreDir, complete_study
from rdml.tables import print_table

if TYPE_CHECKING:
    from simulations.studies.files import Record

app = typer.Typer(help="List the runs of a store, show one, remove some.", invoke_without_command=True)

Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="KEY=VALUE", help="Also <, <=, >, >=, !=; may be repeated."),
]
OfStudy = Annotated[
    str | None, typer.Option("--study", help="Only runs of this study.", autocompletion=complete_study)
]


@app.callback()
def list_runs(
    context: typer.Context,
    where: Where = None,
    status: Annotated[str | None, typer.Option(help="unfinished, finished or failed.")] = None,
    study: OfStudy = None,
    sort: Annotated[str | None, typer.Option(metavar="KEY", help="Sort by KEY; -KEY for falling.")] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="KEY,KEY…", help="Columns; what differs between runs by default.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many lines; 0 for all.")] = 40,
    store: StoreDir = Path("runs"),
    json: JsonFile = None,
    quiet: Quiet = False,
) -> None:
    """List the runs of a store; damaged ones are named on stderr. Exit code 1 if there are any."""
    if context.invoked_subcommand:
        context.obj = store
        return
    from rdml import find_runs
    from rdml.files import write_json
    from simulations.studies.files import STATUSES, StoreError, open_store

    if status and status not in STATUSES:
        raise typer.BadParameter(f"status {status!r} is not one of {', '.join(STATUSES)}")
    damages: list[StoreError] = []
    conditions = [*(where or ()), *([f"status={status}"] if status else ())]
    found = find_runs.find(open_store(store), conditions, study=study, on_damage=damages.append)
    if sort:
        found = find_runs.sort(found, sort)
    if json is not None:
        write_json(json, {"runs": found, "damaged": [str(damage) for damage in damages]})
    if not quiet:
        shown = found[: limit or None]
        chosen = columns.split(",") if columns else default_columns(shown)
        find_runs.check_keys(found, chosen)
        print_table(chosen, ([_cell(key, run.get(key)) for key in chosen] for run in shown))
        rest = f"; {len(found) - len(shown)} more with --limit 0" if len(shown) < len(found) else ""
        typer.echo(f"{len(found)} runs{rest}")
    for damage in damages:
        typer.echo(f"Damaged: {damage}", err=True)
    raise typer.Exit(1 if damages else 0)


@app.command("show")
def show_run(
    context: typer.Context,
    runs: RunIds,
    store: OwnStoreDir = None,
    json: JsonFile = None,
) -> None:
    """Show everything that is recorded of runs."""
    from rdml import find_runs
    from rdml.files import json_text, write_json
    from rdml.printable import printable
    from simulations.studies.files import open_store, read_record

    records = [read_record(folder) for folder in find_runs.resolve(open_store(store or context.obj), runs)]
    if json is not None:
        write_json(json, {"runs": records})
    for record in records:
        typer.echo(printable(json_text(record)), nl=False)


@app.command("rm")
def remove_runs(
    context: typer.Context,
    runs: Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Ids or beginnings.")] = None,
    where: Where = None,
    study: OfStudy = None,
    store: OwnStoreDir = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    json: JsonFile = None,
) -> None:
    """Remove runs, by id or by condition; asks first. A run that a process holds is left."""
    from rdml import find_runs
    from rdml.files import write_json
    from rdml.store import hold
    from simulations.studies.files import open_store

    store = open_store(store or context.obj)
    if not runs and not where and not study:
        raise typer.BadParameter("say which runs: ids, --where or --study")
    names = [folder.name for folder in find_runs.resolve(store, runs or ())]
    if where or study:
        names += [run["run"] for run in find_runs.find(store, where or (), study=study)]
    names = list(dict.fromkeys(names))
    if names and not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter(
                f"{len(names)} runs would be removed; --yes is needed without a terminal"
            )
        typer.confirm(f"Remove {len(names)} runs from {store}?", abort=True, err=True)
    removed, held_elsewhere = [], []
    for name in names:
        with hold(store, name) as held:
            if held is None:
                held_elsewhere.append(name)
            else:
                held.remove()
                removed.append(name)
    typer.echo(f"{len(removed)} runs removed", err=True)
    for name in held_elsewhere:
        typer.echo(f"{name[:12]} is being computed; left", err=True)
    if json is not None:
        write_json(json, {"removed": removed, "held": held_elsewhere})
    raise typer.Exit(1 if held_elsewhere else 0)


def default_columns(runs: list[Record]) -> list[str]:
    """Id, status and time; then at most eight of what differs."""
    from rdml.find_runs import varying

    first = ["run", "status", "seconds"]
    skipped = (*first, "code", "attempts", "seed")
    return [*first, *[key for key in varying(runs) if key not in skipped][:8]]


def _cell(column: str, value: object) -> str:
    if value is None:
        return "–"
    if column == "run":
        return str(value)[:12]
    return f"{value:.6g}" if isinstance(value, float) else str(value)

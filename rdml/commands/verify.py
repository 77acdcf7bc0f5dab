"""`rdml verify`: hold the claims of the theory against their witnesses."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rdml.options import JsonFile, Seed, writable_directory
from simulations.networks.settings import Device

if TYPE_CHECKING:
    from rdml.verify import Verification


class WitnessName(StrEnum):
    """The four kinds of witness, as choices of the command line."""

    SYMBOLIC = "symbolic"
    NUMERIC = "numeric"
    SIMULATION = "simulation"
    NETWORK = "network"


def verify(
    claims: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CLAIM]...", help="Claim ids, or .py files that define one; all ids by default."
        ),
    ] = None,
    witness: Annotated[
        list[WitnessName] | None, typer.Option("--witness", help="Only this witness; may be repeated.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Larger searches and longer runs.")] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="Witnesses at work at a time.")
    ] = os.cpu_count() or 1,
    device: Annotated[
        Device, typer.Option(help="cuda: the network witness trains residual networks on it.")
    ] = "cpu",
    seed: Seed = 0,
    json: JsonFile = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", callback=writable_directory, help="Write report.html here."),
    ] = None,
) -> None:
    """Check the claims of the theory by proof, search, simulation and a network on real data.

    Exit code 0: all hold. 1: a claim was refuted, or a witness failed. 2: bad usage. 130: interrupted.
    """
    from rich.console import Console

    from convergence.claims.verdict import WITNESSES
    from rdml.progress import working
    from rdml.verify import verify as run
    from simulations.device import chosen_device, fallback_note

    note = fallback_note(device)
    if note is not None:
        typer.echo(note, err=True)
    chosen = "cpu" if device == "cpu" else chosen_device(device).type
    with working() as progress:
        result = run(
            claims or (),
            witnesses=[name for name in WITNESSES if not witness or name in witness],
            seed=seed,
            full=full,
            jobs=jobs,
            device=chosen,
            progress=progress,
        )
    if json is not None:
        _write_json(result, json)
    if out is not None:
        _write_report(result, out)
    if result.claims:
        show(result, Console())
    if result.interrupted:
        raise typer.Exit(130)
    if result.errors:
        for error in result.errors:
            typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2)
    raise typer.Exit(1 if result.troubles() else 0)


def show(result: Verification, console: object) -> None:
    """Print the table claim × witness, then what went wrong, then one summarising sentence."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rdml.verify import STANDS, Status

    assert isinstance(console, Console)
    colours = {Status.REFUTED: "bold red", Status.FAILED: "bold red", Status.ASSUMED: "yellow"}
    table = Table(title="Claims of the theory and who stands for them", title_justify="left", box=SIMPLE)
    table.add_column("claim", no_wrap=True)
    for name in result.witnesses:
        table.add_column(name)
    table.add_column("false neighbour")
    for claim in result.claims:
        by_witness = {v.witness: v for v in result.of(claim.id)}
        cells = []
        for name in result.witnesses:
            verdict = by_witness.get(name)
            if verdict is None:
                cells.append(Text("·", style="dim"))
            else:
                cells.append(Text(verdict.status, style=colours.get(verdict.status, "green")))
        refutation = result.refutation(claim.id)
        if claim.false_neighbour is None or refutation is None:
            cells.append(Text("·", style="dim"))
        elif refutation.counterexample is None:
            cells.append(Text("not refuted", style="bold red"))
        else:
            cells.append(Text("refuted", style="green"))
        table.add_row(claim.id, *cells)
    console.print(table)
    troubles = result.troubles()
    for line in troubles:
        console.print(Text(line, style="bold red"))
    standing = sum(1 for v in result.verdicts if v.status in STANDS)
    sentence = (
        f"{len(result.claims)} claims, {standing} verdicts that stand, {len(troubles)} troubles, "
        f"{result.seconds:.0f} s."
    )
    if result.interrupted:
        sentence += " Interrupted: what was finished by then is kept."
    console.print(sentence)


def _write_json(result: Verification, path: Path) -> None:
    from rdml.files import write_json

    write_json(path, result.to_json())


def _write_report(result: Verification, directory: Path) -> None:
    from rdml.files import write_atomically
    from rdml.report import render_verification

    directory.mkdir(parents=True, exist_ok=True)
    write_atomically(directory / "report.html", render_verification(result))
    typer.echo(f"Report: {directory / 'report.html'}", err=True)

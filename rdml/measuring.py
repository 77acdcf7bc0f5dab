"""An experiment on each variant of a problem, its JSON, and how the command ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import typer

if TYPE_CHECKING:
    from simulations.experiments.floor import FloorPoint
    from simulations.experiments.scope import ScopePoint
    from simulations.problems import Problem

FEW = 16
"""Replicas below which the test for a transient has little power (docs/ensembles.md)."""


class Measurement(Protocol):
    """What an experiment gives."""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C left only a part of it."""
        ...

    def to_json(self) -> dict[str, object]:
        """JSON-ready form."""
        ...


Result = TypeVar("Result", bound=Measurement)
Measure = Callable[["Problem", Callable[[str], None]], Result]


def measured(
    variants: dict[str, Problem], measure: Measure[Result], json: Path | None, name: str
) -> tuple[dict[str, Result], bool]:
    """`measure(variant, progress)` of each by its label, and whether Ctrl-C left only what was measured by then.

    The file `json` gets the one result, or under `name` those of several variants.

    Raises:
        typer.Exit: interrupted before anything was measured.
    """
    from rdml.files import write_json
    from rdml.progress import working

    results: dict[str, Result] = {}
    interrupted = False
    with working() as progress:
        for label, variant in variants.items():
            try:
                results[label] = measure(variant, progress)
                interrupted = results[label].interrupted
            except KeyboardInterrupt:
                interrupted = True
            if interrupted:
                break
    if not results:
        typer.echo("Interrupted before a step size was measured: nothing is written.", err=True)
        raise typer.Exit(130)
    if json is not None:
        values = [result.to_json() for result in results.values()]
        write_json(json, values[0] if len(variants) == 1 else {name: values, "interrupted": interrupted})
    return results, interrupted


def steps_in_words(point: FloorPoint | ScopePoint) -> str:
    """How many steps were taken, and what went wrong."""
    unsettled = "" if point.settled else " (not settled)"
    return f"{point.steps}{unsettled}" + (f" ({point.diverged} diverged)" if point.diverged else "")


def warn_of_few(replicas: int) -> None:
    """Say that few replicas see no transient."""
    if replicas < FEW:
        typer.echo(
            f"{replicas} replicas: fewer than {FEW} may take a level that still falls for settled", err=True
        )


def end(*, interrupted: bool, trouble: bool) -> None:
    """Leave with exit code 130 after Ctrl-C, 1 after trouble in a run."""
    if interrupted:
        typer.echo("Interrupted: the step sizes measured by then are kept.", err=True)
        raise typer.Exit(130)
    if trouble:
        raise typer.Exit(1)

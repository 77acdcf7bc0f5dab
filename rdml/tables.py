"""Tables on stdout, as wide as what they hold: a terminal may wrap their lines, but no number is cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import typer

from rdml.printable import printable


def print_table(columns: Sequence[str], rows: Iterable[Iterable[object]], *, title: str = "") -> None:
    """Print aligned columns of text, numbers, intervals (tuples of numbers) and unknowns (None)."""
    lines = [list(columns), *([cell(value) for value in row] for row in rows)]
    lines = [[printable(text).replace("\n", " ") for text in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if title:
        typer.echo(title)
    for line in lines:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def cell(value: object) -> str:
    """Text stays as it is; a number has up to five digits."""
    if value is None:
        return "–"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(cell, value)) + "]"
    return f"{value:.5g}" if isinstance(value, float) else str(value)

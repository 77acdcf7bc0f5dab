"""Figures of the commands, as SVG files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rdml.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_figure(figure: Figure, directory: Path | None, name: str) -> None:
    """Write `directory/name.svg`, the same bytes for the same figure, and say where it is."""
    if directory is None:
        return
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.svg"
    write_atomically(path, svg_text(figure, name))
    typer.echo(f"Figure: {path}", err=True)


def svg_text(figure: Figure, name: str) -> str:
    """The figure as SVG; `name` makes its element ids differ from those of other figures."""
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    return buffer.getvalue()

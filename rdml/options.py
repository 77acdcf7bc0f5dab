"""Options that are spelled the same on every command, and what they check before any work begins."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer


def writable_file(path: Path | None) -> Path | None:
    """Refuse a file that could not be written, before the work that would fill it; its folder may be missing yet."""
    if path is None:
        return None
    if str(path) == "-":
        raise typer.BadParameter("- is no file: standard output holds what is for people; name a file")
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a directory; a file is expected")
    writable_directory(path.parent)
    if path.exists() and not os.access(path, os.W_OK):
        raise typer.BadParameter(f"{path} is not writable")
    return path


def writable_directory(path: Path | None) -> Path | None:
    """Refuse a directory that could not be made or written into."""
    if path is None:
        return None
    existing = path
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        raise typer.BadParameter(f"{existing} is a file; a directory is expected")
    try:
        tempfile.TemporaryFile(dir=existing).close()  # permission bits do not tell for root, nor in /proc
    except OSError as error:
        raise typer.BadParameter(f"{existing} is not writable: {error.strerror}") from None
    return path


def svg_file(path: Path | None) -> Path | None:
    """Refuse a figure's file that could not be written or is no SVG."""
    if path is not None and path.suffix != ".svg":
        raise typer.BadParameter(f"{path} does not end in .svg; figures are SVG")
    return writable_file(path)


def valid_seed(seed: int) -> int:
    """Refuse a seed that no stream of random numbers can take."""
    if not 0 <= seed < 2**63:
        raise typer.BadParameter(f"{seed} is not in [0, 2⁶³)")
    return seed


Seed = Annotated[int, typer.Option("--seed", callback=valid_seed, help="Same seed, same result.")]
JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", callback=writable_file, help="Write the result as JSON."),
]
OutDir = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", callback=writable_directory, help="Write figures here."),
]

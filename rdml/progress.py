"""Progress on stderr: a live line in a terminal, a plain line for each new piece of work elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def working() -> Iterator[Callable[[str], None]]:
    """Give a function that says what is being worked on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda words: console.print(words, markup=False, highlight=False, soft_wrap=True)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting")
        yield lambda words: bar.update(task, description=words)

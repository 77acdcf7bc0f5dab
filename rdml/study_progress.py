"""How far a study is, on stderr: a live bar with the time left, or a line now and then without a terminal."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from rdml.execute import Outcome
from rdml.printable import printable
from rdml.schedule import Progress as StudyProgress

SILENCE = 10.0
"""Seconds between lines where there is no terminal."""


class ProgressDisplay:
    """Shows a study's progress; `with ProgressDisplay(name) as display: …display.show(progress)`."""

    def __init__(self, name: str, *, quiet: bool = False, verbose: bool = False) -> None:
        self.name = name
        self.verbose = verbose and not quiet
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self.begun = time.monotonic()
        self.spoken = -SILENCE
        self.present: int | None = None
        self.told = 0
        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}", markup=False),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=quiet or not self.console.is_terminal,
        )
        self.task = self.bar.add_task(name, words="", total=None)

    def __enter__(self) -> ProgressDisplay:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def say(self, words: str) -> None:
        """Print a line beside the progress."""
        self.console.print(Text(printable(words)), soft_wrap=True)

    def show(self, progress: StudyProgress) -> None:
        """Bring the display up to date."""
        now = time.monotonic()
        if self.present is None:  # what was there when the study was begun tells nothing about speed
            self.present, self.begun = progress.done, now
        words = self._words(progress, now)
        self.bar.update(self.task, total=progress.total, completed=progress.done, words=words)
        if self.verbose:
            for report in progress.troubles[self.told :]:
                self.say(f"{report.run[:12]} {report.outcome}: {report.message}")
            self.told = len(progress.troubles)
        if self.bar.disable and now - self.spoken >= SILENCE and progress.done < progress.total:
            self.spoken = now
            self.say(f"{self.name}: {progress.done}/{progress.total} runs{words and ', ' + words}")

    def _words(self, progress: StudyProgress, now: float) -> str:
        failed = progress.counts[Outcome.FAILED] + progress.counts[Outcome.FAILED_BEFORE]
        words = [f"{failed} failed"] if failed else []
        computed = progress.done - (self.present or 0)
        if computed and progress.done < progress.total:
            words.append(f"{duration((now - self.begun) / computed * (progress.total - progress.done))} left")
        return ", ".join(words)


def duration(seconds: float) -> str:
    """A span of time in the two units that matter."""
    whole = round(seconds)
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part} {smaller}"
    return f"{whole} s"

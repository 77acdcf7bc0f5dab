"""Measured ratios and the bars that they must clear: shared by the benchmarks of training and of CUDA devices."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

Seconds = Callable[[Callable[[], object], int], float]
"""`(call, calls)` → time of a call, the mean over so many; in any unit, as only ratios count."""


class Row(NamedTuple):
    """A ratio and its bar: at least so much, or with `at_most` at most; None for no bar."""

    what: str
    ratio: float
    bar: float | None
    at_most: bool = False

    @property
    def clears(self) -> bool:
        """Whether the ratio is on the right side of its bar."""
        if self.bar is None:
            return True
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar

    def __str__(self) -> str:
        bar = "" if self.bar is None else f"  bar {'≤' if self.at_most else '≥'} {self.bar:g}"
        return f"{self.what:80} {self.ratio:8.3f}{bar}{'' if self.clears else '  MISSED'}"


def ratio(
    one: Callable[[], object],
    other: Callable[[], object],
    seconds: Seconds,
    *,
    rounds: int,
    calls: tuple[int, int] = (1, 1),
) -> float:
    """Median over rounds of time(one)/time(other), each a call, timed in turn."""
    for _ in range(3):
        one(), other()
    return median(seconds(one, calls[0]) / seconds(other, calls[1]) for _ in range(rounds))


def write(path: Path | None, rows: Sequence[Row], **facts: str) -> int:
    """The rows as JSON beside what was measured on; the exit code: 0 where all bars are cleared, else 1."""
    if path is not None:
        listed = [{**row._asdict(), "clears": row.clears} for row in rows]
        path.write_text(json.dumps({**facts, "rows": listed}, indent=2))
    return 0 if all(row.clears for row in rows) else 1

"""Find runs of a store by what they are and what they came to."""

from __future__ import annotations

import operator
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from rdml.config import flatten, unknown
from simulations.studies.files import Record, StoreError, read_record, read_study, run_folder, run_folders

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


class Condition(NamedTuple):
    """`key operator value`, as in `parameters.alpha>=1`."""

    key: str
    compare: Callable[[Any, Any], bool]
    value: Any

    def holds(self, run: Record) -> bool:
        """Whether it holds for a run's `description`; what can't be compared does not hold."""
        try:
            return self.key in run and bool(self.compare(run[self.key], self.value))
        except TypeError:
            return False


def condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        ValueError: it has no operator.
    """
    found = re.fullmatch(r"\s*([\w.-]+?)\s*(<=|>=|!=|=|<|>)\s*(.*)", text, re.DOTALL)
    if not found:
        raise ValueError(f"--where {text!r}: KEY=VALUE is needed, or <, <=, >, >=, != between them")
    key, sign, value = found.groups()
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        parsed = {}
    return Condition(key, OPERATORS[sign], parsed["value"] if set(parsed) == {"value"} else value)


def description(record: Record) -> Record:
    """What can be asked of a run, flat: identity, status, settings and summary."""
    return {
        "run": record["id"],
        "status": record["status"],
        "seconds": record.get("timings", {}).get("seconds"),
        "attempts": record.get("attempts"),
        "code": record.get("code"),
        **flatten(record["configuration"]),
        **record.get("summary", {}),
    }


def find(
    store: Path,
    conditions: Iterable[str] = (),
    *,
    study: str | None = None,
    on_damage: Callable[[StoreError], None] = lambda _: None,
) -> list[Record]:
    """Descriptions of the runs that meet all conditions, by id or in the order of the study.

    Args:
        store: where to look.
        conditions: as `condition` reads them.
        study: only runs of this study.
        on_damage: told of each run that can't be read; the others are found.

    Raises:
        ValueError: a condition on a key that no run has.
    """
    wanted = [condition(text) for text in conditions]
    known: dict[str, None] = {}
    found = []
    for record in _records(_folders(store, study), on_damage):
        run = description(record)
        known |= dict.fromkeys(run)
        if all(one.holds(run) for one in wanted):
            found.append(run)
    for one in wanted:
        if known and one.key not in known:
            raise ValueError(unknown("key", one.key, known))
    return found


def sort(runs: list[Record], key: str) -> list[Record]:
    """Sorted by a key, `-key` for falling; runs without it come last."""
    name = key.removeprefix("-")
    check_keys(runs, [name])
    having = [run for run in runs if run.get(name) is not None]
    having.sort(key=lambda run: _order(run[name]), reverse=key.startswith("-"))
    return having + [run for run in runs if run.get(name) is None]


def check_keys(runs: Sequence[Record], names: Iterable[str]) -> None:
    """Raise `ValueError` for a key that none of the runs has; of no runs all may be asked."""
    known = dict.fromkeys(key for run in runs for key in run)
    for name in names:
        if runs and name not in known:
            raise ValueError(unknown("key", name, known))


def resolve(store: Path, beginnings: Sequence[str]) -> list[Path]:
    """Folders of the runs whose ids begin so.

    Raises:
        ValueError: no run, or several, begin so.
    """
    return [_resolve_one(store, beginning) for beginning in beginnings]


def varying(runs: Sequence[Record]) -> list[str]:
    """Keys whose values differ between runs, in the order of the first run's keys."""
    keys = dict.fromkeys(key for run in runs for key in run)
    return [key for key in keys if len({repr(run.get(key)) for run in runs}) > 1]


def _order(value: Any) -> tuple[bool, float, str]:
    """Numbers before words."""
    return (False, value, "") if isinstance(value, int | float) else (True, 0.0, str(value))


def _resolve_one(store: Path, beginning: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{2,32}", beginning):
        raise ValueError(f"{beginning!r} is not the beginning of a run id (2 to 32 hexadecimal digits)")
    shard = store / beginning[:2]
    found = []
    if shard.is_dir() and not shard.is_symlink():
        found = [f for f in run_folders(store, beginning[:2]) if f.name.startswith(beginning)]
    if len(found) != 1:
        names = ", ".join(folder.name[:12] for folder in islice(found, 5))
        raise ValueError(
            f"{len(found)} runs in {store} begin with {beginning}" + (f": {names}" * bool(found))
        )
    return found[0]


def _folders(store: Path, study: str | None) -> Iterator[Path]:
    if study is None:
        yield from run_folders(store)
    else:
        for run in read_study(store, study).points.column("run").to_pylist():
            yield run_folder(store, run)


def _records(folders: Iterable[Path], on_damage: Callable[[StoreError], None]) -> Iterator[Record]:
    for folder in folders:
        try:
            record = read_record(folder)
        except StoreError as error:
            on_damage(error)
            continue
        if record is not None:
            yield record

"""What is wrong in a run store, and what can be put right without losing anything."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rdml.store import hold, writing_studies
from simulations.studies.files import (
    CHECKPOINT,
    RUN_ID,
    NewerFormat,
    StoreError,
    open_store,
    read_metrics,
    read_record,
    read_study,
    run_folders,
    study_names,
)

ASIDE = "damaged"
"""Folder in a store to which damaged runs are moved: nothing is deleted that could be looked at."""

TEMPORARY = re.compile(r"\.(run\.json|metrics\.parquet|checkpoint\.safetensors|store\.json|.+\.parquet)\..+")


@dataclass
class Health:
    """What was found.

    Args:
        counts: runs by status; "held" are being computed now.
        troubles: one line each; `repaired` of them were put right.
        repaired: what was done, one line each.
    """

    counts: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong any more."""
        return len(self.repaired) == len(self.troubles)


def examine(store: Path, *, repair: bool = False) -> Health:
    """Read every file of a store, checksums included; with `repair`, put right what can be.

    Damaged runs are moved to `damaged/` (the next sweep computes them again), leftovers of killed processes
    are deleted. A run that a process holds is left alone; files of a newer version are only reported.
    """
    health = Health()
    open_store(store)
    for folder in run_folders(store):
        with suppress(FileNotFoundError):  # removed meanwhile
            _examine_run(store, folder, health, repair)
    for path in _strangers(store):
        health.troubles.append(f"{path} does not belong in a store (a symbolic link, or not a run)")
    with writing_studies(store) if os.access(store, os.W_OK) else nullcontext():
        for path in _leftovers(store / "studies"):
            _delete(path, health, repair)
        for name in study_names(store):
            _examine_study(store, name, health, repair)
    return health


def _examine_run(store: Path, folder: Path, health: Health, repair: bool) -> None:
    if not os.access(folder, os.W_OK):
        _read_run(store, folder, health, repair=False)
        return
    with hold(store, folder.name) as held:
        if held is None:
            health.counts["held"] += 1
        else:
            _read_run(store, folder, health, repair)


def _read_run(store: Path, folder: Path, health: Health, repair: bool) -> None:
    try:
        record = read_record(folder)
        status = record["status"] if record else "begun"
        if record and status == "finished":
            read_metrics(folder, record)
    except StoreError as error:
        health.counts["damaged"] += 1
        health.troubles.append(str(error))
        if repair and not isinstance(error, NewerFormat):
            health.repaired.append(f"{folder} moved to {_move_aside(store, folder)}")
        return
    health.counts[status] += 1
    for path in _leftovers(folder):
        _delete(path, health, repair)
    if status == "finished" and (folder / CHECKPOINT).exists():
        _delete(folder / CHECKPOINT, health, repair)


def _examine_study(store: Path, name: str, health: Health, repair: bool) -> None:
    try:
        read_study(store, name)
    except StoreError as error:
        health.troubles.append(str(error))
        if repair and not isinstance(error, NewerFormat):
            moved = _move_aside(store, store / "studies" / f"{name}.parquet")
            health.repaired.append(f"study {name} moved to {moved}; the next sweep makes it anew")


def _strangers(store: Path) -> Iterator[Path]:
    """What no version of this program puts in a store."""
    known = re.compile(rf"store\.json|studies|{ASIDE}|\.stop-[0-9a-f]+|{TEMPORARY.pattern}")
    for entry in os.scandir(store):
        if re.fullmatch("[0-9a-f]{2}", entry.name) and entry.is_dir(follow_symlinks=False):
            for inner in os.scandir(entry.path):
                if not (RUN_ID.fullmatch(inner.name) and inner.is_dir(follow_symlinks=False)):
                    yield Path(inner.path)
        elif not known.fullmatch(entry.name) or entry.is_symlink():
            yield Path(entry.path)


def _leftovers(folder: Path) -> Iterator[Path]:
    """Temporary files of processes that were killed while they wrote."""
    if folder.is_dir() and not folder.is_symlink():
        for entry in os.scandir(folder):
            if TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def _delete(path: Path, health: Health, repair: bool) -> None:
    health.troubles.append(f"{path} was left by a process that was killed; harmless")
    if repair:
        path.unlink(missing_ok=True)
        health.repaired.append(f"{path} deleted")


def _move_aside(store: Path, path: Path) -> Path:
    aside = store / ASIDE
    aside.mkdir(exist_ok=True)
    number = 0
    while (target := aside / f"{path.name}-{number}").exists():
        number += 1
    path.rename(target)
    return target

"""The run store on disk, as far as reading needs it. Writing is the business of `rdml.store`.

    STORE/store.json                   {"format": 1, …}
    STORE/ab/abcd…/run.json            configuration, versions, status, timings, summary, verdicts
                  /metrics.parquet     rows of numbers; no times, no host: equal runs give equal bytes
                  /checkpoint.safetensors, figures/, lock
    STORE/studies/NAME.parquet         run ids and swept values; the study itself in the file's metadata

Whatever is not as it should be is a `StoreError` that names the file; symbolic links in a store are refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
"""Of everything in a store; a reader refuses what is newer."""

RECORD, METRICS, CHECKPOINT, LOCK = "run.json", "metrics.parquet", "checkpoint.safetensors", "lock"
STATUSES = ("unfinished", "finished", "failed")
RUN_ID = re.compile(r"[0-9a-f]{32}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Record = dict[str, Any]


class StoreError(ValueError):
    """Something about a run store that keeps it, or one file of it, from being used; names the file."""


class NewerFormat(StoreError):
    """A newer version wrote it: it is not damaged, and not to be touched."""


class Study(NamedTuple):
    """A study as it was expanded: its configuration and one row for each run.

    Args:
        name: of the study.
        specification: the study's whole configuration, and `digest`, `code`, `axes`, `design`.
        points: columns `run` (id), one for each swept key, and `replicate`.
    """

    name: str
    specification: Record
    points: pa.Table


def run_folder(store: Path, run: str) -> Path:
    """Where a run lives.

    Raises:
        StoreError: not a run id, or a symbolic link on the way.
    """
    if not RUN_ID.fullmatch(run):
        raise StoreError(f"{run!r} is not a run id (32 hexadecimal digits)")
    shard = store / run[:2]
    folder = shard / run
    for path in (shard, folder):
        if path.is_symlink():
            raise StoreError(f"{path} is a symbolic link; a store has none")
    return folder


def open_store(store: Path) -> Path:
    """Check that `store` is a run store that this version reads.

    Raises:
        StoreError: it is not there, not a store, damaged, or newer.
    """
    if not store.is_dir():
        raise StoreError(f"there is no run store at {store}")
    if not (store / "store.json").exists():
        raise StoreError(f"{store} is not a run store: it has no store.json")
    check_format(read_json(store / "store.json"), store)
    return store


def check_format(record: Record, path: Path) -> None:
    """Refuse what a newer version wrote."""
    found = record.get("format")
    if not isinstance(found, int) or found < 1:
        raise StoreError(f"{path} is damaged: its format is {found!r}, not a number")
    if found > FORMAT:
        raise NewerFormat(
            f"{path} was written by a newer version (format {found}; this version reads up to {FORMAT}): "
            "upgrade renyi-dml"
        )


def read_bytes(path: Path) -> bytes:
    """The content of a file that is not a symbolic link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError as error:
        why = "is a symbolic link; a store has none" if path.is_symlink() else f"can't be read: {error}"
        raise StoreError(f"{path} {why}") from error
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def read_json(path: Path) -> Record:
    """A JSON object."""
    try:
        value = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path} is damaged: {type(error).__name__}: {error}") from error
    if not isinstance(value, dict):
        raise StoreError(f"{path} is damaged: it does not hold a JSON object")
    return value


def read_record(folder: Path) -> Record | None:
    """The `run.json` of a run; None where the run has none yet.

    Raises:
        StoreError: it is damaged or newer; the message names the file.
    """
    path = folder / RECORD
    try:
        record = read_json(path)
    except FileNotFoundError:
        return None
    check_format(record, path)
    if record.get("id") != folder.name:
        raise StoreError(f"{path} is damaged: it speaks of another run")
    if record.get("status") not in STATUSES or not isinstance(record.get("configuration"), dict):
        raise StoreError(f"{path} is damaged: status or configuration is missing")
    for name, kind in (("summary", dict), ("timings", dict), ("verdicts", list), ("versions", dict)):
        if not isinstance(record.get(name, kind()), kind):
            raise StoreError(f"{path} is damaged: {name} is not a {kind.__name__}")
    return record


def run_folders(store: Path, shard: str = "[0-9a-f]{2}") -> Iterator[Path]:
    """Folders of all runs, or of those in one shard, by id; whatever else lies there is passed over."""
    for entry in sorted(os.scandir(store), key=lambda entry: entry.name):
        if re.fullmatch(shard, entry.name) and entry.is_dir(follow_symlinks=False):
            names = sorted(e.name for e in os.scandir(entry.path) if e.is_dir(follow_symlinks=False))
            yield from (store / entry.name / name for name in names if RUN_ID.fullmatch(name))


def read_metrics(folder: Path, record: Record) -> pa.Table:
    """The metrics of a finished run.

    Raises:
        StoreError: the file is missing or not what was written (its SHA-256 is in the record).
    """
    path = folder / METRICS
    try:
        data = read_bytes(path)
    except FileNotFoundError:
        raise StoreError(f"{path} is missing, though the run is {record['status']}") from None
    if hashlib.sha256(data).hexdigest() != record.get("metrics_sha256"):
        raise StoreError(f"{path} is damaged: its content is not what was written")
    return parquet_table(data, path)


def parquet_table(data: bytes, path: Path) -> pa.Table:
    """Parquet bytes as a table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StoreError(f"{path} is damaged: {error}") from error


def study_names(store: Path) -> list[str]:
    """Names of the studies of a store."""
    folder = store / "studies"
    if not folder.is_dir() or folder.is_symlink():
        return []
    names = (e.name.removesuffix(".parquet") for e in os.scandir(folder) if e.name.endswith(".parquet"))
    return sorted(name for name in names if NAME.fullmatch(name))


def study_path(store: Path, name: str) -> Path:
    """Where a study is kept.

    Raises:
        StoreError: a name that is not one, or a symbolic link on the way.
    """
    if not NAME.fullmatch(name):
        raise StoreError(
            f"study name {name!r} is not allowed: letters, digits, '.', '_' and '-', at most 64, "
            "beginning with a letter or digit"
        )
    if (store / "studies").is_symlink():
        raise StoreError(f"{store / 'studies'} is a symbolic link; a store has none")
    return store / "studies" / f"{name}.parquet"


def read_study(store: Path, name: str) -> Study:
    """A study of the store.

    Raises:
        StoreError: there is none of that name, or its file is damaged or newer.
    """
    path = study_path(store, name)
    try:
        data = read_bytes(path)
    except FileNotFoundError:
        known = ", ".join(study_names(store)) or "none"
        raise StoreError(f"no study {name!r} in {store}; there: {known}") from None
    table = parquet_table(data, path)
    try:
        specification = json.loads((table.schema.metadata or {})[b"study"])
    except (KeyError, ValueError, RecursionError) as error:
        raise StoreError(f"{path} is damaged: it has no study in it") from error
    check_format(specification, path)
    runs = table.column("run").to_pylist() if "run" in table.column_names else [None]
    if not all(isinstance(run, str) and RUN_ID.fullmatch(run) for run in runs):
        raise StoreError(f"{path} is damaged: a run id is not one")
    return Study(name, specification, table)

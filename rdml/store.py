"""The run store: where runs are written so that nothing is lost and nothing is computed twice.

A run is addressed by the hash of its settings and of the code that computes it. Every file is written whole
or not at all; a run is held by one process at a time (a file lock, which the system frees when the process
dies); nothing on disk is a pickle. The layout, and reading, are in `simulations.studies.files`.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from rdml.files import compact_json, json_text, write_atomically, write_together
from rdml.kinds.kind import Row, State
from simulations.studies.files import (
    CHECKPOINT,
    FORMAT,
    LOCK,
    METRICS,
    RECORD,
    Record,
    StoreError,
    open_store,
    parquet_table,
    read_bytes,
    read_record,
    run_folder,
    study_path,
)

CODE = ("convergence", "simulations", "rdml.kinds")
"""Packages whose source decides what a run's numbers are."""


SMALL = 1000
"""Rows up to which metrics are not compressed."""


class StoreUnwritable(StoreError):
    """The store can't be written: no space is left, a quota is used up, or it is read-only."""


@lru_cache(maxsize=1)
def code_version() -> str:
    """The package's version and a hash of the source that computes runs."""
    digest = hashlib.sha256()
    for package in CODE:
        spec = find_spec(package)  # not imported: hashing must not cost what computing does
        assert spec
        root = Path(str(spec.origin)).parent
        for path in sorted(root.rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{package}/{path.relative_to(root)}\0{len(content)}\0".encode() + content)
    return f"{version('renyi-dml')}+{digest.hexdigest()[:12]}"


def address(settings: Mapping[str, Any], code: str) -> str:
    """The id of a run: 128 bits of the SHA-256 of its settings and code version."""
    text = json.dumps(
        {"code": code, "configuration": settings}, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def make_store(root: Path) -> Path:
    """Open the store at `root`, made where there is nothing yet.

    Raises:
        StoreError: something else is there, it is newer, damaged or can't be written.
    """
    with _explained(root):
        root.mkdir(parents=True, exist_ok=True)
        if not (root / "store.json").exists():
            if any(not name.startswith(".store.json.") for name in os.listdir(root)):
                # another process may have made the store meanwhile
                if not (root / "store.json").exists():
                    raise StoreError(f"{root} is not a run store, and not empty; no store is made there")
            else:
                write_atomically(
                    root / "store.json", json_text({"format": FORMAT, "made_by": code_version()})
                )
        open_store(root)
        if not os.access(root, os.W_OK):
            raise StoreError(f"the run store {root} is not writable")
    return root


@contextmanager
def hold(store: Path, run: str, *, seconds: float = 0) -> Iterator[HeldRun | None]:
    """Hold a run for writing; None where another process holds it for that many seconds.

    Raises:
        StoreError: the store can't be written.
    """
    folder = run_folder(store, run)
    lock = FileLock(folder / LOCK, timeout=seconds, fallback_to_soft=False)
    with _explained(store):
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(Timeout):
            lock.acquire()
    if not lock.is_locked:
        yield None
        return
    try:
        yield HeldRun(store, folder)
    finally:
        lock.release()


class HeldRun:
    """A run that this process alone may write."""

    def __init__(self, store: Path, folder: Path) -> None:
        self.store = store
        self.folder = folder

    def record(self) -> Record | None:
        """Its record so far."""
        return read_record(self.folder)

    def save_record(self, record: Record) -> None:
        """Replace its record."""
        with _explained(self.store):
            write_atomically(self.folder / RECORD, _record_text(self.folder, record))

    def save_checkpoint(self, state: State, rows: Sequence[Row], record: Record) -> None:
        """Save where the run stands."""
        from safetensors.numpy import save

        values = {"step": state.step, "values": state.values, "rows": len(rows)}
        # safetensors writes an array's memory as it lies, whatever its strides say
        arrays = {f"state.{name}": np.asarray(array, order="C") for name, array in state.arrays.items()}
        arrays["rows"] = np.frombuffer(parquet_bytes(rows), np.uint8)
        content = save(arrays, metadata={"run": json.dumps(values)})
        with _explained(self.store):
            write_together(
                {
                    self.folder / CHECKPOINT: content,
                    self.folder / RECORD: _record_text(self.folder, record),
                }
            )

    def load_checkpoint(self) -> tuple[State, list[Row]] | None:
        """What `save_checkpoint` saved; None where nothing was.

        Raises:
            StoreError: the file is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        path = self.folder / CHECKPOINT
        try:
            content = read_bytes(path)
        except FileNotFoundError:
            return None
        try:
            arrays = load(content)
            header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
            values = json.loads(header["__metadata__"]["run"])
            rows = parquet_table(arrays.pop("rows").tobytes(), path).to_pylist()
            state = {name.removeprefix("state."): array for name, array in arrays.items()}
            return State(int(values["step"]), state, values["values"]), rows
        except (SafetensorError, KeyError, ValueError, RecursionError) as error:
            raise StoreError(f"{path} is damaged: {error}") from error

    def drop_checkpoint(self) -> None:
        """Forget where the run stood."""
        with _explained(self.store), suppress(FileNotFoundError):
            os.unlink(self.folder / CHECKPOINT)

    def finish(self, rows: Sequence[Row], record: Record) -> None:
        """Write metrics and record; from then on the run is never computed again."""
        metrics = parquet_bytes(rows)
        record = {**record, "status": "finished", "metrics_sha256": hashlib.sha256(metrics).hexdigest()}
        with _explained(self.store):
            write_together(
                {
                    self.folder / METRICS: metrics,
                    self.folder / RECORD: _record_text(self.folder, record),
                }
            )
        self.drop_checkpoint()

    def remove(self) -> None:
        """Delete the run."""
        with _explained(self.store):
            shutil.rmtree(self.folder)


def parquet_bytes(rows: Sequence[Row]) -> bytes:
    """Rows of numbers as Parquet: a column is int64 where all its numbers are whole, float64 or boolean."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    columns = {}
    for name in names:
        column = pa.array([row.get(name) for row in rows])
        if pa.types.is_null(column.type):
            column = column.cast(pa.float64())
        if column.type not in (pa.int64(), pa.float64(), pa.bool_()):
            raise TypeError(f"metric {name!r} is of type {column.type}; numbers are needed")
        columns[name] = column
    sink = pa.BufferOutputStream()
    # of a small table more would be spent on compressing and looking things up than on its bytes
    compression = "zstd" if len(rows) > SMALL else "none"
    pq.write_table(
        pa.table(columns), sink, compression=compression, use_dictionary=False, write_statistics=False,
        store_schema=False,
    )  # fmt: skip
    return bytes(sink.getvalue())


@contextmanager
def writing_studies(store: Path) -> Iterator[None]:
    """Hold the studies of a store for writing; waits for another process that does."""
    folder = store / "studies"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / ".lock", fallback_to_soft=False):
        yield


def save_study(store: Path, name: str, specification: Record, columns: Mapping[str, Any]) -> None:
    """Keep which runs belong to a study; an earlier one of that name is replaced, its runs stay."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = study_path(store, name)
    table = pa.table({name: _column(values) for name, values in columns.items()}).replace_schema_metadata(
        {"study": json_text({"format": FORMAT, **specification})}
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    with _explained(store), writing_studies(store):
        write_atomically(path, bytes(sink.getvalue()))


def _column(values: Sequence[Any]) -> Sequence[Any]:
    """Swept values of one type: numbers stay numbers, a mixture with anything else becomes text."""
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return [float(value) for value in values]
    return values if len(kinds) <= 1 else [str(value) for value in values]


def _record_text(folder: Path, record: Record) -> str:
    """The record as JSON with a line for each of its fields."""
    whole = {"format": FORMAT, "id": folder.name, **record}
    lines = ",\n".join(f"{json.dumps(key)}: {compact_json(value)}" for key, value in whole.items())
    return f"{{\n{lines}\n}}\n"


@contextmanager
def _explained(store: Path) -> Iterator[None]:
    """Say what a failed write means for the store."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreUnwritable(f"no space left for the run store {store}") from error
        raise StoreUnwritable(f"the run store {store} can't be written: {error}") from error

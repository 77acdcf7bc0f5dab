"""Compute one run, where it left off; this is what executors are given to do."""

from __future__ import annotations

import platform
import socket
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from rdml.kinds.kind import Kind
from rdml.store import HeldRun, StoreUnwritable, code_version, hold
from simulations.studies.files import Record, StoreError

CHUNK_SECONDS = 0.25
"""About how long a run goes on before it looks whether it should stop."""

FIRST_CHECKPOINT = 1.0
"""Seconds after which a run is first saved: shorter ones are cheaper to compute again."""


class Outcome(StrEnum):
    """What became of a run."""

    FINISHED = "finished"  # computed now
    PRESENT = "present"  # it was in the store
    FAILED = "failed"  # now
    FAILED_BEFORE = "failed before"  # and not retried
    STOPPED = "stopped"  # on request; its checkpoint is saved
    BUSY = "busy"  # another process holds it
    DAMAGED = "damaged"  # its files are not what they should be
    UNWRITABLE = "unwritable"  # the store is full or can't be written: nothing else will go better
    OTHER_CODE = "other code"  # this process would compute it with another version of the code


class Report(NamedTuple):
    """What a task came to."""

    run: str
    outcome: Outcome
    message: str = ""


@dataclass(frozen=True)
class Task:
    """All that is needed to compute one run in another process, or on another machine that sees the store.

    Args:
        store: its folder.
        run: the run's id.
        settings: the run's, complete.
        code: version of the code that the id was made with.
        kind: of the run.
        retry_failed: compute it again if it failed before.
        checkpoint_seconds: between checkpoints.
        stop: the run stops at a checkpoint as soon as this file exists.
    """

    store: Path
    run: str
    settings: Mapping[str, Any]
    code: str
    kind: Kind
    retry_failed: bool = False
    checkpoint_seconds: float = 30.0
    stop: Path | None = None


def compute(task: Task, *, leaving: Callable[[], bool] = lambda: False) -> Report:
    """Compute a run unless it is there, or held elsewhere; from its checkpoint where it has one.

    Args:
        task: what to compute.
        leaving: whether this process is asked to end; like the task's stop file.
    """

    def stopping() -> bool:
        return leaving() or (task.stop is not None and task.stop.exists())

    if stopping():
        return Report(task.run, Outcome.STOPPED)
    if code_version() != task.code:
        return Report(
            task.run,
            Outcome.OTHER_CODE,
            f"a worker has code {code_version()}, the sweep began with {task.code}",
        )
    try:
        with hold(task.store, task.run) as held:
            if held is None:
                return Report(task.run, Outcome.BUSY)
            record = held.record()
            if record and record["status"] == "finished":
                return Report(task.run, Outcome.PRESENT)
            if record and record["status"] == "failed" and not task.retry_failed:
                return Report(task.run, Outcome.FAILED_BEFORE, error_line(record))
            return _Execution(task, held, record or {}).go(stopping)
    except StoreUnwritable as error:
        return Report(task.run, Outcome.UNWRITABLE, str(error))
    except StoreError as error:
        return Report(task.run, Outcome.DAMAGED, str(error))


def record_death(task: Task) -> Report:
    """Record that the process died that computed a run: killed, out of memory, or crashed in a library."""
    message = "the process that computed it died, and again when tried alone (out of memory, or a crash?)"
    try:
        # the system frees the lock of a dead process a little after others can see that it is dead
        with hold(task.store, task.run, seconds=5) as held:
            if held is None:
                return Report(task.run, Outcome.BUSY)
            failure = {"type": "ProcessDied", "message": message, "traceback": ""}
            record = _Execution(task, held, held.record() or {}).stamped(status="failed", error=failure)
            held.save_record(record)
            return Report(task.run, Outcome.FAILED, error_line(record))
    except StoreUnwritable as error:
        return Report(task.run, Outcome.UNWRITABLE, str(error))
    except StoreError as error:
        return Report(task.run, Outcome.DAMAGED, str(error))


def error_line(record: Record) -> str:
    """Why a run failed, in a line."""
    error = record.get("error") or {}
    return f"{error.get('type', 'unknown')}: {error.get('message', '')}"


class _Execution:
    """One attempt at one run."""

    def __init__(self, task: Task, held: HeldRun, previous: Record) -> None:
        self.task = task
        self.held = held
        self.spent_before = float(previous.get("timings", {}).get("seconds", 0.0))
        self.begun = time.monotonic()
        self.record: Record = {
            "status": "unfinished",
            "configuration": dict(task.settings),
            "code": task.code,
            "versions": _versions(),
            "seed": task.settings.get("seed"),
            "device": task.settings.get("device", "cpu"),
            "host": _host(),
            "attempts": int(previous.get("attempts", 0)) + 1,
            "begun": previous.get("begun") or _now(),
            "error": None,
            "summary": {},
            "verdicts": [],
        }

    def go(self, stopping: Callable[[], bool]) -> Report:
        """Compute, and record how it went."""
        try:
            return self._compute(stopping)
        except StoreError:
            raise
        except Exception as error:
            failure = {
                "type": type(error).__name__,
                "message": str(error),
                "traceback": traceback.format_exc(limit=-20),
            }
            record = self.stamped(status="failed", error=failure)
            self.held.save_record(record)
            return Report(self.task.run, Outcome.FAILED, error_line(record))

    def _compute(self, stopping: Callable[[], bool]) -> Report:
        computation = self.task.kind.open(self.task.settings)
        state, rows = self.held.load_checkpoint() or (computation.start(), [])
        chunk, next_save = 1, min(FIRST_CHECKPOINT, self.task.checkpoint_seconds)
        while state.step < computation.steps:
            before = time.monotonic()
            state, new = computation.advance(state, min(computation.steps, state.step + chunk))
            rows.extend(new)
            now = time.monotonic()
            chunk = _next_chunk(chunk, now - before)
            if state.step < computation.steps and stopping():
                self.held.save_checkpoint(state, rows, self.stamped())
                return Report(self.task.run, Outcome.STOPPED, f"at step {state.step}")
            if now - self.begun >= next_save and state.step < computation.steps:
                self.held.save_checkpoint(state, rows, self.stamped())
                saved = time.monotonic()  # saving is to take a hundredth of the time at most
                next_save = saved - self.begun + max(self.task.checkpoint_seconds, 100 * (saved - now))
        conclusion = computation.conclude(state, rows)
        self.held.finish(rows, self.stamped(summary=conclusion.summary, verdicts=conclusion.verdicts))
        return Report(self.task.run, Outcome.FINISHED)

    def stamped(self, **changes: object) -> Record:
        """The record as of now, with changes."""
        seconds = self.spent_before + time.monotonic() - self.begun
        return {**self.record, **changes, "timings": {"seconds": round(seconds, 6)}, "ended": _now()}


def _next_chunk(chunk: int, seconds: float) -> int:
    """Steps of the next chunk: towards `CHUNK_SECONDS`, at most doubled, at least 1."""
    if seconds <= 0:
        return 2 * chunk
    return max(1, min(2 * chunk, int(chunk * CHUNK_SECONDS / seconds)))


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    libraries = ("renyi-dml", "torch", "numpy", "scipy", "pyarrow")
    return {"python": platform.python_version(), **{name: version(name) for name in libraries}}


@lru_cache(maxsize=1)
def _host() -> dict[str, str]:
    return {"name": socket.gethostname(), "system": platform.platform()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

"""Give the runs of a plan to an engine, a few at a time, and keep count of what becomes of them."""

from __future__ import annotations

import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rdml.engines import Engine
from rdml.execute import Outcome, Report, Task, error_line, record_death
from rdml.store import address
from rdml.sweep import Plan
from simulations.studies.files import StoreError, read_record, run_folder

BUSY_WAIT = 0.5
"""Seconds until a run that another process holds is looked at again."""

FATAL = (Outcome.UNWRITABLE, Outcome.OTHER_CODE)
"""After these no other run would go better: the study stops."""


@dataclass
class Progress:
    """How far a study is.

    Args:
        total: runs of the study.
        counts: runs by outcome; `BUSY` is not one.
        troubles: reports of runs that failed or are damaged, at most `MOST_TROUBLES`.
        stopped_by: why it was stopped before the end; empty if it was not.
    """

    total: int
    counts: Counter[Outcome] = field(default_factory=Counter)
    troubles: list[Report] = field(default_factory=list)
    stopped_by: str = ""

    MOST_TROUBLES = 1000

    @property
    def done(self) -> int:
        """Runs that are in the store, or won't be."""
        return self.counts.total() - self.counts[Outcome.STOPPED]

    @property
    def finished(self) -> int:
        """Runs whose results are in the store."""
        return self.counts[Outcome.FINISHED] + self.counts[Outcome.PRESENT]

    def add(self, report: Report) -> None:
        """Count a run."""
        self.counts[report.outcome] += 1
        if report.outcome in (Outcome.FAILED, Outcome.FAILED_BEFORE, Outcome.DAMAGED):
            self.troubles.append(report)
            del self.troubles[self.MOST_TROUBLES :]


class Scheduler:
    """One sweep over the runs of a plan.

    Args:
        plan: what to run.
        store: where.
        retry_failed: whether to compute again what failed before.
        checkpoint_seconds: between checkpoints of a run.
        on_change: called with the progress whenever it has changed.
    """

    def __init__(
        self,
        plan: Plan,
        store: Path,
        *,
        retry_failed: bool = False,
        checkpoint_seconds: float = 30.0,
        on_change: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.plan = plan
        self.store = store.absolute()  # workers may stand elsewhere
        self.retry_failed = retry_failed
        self.checkpoint_seconds = checkpoint_seconds
        self.on_change = on_change
        self.progress = Progress(len(plan.runs))
        self.pending: set[str] = set()
        self.stop_file = store / f".stop-{uuid.uuid4().hex}"

    def look(self) -> bool:
        """Count what is in the store; whether anything is left to compute."""
        for run in self.plan.runs:
            report = self._look_at(run)
            if report is None:
                self.pending.add(run)
            else:
                self.progress.add(report)
        self.on_change(self.progress)
        return bool(self.pending)

    def stop(self, why: str) -> None:
        """Begin no more runs, and let those that run stop at a checkpoint."""
        if not self.progress.stopped_by:
            self.progress.stopped_by = why
            with suppress(OSError):  # a full disk: they will find out by themselves
                self.stop_file.touch()

    def run(self, engine: Engine) -> Progress:
        """Compute what `look` left, until it is done or stopped."""
        try:
            _Dispatch(self, engine).go()
        finally:
            with suppress(OSError):
                self.stop_file.unlink()
        return self.progress

    def report(self, report: Report) -> None:
        """Take in what became of a run."""
        self.progress.add(report)
        if report.outcome in FATAL:
            self.stop(report.message)
        self.on_change(self.progress)

    def tasks(self) -> Iterator[Task]:
        """What is to be computed, in the order of the plan."""
        for run, (_, _, settings) in zip(self.plan.runs, self.plan.settings(), strict=True):
            if run in self.pending:
                if address(settings, self.plan.code) != run:
                    raise StoreError(f"the plan of {self.plan.study.name} in {self.store} is damaged")
                yield Task(
                    store=self.store,
                    run=run,
                    settings=settings,
                    code=self.plan.code,
                    kind=self.plan.kind,
                    retry_failed=self.retry_failed,
                    checkpoint_seconds=self.checkpoint_seconds,
                    stop=self.stop_file,
                )

    def _look_at(self, run: str) -> Report | None:
        try:
            record = read_record(run_folder(self.store, run))
        except StoreError as error:
            return Report(run, Outcome.DAMAGED, str(error))
        if record is None or record["status"] == "unfinished":
            return None
        if record["status"] == "finished":
            return Report(run, Outcome.PRESENT)
        return None if self.retry_failed else Report(run, Outcome.FAILED_BEFORE, error_line(record))


class _Dispatch:
    """Tasks between the plan and the engine.

    When a worker process dies, its executor breaks and takes every task with it that it had. Those are then
    tried one by one: the one that breaks it again, alone, is recorded as failed.
    """

    def __init__(self, scheduler: Scheduler, engine: Engine) -> None:
        self.scheduler = scheduler
        self.engine = engine
        self.fresh = scheduler.tasks()
        self.suspects: deque[Task] = deque()
        self.busy: deque[tuple[float, Task]] = deque()
        self.flying: dict[Future[Report], Task] = {}
        self.on_trial = False

    def go(self) -> None:
        """Until nothing is left, or all that ran has stopped."""
        while True:
            self._fill()
            if not self.flying:
                if self.scheduler.progress.stopped_by or not self.busy:
                    return
                time.sleep(0.1)
                continue
            done, _ = wait(self.flying, timeout=0.5, return_when=FIRST_COMPLETED)
            if self.scheduler.progress.stopped_by:
                for future in self.flying:
                    future.cancel()
            self._collect(done)

    def _fill(self) -> None:
        if self.scheduler.progress.stopped_by:
            return
        if self.suspects:
            if not self.flying:
                self.on_trial = True
                self._submit(self.suspects.popleft())
            return
        if self.on_trial and self.flying:
            return
        self.on_trial = False
        capacity = self.engine.capacity()
        while len(self.flying) < capacity:
            task = self._next()
            if task is None:
                return
            self._submit(task)

    def _next(self) -> Task | None:
        task = next(self.fresh, None)
        if task is None and self.busy and self.busy[0][0] <= time.monotonic():
            task = self.busy.popleft()[1]
        return task

    def _submit(self, task: Task) -> None:
        try:
            self.flying[self.engine.submit(task)] = task
        except BrokenExecutor:
            self._broken([task])

    def _collect(self, done: set[Future[Report]]) -> None:
        lost = []
        for future in done:
            task = self.flying.pop(future)
            try:
                report = future.result()
            except CancelledError:
                if not self.scheduler.progress.stopped_by:
                    self.scheduler.stop("the executor cancelled a run: it, or its scheduler, was shut down")
                continue
            except BrokenExecutor:
                lost.append(task)
                continue
            except Exception as error:
                if type(error).__name__ != "KilledWorker":  # Dask's, which need not be installed
                    raise
                report = record_death(task)
            self._take_in(task, report)
        if lost:
            self._broken(lost)

    def _take_in(self, task: Task, report: Report) -> None:
        if report.outcome is Outcome.BUSY:
            self.busy.append((time.monotonic() + BUSY_WAIT, task))
        else:
            self.scheduler.report(report)

    def _broken(self, lost: list[Task]) -> None:
        lost += self.flying.values()  # a broken executor finishes nothing any more
        self.flying.clear()
        if not self.engine.restart():
            self.scheduler.stop("the executor broke: one of its processes died")
        elif self.on_trial and len(lost) == 1:
            self._take_in(lost[0], record_death(lost[0]))
        else:
            self.suspects.extend(lost)

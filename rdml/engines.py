"""Where runs are computed: worker processes here, a Dask cluster, or any `concurrent.futures.Executor`."""

from __future__ import annotations

import logging
import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psutil

from rdml.execute import Report, Task, compute

LIBRARIES_MEMORY = 400e6
"""Bytes that a worker needs for Python and its libraries."""

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


class Engine(Protocol):
    """An executor and what the scheduler must know of it."""

    def submit(self, task: Task) -> Future[Report]:
        """Have a run computed."""
        ...

    def capacity(self) -> int:
        """How many tasks should be in the executor's hands, running or next."""
        ...

    def restart(self) -> bool:
        """Replace an executor that broke; False where that is not possible."""
        ...


class GivenExecutor:
    """An executor that the caller made and will close."""

    def __init__(self, executor: Executor, capacity: int = 32) -> None:
        self.executor = executor
        self._capacity = capacity

    def submit(self, task: Task) -> Future[Report]:
        """Have a run computed."""
        return self.executor.submit(compute, task)

    def capacity(self) -> int:
        """As given."""
        return self._capacity

    def restart(self) -> bool:
        """Not ours to restart."""
        return False


class LocalProcesses:
    """Worker processes on this machine; they end with the process that made them, however that ends."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.others = set(multiprocessing.active_children())
        self.executor: Executor = self._start()

    def _start(self) -> Executor:
        return ProcessPoolExecutor(
            self.workers, multiprocessing.get_context("spawn"), initializer=_begin_worker
        )

    def submit(self, task: Task) -> Future[Report]:
        """Have a run computed."""
        # This may start a worker, which inherits the mask: Ctrl-C would meet it before `_begin_worker`.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return self.executor.submit(_work, task)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def capacity(self) -> int:
        """One more than there are workers, so that none waits for its next task."""
        return self.workers + 1

    def restart(self) -> bool:
        """Start new workers."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.executor = self._start()
        return True

    def kill(self) -> None:
        """End the workers at once."""
        for child in set(multiprocessing.active_children()) - self.others:
            child.kill()


@contextmanager
def local_processes(workers: int) -> Iterator[LocalProcesses]:
    """Worker processes of one thread each: with more workers a study is faster, not different."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)  # before the workers load what reads it
    engine = LocalProcesses(workers)
    try:
        yield engine
    except BaseException:
        engine.kill()
        raise
    finally:
        engine.executor.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class DaskCluster:
    """A Dask cluster through its client's executor."""

    def __init__(self, client: object) -> None:
        self.client = client
        self.executor: Executor = client.get_executor(pure=False)  # type: ignore[attr-defined]
        self._threads, self._asked = 0, -math.inf

    def submit(self, task: Task) -> Future[Report]:
        """Have a run computed."""
        return self.executor.submit(compute, task)

    def capacity(self) -> int:
        """Two for each thread, and enough that a cluster that grows on demand sees demand."""
        if time.monotonic() > self._asked + 5:  # asking the scheduler takes a while
            self._threads = sum(self.client.nthreads().values())  # type: ignore[attr-defined]
            self._asked = time.monotonic()
        return max(32, 2 * self._threads)

    def restart(self) -> bool:
        """The scheduler moves the tasks of a dead worker by itself."""
        return False


@contextmanager
def dask_cluster(address: str, workers: int) -> Iterator[DaskCluster]:
    """The cluster of a scheduler, or with `"local"` one of `workers` processes that is started here.

    Raises:
        ValueError: no scheduler answers.
    """
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)
    if address == "local":
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            yield DaskCluster(client)
        return
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address!r}: {error}") from error
    with client:
        yield DaskCluster(client)


def worker_count(requested: int | None, memory_per_run: float) -> int:
    """How many workers: what was asked for, else one a core, fewer where memory would not do."""
    if requested is not None:
        return requested
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, workers_that_fit(memory_per_run)))


def workers_that_fit(memory_per_run: float) -> int:
    """How many workers the free memory holds."""
    return int(free_memory() / (LIBRARIES_MEMORY + memory_per_run))


def free_memory() -> float:
    """Bytes that can still be used, a container's limit included."""
    free = float(psutil.virtual_memory().available)
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = (float((group / name).read_text()) for name in ("memory.max", "memory.current"))
        cached = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return min(free, limit - used + float(cached["inactive_file"]))
    except (OSError, ValueError, KeyError):  # no such limit, or "max"
        return free


class _Worker:
    """What a worker process knows of itself."""

    working = False
    leaving = False


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, end when it does, and on SIGTERM end at the run's next checkpoint."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _work(task: Task) -> Report:
    _Worker.working = True
    report = compute(task, leaving=lambda: _Worker.leaving)
    _Worker.working = False
    if _Worker.leaving:
        os._exit(1)
    return report


def _leave(*_: object) -> None:
    _Worker.leaving = True
    if not _Worker.working:
        os._exit(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

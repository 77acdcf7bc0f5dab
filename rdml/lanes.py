"""Witnesses side by side, each in a process of its own, their findings streamed back as they come."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import Empty
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convergence.claims.verdict import Finding

Task = Callable[[Callable[[str], None]], Iterator["Finding"]]
"""What a lane does: given a function that reports progress, it yields findings. Must be picklable."""


def side_by_side(
    tasks: Sequence[Task], *, jobs: int, progress: Callable[[str], None]
) -> Iterator[tuple[int, Finding]]:
    """Run at most `jobs` tasks at a time; yield what they find, each finding with the number of its task.

    Closing the iterator ends every process.

    Raises:
        RuntimeError: a process ended before its task did.
    """
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    queue: Any = context.Queue()
    waiting = list(enumerate(tasks))
    running: dict[int, Any] = {}
    threads = max(1, (os.cpu_count() or 1) // jobs)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                number, task = waiting.pop(0)
                running[number] = context.Process(
                    target=_lane, args=(number, task, threads, queue), daemon=True
                )
                running[number].start()
            try:
                number, item = queue.get(timeout=0.2)
            except Empty:
                for process in running.values():
                    if not process.is_alive() and queue.empty():
                        raise RuntimeError(f"a process ended with exit code {process.exitcode}") from None
                continue
            if item is None:
                running.pop(number).join()
            elif isinstance(item, str):
                progress(item)
            else:
                yield number, item
    finally:
        for process in running.values():
            process.terminate()


def _lane(number: int, task: Task, threads: int, queue: Any) -> None:
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    torch.set_num_threads(threads)
    for finding in task(partial(_send, queue, number)):
        queue.put((number, finding))
    queue.put((number, None))


def _send(queue: Any, number: int, words: str) -> None:
    queue.put((number, words))

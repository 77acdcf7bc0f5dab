"""Parts of the rows on several threads: those of PyTorch's OpenMP library, or Python's where it has no such library.

A second pool would compete with PyTorch's, whose threads go on spinning for milliseconds after every operation.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

GRAIN = 65536  # pairs of probabilities that are worth a thread
PARTS = 8  # of the rows for each thread: a thread whose processor others hold does fewer

PROCESS = os.getpid()  # a process that it forks has none of the OpenMP threads, and would wait for them
_Member = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def in_threads(kernel: Callable[..., None], arrays: tuple[Any, ...], *, rows: int, work: int) -> None:
    """Calls `kernel(*arrays, start, stop)` on parts of the rows; results don't depend on the parts."""
    threads = min(torch.get_num_threads(), rows, work // GRAIN)
    if threads <= 1:
        kernel(*arrays, 0, rows)
        return
    parts = min(PARTS * threads, rows)
    ranges = iter(list(pairwise([rows * part // parts for part in range(parts + 1)])))

    def share() -> None:
        for start, stop in ranges:  # shared: who is done takes the next
            kernel(*arrays, start, stop)

    parallel = _openmp() if os.getpid() == PROCESS else None
    if parallel is None:
        _python_team(share, threads)
    else:
        _openmp_team(share, parallel)


def _openmp_team(share: Callable[[], None], parallel: Callable[..., None]) -> None:
    errors: list[BaseException] = []

    def member(_: int | None) -> None:
        try:
            share()
        except BaseException as error:  # it can't pass through the library; Ctrl-C must not be lost
            errors.append(error)

    # 0: as many threads as PyTorch's operations have; libgomp would end and start threads for another number
    parallel(_Member(member), None, 0, 0)
    if errors:
        raise errors[0]


def _python_team(share: Callable[[], None], threads: int) -> None:
    others = [_pool(threads - 1).submit(share) for _ in range(threads - 1)]
    share()
    for other in others:
        other.result()


@lru_cache(maxsize=1)
def _openmp() -> Callable[..., None] | None:
    """`GOMP_parallel(function, data, threads, flags)` of the library that PyTorch is linked with, if that has it."""
    try:
        library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
        parallel = library.GOMP_parallel
    except (OSError, AttributeError):
        return None
    parallel.argtypes, parallel.restype = [_Member, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint], None
    return parallel


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="renyi-rows")


os.register_at_fork(after_in_child=_pool.cache_clear)

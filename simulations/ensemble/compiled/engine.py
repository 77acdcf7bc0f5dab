"""The compiled engine: opens an ensemble in blocks and moves it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulations.ensemble.compiled.descent import Blocks, Steps
from simulations.ensemble.compiled.kernel import Kernel
from simulations.ensemble.streams import initial_states

VECTOR = 32
"""Replicas in a block are a multiple of this, so that no vectorised loop has a remainder."""

WIDTH = 256
"""Most replicas in a block."""

LINE = 64
"""Bytes of a cache line."""

CACHE = 2**18
"""Most bytes of a block's points, unless that leaves fewer than `VECTOR` replicas."""


def open_blocks(
    start: ArrayLike,
    replicas: int,
    *,
    seed: int,
    first_replica: int = 0,
    dtype: str = "float64",
    width: int | None = None,
) -> Blocks:
    """Every replica at `start` `(d,)`, its stream at its beginning; the last block is filled up with others.

    Args:
        start: x₀.
        replicas: R.
        seed: of all streams.
        first_replica: number of the first replica's stream.
        dtype: "float64" or "float32".
        width: replicas in a block, which changes no number; by default what fits the cache.
    """
    x = np.asarray(start, dtype=dtype)
    width = width or _width(replicas, x.nbytes)
    count = -(-replicas // width)
    states = initial_states(seed, count * width, first_replica)
    return Blocks(
        points=_aligned(np.broadcast_to(x[:, None], (count, len(x), width))),
        totals=np.zeros((count, 4, width)),
        diverged_at=np.full((count, width), -1),
        states=_aligned(states.reshape(4, count, width).transpose(1, 0, 2)),
        spare=_aligned(np.zeros((count, width), dtype)),
    )


def _aligned(array: NDArray[Any]) -> NDArray[Any]:
    """A copy whose rows begin with a cache line: vectors that lie across two make a step up to a fifth slower."""
    room = np.empty(array.nbytes + LINE - 1, np.uint8)
    start = -room.ctypes.data % LINE
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _width(replicas: int, point_bytes: int) -> int:
    width = min(WIDTH, CACHE // point_bytes, replicas)
    return max(VECTOR, -(-width // VECTOR) * VECTOR)


def advance(
    kernel: Kernel,
    blocks: Blocks,
    step_sizes: ArrayLike,
    *,
    first: int,
    limit: float = np.inf,
    threads: int = 1,
) -> None:
    """Take steps in place; blocks are shared out among threads, which changes no number.

    Args:
        kernel: of the problem.
        blocks: where the ensemble stands.
        step_sizes: η of each step, at least one.
        first: iteration of the first step.
        limit: largest `‖∇F‖²` of a replica that has not diverged.
        threads: how many to use.
    """
    dtype = blocks.points.dtype
    steps = Steps(
        parameters=np.array(kernel.parameters, dtype=dtype),
        noise_scale=dtype.type(kernel.noise_scale),
        limit=dtype.type(min(limit, np.finfo(dtype).max)),
        step_sizes=np.array(step_sizes, dtype=dtype),
        first=first,
    )
    bounds = np.linspace(0, len(blocks.points), min(threads, len(blocks.points)) + 1).round().astype(int)
    parts = [Blocks(*(array[a:b] for array in blocks)) for a, b in pairwise(bounds)]
    if len(parts) == 1:
        kernel.run(blocks, steps)
        return
    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(kernel.run, parts, [steps] * len(parts)))


def by_replica(array: NDArray[np.generic], replicas: int) -> NDArray[np.generic]:
    """Turn `(n, m, B)` into `(R, m)`, or `(n, B)` into `(R,)`."""
    rows = array.transpose(0, 2, 1).reshape(-1, array.shape[1]) if array.ndim == 3 else array.ravel()
    return rows[:replicas]

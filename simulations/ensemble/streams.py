"""Random numbers: replica i reads its own stream, a function of (seed, i) alone.

A stream is xoshiro256++ (Blackman & Vigna, "Scrambled linear pseudorandom number generators", 2021) whose
state is hashed from (seed, i) by SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number
generators", 2014). So what replica i sees depends neither on how many others there are nor on how they are
grouped, and compiled code reaches the same words from the same state.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from simulations.ensemble.compiled.normals import fill_normals, fill_words

Law = Literal["normal", "sign", "uniform"]
"""Standard normal; ±1 with equal chance; uniform on [0, 1)."""

Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_BLOCK_BYTES = 2**20  # stays in cache, where columns are cheap to read


class Streams(NamedTuple):
    """Streams of all replicas, with the block of variates drawn ahead.

    Args:
        states: xoshiro256++ states `(R, 4)`.
        block: variates drawn ahead, `(R, n)`.
        position: how many columns of `block` are used up.
    """

    states: Words
    block: Tensor
    position: int


def _mix(z: Words) -> Words:
    """SplitMix64's finaliser, a bijection of 64-bit words."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def initial_states(seed: int, replicas: int, first: int = 0) -> Words:
    """States `(R, 4)` of the streams (seed, first + i), i < R; no two replicas of a seed share one."""
    with np.errstate(over="ignore"):
        # Mixed twice, so that neighbouring replicas don't start one SplitMix64 step apart and share words.
        base = _mix(np.array([seed], dtype=np.uint64) + _GOLDEN)
        start = _mix(base + _GOLDEN * (np.uint64(first) + np.arange(replicas, dtype=np.uint64)))
        return np.stack([_mix(start + _GOLDEN * np.uint64(k)) for k in (1, 2, 3, 4)], axis=1)


def variates(words: Words, law: Law, dtype: torch.dtype) -> Tensor:
    """Turn words `(R, n)` into variates of `law`, one from each word; float32 normals: two from each.

    See `compiled.normals` for the normals, of which adjacent ones make a pair.
    """
    if law == "normal":
        normals = torch.empty(len(words), words.shape[1] * _per_word(law, dtype), dtype=dtype)
        fill_normals(words, normals.numpy())
        return normals
    if law == "sign":
        signs = torch.from_numpy((words >> np.uint64(63)).astype(np.float64))
        return (2 * signs - 1).to(dtype)
    return torch.from_numpy((words >> np.uint64(11)).astype(np.float64)).mul_(2.0**-53).to(dtype)


def _per_word(law: Law, dtype: torch.dtype) -> int:
    return 2 if law == "normal" and dtype == torch.float32 else 1


def open_streams(seed: int, replicas: int, first: int = 0) -> Streams:
    """Streams of replicas first, …, first + R − 1 at their beginning."""
    return Streams(initial_states(seed, replicas, first), torch.empty(replicas, 0), 0)


def take(streams: Streams, law: Law, count: int, dtype: torch.dtype) -> tuple[Streams, Tensor]:
    """The next `count` variates `(R, count)` of each stream, and the streams after them.

    Variates are drawn ahead in blocks, whose length changes no number: normals keep their pairs because a
    block holds an even number of them. Ask one law and count of a stream throughout.
    """
    if streams.position == streams.block.shape[1]:
        replicas = len(streams.states)
        steps = max(2, _BLOCK_BYTES // (16 * replicas * count) * 2)
        states = streams.states.copy()
        words = np.empty((replicas, min(steps, 256) * count // _per_word(law, dtype)), dtype=np.uint64)
        fill_words(states, words)
        streams = Streams(states, variates(words, law, dtype), 0)
    end = streams.position + count
    return streams._replace(position=end), streams.block[:, streams.position : end]

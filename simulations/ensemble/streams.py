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
from numba import njit
from numpy.typing import NDArray
from torch import Tensor

Law = Literal["normal", "sign", "uniform"]
"""Standard normal; ±1 with equal chance; uniform on [0, 1)."""

Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_BLOCK_BYTES = 2**23


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


@njit(cache=True)
def fill_words(states: Words, words: Words) -> None:
    """Write the next words of each stream into its row of `words` and advance `states`, both in place."""
    for i in range(words.shape[0]):
        s0, s1, s2, s3 = states[i]
        for j in range(words.shape[1]):
            total = s0 + s3
            words[i, j] = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
            shifted = s1 << np.uint64(17)
            s2 ^= s0
            s3 ^= s1
            s1 ^= s2
            s0 ^= s3
            s2 ^= shifted
            s3 = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
        states[i, 0], states[i, 1], states[i, 2], states[i, 3] = s0, s1, s2, s3


def variates(words: Words, law: Law, dtype: torch.dtype) -> Tensor:
    """Turn words `(R, n)` into as many variates of `law`, one from each word (normals: a pair from a pair).

    Normals are Box–Muller's `√(−2 log u)·(cos, sin)(2πv)` with `u ∈ (0, 1]` of 53 bits, so that none exceeds
    8.57 in magnitude; the pairs are adjacent.
    """
    if law == "sign":
        signs = torch.from_numpy((words >> np.uint64(63)).astype(np.float64))
        return (2 * signs - 1).to(dtype)
    uniform = torch.from_numpy((words >> np.uint64(11)).astype(np.float64)).mul_(2.0**-53)
    if law == "uniform":
        return uniform.to(dtype)
    radius = torch.sqrt(-2 * torch.log(uniform[:, 0::2] + 2.0**-53))
    angle = uniform[:, 1::2] * (2 * torch.pi)
    return torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=2).flatten(1).to(dtype)


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
        states, words = streams.states.copy(), np.empty((replicas, min(steps, 256) * count), dtype=np.uint64)
        fill_words(states, words)
        streams = Streams(states, variates(words, law, dtype), 0)
    end = streams.position + count
    return streams._replace(position=end), streams.block[:, streams.position : end]

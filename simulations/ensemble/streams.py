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
"""Standard normal; ±1 with equal chance; uniform on [0, 1), in every precision."""

Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_BLOCK_BYTES = 2**20  # stays in cache


class Streams(NamedTuple):
    """Streams of all replicas, with the variates drawn ahead.

    Args:
        states: xoshiro256++ states `(4, R)`.
        ahead: variates `(R, count)` of each step drawn ahead.
        position: how many of those steps are used up.
    """

    states: Words
    ahead: tuple[Tensor, ...]
    position: int


def _mix(z: Words) -> Words:
    """SplitMix64's finaliser, a bijection of 64-bit words."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def initial_states(seed: int, replicas: int, first: int = 0) -> Words:
    """States `(4, R)` of the streams (seed, first + i), i < R; no two replicas of a seed share one."""
    with np.errstate(over="ignore"):
        # Mixed twice, so that neighbouring replicas don't start one SplitMix64 step apart and share words.
        base = _mix(np.array([seed], dtype=np.uint64) + _GOLDEN)
        start = _mix(base + _GOLDEN * (np.uint64(first) + np.arange(replicas, dtype=np.uint64)))
        return np.stack([_mix(start + _GOLDEN * np.uint64(k)) for k in (1, 2, 3, 4)])


def draw(states: Words, law: Law, steps: int, count: int, dtype: torch.dtype, scale: float = 1.0) -> Tensor:
    """`scale` times the next `count` variates of each stream for each step, `(steps, R, count)`.

    Advances `states (4, R)`. A word makes one variate, or two float32 normals (see `compiled.normals`); adjacent
    normals are a pair, and steps·count is even for them.
    """
    shape = steps, states.shape[1], count
    if law == "normal":
        normals = torch.empty(shape, dtype=dtype)
        fill_normals(states, normals.numpy(), scale)
        return normals
    words = np.empty(shape, dtype=np.uint64)
    fill_words(states, words)
    if law == "sign":
        signs = torch.from_numpy((words >> np.uint64(63)).astype(np.float64))
        return (2 * signs - 1).mul_(scale).to(dtype)
    uniforms = torch.from_numpy((words >> np.uint64(11)).astype(np.float64)).mul_(2.0**-53).to(dtype)
    # one in 2²⁵ rounds to 1 in float32
    return uniforms.clamp_(max=1 - torch.finfo(dtype).eps / 2).mul_(scale)


def open_streams(seed: int, replicas: int, first: int = 0) -> Streams:
    """Streams of replicas first, …, first + R − 1 at their beginning."""
    return Streams(initial_states(seed, replicas, first), (), 0)


def take(
    streams: Streams, law: Law, count: int, dtype: torch.dtype, scale: float = 1.0
) -> tuple[Streams, Tensor]:
    """`scale` times the next `count` variates `(R, count)` of each stream, and the streams after them.

    Variates are drawn ahead in blocks of steps, whose length changes no number: normals keep their pairs because
    a block holds an even number of them. Ask one law, count and scale of a stream throughout.
    """
    states, ahead, position = streams
    if position == len(ahead):
        states, position, replicas = states.copy(), 0, states.shape[1]
        steps = min(256, max(2, _BLOCK_BYTES // (16 * replicas * count) * 2))
        ahead = draw(states, law, steps, count, dtype, scale).unbind()
    return Streams(states, ahead, position + 1), ahead[position]

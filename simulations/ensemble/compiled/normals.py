"""One word of a stream after another, and normals from them, inside compiled loops.

float64: two words make `u = (⌊w₁/2¹¹⌋ + 1)/2⁵³ ∈ (0, 1]` and `v = ⌊w₂/2¹¹⌋/2⁵³`. float32: one word makes u of
its upper half, `(w + ½)/2³²`, and v of its lower half, `w/2³²`. Either way the pair is Box–Muller's
`√(−2 log u)·(cos, sin)(2πv)`, so no normal exceeds 8.58 in float64 or 6.77 in float32 in magnitude.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulations.ensemble.compiled.compile import Real, bits, by_precision, compiled, inlined, like
from simulations.ensemble.compiled.elementary import cosine_sine, radius

Word = Any
Bits = Any
State = tuple[Word, Word, Word, Word]
U = np.uint64


@inlined
def next_word(s0: Word, s1: Word, s2: Word, s3: Word) -> tuple[Word, Word, Word, Word, Word]:
    """Next word of xoshiro256++ and the state after it."""
    total = s0 + s3
    word = ((total << U(23)) | (total >> U(41))) + s0
    shifted = s1 << U(17)
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << U(45)) | (s3 >> U(19))
    return word, s0, s1, s2, s3


def _pair_double(first: Bits, second: Bits) -> tuple[Real, Real]:
    length = radius(np.float64((first >> np.int64(11) & np.int64(2**53 - 1)) + 1))
    turns = U(second) & U(0xFFFFFFFFFFFFF800)
    quadrant = (turns + U(1 << 61)) >> U(62)  # the nearest quarter turn
    cosine, sine = cosine_sine(np.float64(np.int64(turns << U(2))) * 2.0**-64)
    swap = (quadrant & U(1)) != U(0)
    x, y = (sine, cosine) if swap else (cosine, sine)
    x = bits(bits(x) ^ np.int64(((quadrant + U(1)) & U(2)) << U(62)))
    y = bits(bits(y) ^ np.int64((quadrant & U(2)) << U(62)))
    return length * x, length * y


def _pair_single(first: Bits, second: Bits) -> tuple[Real, Real]:
    # numba widens 32-bit integers to 64 bits in every operation; each result is cut back, or the loop runs on
    # 64-bit lanes and rounds elsewhere.
    length = radius(np.float32(np.uint32(first)) + np.float32(0.5))
    quadrant = np.int32(np.int32(second + np.int32(1 << 29)) >> np.int32(30))
    cosine, sine = cosine_sine(np.float32(np.int32(second << np.int32(2))) * np.float32(2.0**-32))
    swap = np.int32(quadrant & np.int32(1)) != np.int32(0)
    x, y = (sine, cosine) if swap else (cosine, sine)
    x = bits(
        np.int32(bits(x) ^ np.int32(np.int32(np.int32(quadrant + np.int32(1)) & np.int32(2)) << np.int32(30)))
    )
    y = bits(np.int32(bits(y) ^ np.int32(np.int32(quadrant & np.int32(2)) << np.int32(30))))
    return length * x, length * y


@by_precision(_pair_double, _pair_single)
def pair(first: Bits, second: Bits) -> Any:
    """Two normals from two integers of their width: what u and v are made of."""


def _write_pair_double(model: Real, rows: Any, k: int, i: int, state: State) -> State:
    first, s0, s1, s2, s3 = next_word(*state)
    second, s0, s1, s2, s3 = next_word(s0, s1, s2, s3)
    rows[k, i], rows[k + 1, i] = bits(np.int64(first)), bits(np.int64(second))
    return s0, s1, s2, s3


def _write_pair_single(model: Real, rows: Any, k: int, i: int, state: State) -> State:
    word, s0, s1, s2, s3 = next_word(*state)
    rows[k, i], rows[k + 1, i] = bits(np.int32(word >> U(32))), bits(np.int32(word))
    return s0, s1, s2, s3


@by_precision(_write_pair_double, _write_pair_single)
def _write_pair(model: Real, rows: Any, k: int, i: int, state: State) -> Any:
    """Write the bits of the next pair of a stream into rows k and k + 1; gives the state after it."""


@inlined
def fill_rows(states: Any, rows: Any, two_pairs: bool) -> None:
    """Write the next pair of normals of each stream into rows 0 and 1, the one after into rows 2 and 3.

    Words first, which lie in the rows as bits, and normals in a second loop: of the shorter loops the processor
    keeps more turns in flight, and in float32 the second has twice the lanes that words of 64 bits allow.
    """
    for i in range(rows.shape[1]):
        state = states[0, i], states[1, i], states[2, i], states[3, i]
        state = _write_pair(rows[0, 0], rows, 0, i, state)
        if two_pairs:
            state = _write_pair(rows[0, 0], rows, 2, i, state)
        states[0, i], states[1, i], states[2, i], states[3, i] = state
    for k in range(0, 4 if two_pairs else 2, 2):
        for i in range(rows.shape[1]):
            rows[k, i], rows[k + 1, i] = pair(bits(rows[k, i]), bits(rows[k + 1, i]))


@compiled
def fill_words(states: Any, words: Any) -> None:
    """Write the next words of each stream into `words (steps, R, count)` and advance `states (4, R)`, in place."""
    steps, replicas, count = words.shape
    for step in range(steps):
        for j in range(count):
            for i in range(replicas):
                word, s0, s1, s2, s3 = next_word(states[0, i], states[1, i], states[2, i], states[3, i])
                states[0, i], states[1, i], states[2, i], states[3, i] = s0, s1, s2, s3
                words[step, i, j] = word


@compiled
def fill_normals(states: Any, normals: Any, scale: Real) -> None:
    """Write the next normals of each stream, times scale, into `normals (steps, R, count)`; advances `states`.

    steps·count must be even.
    """
    steps, replicas, count = normals.shape
    rows = np.empty((2, replicas), normals.dtype)
    for k in range(0, steps * count, 2):
        fill_rows(states, rows, False)
        for m in range(2):
            step, j = divmod(k + m, count)
            for i in range(replicas):
                normals[step, i, j] = rows[m, i] * like(scale, rows[m, i])

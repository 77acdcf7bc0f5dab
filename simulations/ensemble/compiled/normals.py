"""One word of a stream after another, and normals from them, inside compiled loops.

float64: two words make `u = (⌊w₁/2¹¹⌋ + 1)/2⁵³ ∈ (0, 1]` and `v = ⌊w₂/2¹¹⌋/2⁵³`. float32: one word makes u of
its upper half, `(w + ½)/2³²`, and v of its lower half, `w/2³²`. Either way the pair is Box–Muller's
`√(−2 log u)·(cos, sin)(2πv)`, so no normal exceeds 8.58 in float64 or 6.77 in float32 in magnitude.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from simulations.ensemble.compiled.compile import Real, bits, by_precision, compiled, inlined
from simulations.ensemble.compiled.elementary import cosine_sine, log

Word = Any
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


@inlined
def normals_from_two_words(first: Word, second: Word) -> tuple[Real, Real]:
    """Two float64 normals."""
    radius = math.sqrt(-2.0 * log(np.float64(np.int64(first >> U(11)) + 1) * 2.0**-53))
    turns = second & U(0xFFFFFFFFFFFFF800)
    quadrant = (turns + U(1 << 61)) >> U(62)  # the nearest quarter turn
    cosine, sine = cosine_sine(np.float64(np.int64(turns << U(2))) * 2.0**-64)
    swap = (quadrant & U(1)) != U(0)
    x, y = (sine, cosine) if swap else (cosine, sine)
    x = bits(bits(x) ^ np.int64(((quadrant + U(1)) & U(2)) << U(62)))
    y = bits(bits(y) ^ np.int64((quadrant & U(2)) << U(62)))
    return radius * x, radius * y


@inlined
def normals_from_word(word: Word) -> tuple[Real, Real]:
    """Two float32 normals."""
    # numba widens 32-bit integers to 64 bits in every operation; each result is cut back, or the loop runs on
    # 64-bit lanes and rounds elsewhere.
    upper = np.float32(np.uint32(word >> U(32)))
    radius = math.sqrt(np.float32(-2) * log(upper * np.float32(2.0**-32) + np.float32(2.0**-33)))
    turns = np.int32(word)
    quadrant = np.int32(np.int32(turns + np.int32(1 << 29)) >> np.int32(30))
    cosine, sine = cosine_sine(np.float32(np.int32(turns << np.int32(2))) * np.float32(2.0**-32))
    swap = np.int32(quadrant & np.int32(1)) != np.int32(0)
    x, y = (sine, cosine) if swap else (cosine, sine)
    x = bits(
        np.int32(bits(x) ^ np.int32(np.int32(np.int32(quadrant + np.int32(1)) & np.int32(2)) << np.int32(30)))
    )
    y = bits(np.int32(bits(y) ^ np.int32(np.int32(quadrant & np.int32(2)) << np.int32(30))))
    return radius * x, radius * y


def _draw_double(model: Real, s0: Word, s1: Word, s2: Word, s3: Word) -> Any:
    first, s0, s1, s2, s3 = next_word(s0, s1, s2, s3)
    second, s0, s1, s2, s3 = next_word(s0, s1, s2, s3)
    x, y = normals_from_two_words(first, second)
    return x, y, s0, s1, s2, s3


def _draw_single(model: Real, s0: Word, s1: Word, s2: Word, s3: Word) -> Any:
    word, s0, s1, s2, s3 = next_word(s0, s1, s2, s3)
    x, y = normals_from_word(word)
    return x, y, s0, s1, s2, s3


@by_precision(_draw_double, _draw_single)
def draw_pair(model: Real, s0: Word, s1: Word, s2: Word, s3: Word) -> Any:
    """The next two normals of a stream, in the type of `model`, and the state after them."""


@compiled
def fill_words(states: Any, words: Any) -> None:
    """Write the next words of each stream into its row of `words` and advance `states (R, 4)`, in place."""
    for i in range(words.shape[0]):
        s0, s1, s2, s3 = states[i]
        for j in range(words.shape[1]):
            words[i, j], s0, s1, s2, s3 = next_word(s0, s1, s2, s3)
        states[i, 0], states[i, 1], states[i, 2], states[i, 3] = s0, s1, s2, s3


@compiled
def fill_normals(words: Any, normals: Any) -> None:
    """Turn words `(R, n)` into the normals that `draw_pair` makes of them, `(R, n)` or (float32) `(R, 2n)`."""
    for i in range(normals.shape[0]):
        for j in range(normals.shape[1] // 2):
            normals[i, 2 * j], normals[i, 2 * j + 1] = _pair(normals[0, 0], words[i], j)


def _pair_double(model: Real, words: Any, j: int) -> tuple[Real, Real]:
    return normals_from_two_words(words[2 * j], words[2 * j + 1])


def _pair_single(model: Real, words: Any, j: int) -> tuple[Real, Real]:
    return normals_from_word(words[j])


@by_precision(_pair_double, _pair_single)
def _pair(model: Real, words: Any, j: int) -> Any:
    """The pair of normals number j of a row of words."""

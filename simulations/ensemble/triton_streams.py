"""The streams of `streams` and the normals of `compiled.normals` inside Triton kernels, a lane a replica.

The integers are the same to the bit, the normals up to rounding: same formulas, same coefficients.
"""

# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

from simulations.ensemble.compiled import elementary

LOG, LOG_SINGLE = tl.constexpr(elementary._LOG), tl.constexpr(elementary._LOG_SINGLE)
SINE, SINE_SINGLE = tl.constexpr(elementary._SINE), tl.constexpr(elementary._SINE_SINGLE)
COSINE, COSINE_SINGLE = tl.constexpr(elementary._COSINE), tl.constexpr(elementary._COSINE_SINGLE)
HALF_TURN = tl.constexpr(elementary._HALF_TURN_SINE)
HALF_TURN_SINGLE = tl.constexpr(elementary._HALF_TURN_SINE_SINGLE)
HIGHEST_53_BITS = tl.constexpr(0xFFFFFFFFFFFFF800)


@triton.jit
def next_word(s0, s1, s2, s3):
    """Next word of xoshiro256++ and the state after it, all uint64."""
    total = s0 + s3
    word = ((total << 23) | (total >> 41)) + s0
    shifted = s1 << 17
    s2 = s2 ^ s0
    s3 = s3 ^ s1
    s1 = s1 ^ s2
    s0 = s0 ^ s3
    s2 = s2 ^ shifted
    s3 = (s3 << 45) | (s3 >> 19)
    return word, s0, s1, s2, s3


@triton.jit
def polynomial(coefficients: tl.constexpr, count: tl.constexpr, z):
    """Value at z of so many coefficients, the highest power's first."""
    value = tl.zeros_like(z) + coefficients[0]
    for k in tl.static_range(1, count):
        value = value * z + coefficients[k]
    return value


@triton.jit
def _log_double(u):
    bits = u.to(tl.int64, bitcast=True)
    exponent = (bits - 0x3FE6A09E667F3BCD) >> 52
    mantissa = (bits - (exponent << 52)).to(tl.float64, bitcast=True)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    return exponent.to(tl.float64) * 0.6931471805599453 + (2.0 * s + s * z * polynomial(LOG, 7, z))


@triton.jit
def _log_single(u):
    bits = u.to(tl.int32, bitcast=True)
    exponent = (bits - 0x3F3504F3) >> 23
    mantissa = (bits - (exponent << 23)).to(tl.float32, bitcast=True)
    f = mantissa - 1.0
    correction = f * f * (f * polynomial(LOG_SINGLE, 8, f) - 0.5)
    return exponent.to(tl.float32) * 0.6931471805599453 + (f + correction)


@triton.jit
def _turned(cosine, sine, quadrant):
    """Cosine and sine after so many more quarter turns."""
    swap = (quadrant & 1) != 0
    x, y = tl.where(swap, sine, cosine), tl.where(swap, cosine, sine)
    return tl.where(((quadrant + 1) & 2) != 0, -x, x), tl.where((quadrant & 2) != 0, -y, y)


@triton.jit
def normals_from_two_words(first, second):
    """Two float64 normals."""
    u = ((first >> 11).to(tl.int64, bitcast=True) + 1).to(tl.float64) * (2.0**-53)
    radius = tl.sqrt(-2.0 * _log_double(u))
    turns = second & HIGHEST_53_BITS
    quadrant = (((turns >> 61) + 1) >> 1).to(tl.int32)
    r = (turns << 2).to(tl.int64, bitcast=True).to(tl.float64) * (2.0**-64)
    z = r * r
    x, y = _turned(polynomial(COSINE, 7, z), r * polynomial(SINE, 7, z), quadrant)
    return radius * x, radius * y


@triton.jit
def normals_from_word(word):
    """Two float32 normals."""
    upper = (word >> 32).to(tl.uint32).to(tl.float32)
    radius = tl.sqrt(-2.0 * _log_single(upper * (2.0**-32) + (2.0**-33)))
    turns = word.to(tl.uint32)
    quadrant = (((turns >> 29) + 1) >> 1).to(tl.int32)
    r = (turns << 2).to(tl.int32, bitcast=True).to(tl.float32) * (2.0**-32)
    z = r * r
    x, y = _turned(polynomial(COSINE_SINGLE, 4, z), r * polynomial(SINE_SINGLE, 4, z), quadrant)
    return radius * x, radius * y


@triton.jit
def draw_pair(s0, s1, s2, s3, DOUBLE: tl.constexpr):
    """The next two normals of a stream, and the state after them."""
    word, s0, s1, s2, s3 = next_word(s0, s1, s2, s3)
    if DOUBLE:
        second, s0, s1, s2, s3 = next_word(s0, s1, s2, s3)
        x, y = normals_from_two_words(word, second)
    else:
        x, y = normals_from_word(word)
    return x, y, s0, s1, s2, s3


@triton.jit
def sine_of_turns(x, DOUBLE: tl.constexpr):
    """`sin 2πx`."""
    half_turns = tl.floor(x + x + 0.5)
    halved = half_turns * 0.5
    odd = halved - tl.floor(halved)
    r = x + x - half_turns
    sine = r * (polynomial(HALF_TURN, 9, r * r) if DOUBLE else polynomial(HALF_TURN_SINGLE, 6, r * r))
    return sine * (1.0 - 4.0 * odd)

"""Elementary functions for compiled loops, in float64 and float32, written so that loops over them vectorise.

Calls into the mathematical library of C stop LLVM from vectorising a loop and cost about 4 times as much.
Coefficients are minimax in relative error (Remez's algorithm in 60 digits). In both precisions each function
is within 2.5 units in the last place of its value, `sine_of_turns` within 2 of the value 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from simulations.ensemble.compiled.compile import Real, bits, by_precision, inlined, like

# log((1+s)/(1−s)) = 2s + s³·P(s²) for (1+s)/(1−s) in [√½, √2]
_LOG = (
    0.1461787283370654,
    0.15331596945868395,
    0.1818289321921965,
    0.22222211072833212,
    0.2857142862639929,
    0.39999999999898445,
    0.666666666666667,
)
# log(1+f) = f − f²/2 + f³·P(f) for 1+f in [√½, √2]
_LOG_SINGLE = (
    -0.08305491406442798,
    0.127989421602489,
    -0.12943402701006723,
    0.14190231652029234,
    -0.1664348912024715,
    0.20001880075835324,
    -0.25000280849597106,
    0.33333326539476277,
)
# The same polynomials for −2 log. Factors that are powers of two round nothing anew, and spare multiplications.
_RADIUS = tuple(c * 2.0 ** -(2 * k + 2) for k, c in zip(range(6, -1, -1), _LOG, strict=True))
_RADIUS_SINGLE = tuple(c * 2.0 ** -(k + 2) for k, c in zip(range(7, -1, -1), _LOG_SINGLE, strict=True))
# sin(πr/2)/r and cos(πr/2) as polynomials in r² for |r| ≤ ½
_SINE = (
    5.633938483014809e-08,
    -3.598643388243831e-06,
    0.00016044115075210838,
    -0.004681754132342262,
    0.07969262624604308,
    -0.6459640975062443,
    1.5707963267948966,
)
_COSINE = (
    4.655301270816929e-07,
    -2.5200135645539905e-05,
    0.0009192599501488907,
    -0.020863480734960468,
    0.25366950789986553,
    -1.2337005501361513,
    1.0,
)
_SINE_SINGLE = (-0.0046021769971142995, 0.07968022806736742, -0.6459634786417285, 1.570796321966807)
_COSINE_SINGLE = (-0.020408352541453307, 0.25359864411199484, -1.2336970142479677, 0.999999972423323)
# sin(πr)/r as a polynomial in r² for |r| ≤ ½
_HALF_TURN_SINE = (
    7.697867782913961e-07,
    -2.1903501176200235e-05,
    0.00046629981785615323,
    -0.007370430506269445,
    0.0821458865731442,
    -0.5992645293189474,
    2.5501640398773007,
    -5.167712780049969,
    3.141592653589793,
)
_HALF_TURN_SINE_SINGLE = (
    -0.007028468962669345,
    0.08205045340188971,
    -0.5992522091089959,
    2.550163319954544,
    -5.167712764656016,
    3.1415926535364473,
)
# (exp(r) − 1 − r)/r² for |r| ≤ log(2)/2
_EXP = (
    2.5111204782530605e-08,
    2.762133966275473e-07,
    2.7557239242009858e-06,
    2.4801518638960953e-05,
    0.00019841269889354365,
    0.0013888888918941033,
    0.008333333333321294,
    0.04166666666662063,
    0.16666666666666674,
    0.5000000000000001,
)
_EXP_SINGLE = (
    0.0013942165261669054,
    0.008363776142524636,
    0.041666363402113875,
    0.16666573361059947,
    0.5000000028592813,
)


@inlined
def polynomial(coefficients: tuple[float, ...], z: Real) -> Real:
    """Value at z; highest power first."""
    value = like(coefficients[0], z)
    for k in range(1, len(coefficients)):
        value = value * z + like(coefficients[k], z)
    return value


def _radius_double(k: Real) -> Real:
    exponent = (bits(k) - np.int64(0x3FE6A09E667F3BCD)) >> np.int64(52)  # leaves the mantissa in [√½, √2)
    mantissa = bits(k) - (exponent << np.int64(52))
    half = bits(mantissa - np.int64(1 << 52))
    s = (1.0 - bits(mantissa)) / (half + 0.5)  # −2 times the s of `_LOG`
    z = s * s
    return math.sqrt((53 - exponent) * 1.3862943611198906 + (2.0 * s + s * z * polynomial(_RADIUS, z)))


def _radius_single(k: Real) -> Real:
    exponent = np.int32(np.int32(bits(k) - np.int32(0x3F3504F3)) >> np.int32(23))
    mantissa = np.int32(bits(k) - np.int32(exponent << np.int32(23)))
    f = bits(np.int32(mantissa + np.int32(1 << 23))) - np.float32(2)  # twice the f of `_LOG_SINGLE`
    correction = f * f * (f * polynomial(_RADIUS_SINGLE, f) - np.float32(0.25))
    return math.sqrt(
        np.float32(np.int32(np.int32(32) - exponent)) * np.float32(1.3862943611198906) - (f + correction)
    )


@by_precision(_radius_double, _radius_single)
def radius(k: Real) -> Any:
    """`√(−2 log(k/2⁵³))` for `1 ≤ k ≤ 2⁵³` (float64), `√(−2 log(k/2³²))` for `½ ≤ k ≤ 2³²` (float32)."""


def _cosine_sine_double(r: Real) -> tuple[Real, Real]:
    z = r * r
    return polynomial(_COSINE, z), r * polynomial(_SINE, z)


def _cosine_sine_single(r: Real) -> tuple[Real, Real]:
    z = r * r
    return polynomial(_COSINE_SINGLE, z), r * polynomial(_SINE_SINGLE, z)


@by_precision(_cosine_sine_double, _cosine_sine_single)
def cosine_sine(r: Real) -> Any:
    """Cosine and sine of r quarter turns, `|r| ≤ ½`."""


def _half_turn_sine_double(r: Real) -> Real:
    return r * polynomial(_HALF_TURN_SINE, r * r)


def _half_turn_sine_single(r: Real) -> Real:
    return r * polynomial(_HALF_TURN_SINE_SINGLE, r * r)


@by_precision(_half_turn_sine_double, _half_turn_sine_single)
def half_turn_sine(r: Real) -> Any:
    """`sin πr` for `|r| ≤ ½`."""


@inlined
def sine_of_turns(x: Real) -> Real:
    """`sin 2πx`."""
    half_turns = np.floor(x + x + like(0.5, x))
    halved = half_turns * like(0.5, x)
    odd = halved - np.floor(halved)  # 0 or ½
    return half_turn_sine(x + x - half_turns) * (like(1, x) - like(4, x) * odd)


def _exp_double(x: Real) -> Real:
    x = -708.0 if x < -708.0 else x  # not max(): NaN has to stay NaN
    shifted = x * 1.4426950408889634 + 6755399441055744.0  # 3·2⁵¹: leaves the nearest integer in the low bits
    power = shifted - 6755399441055744.0
    r = (x - power * 0.6931471803691238) - power * 1.9082149292705877e-10
    return (1.0 + (r + r * r * polynomial(_EXP, r))) * bits((bits(shifted) + 1023) << 52)


def _exp_single(x: Real) -> Real:
    x = np.float32(-87) if x < np.float32(-87) else x
    shifted = x * np.float32(1.4426950408889634) + np.float32(12582912)  # 3·2²²
    power = shifted - np.float32(12582912)
    r = (x - power * np.float32(0.693359375)) - power * np.float32(-2.12194440e-4)
    scale = bits(np.int32(np.int32(bits(shifted) + np.int32(127)) << np.int32(23)))
    return (np.float32(1) + (r + r * r * polynomial(_EXP_SINGLE, r))) * scale


@by_precision(_exp_double, _exp_single)
def exp(x: Real) -> Any:
    """Exponential function for `x ≤ 0`; at least 3e-308 (float64) or 1e-38 (float32)."""

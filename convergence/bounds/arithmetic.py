"""The few operations that numbers, sympy expressions and arrays spell differently.

A `Real` is a float, an int, a Fraction, a sympy expression, or an array (NumPy or torch) of numbers, on which
every bound acts elementwise.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

Real = Any


def root(value: Real) -> Real:
    """Square root: exact for sympy and for squares of Fractions, a float or an array of floats otherwise."""
    if isinstance(value, Fraction):
        numerator, denominator = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if (numerator**2, denominator**2) == (value.numerator, value.denominator):
            return Fraction(numerator, denominator)
    return value**0.5 if hasattr(value, "dtype") else value ** Fraction(1, 2)


def root_of_product(first: Real, second: Real) -> Real:
    """`√(first·second)`; in floats the product may leave their range."""
    if _in_floats(first, second):
        return root(first) * root(second)
    return root(first * second)


def root_of_sum(side: Real, first: Real, second: Real) -> Real:
    """`√(side² + first·second)` of numbers ≥ 0; in floats the square and the product may leave their range."""
    if not _in_floats(side, first, second):
        return root(side**2 + first * second)
    other = root_of_product(first, second)
    total = side + other
    share = side / (total + (total == 0))
    return total * root(1 - 2 * share * (1 - share))


def _in_floats(*values: Real) -> bool:
    return any(isinstance(value, float) or hasattr(value, "dtype") for value in values)


def larger(value: Real, bound: Real) -> Real:
    """`max(value, bound)` for a number `bound`."""
    if hasattr(value, "free_symbols"):
        import sympy

        return sympy.Max(value, bound)
    return value.clip(min=float(bound)) if hasattr(value, "clip") else max(value, bound)


def smaller(value: Real, bound: Real) -> Real:
    """`min(value, bound)` for a number `bound`."""
    return -larger(-value, -bound)


def log1p(value: Real) -> Real:
    """`log(1 + value)` of a float or an array of them, −∞ at −1."""
    if isinstance(value, float):
        return math.log1p(value) if value > -1 else -math.inf
    if hasattr(value, "log1p"):
        return value.log1p()
    import numpy as np

    with np.errstate(divide="ignore"):
        return np.log1p(value)


def exp(value: Real) -> Real:
    """`e^value` of a float or an array of them."""
    if isinstance(value, float):
        return math.exp(value)
    if hasattr(value, "exp"):
        return value.exp()
    import numpy as np

    return np.exp(value)


def require(name: str, value: Real, holds: Any, allowed: str) -> None:
    """Raise a ValueError unless `holds` everywhere; a condition that sympy cannot decide is let pass."""
    if hasattr(holds, "all"):
        holds = bool(holds.all())
    if holds == False:  # noqa: E712  sympy's false is not Python's
        raise ValueError(f"{name}={value} is outside {allowed}")


def require_sgd(
    *,
    step_size: Real,
    smoothness: Real,
    initial_gap: Real = 0,
    steps: Real = 1,
    noise_variance: Real = 0,
    noise_growth: Real = 0,
    bias_bound: Real = 0,
    relative_bias: Real = 0,
    contraction_below: Real | None = None,
    contraction_most: Real | None = None,
) -> None:
    """Check the constants of constant-step-size SGD, and `h = ηL(M+1)` against a bound where one is given.

    The bias is bounded by what can be squared in floats.
    """
    for name, value in {"step_size": step_size, "smoothness": smoothness}.items():
        require(name, value, value > 0, "(0, ∞)")
        require(name, value, value < math.inf, "(0, ∞)")
    for name, value in {
        "initial_gap": initial_gap, "noise_variance": noise_variance, "noise_growth": noise_growth,
    }.items():  # fmt: skip
        require(name, value, value >= 0, "[0, ∞)")
        require(name, value, value < math.inf, "[0, ∞)")
    require("steps", steps, steps >= 1, "{1, 2, …}")
    require("steps", steps, hasattr(steps, "free_symbols") or steps % 1 == 0, "{1, 2, …}")
    require("bias_bound", bias_bound, bias_bound >= 0, "[0, 1e150]")
    require("bias_bound", bias_bound, bias_bound <= 1e150, "[0, 1e150]")
    require("relative_bias", relative_bias, relative_bias >= 0, "[0, 1)")
    require("relative_bias", relative_bias, relative_bias < 1, "[0, 1)")
    contraction = step_size * smoothness * (noise_growth + 1)
    name = "step_size·smoothness·(noise_growth + 1)"
    if contraction_most is not None:
        # A step size computed as 1/((M+1)L) is allowed to round up.
        within = contraction <= contraction_most * (1 + 1e-12)
        require(name, contraction, within, f"(0, {contraction_most}]")
    if contraction_below is not None:
        require(name, contraction, contraction < contraction_below, f"(0, {contraction_below})")

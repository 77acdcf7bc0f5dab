"""Error-free transformations: a rounded result together with the exact rounding error.

Source: Dekker 1971; Knuth, The Art of Computer Programming 2, 4.2.2. Valid for finite arguments in
round-to-nearest.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Double(NamedTuple):
    """An unevaluated sum `high + low` of two floating-point numbers, |low| ≤ ulp(high)/2."""

    high: Tensor
    low: Tensor

    def __add__(self, other: Double) -> Double:  # type: ignore[override]
        """Sum, to about twice the working precision relative to the larger term."""
        high, error = two_sum(self.high, other.high)
        return _renormalise(high, error + (self.low + other.low))

    def __sub__(self, other: Double) -> Double:
        """Difference, to about twice the working precision relative to the larger term."""
        return self + Double(-other.high, -other.low)

    def times(self, factor: Double) -> Double:
        """Product, to about twice the working precision."""
        high, error = two_product(self.high, factor.high)
        return _renormalise(high, error + (self.high * factor.low + self.low * factor.high))

    def exp(self) -> Tensor:
        """`e^{high + low}`, as exact as the exponential function of the working precision."""
        value = torch.exp(self.high)
        return value + value * self.low

    def where(self, condition: Tensor, other: Double) -> Double:
        """Entries of self where the condition holds, else of the other."""
        return Double(
            torch.where(condition, self.high, other.high), torch.where(condition, self.low, other.low)
        )

    def at(self, index: Tensor) -> Double:
        """Entries at `index (..., 1)` along the last axis."""
        return Double(self.high.gather(-1, index), self.low.gather(-1, index))


def _renormalise(high: Tensor, low: Tensor) -> Double:
    total = high + low
    return Double(total, low - (total - high))


def exact(value: Tensor) -> Double:
    """A number that is not in need of a low part."""
    return Double(value, torch.zeros_like(value))


def two_sum(a: Tensor, b: Tensor) -> Double:
    """`a + b` exactly."""
    total = a + b
    b_seen = total - a
    return Double(total, (a - (total - b_seen)) + (b - b_seen))


def two_product(a: Tensor, b: Tensor) -> Double:
    """`a·b` exactly, unless it over- or underflows."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    return Double(product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low))


def _split(a: Tensor) -> Double:
    factor = 4097.0 if a.dtype == torch.float32 else 134217729.0  # 2^ceil(digits/2) + 1
    scaled = factor * a
    high = scaled - (scaled - a)
    return Double(high, a - high)

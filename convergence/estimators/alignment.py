"""Gradient alignment: which way the bias points."""

from __future__ import annotations

import math

from torch import Tensor


def gradient_alignment(gradient: Tensor, bias: Tensor) -> float:
    r"""`cos(b, ∇F)` of two `(d,)` vectors; NaN where either is 0.

    The `noise-floor` and `bias-floor-tight` worst cases have −1; at 1 the bias is a larger step size.
    """
    size = float(gradient.norm()) * float(bias.norm())
    return float(gradient @ bias) / size if size > 0 else math.nan

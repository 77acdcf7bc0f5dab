"""Confidence intervals over independent replicas."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


class Interval(NamedTuple):
    """An estimate and the ends of its confidence interval."""

    value: float
    low: float
    high: float

    def contains(self, truth: float) -> bool:
        """Whether `truth` lies inside, ends included."""
        return self.low <= truth <= self.high


def mean_interval(samples: ArrayLike, *, confidence: float = 0.95) -> Interval:
    r"""Student's interval `x̄ ± t·s/√n` for the mean of independent samples `(n,)`.

    Exact for normal samples, asymptotically right for others with a variance. Infinite where a sample is.

    Raises:
        ValueError: fewer than two samples, or a confidence outside (0, 1).
    """
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"samples has shape {values.shape}; at least 2 independent samples (n,) are needed")
    check_confidence(confidence)
    if not np.isfinite(values).all():
        return Interval(math.inf, -math.inf, math.inf)
    mean = float(values.mean())
    half = float(stats.t.ppf((1 + confidence) / 2, len(values) - 1) * stats.sem(values))
    return Interval(mean, mean - half, mean + half)


def check_confidence(confidence: float) -> None:
    """Raise `ValueError` unless the probability lies in (0, 1)."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must lie in (0, 1)")

"""The plateau of an ensemble: where the transient ends, and the level after it with its interval."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from convergence.statistics.intervals import Interval, mean_interval


class Plateau(NamedTuple):
    """What was found.

    Args:
        level: mean over replicas of their averages after the transient, with its interval.
        transient: how many windows were left out.
        settled: whether the transient was over in the first half of the run; if not, `level` is the second
            half's and may be off. With a diverged replica the level is infinite and never settles.
    """

    level: Interval
    transient: int
    settled: bool


def plateau(windows: ArrayLike, *, confidence: float = 0.95) -> Plateau:
    r"""Level of a stationary quantity from means in equal windows of time, `(R, W)`, R independent replicas.

    The transient ends with the last window of the first half whose mean over replicas differs from the second
    half's: paired two-sided t-tests at 1 % over all windows together (Bonferroni). A transient that decays
    exponentially is then at the noise level; as long again is left out, which squares what remains of it
    relative to its beginning. Each replica's average over the rest is one independent sample of the level.

    Raises:
        ValueError: fewer than 2 replicas or 8 windows.
    """
    values = np.asarray(windows, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] < 2 or values.shape[1] < 8:
        raise ValueError(f"windows has shape {values.shape}; (R, W) with R ≥ 2 and W ≥ 8 is needed")
    replicas, count = values.shape
    half = count // 2
    if not np.isfinite(values).all():
        return Plateau(Interval(math.inf, -math.inf, math.inf), half, settled=False)
    reference = values[:, half:].mean(1)
    differences = values[:, :half] - reference[:, None]
    threshold = stats.t.ppf(1 - 0.005 / half, replicas - 1)
    rounding = 64 * np.finfo(np.float64).eps * np.abs(reference.mean())
    allowed = threshold * stats.sem(differences, axis=0) + rounding
    differs = np.abs(differences.mean(0)) > allowed
    first = int(np.flatnonzero(differs)[-1]) + 1 if differs.any() else 0
    transient = min(2 * first, half)
    return Plateau(
        level=mean_interval(values[:, transient:].mean(1), confidence=confidence),
        transient=transient,
        settled=2 * first <= half,
    )

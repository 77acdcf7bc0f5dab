"""The plateau of an ensemble: where the transient ends, and the level after it with its interval."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from convergence.statistics.intervals import Interval, mean_interval


class Plateau(NamedTuple):
    """What was found.

    Attributes:
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

    The first half is cut into blocks that double in length, …, [W/8, W/4), [W/4, W/2), and each is compared
    with the second half by a paired t-test, at 1 % over all blocks together (Bonferroni): the longer the
    block, the smaller the difference that shows. The transient ends with the last block that differs, and as
    long again is left out, which squares what remains of an exponential decay. Each replica's average over
    the rest is one independent sample of the level. What no such test can see is a drift slower than the run
    and smaller than its noise.

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
    rounding = 64 * np.finfo(np.float64).eps * np.abs(reference.mean())
    edges = sorted({0, *(half >> k for k in range(half.bit_length()))})
    threshold = stats.t.ppf(1 - 0.005 / (len(edges) - 1), replicas - 1)
    transient = 0
    for begin, end in pairwise(edges):
        difference = values[:, begin:end].mean(1) - reference
        if abs(difference.mean()) > threshold * stats.sem(difference) + rounding:
            transient = 2 * end
    return Plateau(
        level=mean_interval(values[:, min(transient, half) :].mean(1), confidence=confidence),
        transient=min(transient, half),
        settled=transient <= half,
    )

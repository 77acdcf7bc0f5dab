"""Extrapolation of a measured floor to step size 0."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from convergence.statistics.intervals import Interval, check_confidence


class Extrapolation(NamedTuple):
    r"""A weighted least-squares polynomial `Σ_k c_k η^k` through measured points.

    Attributes:
        intercept: `c_0`, the value at η → 0.
        slope: `c_1`, the slope there.
        coefficients: all `c_k`.
        misfit: probability of a worse fit if the polynomial were the truth (χ² test); None
            without spare points.
    """

    intercept: Interval
    slope: Interval
    coefficients: NDArray[np.float64]
    misfit: float | None

    @property
    def fits(self) -> bool:
        """Whether so bad a fit has a chance of 1 % or more; otherwise the intervals mean nothing."""
        return self.misfit is None or self.misfit >= 0.01

    def __call__(self, step_size: ArrayLike) -> NDArray[np.float64]:
        """The polynomial."""
        values = np.polynomial.polynomial.polyval(np.asarray(step_size), self.coefficients)
        return np.asarray(values, dtype=np.float64)


def extrapolate(
    step_sizes: ArrayLike,
    values: ArrayLike,
    standard_errors: ArrayLike,
    *,
    degree: int = 2,
    degrees_of_freedom: float = math.inf,
    confidence: float = 0.95,
) -> Extrapolation:
    r"""Fit `values ± standard_errors` (independent points) over `step_sizes` and read off η → 0.

    With known variances (`degrees_of_freedom` infinite) the intervals are exact for normal errors when the truth is
    a polynomial of this degree. For standard errors estimated from that many degrees of freedom each, quantiles are
    Student's: on six points and a parabola 95 % intervals then hold the truth in 94.4 to 97.3 % of 4,000 trials for 2
    to 256 replicas a point, where normal quantiles gave 55 % (2 replicas) to 92 % (16).

    Raises:
        ValueError: shapes that differ, fewer than degree + 1 different step sizes, a standard error of 0 or less,
            degrees of freedom not above 0, or a confidence outside (0, 1).
    """
    check_confidence(confidence)
    eta, y, sigma = (np.asarray(a, dtype=np.float64) for a in (step_sizes, values, standard_errors))
    if not (eta.shape == y.shape == sigma.shape) or eta.ndim != 1:
        shapes = f"{eta.shape}, {y.shape}, {sigma.shape}"
        raise ValueError(f"step_sizes, values, standard_errors have shapes {shapes}; one (n,) is needed")
    if not np.isfinite(eta).all() or len(np.unique(eta)) <= degree:
        raise ValueError(
            f"step_sizes is {eta.tolist()}; {degree + 1} or more different finite ones are needed for degree {degree}"
        )
    if not (np.isfinite(y).all() and np.isfinite(sigma).all() and (sigma > 0).all()):
        raise ValueError("values must be finite and standard_errors positive")
    if not degrees_of_freedom > 0:
        raise ValueError(f"degrees_of_freedom is {degrees_of_freedom}; a positive number is needed")
    falling, covariance = np.polyfit(eta, y, degree, w=1 / sigma, cov="unscaled")
    coefficients, errors = falling[::-1], np.sqrt(np.diag(covariance))[::-1]
    residual = float((((y - np.polyval(falling, eta)) / sigma) ** 2).sum())
    spare = len(eta) - degree - 1
    quantile = stats.t.ppf((1 + confidence) / 2, degrees_of_freedom)

    def interval(k: int) -> Interval:
        value, half = float(coefficients[k]), float(quantile * errors[k])
        return Interval(value, value - half, value + half)

    misfit = float(stats.chi2.sf(residual, spare)) if spare else None
    slope = interval(1) if degree else Interval(0.0, 0.0, 0.0)
    return Extrapolation(interval(0), slope, coefficients, misfit)

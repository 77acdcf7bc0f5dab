import math

import numpy as np
import pytest
from scipy import stats

from convergence.statistics.extrapolation import extrapolate
from convergence.statistics.intervals import mean_interval
from convergence.statistics.plateau import plateau


def autoregressive(rng, replicas, steps, decay, start):
    """x ← decay·x + n from x = start; squared, in 64 windows. Stationary E x² = 1/(1−decay²)."""
    x = np.full(replicas, start, dtype=float)
    squares = np.empty((replicas, steps))
    for t in range(steps):
        squares[:, t] = x * x
        x = decay * x + rng.standard_normal(replicas)
    return squares.reshape(replicas, 64, -1).mean(2)


def covered(hits, trials, promise=0.95):
    """Whether `hits` of `trials` is what a chance of `promise` gives, at one in 10,000."""
    return stats.binomtest(hits, trials, promise).pvalue > 1e-4


def test_mean_interval_is_student():
    samples = np.array([1.0, 2.0, 4.0, 8.0])
    found = mean_interval(samples, confidence=0.9)
    expected = stats.t.interval(0.9, 3, loc=samples.mean(), scale=samples.std(ddof=1) / 2)
    assert found.value == samples.mean()
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-14)


def test_mean_interval_of_a_diverged_replica_is_infinite():
    assert mean_interval([1.0, math.inf]) == (math.inf, -math.inf, math.inf)


def test_mean_interval_covers():
    rng = np.random.default_rng(0)
    hits = sum(mean_interval(rng.exponential(size=200)).contains(1.0) for _ in range(1000))
    assert 920 <= hits <= 970


@pytest.mark.parametrize(
    "call",
    [
        lambda: mean_interval([1.0]),
        lambda: mean_interval([1.0, 2.0], confidence=1.0),
        lambda: plateau(np.ones((1, 64))),
        lambda: plateau(np.ones((4, 4))),
        lambda: extrapolate([1, 2], [1, 2], [1, 1]),
        lambda: extrapolate([1, 2, 2, 1], [1, 2, 3, 4], [1, 1, 1, 1]),
        lambda: extrapolate([1, 2, 3, math.nan], [1, 2, 3, 4], [1, 1, 1, 1]),
        lambda: extrapolate([1, 2, 3], [1, 2, 3], [1, 1, 0]),
        lambda: extrapolate([1, 2, 3], [1, 2, 3], [1, 1, 1], degrees_of_freedom=0),
        lambda: extrapolate([1, 2, 3, 4], [1, 2, 3, 4], [1, 1, 1, 1], confidence=1.5),
    ],
)
def test_bad_input_is_named(call):
    with pytest.raises(ValueError, match=r"is|has|must|needed"):
        call()


def test_plateau_leaves_the_transient_out():
    rng = np.random.default_rng(1)
    hits = settled = 0
    for _ in range(200):
        found = plateau(autoregressive(rng, 100, 1280, 0.9, 20.0))
        settled += found.settled
        assert found.transient >= 2  # 400·0.81^t is at 1 % of the level after 50 steps, three windows
        hits += found.level.contains(1 / (1 - 0.81))
    assert covered(hits, 200)
    assert settled >= 192  # a false alarm at the end of the first half has a chance below 1 %


def test_plateau_says_when_it_has_not_settled():
    rng = np.random.default_rng(2)
    found = plateau(autoregressive(rng, 100, 128, 0.99, 20.0))
    assert not found.settled
    assert found.transient == 32


def test_plateau_of_a_deterministic_run_settles_at_rounding():
    windows = np.full((4, 64), 2.0) + 0.5 ** np.arange(64)
    assert plateau(windows).settled is False
    assert plateau(np.full((4, 64), 2.0) + 1e-4 ** np.arange(64)).level.value == pytest.approx(2.0, rel=1e-15)


def test_extrapolation_is_exact_on_a_polynomial():
    eta = np.array([0.1, 0.2, 0.4, 0.8])
    fit = extrapolate(eta, 3 - 2 * eta + 5 * eta**2, [0.1, 0.2, 0.1, 0.3])
    assert fit.intercept.value == pytest.approx(3)
    assert fit.slope.value == pytest.approx(-2)
    assert fit.misfit == pytest.approx(1)
    assert fit(0.5) == pytest.approx(3.25)


def test_extrapolation_covers_intercept_and_slope():
    rng = np.random.default_rng(3)
    eta = np.geomspace(0.1, 1, 6)
    errors = 0.02 * (1 + eta)
    intercepts = slopes = 0
    for _ in range(1000):
        fit = extrapolate(eta, 1 + 0.5 * eta + 0.2 * eta**2 + errors * rng.standard_normal(6), errors)
        intercepts += fit.intercept.contains(1.0)
        slopes += fit.slope.contains(0.5)
    assert covered(intercepts, 1000)
    assert covered(slopes, 1000)


def test_extrapolation_reports_a_misfit():
    eta = np.geomspace(0.1, 1, 6)
    assert extrapolate(eta, np.sin(9 * eta), np.full(6, 0.01)).misfit < 1e-6


@pytest.mark.parametrize("replicas", [2, 4, 16])
def test_intervals_from_estimated_errors_cover(replicas):
    rng, eta, hits = np.random.default_rng(replicas), 0.25 * 2 ** (-np.arange(6) / 2), 0
    for _ in range(1000):
        samples = 1 + 0.5 * eta + 0.2 * eta**2 + 0.1 * rng.standard_normal((replicas, 6))
        errors = stats.sem(samples)
        fit = extrapolate(eta, samples.mean(0), errors, degrees_of_freedom=replicas - 1)
        hits += fit.intercept.contains(1.0)
    assert 925 <= hits <= 990

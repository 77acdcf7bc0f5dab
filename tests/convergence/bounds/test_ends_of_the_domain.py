"""The bounds from the smallest to the largest step, against sums over the run in 120 digits."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
import torch

from convergence.bounds.geometric import geometric_mean
from convergence.bounds.one_step import one_step
from convergence.bounds.sharpest import stationarity_bound
from convergence.bounds.stationarity import (
    asymptotic_floor,
    biased_exact,
    pl_bound,
    relative_bias_bound,
    unbiased_exact,
)
from convergence.bounds.tangent import tangent_bound

SMALL = [10.0**-k for k in range(0, 20, 2)] + [1e-17]
LARGE = [2 - 2.0**-k for k in range(0, 53, 4)] + [2 - 2.0**-52]
STEPS = [1, 2, 3, 10, 1000, 10**6]
ABSENT = {"noise_variance": 0.0, "noise_growth": 0.0, "bias_bound": 0.0, "relative_bias": 0.0}


@pytest.fixture(autouse=True)
def many_digits():
    with mpmath.workdps(120):
        yield


def is_close(value, exact, digits=5e-15) -> bool:
    return abs(value - exact) <= digits * abs(exact)


def mean_of_powers(ratio, steps):
    return (1 - ratio**steps) / ((1 - ratio) * steps)


@pytest.mark.parametrize("rate", SMALL + [1 - 2.0**-k for k in range(1, 54, 4)])
def test_moments_of_a_geometric_sequence(rate) -> None:
    k = 1 - mpmath.mpf(rate)
    for steps in STEPS:
        mean, square = mean_of_powers(k, steps), mean_of_powers(k**2, steps)
        found = geometric_mean(rate, steps)
        assert is_close(found.mean, mean, 2e-15)
        assert is_close(found.loss, 1 - mean if steps > 1 else 0, 3e-15)
        assert is_close(found.variance, square - mean**2 if steps > 1 else 0, 6e-15)


@pytest.mark.parametrize("growth", [0.0, 1.0])
@pytest.mark.parametrize("h", SMALL + LARGE)
def test_unbiased_exact(h, growth) -> None:
    step_size = h / (1 + growth)
    eta = mpmath.mpf(step_size)
    pull = 2 - eta * (1 + growth)
    for steps, (gap, variance) in itertools.product(
        STEPS, [(1.0, 0.0), (1.0, 1.0), (1e-12, 1.0), (1.0, 1e-12)]
    ):
        floor, memory = eta * variance / pull, mean_of_powers(1 - eta * pull, steps)
        exact = floor + (2 * mpmath.mpf(gap) - floor) * memory
        constants = {
            "initial_gap": gap, "step_size": step_size, "smoothness": 1.0, "steps": steps,
            "noise_variance": variance, "noise_growth": growth,
        }  # fmt: skip
        assert is_close(unbiased_exact(**constants), exact)
        assert is_close(tangent_bound(**constants), exact)
        if steps <= 10:
            bound = stationarity_bound(**constants)
            assert bound.exact
            assert is_close(bound.value, exact)


@pytest.mark.parametrize("h", SMALL)
def test_biased_exact(h) -> None:
    k = 1 - mpmath.mpf(h)
    for steps, zeta in itertools.product(STEPS, [0.0, 1e-8, 0.1, 1.0, 10.0, 1e4, 1e8]):
        excess = 1 - mpmath.mpf(zeta)
        linear, square = mean_of_powers(k, steps), mean_of_powers(k**2, steps)
        exact = mpmath.mpf(zeta) ** 2 + 2 * zeta * excess * linear + excess**2 * square
        constants = {
            "initial_gap": 0.5,
            "step_size": h,
            "smoothness": 1.0,
            "steps": steps,
            "bias_bound": zeta,
        }
        assert is_close(biased_exact(**constants), exact)
        if steps <= 10:
            assert stationarity_bound(**constants).value >= exact * (1 - 1e-13)


def largest_square_left(h, growth, variance, zeta, m):
    """Y of `one_step` for L = 1, from its definition."""

    def after(square):
        kept = abs(1 - h) * mpmath.sqrt(square) + h * mpmath.sqrt(m * square + mpmath.mpf(zeta) ** 2)
        step_size = h / (growth + 1)
        return (growth * square + kept**2 + h * step_size * variance) / (growth + 1)

    return after


BIASES = [1e-17, 1e-9, 1e-3, 0.3, 0.9, 1 - 1e-3, 1 - 1e-9, 1 - 2.0**-53]
STEP_SIZES = [1e-17, 1e-9, 1e-3, 0.5, 1 - 2.0**-30, 1.0, 1 + 2.0**-30, 1.25, 1.9, 2 - 2.0**-20, 2 - 2.0**-40]


@pytest.mark.parametrize("h", STEP_SIZES)
@pytest.mark.parametrize("m", [0.0, *BIASES])
def test_floor_rate_and_tangent(h, m) -> None:
    if mpmath.mpf(h) * (1 + mpmath.sqrt(m)) >= 2:
        return
    noises = [(0.1, 0.0), (0.1, 1.0), (1e-6, 1.0), (1e4, 1.0), (0.0, 1.0)]
    for (zeta, variance), growth in itertools.product(noises, [0.0, 3.0]):
        values = {
            "step_size": h / (growth + 1), "smoothness": 1.0, "noise_variance": variance, "noise_growth": growth,
            "bias_bound": zeta, "relative_bias": m,
        }  # fmt: skip
        step = one_step(**values)
        after = largest_square_left(mpmath.mpf(h), growth, variance, zeta, mpmath.mpf(m))
        near = mpmath.mpf(step.floor())
        floor = mpmath.findroot(
            lambda square, y=after: y(square) - square, (near * (1 - 1e-9), near * (1 + 1e-9))
        )
        rate = 1 - mpmath.diff(after, floor, h=floor * mpmath.mpf("1e-40"))
        assert is_close(step.floor(), floor)
        assert is_close(step.rate(), rate)
        for steps in (1, 7, 10**6):
            memory = mean_of_powers(1 - rate, steps)
            bound = tangent_bound(initial_gap=0.7, steps=steps, **values)
            assert is_close(bound, floor + (2 * mpmath.mpf(0.7) - floor) * memory)


@pytest.mark.parametrize("array", [float, np.float64, lambda x: torch.tensor([x], dtype=torch.float64)])
@pytest.mark.parametrize("h", [1e-17, 1e-16, 1e-8, 0.3, 1 - 1e-9, 1.0, 1 + 2.0**-52])
def test_decay_under_the_pl_condition(h, array) -> None:
    for lifetimes in (0.01, 1, 30):
        steps = max(1, round(lifetimes / h))
        bound = pl_bound(initial_gap=1.0, step_size=array(h), smoothness=1.0, pl_constant=1.0, steps=steps)
        exact = (1 - min(mpmath.mpf(h), 1)) ** steps
        assert is_close(float(bound), exact, 5e-15 * max(1, lifetimes))


@pytest.mark.parametrize("power", [-150, -100, 50, 150])
@pytest.mark.parametrize("m", [0.0, 0.3])
def test_the_units_of_the_bias_do_not_matter(power, m) -> None:
    """ζ⁴ is out of range, ζ² is not."""
    scale = 10.0**power
    values = {"step_size": 0.5, "smoothness": 1.0, "relative_bias": m}
    plain = one_step(**values, bias_bound=1.0, noise_variance=0.25)
    step = one_step(**values, bias_bound=scale, noise_variance=0.25 * scale**2)
    assert is_close(step.floor(), mpmath.mpf(plain.floor()) * scale**2)
    assert is_close(step.rate(), mpmath.mpf(plain.rate()))
    assert is_close(step(3 * scale**2), mpmath.mpf(plain(3.0)) * scale**2)
    assert is_close(
        asymptotic_floor(**values, bias_bound=scale), mpmath.mpf(scale) ** 2 / (1 - mpmath.mpf(m))
    )


@pytest.mark.parametrize("h", [1e-17, 1e-9, 0.5, 1 - 2.0**-30, 1.0])
@pytest.mark.parametrize("m", BIASES)
def test_bounds_with_relative_bias_up_to_one(h, m) -> None:
    constants = {
        "step_size": h,
        "smoothness": 1.0,
        "noise_variance": 0.3,
        "bias_bound": 0.1,
        "relative_bias": m,
    }
    for extra, value in (
        (0.0, asymptotic_floor(**constants)),
        (0.35, relative_bias_bound(**constants, initial_gap=0.7, steps=4)),
    ):
        exact_h, exact_m = mpmath.mpf(h), mpmath.mpf(m)
        zeta, keep = mpmath.mpf(0.1), (1 - exact_h) ** 2
        c = exact_h * (zeta**2 + mpmath.mpf(0.3)) + extra / exact_h
        a = 2 - exact_h - exact_h * exact_m
        denominator, middle = a**2 - 4 * keep * exact_m, a * c + 2 * keep * zeta**2
        exact = (middle + mpmath.sqrt(middle**2 - denominator * c**2)) / denominator
        assert is_close(value, exact)


def test_a_bound_is_not_below_a_run_that_attains_it() -> None:
    """Each lost every digit once: the runs on x²/2, and the bounds that were returned."""
    for constants, returned in (
        ({"step_size": 2 - 1e-12, "noise_variance": 1.0}, 1.0),
        ({"step_size": 1e-14}, 1.9984),
        ({"step_size": 1e-17}, 0.0),
        ({"step_size": 1e-12, "bias_bound": 0.5}, 1.99996),
        ({"step_size": 0.5, "bias_bound": 0.1, "relative_bias": 1 - 1e-9}, 2.0),
    ):
        known = ABSENT | constants
        square, total = mpmath.mpf(2), 0
        after = largest_square_left(
            mpmath.mpf(known["step_size"]), 0, known["noise_variance"], known["bias_bound"],
            mpmath.mpf(known["relative_bias"]),
        )  # fmt: skip
        for _ in range(10):
            total += square
            square = after(square)
        bound = stationarity_bound(initial_gap=1.0, smoothness=1.0, steps=10, **constants)
        assert bound.exact
        assert total / 10 * (1 - 1e-14) <= bound.value <= total / 10 * (1 + 1e-8)
        assert bound.value > returned * (1 + 1e-6)

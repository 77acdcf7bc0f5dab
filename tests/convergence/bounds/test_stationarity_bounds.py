from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from convergence.bounds import scope, stationarity
from convergence.bounds.tangent import tangent_bound

F = Fraction
positive = st.fractions(F(1, 50), 20, max_denominator=50)
contractions = st.fractions(F(1, 50), 1, max_denominator=50)
shares = st.fractions(0, F(9, 10), max_denominator=20)
horizons = st.integers(1, 40)


@given(positive, positive, horizons, positive)
def test_the_sharp_bound_at_the_inverse_smoothness_is_the_exact_one(gap, smoothness, steps, zeta) -> None:
    sharp = stationarity.stationarity_sharp(
        initial_gap=gap, step_size=1 / smoothness, smoothness=smoothness, steps=steps, bias_bound=zeta
    )
    exact = stationarity.last_step(initial_gap=gap, smoothness=smoothness, steps=steps, bias_bound=zeta)
    assert sharp == pytest.approx(float(exact), rel=1e-12)


@given(positive, positive, contractions, horizons, positive, shares, positive, shares)
def test_sharper_bounds_are_smaller(gap, smoothness, h, steps, variance, growth, zeta, m) -> None:
    common = {
        "initial_gap": gap,
        "step_size": h / (smoothness * (1 + growth)),
        "smoothness": smoothness,
        "steps": steps,
        "noise_variance": variance,
        "noise_growth": growth,
        "bias_bound": zeta,
    }
    plain = stationarity.stationarity(**common, relative_bias=m)
    assert stationarity.relative_bias_bound(**common, relative_bias=m) <= float(plain) * (1 + 1e-12)
    without = stationarity.relative_bias_bound(**common)
    assert stationarity.stationarity_sharp(**common) <= float(without) * (1 + 1e-12)


@given(positive, positive, contractions, horizons, positive, shares, positive, shares)
def test_relative_bias_bound_solves_its_equation(
    gap, smoothness, h, steps, variance, growth, zeta, m
) -> None:
    step_size = h / (smoothness * (1 + growth))
    square = float(
        stationarity.relative_bias_bound(
            initial_gap=gap,
            step_size=step_size,
            smoothness=smoothness,
            steps=steps,
            noise_variance=variance,
            noise_growth=growth,
            bias_bound=zeta,
            relative_bias=m,
        )
    )
    bracket = (1 - h) * square**0.5 + h * (m * square + zeta**2) ** 0.5
    remainder = gap / (step_size * steps) + step_size * smoothness * variance / 2
    assert square - float(bracket) ** 2 == pytest.approx(
        float(2 * h * remainder), rel=1e-9, abs=1e-9 * square
    )


@given(contractions, positive, positive, shares, positive, shares)
def test_the_asymptotic_floor_is_exact_where_floors_are_known(
    h, smoothness, variance, growth, zeta, m
) -> None:
    common = {"step_size": h / (smoothness * (1 + growth)), "smoothness": smoothness, "noise_growth": growth}
    noisy = stationarity.asymptotic_floor(**common, noise_variance=variance, bias_bound=zeta)
    assert noisy == pytest.approx(
        float(stationarity.noise_floor(**common, noise_variance=variance, bias_bound=zeta)), rel=1e-12
    )
    noiseless = stationarity.asymptotic_floor(**common, bias_bound=zeta, relative_bias=m)
    assert noiseless == pytest.approx(
        float(stationarity.bias_floor(bias_bound=zeta, relative_bias=m)), rel=1e-12
    )
    unbiased = stationarity.noise_floor(**common, noise_variance=variance)
    assert unbiased == pytest.approx(
        float(stationarity.constant_bias_floor(**common, noise_variance=variance)), rel=1e-12
    )


@given(positive, positive, contractions, horizons, positive)
def test_biased_exact_is_what_the_quadratic_does(gap, smoothness, h, steps, zeta) -> None:
    value = stationarity.biased_exact(
        initial_gap=gap, step_size=h / smoothness, smoothness=smoothness, steps=steps, bias_bound=zeta
    )
    gradient, total = float(2 * smoothness * gap) ** 0.5, 0.0
    for _ in range(steps):
        total += gradient**2
        gradient = float(1 - h) * gradient + float(h * zeta)
    assert value == pytest.approx(total / steps, rel=1e-9)


def test_biased_exact_stops_being_the_worst_case() -> None:
    def holds(steps: int) -> bool:
        return stationarity.biased_exact_holds(
            initial_gap=0.5, step_size=0.5, smoothness=1.0, steps=steps, bias_bound=0.5
        )

    verdicts = [holds(steps) for steps in range(1, 60)]
    assert verdicts[:2] == [True, True]
    assert not verdicts[-1]
    assert verdicts == sorted(verdicts, reverse=True)  # up to a finite T and not beyond


def test_without_bias_the_parabola_is_the_worst_function_however_long_the_run() -> None:
    """After 1,100 halvings the gradient is 0 in floating point."""
    assert stationarity.biased_exact_holds(
        initial_gap=1.0, step_size=0.5, smoothness=1.0, steps=3000, bias_bound=0
    )


@pytest.mark.parametrize(
    ("h", "steps", "inside", "outside"),
    [(0.25, 8, 1.5, 2), (0.25, 8, 20, 8), (0.5, 4, 1.5, 2), (0.5, 4, 20, 8), (0.75, 3, 1.5, 2)],
)
def test_where_biased_exact_stops_being_the_worst_case(h, steps, inside, outside) -> None:
    """ζ = 1; the gradient G at the start at which a multiplier of the dual vanishes, from closed forms."""

    def least_multiplier(start: float) -> float:
        path = [1 + (1 - h) ** t * (start - 1) for t in range(steps)]
        ratios = [(1 - h) * after / before for before, after in itertools.pairwise(path)]
        sums = [sum(math.prod(ratios[t + 1 : end]) for end in range(t + 1, steps)) for t in range(steps - 1)]
        return min(1 - total * (1 - ratio) for total, ratio in zip(sums, ratios, strict=True))

    def holds(start: float) -> bool:
        return stationarity.biased_exact_holds(
            initial_gap=start**2 / 4, step_size=h / 2, smoothness=2.0, steps=steps, bias_bound=1.0
        )

    edge = brentq(least_multiplier, inside, outside, xtol=1e-13)
    within, beyond = (edge + side * math.copysign(1e-6, inside - outside) for side in (1, -1))
    assert holds(within)
    assert not holds(beyond)


@given(positive, positive, st.fractions(F(1, 50), F(19, 10), max_denominator=50), horizons, positive)
def test_unbiased_exact_is_what_the_quadratic_does(gap, smoothness, h, steps, variance) -> None:
    value = stationarity.unbiased_exact(
        initial_gap=gap,
        step_size=h / smoothness,
        smoothness=smoothness,
        steps=steps,
        noise_variance=variance,
    )
    square, total = 2 * smoothness * gap, F(0)
    for _ in range(steps):
        total += square
        square = (1 - h) ** 2 * square + h**2 * variance
    assert value == total / steps  # Fractions: exactly


def test_quadratic_floor_of_one_mode() -> None:
    value = stationarity.quadratic_floor(
        step_size=F(1, 2), curvatures=[F(1), F(0)], noise_variances=[F(3), F(7)], bias=[F(2), F(0)]
    )
    assert value == F(1, 2) * 3 / (2 - F(1, 2)) + 4


def test_pl_bound_and_floor() -> None:
    common = {"step_size": F(1, 2), "smoothness": F(2), "pl_constant": F(1), "bias_bound": F(1)}
    value = stationarity.pl_bound(initial_gap=F(4), steps=3, **common)
    assert value == F(1, 8) * 4 + F(1, 2)
    assert stationarity.pl_floor(**common) == F(1, 2)


def test_diminishing_tends_to_the_bias_floor() -> None:
    def bound(steps: int) -> float:
        return stationarity.diminishing(
            initial_gap=1.0,
            step_sizes=[0.5 / (t + 1) ** 0.5 for t in range(steps)],
            smoothness=1.0,
            noise_variance=4.0,
            bias_bound=0.5,
            relative_bias=0.5,
        )

    excess = [
        bound(steps) - stationarity.bias_floor(bias_bound=0.5, relative_bias=0.5) for steps in (10**2, 10**5)
    ]
    assert 0 < excess[1] < 0.06 * excess[0]


@given(positive, positive, positive, positive, positive, contractions)
def test_the_sharper_scope_is_smaller(curvature, slack, origin, zeta, variance, share) -> None:
    constants = {
        "step_size": share / (4 * curvature),
        "coercivity": curvature,
        "slack": slack,
        "smoothness": curvature,
        "gradient_at_origin": origin,
        "bias_bound": zeta,
        "noise_variance": variance,
    }
    sharp, plain = scope.scope_radius_sharp(**constants), scope.scope_radius(**constants)
    assert float(sharp) <= float(plain) * (1 + 1e-12)


def test_numbers_symbols_and_tensors_agree() -> None:
    numbers = {
        "initial_gap": 2.0,
        "step_size": 0.25,
        "smoothness": 1.5,
        "steps": 7,
        "noise_variance": 0.3,
        "noise_growth": 0.5,
        "bias_bound": 0.4,
    }
    symbols = {name: sympy.Symbol(name, positive=True) for name in numbers}
    tensors = {name: torch.tensor([value, value], dtype=torch.float64) for name, value in numbers.items()}
    arrays = {name: np.array([value, value]) for name, value in numbers.items()}
    for bound in (
        stationarity.stationarity,
        stationarity.stationarity_sharp,
        stationarity.relative_bias_bound,
        tangent_bound,
    ):
        value = bound(**numbers)
        symbolic = bound(**symbols).subs({symbols[name]: number for name, number in numbers.items()})
        assert float(symbolic) == pytest.approx(value, rel=1e-12)
        assert bound(**tensors).tolist() == pytest.approx([value, value], rel=1e-12)
        assert bound(**arrays).dtype == np.float64
        assert bound(**arrays).tolist() == pytest.approx([value, value], rel=1e-12)


VALID = {"initial_gap": 1.0, "step_size": 0.5, "smoothness": 1.0, "steps": 3}


@pytest.mark.parametrize(
    "wrong",
    [
        {"step_size": 0.0},
        {"step_size": float("nan")},
        {"smoothness": -1.0},
        {"initial_gap": -1e-9},
        {"steps": 0},
        {"noise_variance": -1.0},
        {"noise_growth": -0.1},
        {"bias_bound": -1.0},
        {"relative_bias": 1.0},
        {"initial_gap": torch.tensor([1.0, -1.0])},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_constant_outside_its_range_is_named(wrong: dict) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"{name}=.* is outside"):
        stationarity.stationarity(**(VALID | wrong))


def test_too_large_a_step_is_named_with_what_it_makes() -> None:
    with pytest.raises(
        ValueError, match=r"step_size·smoothness·\(noise_growth \+ 1\)=1.5 is outside \(0, 1\]"
    ):
        stationarity.stationarity(**(VALID | {"step_size": 1.0, "noise_growth": 0.5}))
    with pytest.raises(ValueError, match=r"is outside \(0, 2\)"):
        stationarity.stationarity_sharp(**(VALID | {"step_size": 2.0}))
    with pytest.raises(ValueError, match=r"step_size=1\.0 is outside"):
        scope.scope_radius(step_size=1.0, coercivity=1.0, slack=0.0, smoothness=1.0)

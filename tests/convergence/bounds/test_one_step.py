from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from convergence.bounds.one_step import one_step
from convergence.bounds.stationarity import asymptotic_floor

unit = st.floats(0.0, 1.0)


@st.composite
def constants(draw, largest=1.0):
    growth = draw(st.floats(0.0, 3.0))
    return {
        "step_size": draw(st.floats(0.01, largest)) / (1 + growth),
        "smoothness": 1.0,
        "noise_variance": draw(unit),
        "noise_growth": growth,
        "bias_bound": draw(st.floats(0.01, 2.0)),
        "relative_bias": draw(st.floats(0.0, 0.9)),
    }


@given(constants())
def test_floor_is_the_fixed_point_and_the_limit_of_the_closed_form(values):
    step = one_step(**values)
    floor = step.floor()
    assert step(floor) == pytest.approx(floor, rel=1e-10)
    assert floor == pytest.approx(asymptotic_floor(**values), rel=1e-8)
    assert step(2 * floor) < 2 * floor
    assert step(floor / 2) > floor / 2


@given(constants())
def test_rate_is_one_less_the_derivative_at_the_floor(values):
    step = one_step(**values)
    floor = step.floor()
    difference = (step(floor * (1 + 1e-6)) - step(floor * (1 - 1e-6))) / (2e-6 * floor)
    assert 1 - step.rate() == pytest.approx(difference, rel=1e-6, abs=1e-8)


@given(constants(), st.floats(0.01, 10.0), st.floats(0.01, 10.0))
def test_it_is_concave(values, one, other):
    step = one_step(**values)
    assert step((one + other) / 2) >= (step(one) + step(other)) / 2 * (1 - 1e-12)


@given(constants(largest=1.9), st.integers(0, 2**32 - 1))
def test_no_bias_leaves_more_of_the_gradient_and_an_aligned_one_leaves_as_much(values, seed):
    h = values["step_size"] * (1 + values["noise_growth"])
    assume(abs(1 - h) + h * values["relative_bias"] ** 0.5 < 1)
    random = np.random.default_rng(seed)
    gradient = random.normal(size=3)
    square = gradient @ gradient
    longest = np.sqrt(values["relative_bias"] * square + values["bias_bound"] ** 2)

    def remaining(bias):
        noise = values["noise_growth"] * np.sum((gradient + bias) ** 2) + values["noise_variance"]
        drift = gradient - values["step_size"] * (gradient + bias)
        return drift @ drift + values["step_size"] ** 2 * noise

    largest = one_step(**values)(square)
    direction = random.normal(size=3)
    some = random.uniform() * longest * direction / np.linalg.norm(direction)
    assert remaining(some) <= largest * (1 + 1e-12)
    aligned = (-1 if h <= 1 else 1) * longest * gradient / np.sqrt(square)
    assert remaining(aligned) == pytest.approx(largest, rel=1e-10)


def test_exact_for_fractions_and_symbols():
    step = one_step(step_size=Fraction(1, 2), smoothness=Fraction(1), bias_bound=Fraction(1, 2))
    assert step(Fraction(1)) == Fraction(9, 16)
    assert step.floor() == Fraction(1, 4)
    assert step.rate() == Fraction(1, 2)
    h, zeta = sympy.symbols("h zeta", positive=True)
    symbolic = one_step(step_size=h, smoothness=sympy.Integer(1), bias_bound=zeta)
    below_one = {h: sympy.Rational(1, 3), zeta: 2}
    assert symbolic.floor().subs(below_one) == 4


def test_a_contraction_of_one_or_more_is_refused():
    with pytest.raises(ValueError, match="relative_bias"):
        one_step(step_size=1.5, smoothness=1.0, relative_bias=0.5)
    with pytest.raises(ValueError, match=r"noise_growth \+ 1"):
        one_step(step_size=1.0, smoothness=1.0, noise_growth=1.0)

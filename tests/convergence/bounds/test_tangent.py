from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convergence.bounds.one_step import one_step
from convergence.bounds.stationarity import unbiased_exact
from convergence.bounds.tangent import tangent_bound


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("growth", [0, 2])
def test_without_bias_it_is_the_exact_worst_case(steps, growth):
    constants = {
        "initial_gap": Fraction(3),
        "step_size": Fraction(1, 5),
        "smoothness": Fraction(2),
        "steps": steps,
        "noise_variance": Fraction(1, 7),
        "noise_growth": growth,
    }
    assert tangent_bound(**constants) == unbiased_exact(**constants)


def test_with_absolute_bias_alone_it_is_the_floor_plus_a_geometric_transient():
    h, zeta, steps = Fraction(1, 4), Fraction(1, 2), 6
    bound = tangent_bound(initial_gap=1, step_size=h, smoothness=1, steps=steps, bias_bound=zeta)
    assert bound == zeta**2 + (2 - zeta**2) * (1 - (1 - h) ** steps) / (h * steps)


@given(
    st.floats(0.05, 1.9),
    st.floats(0.01, 2.0),
    st.floats(0.0, 0.9),
    st.floats(0.0, 1.0),
    st.integers(1, 60),
)
def test_the_radial_run_stays_below_it(h, zeta, m, variance, steps):
    if abs(1 - h) + h * m**0.5 >= 0.999:
        return
    constants = {
        "step_size": h,
        "smoothness": 1.0,
        "bias_bound": zeta,
        "relative_bias": m,
        "noise_variance": variance,
    }
    step = one_step(**constants)
    squares = [2.0]
    for _ in range(steps - 1):
        squares.append(step(squares[-1]))
    assert sum(squares) / steps <= tangent_bound(initial_gap=1.0, steps=steps, **constants) * (1 + 1e-9)


def test_it_is_attained_at_the_floor_and_one_percent_less_is_not_a_bound():
    constants = {"initial_gap": 0.5, "step_size": 0.5, "smoothness": 1.0, "bias_bound": 1.0, "steps": 20}
    assert tangent_bound(**constants) == pytest.approx(1.0, rel=1e-14)
    # On x²/2 from x_0 = 1 a bias of −1 stops SGD: the average is 1.
    assert 0.99 * tangent_bound(**constants) < 1.0


def test_relative_bias_alone_contracts_to_zero():
    bound = tangent_bound(initial_gap=1.0, step_size=0.5, smoothness=1.0, steps=8, relative_bias=0.25)
    rate = (1 - 0.5 + 0.5 * 0.5) ** 2
    assert bound == pytest.approx(2 * (1 - rate**8) / (8 * (1 - rate)), rel=1e-14)


@pytest.mark.parametrize("array", [np.array, lambda numbers: torch.tensor(numbers, dtype=torch.float64)])
@pytest.mark.parametrize("m", [0.0, 0.25])
@pytest.mark.parametrize("variance", [0.0, 1.0])
@pytest.mark.parametrize("h", [0.5, 1.0, 1.2])
def test_arrays_of_biases_may_hold_a_zero(h, variance, m, array):
    constants = {
        "initial_gap": 1.0,
        "step_size": h,
        "smoothness": 1.0,
        "steps": 10,
        "noise_variance": variance,
        "relative_bias": m,
    }
    biases = [0.0, 1.0, 0.0, 1e-100, 1e100]
    each = [tangent_bound(**constants, bias_bound=bias) for bias in biases]
    assert tangent_bound(**constants, bias_bound=array(biases)).tolist() == pytest.approx(each, rel=3e-14)

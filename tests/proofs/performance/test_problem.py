from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from proofs.performance.problem import scaled_problem

PLAIN = {"steps": 4, "step_size": 0.5, "smoothness": 1, "bias_bound": 1}


def test_units_are_taken_out_exactly():
    problem, units = scaled_problem(
        steps=3, step_size=0.1, smoothness=2, bias_bound="1/3", noise_variance=Decimal("0.2"), initial_gap=5
    )
    assert problem.step_size == Fraction(1, 5)
    assert problem.bias_bound_squared == Fraction(1, 90)
    assert problem.noise_variance == Fraction(1, 50)
    assert units.squared_gradient == 10


def test_floats_stand_for_the_decimal_they_print_as():
    problem, _ = scaled_problem(steps=2, step_size=np.float64(0.1), smoothness=1, bias_bound=0)
    assert problem.step_size == Fraction(1, 10)


def test_the_basis_has_no_room_for_what_is_zero():
    sizes = {}
    for bias in (0, 1):
        for variance in (0, 1):
            problem, _ = scaled_problem(**PLAIN | {"bias_bound": bias, "noise_variance": variance})
            sizes[bias, variance] = problem.dimension
    assert sizes == {(0, 0): 4, (1, 0): 7, (0, 1): 7, (1, 1): 10}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps must be ≥ 1, got 0"),
        ({"steps": 2.0}, TypeError, "steps must be an integer ≥ 1"),
        ({"steps": True}, TypeError, "steps must be an integer ≥ 1"),
        ({"step_size": 0}, ValueError, "step_size must be > 0"),
        ({"step_size": -0.5}, ValueError, "step_size must be > 0, got -0.5"),
        ({"step_size": float("nan")}, ValueError, "step_size must be a finite number"),
        ({"step_size": "half"}, ValueError, "step_size must be a finite number"),
        ({"step_size": None}, TypeError, "step_size must be a real number"),
        ({"smoothness": 0}, ValueError, "smoothness must be > 0"),
        ({"initial_gap": 0}, ValueError, "initial_gap must be > 0"),
        ({"bias_bound": -1}, ValueError, "bias_bound must be ≥ 0"),
        ({"noise_variance": -1}, ValueError, "noise_variance must be ≥ 0"),
        ({"relative_bias": 1}, ValueError, r"relative_bias must be in \[0, 1\)"),
        ({"metric": "mean"}, ValueError, "metric must be one of average, minimum, last"),
    ],
)
def test_bad_input_is_named_with_its_range(changed, error, message):
    with pytest.raises(error, match=message):
        scaled_problem(**PLAIN | changed)

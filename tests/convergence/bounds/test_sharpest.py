import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from convergence.bounds import biased_programme as programme_module
from convergence.bounds.biased_programme import biased_programme
from convergence.bounds.one_step import one_step
from convergence.bounds.sharpest import PROGRAMME_STEPS, stationarity_bound
from convergence.bounds.stationarity import relative_bias_bound, stationarity, stationarity_sharp
from convergence.bounds.tangent import tangent_bound


@pytest.mark.parametrize(
    ("constants", "form", "exact"),
    [
        ({"step_size": 1.0, "bias_bound": 0.5, "steps": 4}, "last-step", True),
        ({"step_size": 0.5, "steps": 8}, "unbiased-exact", True),
        ({"step_size": 0.5, "steps": 8, "noise_variance": 0.2, "noise_growth": 0.5}, "unbiased-exact", True),
        ({"step_size": 0.5, "bias_bound": 2.0, "steps": 8}, "biased-exact", True),
        ({"step_size": 0.5, "bias_bound": 0.5, "steps": 4}, "biased-programme", True),
        ({"step_size": 0.5, "relative_bias": 0.5, "steps": 8}, "tangent", True),
        (
            {"step_size": 0.7, "bias_bound": 0.35, "noise_variance": 1.5, "steps": 6},
            "biased-programme",
            False,
        ),
        ({"step_size": 0.5, "bias_bound": 0.5, "steps": PROGRAMME_STEPS + 1}, "tangent", False),
    ],
)
def test_which_form(constants, form, exact):
    bound = stationarity_bound(initial_gap=1.0, smoothness=1.0, **constants)
    assert (bound.form, bound.exact) == (form, exact)


@pytest.mark.parametrize("zeta", [0, 0.5, 2])
def test_fractions_count_as_floats(zeta):
    floats = {"initial_gap": 1.0, "step_size": 0.25, "smoothness": 2.0, "bias_bound": float(zeta)}
    fractions = {name: Fraction(value) for name, value in floats.items()}
    assert stationarity_bound(**fractions, steps=5) == stationarity_bound(**floats, steps=5)
    assert biased_programme(**fractions, steps=5) == biased_programme(**floats, steps=5)


@pytest.mark.parametrize("steps", [1, 3, 30])
@pytest.mark.parametrize("h", [0.1, 0.6, 1.0])
@pytest.mark.parametrize("zeta", [0.1, 1.0])
def test_nothing_is_sharper(steps, h, zeta):
    constants = {
        "initial_gap": 2.0,
        "step_size": h / 3,
        "smoothness": 3.0,
        "bias_bound": zeta,
        "noise_variance": 0.4,
        "steps": steps,
    }
    bound = stationarity_bound(**constants).value
    for other in (stationarity, stationarity_sharp, relative_bias_bound, tangent_bound, biased_programme):
        assert bound <= other(**constants) * (1 + 2e-7)


@pytest.mark.parametrize("m", [0.0, 0.1])
@pytest.mark.parametrize("zeta", [0.0, 0.5, 2.0])
@pytest.mark.parametrize(("variance", "growth"), [(0.0, 0.0), (0.5, 0.5), (0.3, 0.0), (0.0, 0.25)])
@pytest.mark.parametrize("h", [0.5, 1.0, 1.4])
def test_no_run_on_the_parabola_is_above_it(h, variance, growth, zeta, m):
    """With radial bias and tangential noise `E‖∇F_{t+1}‖² = [M s + (|1−h|√s + h√(ms+ζ²))² + hηLσ²]/(M+1)`."""
    step_size, smoothness, steps = h / (growth + 1) / 2, 2.0, 4
    square, total = 2 * smoothness * 1.5, 0.0
    for _ in range(steps):
        total += square
        drift = abs(1 - h) * square**0.5 + h * (m * square + zeta**2) ** 0.5
        square = (growth * square + drift**2 + h * step_size * smoothness * variance) / (growth + 1)
    bound = stationarity_bound(
        initial_gap=1.5,
        step_size=step_size,
        smoothness=smoothness,
        steps=steps,
        noise_variance=variance,
        noise_growth=growth,
        bias_bound=zeta,
        relative_bias=m,
    )
    assert bound.value >= total / steps * (1 - 1e-7)
    if bound.exact and not (bound.form == "biased-programme" and variance == growth == 0):
        assert bound.value == pytest.approx(total / steps, rel=2e-7)
    assert bound.exact or bound.value > total / steps * (1 + 1e-7)


@pytest.mark.parametrize("gap", [0.0, 1e-16, 1e-12, 1e-8])
@pytest.mark.parametrize("h", [1e-7, 1e-4, 1e-2])
@pytest.mark.parametrize("steps", [2, 5, 40, 200])
@pytest.mark.parametrize("m", [0.0, 0.5])
def test_a_bound_called_exact_is_not_above_what_gradients_can_grow_to(gap, h, steps, m):
    """A step of length `η(e + √(me² + ζ²))` changes a gradient of norm e by at most L times that."""
    norm, total = (2 * gap) ** 0.5, 0.0
    for _ in range(steps):
        total += norm**2
        norm += h * (norm + (m * norm**2 + 1) ** 0.5)
    bound = stationarity_bound(
        initial_gap=gap, step_size=h, smoothness=1.0, steps=steps, bias_bound=1.0, relative_bias=m
    )
    assert bound.exact
    assert bound.value <= total / steps * (1 + 1e-12)


def test_a_solver_that_misses_the_optimum_gives_no_exact_bound(monkeypatch):
    constants = {"initial_gap": 1.0, "step_size": 0.5, "smoothness": 1.0, "steps": 8, "bias_bound": 0.5}
    exact = stationarity_bound(**constants)
    assert exact.exact
    solve = programme_module._solve

    def missing(step, budget, steps):
        squares, weights = solve(step, budget, steps)
        return squares, programme_module._Weights(1.01 * weights.means, weights.biases)

    monkeypatch.setattr(programme_module, "_solve", missing)
    missed = stationarity_bound(**constants)
    assert not missed.exact
    assert missed.value > exact.value * (1 + 1e-6)


@pytest.mark.parametrize("zeta", [0.3, 2.0])
@pytest.mark.parametrize("noise", [{}, {"noise_variance": 0.4, "noise_growth": 0.5}])
def test_a_feasible_point_of_the_programme_comes_close_to_its_bound(zeta, noise):
    step = one_step(step_size=0.3, smoothness=1.0, bias_bound=zeta, relative_bias=0.2, **noise)
    for budget, steps in ((2.0, 1), (2.0, 12), (1e-9, 12), (1e6, 12)):
        found = programme_module.programme(step, budget, steps)
        assert found.radial * (1 - 1e-14) <= found.lower <= found.upper * (1 + 1e-14)
        assert found.lower >= found.upper * (1 - 1e-7)
        if budget <= step.floor():
            assert found.radial == pytest.approx(found.upper, rel=1e-14)


def test_of_a_feasible_point_too_much_is_taken_back():
    step = one_step(step_size=0.3, smoothness=1.0, bias_bound=0.3)
    squares = np.full(6, 3.0)
    mean = programme_module._feasible_mean(step, 2.0, squares)
    spent = programme_module._feasible_mean(step, 1e9, squares)
    assert 0 < mean < spent == 3.0


@pytest.mark.parametrize("zeta", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("steps", [10**6, 10**7, 10**30])
def test_runs_of_any_length_are_bounded_in_no_time_and_space(steps, zeta):
    tracemalloc.start()
    bound = stationarity_bound(initial_gap=1.0, step_size=0.5, smoothness=1.0, steps=steps, bias_bound=zeta)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20
    assert bound.exact == (zeta != 0.5)
    assert zeta**2 * (1 - 1e-5) <= bound.value <= zeta**2 + 1e-5


def test_at_a_minimum_without_noise_or_bias_nothing_moves():
    for absent in ({}, {"relative_bias": 0.5}):
        bound = stationarity_bound(initial_gap=0.0, step_size=0.5, smoothness=1.0, steps=5, **absent)
        assert (bound.value, bound.exact) == (0.0, True)


@pytest.mark.parametrize("step_size", [0.1, 0.5, 0.9, 1.4, 1.9])
@pytest.mark.parametrize("variance", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("zeta", [0.1, 0.9, 1.4142])
def test_the_first_gradient_at_a_minimum_is_zero(step_size, variance, zeta):
    """A form that is 0 by rounding alone once left none within the tolerance of the least."""
    bound = stationarity_bound(
        initial_gap=0.0,
        step_size=step_size,
        smoothness=1.0,
        steps=1,
        bias_bound=zeta,
        noise_variance=variance,
    )
    assert (bound.value, bound.exact) == (0.0, True)


def test_short_runs_with_little_bias_are_better_bounded_by_the_sharp_form_than_by_the_tangent():
    constants = {"initial_gap": 1.0, "step_size": 0.07, "smoothness": 1.0, "bias_bound": 0.008, "steps": 90}
    assert stationarity_sharp(**constants) < 0.6 * tangent_bound(**constants)
    assert stationarity_bound(**constants).form == "biased-programme"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"step_size": 2.0}, "step_size"),
        ({"step_size": 0.0}, "step_size"),
        ({"bias_bound": -1.0}, "bias_bound"),
        ({"relative_bias": 1.0}, "relative_bias"),
        ({"steps": 0}, "steps"),
        ({"step_size": 1.5, "relative_bias": 0.5}, "relative_bias"),
    ],
)
def test_bad_input_is_named(changed, named):
    constants = {"initial_gap": 1.0, "step_size": 0.5, "smoothness": 1.0, "steps": 4} | changed
    with pytest.raises(ValueError, match=named):
        stationarity_bound(**constants)


def test_steps_must_be_an_integer():
    with pytest.raises(TypeError):
        stationarity_bound(initial_gap=1.0, step_size=0.5, smoothness=1.0, steps=4.0)

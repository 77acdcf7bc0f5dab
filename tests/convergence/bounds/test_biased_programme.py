import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from convergence.bounds.biased_programme import _dual_value, _Weights, biased_programme
from convergence.bounds.one_step import one_step
from convergence.bounds.stationarity import biased_exact, unbiased_exact
from convergence.bounds.tangent import tangent_bound

# Values of an independent performance-estimation SDP, L = Δ = 1: (ζ, h, T) → A².
KNOWN = {
    (0, 0.25, 1): 2,
    (0, 0.25, 2): 1.5625,
    (0, 0.5, 2): 1.25,
    (0, 0.5, 4): 0.664063,
    (0.5, 0.5, 2): 1.458027,
    (0.5, 0.5, 4): 0.956141,
    (0.5, 1, 2): 1.125,
    (0.5, 1, 4): 0.6875,
    (1, 1, 2): 1.5,
    (1, 1, 4): 1.25,
    (1, 0.5, 2): 1.728553,
    (1, 0.5, 4): 1.445293,
}


def spent(step, squares):
    """`C_m` for every m."""
    following = [
        (3 * then - 2 * np.sqrt(then * step(now)) - step(now)) / 2
        for now, then in itertools.pairwise(squares)
    ]
    return squares[0] + np.concatenate([[0.0], np.cumsum(following)])


@pytest.mark.parametrize(("case", "value"), KNOWN.items())
def test_known_values(case, value):
    zeta, h, steps = case
    bound = biased_programme(initial_gap=1, step_size=h, smoothness=1, steps=steps, bias_bound=zeta)
    assert bound == pytest.approx(value, abs=6e-7)


@pytest.mark.parametrize(
    "constants",
    [
        {"step_size": 0.3, "bias_bound": 0.2},
        {"step_size": 0.7, "bias_bound": 0.1, "relative_bias": 0.3},
        {"step_size": 0.2, "bias_bound": 0.3, "noise_variance": 0.2, "noise_growth": 1.0},
        {"step_size": 1.4, "bias_bound": 0.2},
        {"step_size": 0.4, "relative_bias": 0.4},
    ],
)
def test_agrees_with_a_general_optimiser(constants):
    steps, budget = 5, 2.0
    step = one_step(smoothness=1.0, **constants)
    found = optimize.minimize(
        lambda squares: -squares.mean(),
        np.full(steps, 0.5),
        jac=lambda squares: np.full(steps, -1 / steps),
        bounds=[(1e-9, None)] * steps,
        constraints={"type": "ineq", "fun": lambda squares: budget - spent(step, squares)},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert found.success
    bound = biased_programme(initial_gap=1.0, smoothness=1.0, steps=steps, **constants)
    assert bound == pytest.approx(-found.fun, rel=2e-7)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_any_weights_give_a_bound(seed):
    random = np.random.default_rng(seed)
    constants = {"step_size": 0.4, "smoothness": 1.0, "bias_bound": 0.3, "relative_bias": 0.2}
    weights = _Weights(random.uniform(0.1, 6, size=5), random.lognormal(size=5))
    bound = _dual_value(one_step(**constants), 2.0, weights)
    assert bound >= 6 * biased_programme(initial_gap=1.0, steps=6, **constants) * (1 - 1e-6)


@given(
    st.floats(0.05, 1.0),
    st.floats(0.01, 1.5),
    st.floats(0.0, 0.8),
    st.floats(0.0, 0.5),
    st.integers(1, 40),
)
@settings(max_examples=50, deadline=None)
def test_between_the_radial_run_and_the_tangent(h, zeta, m, variance, steps):
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
    bound = biased_programme(initial_gap=1.0, steps=steps, **constants)
    assert sum(squares) / steps <= bound * (1 + 1e-12)
    assert bound <= tangent_bound(initial_gap=1.0, steps=steps, **constants) * (1 + 1e-7)


def test_the_quadratic_is_not_the_worst_function():
    constants = {"initial_gap": 1.0, "step_size": 0.5, "smoothness": 1.0, "steps": 4, "bias_bound": 0.5}
    assert biased_exact(**constants) == pytest.approx(0.956045, abs=5e-7)
    assert biased_programme(**constants) == pytest.approx(0.956141, abs=5e-7)


def test_what_is_left_after_many_steps():
    excess = {
        steps: steps
        * (biased_programme(initial_gap=1, step_size=0.5, smoothness=1, steps=steps, bias_bound=0.5) - 0.25)
        for steps in (1000, 4000)
    }
    limit = (2 - 0.25) / 0.5
    assert excess[1000] < excess[4000] < limit
    assert excess[4000] == pytest.approx(limit, rel=1e-3)


def test_units_and_the_unbiased_case():
    scaled = biased_programme(initial_gap=3, step_size=0.05, smoothness=10, steps=6, bias_bound=2)
    plain = biased_programme(initial_gap=1, step_size=0.5, smoothness=1, steps=6, bias_bound=2 / 30**0.5)
    assert scaled == pytest.approx(30 * plain, rel=1e-8)
    constants = {"initial_gap": 1, "step_size": 0.5, "smoothness": 1, "steps": 8, "noise_variance": 0.3}
    assert biased_programme(**constants) == pytest.approx(unbiased_exact(**constants), rel=1e-8)


def test_bad_input():
    with pytest.raises(ValueError, match="steps"):
        biased_programme(initial_gap=1, step_size=0.5, smoothness=1, steps=0)

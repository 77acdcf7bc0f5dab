import json
import math

import numpy as np
import pytest

from convergence.statistics.plateau import plateau
from simulations.ensemble.run import simulate
from simulations.experiments import step_sizes
from simulations.experiments.floor import floor, floor_bound
from simulations.experiments.step_sizes import WINDOW_TIME, WINDOWS, settled_run
from simulations.problems import problem


@pytest.fixture(scope="module")
def quadratic_floor():
    return floor(problem("quadratic", condition=2.0, dimension=3), replicas=100, seed=1, confidence=0.999)


def test_intervals_hold_the_exact_floor_and_stay_below_the_bound(quadratic_floor):
    for point in quadratic_floor.points:
        assert point.settled
        assert point.floor.contains(point.exact)
        assert point.floor.high < point.bound


def test_extrapolation_finds_the_bias_and_the_slope(quadratic_floor):
    assert quadratic_floor.fit.intercept.contains(0.25)
    assert quadratic_floor.fit.slope.contains(quadratic_floor.exact_slope)
    assert quadratic_floor.fit.intercept.low > 0.24


def test_json_holds_what_was_promised(quadratic_floor):
    found = json.loads(json.dumps(quadratic_floor.to_json()))
    assert {"step_size", "floor", "low", "high", "bound", "exact"} <= found["points"][0].keys()
    assert found["intercept"].keys() == found["slope"].keys() == {"value", "low", "high", "exact"}
    assert found["intercept"]["exact"] == 0.25


def test_control_without_bias_has_intercept_zero():
    result = floor(problem("rdml-logits", beta=0.0), (0.5, 0.35, 0.25), replicas=64, confidence=0.999)
    assert result.fit.intercept.contains(0.0)


def test_step_sizes_have_streams_of_their_own():
    points = floor(problem("double-well"), (0.1, 0.1), replicas=4).points
    assert points[0].steps == points[1].steps
    assert points[0].floor != points[1].floor


def test_a_run_is_doubled_until_it_settles():
    slow = problem("quadratic", condition=250.0)
    run = settled_run(slow, 0.5, replicas=64)
    assert run.steps == 4 * WINDOWS * WINDOW_TIME / 0.5
    assert plateau(run.window_means).settled
    shorter = simulate(slow, step_size=0.5, steps=run.steps // 2, replicas=64)
    assert not plateau(shorter.window_means).settled


def test_what_did_not_settle_is_not_extrapolated(monkeypatch):
    monkeypatch.setattr(step_sizes, "DOUBLINGS", 0)
    result = floor(problem("quadratic", condition=1e4), replicas=64)
    assert not any(point.settled for point in result.points)
    assert result.fit is None


def test_the_exact_floor_ends_where_its_theorem_does():
    points = floor(problem("noise-floor"), (1.5, 0.5), replicas=4).points
    assert points[0].exact is None
    assert points[1].floor.value == pytest.approx(points[1].exact, rel=1e-12)
    growing = problem("relative-bias").floor
    assert (growing(1.9), growing(2.0)) == (0.5, None)


def test_an_empty_list_of_step_sizes_is_refused_and_an_array_is_not():
    made = problem("quadratic")
    with pytest.raises(ValueError, match="step_sizes is empty"):
        floor(made, [])
    assert len(floor(made, np.array([0.4]), replicas=4).points) == 1


def test_two_step_sizes_measured_twice_make_no_fit():
    made = problem("quadratic")
    found = floor(made, [0.2, 0.2, 0.1, 0.1], replicas=4)
    assert len(found.points) == 4
    assert found.fit is None
    assert len(floor(made, [0.2, 0.2, 0.1, 0.05], replicas=4).fit.coefficients) == 2


def test_divergence_is_a_value():
    result = floor(problem("quadratic"), (2.5, 0.5, 0.4, 0.3), replicas=8)
    assert result.points[0].diverged == 8
    assert result.points[0].floor.value == math.inf
    assert result.points[0].bound is None
    assert result.points[0].exact == math.inf
    assert result.fit is not None


def test_no_bound_where_smoothness_is_local_or_the_step_too_large():
    assert floor_bound(problem("rosenbrock"), 1e-6) is None
    assert floor_bound(problem("quadratic"), 1.01) is None
    assert floor_bound(problem("quadratic"), 1.0) is not None

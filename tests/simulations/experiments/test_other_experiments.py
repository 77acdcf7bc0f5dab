import json
import math

import numpy as np
import pytest

from convergence.statistics.intervals import Interval
from simulations.ensemble.run import simulate
from simulations.experiments.basins import _survival, basins
from simulations.experiments.floor import floor
from simulations.experiments.phase import phase
from simulations.experiments.precision import controlled_floor, floor_slope
from simulations.experiments.scope import scope, scope_bounds
from simulations.experiments.tightness import initial_gap, path_bounds, tightness
from simulations.problems import problem


def plain(value):
    return json.loads(json.dumps(value, allow_nan=True))


def test_scope_of_a_quadratic_is_exact_and_bounded():
    made = problem("quadratic", condition=2.0, dimension=2, bias_bound=0.0)
    result = scope(made, [0.1, 0.05], replicas=200, seed=1, confidence=0.999)
    for point in result.points:
        h = [0.5, 1.0]
        exact = sum(point.step_size * 0.5 / (k * (2 - point.step_size * k)) for k in h)  # σ_i² = ½
        assert point.mean_square_radius.contains(exact)
        assert point.mean_square_radius.high <= point.sharp_bound <= point.bound
    assert plain(result.to_json())["points"][0].keys() >= {"step_size", "low", "high", "bound"}


def test_scope_bounds_stop_at_their_step_sizes():
    made = problem("double-well")
    largest = made.coercivity.rate / made.smoothness**2
    assert [bound is None for bound in scope_bounds(made, 0.25 * largest)] == [False, False]
    assert [bound is None for bound in scope_bounds(made, largest)] == [True, False]
    assert [bound is None for bound in scope_bounds(made, 2 * largest)] == [True, True]


def test_step_sizes_of_scope_and_basins_have_streams_of_their_own():
    one, other = scope(problem("quadratic"), [0.1, 0.1], replicas=4).points
    assert one.mean_square_radius != other.mean_square_radius
    restless = problem("double-well", noise_variance=1.0)
    first, second = basins(restless, [0.1, 0.1], time=50.0, replicas=32).curves
    assert list(first.times) != list(second.times)


def test_a_scope_with_diverged_replicas_is_infinite():
    (point,) = scope(problem("double-well", noise_variance=4.0), [0.5], replicas=16).points
    assert 0 < point.diverged < 16
    assert point.mean_square_radius.value == math.inf
    assert not point.settled


def test_scope_needs_its_constants():
    with pytest.raises(ValueError, match="rdml-logits"):
        scope(problem("rdml-logits"))


def test_survival_of_an_exponential_clock():
    rng = np.random.default_rng(0)
    step_size, steps, rate = 0.1, 1000, 0.02
    clock = np.ceil(rng.exponential(1 / rate, size=2000) / step_size).astype(np.int64)
    curve = _survival(step_size, np.where(clock < steps, clock, -1), steps, 0)
    assert curve.rate.contains(rate)
    assert curve.rate.high - curve.rate.low < 0.1 * rate
    inside = (curve.low <= np.exp(-rate * curve.times)) & (np.exp(-rate * curve.times) <= curve.high)
    assert np.nanmean(inside) > 0.9
    assert (np.diff(curve.surviving) <= 0).all()


def test_survival_without_an_exit_bounds_the_rate():
    curve = _survival(0.1, np.full(50, -1), 1000, 0)
    assert curve.exits == 0
    assert curve.rate.low == curve.rate.value == 0
    assert curve.rate.high == pytest.approx(-math.log(0.025) / (50 * 100))


def test_basins_are_left_more_often_at_larger_steps_and_start_at_a_minimum():
    result = basins(problem("double-well", noise_variance=1.0), time=40.0, replicas=128)
    rates = [curve.rate for curve in result.curves]
    assert rates[0].low > rates[1].high
    assert result.problem.start == (0.5,)
    assert plain(result.to_json())["curves"][0]["exits"] == result.curves[0].exits


@pytest.mark.parametrize("options", [{"time": 0.0}, {"time": math.nan}])
def test_basins_bad_time_is_named(options):
    with pytest.raises(ValueError, match="time"):
        basins(problem("double-well"), **options)


def test_basins_need_two():
    with pytest.raises(ValueError, match="two minimisers"):
        basins(problem("quadratic"))


def test_exits_are_seen_at_the_step_they_happen():
    made = problem("double-well", noise_variance=1.0)
    run = simulate(made, step_size=0.17, steps=400, replicas=20, path=True, leaving=True)
    signs = run.path["iterates"][:, :-1, 0] > 0
    for replica in range(20):
        outside = np.flatnonzero(~signs[replica].numpy())
        assert run.left_at[replica] == (outside[0] if len(outside) else -1)


def test_tightness_is_exact_on_the_worst_case_and_below_one_elsewhere():
    exact = tightness([problem("noise-floor", bias_bound=0.0)], steps=500)
    assert {one.bound: one.share.value for one in exact}["unbiased-exact"] == pytest.approx(1, rel=1e-12)
    for one in tightness([problem("quadratic"), problem("double-well"), problem("rdml-logits")], steps=500):
        assert one.share.high < 1
        assert plain(one.to_json())["share"]["value"] == one.share.value


def test_no_bound_speaks_of_a_local_constant_or_a_large_step():
    assert initial_gap(problem("rosenbrock")) is None
    run = simulate(problem("quadratic"), step_size=1.2, steps=10, replicas=2)
    assert path_bounds(run) == {}
    with pytest.raises(ValueError, match="step_fraction"):
        tightness([problem("quadratic")], step_fraction=1.5)


def test_cohorts_at_rest():
    result = phase((0.5, 1.0), (0.0, 1.0), classes=4)
    at = {(cell.alpha, cell.beta): cell for cell in result.cells}
    for cell in result.cells:
        assert cell.residual <= 1e-9
        assert cell.joint_floor == pytest.approx(sum(cell.learner_floors))
    assert at[0.5, 0.0].joint_floor < 1e-20
    assert at[1.0, 0.0].joint_floor < 1e-20
    assert at[0.5, 1.0].joint_floor > 1e-4
    assert at[0.5, 1.0].potential_floor < 1e-17
    assert at[1.0, 1.0].potential_floor is None
    assert at[1.0, 1.0].disagreement < at[1.0, 0.0].disagreement
    assert plain(result.to_json())["cells"][0]["alpha"] == 0.5


def test_the_floor_at_rest_is_the_extrapolated_one():
    cell = phase((2.0,), (1.0,), classes=4).cells[0]
    made = problem("rdml-logits", alpha=2.0, classes=4)
    result = floor(made, (0.6, 0.42, 0.3, 0.21), replicas=64, window_time=4.0, confidence=0.999)
    assert result.fit.intercept.contains(cell.joint_floor)
    assert result.fit.intercept.low > 0.9 * cell.joint_floor


def test_phase_needs_values():
    with pytest.raises(ValueError, match="alphas and betas"):
        phase((), (1.0,))


def test_control_variate_finds_the_same_floor_with_less_variance():
    made = problem("quadratic", bias_bound=0.0, dimension=2, condition=1.0)
    run = simulate(made, step_size=0.2, steps=2000, replicas=50, seed=3, twin=True)
    found = controlled_floor(run)
    assert found.controlled.value == pytest.approx(made.floor(0.2), rel=1e-6)  # the twin is the run itself
    assert found.gain > 1e6
    well = controlled_floor(
        simulate(problem("double-well"), step_size=0.05, steps=4000, replicas=64, twin=True)
    )
    assert well.gain > 4
    assert well.plain.low <= well.controlled.value <= well.plain.high


def test_twins_have_their_exact_law():
    made = problem("rastrigin", noise_variance=1e4)
    run = simulate(made, step_size=0.001, steps=640, replicas=400, twin=True)
    errors = (run.twin_means - run.twin_expected).mean(0) / (run.twin_means.std(0) / 20)
    assert np.abs(errors).max() < 4.5
    assert (errors**2).mean() < 2


def test_common_random_numbers_sharpen_the_slope():
    options = {"replicas": 64, "window_time": 2.0}
    common, apart = (
        floor_slope(problem("quadratic", bias_bound=0.0), 0.2, common=c, **options) for c in (True, False)
    )
    made = problem("quadratic", bias_bound=0.0)
    exact = (made.floor(0.21) - made.floor(0.2)) / 0.01
    assert common.low <= exact <= common.high
    assert apart.low <= exact <= apart.high
    assert (apart.high - apart.low) ** 2 > 50 * (common.high - common.low) ** 2


def test_bad_precision_options_are_named():
    run = simulate(problem("double-well"), step_size=0.1, steps=64, replicas=4)
    with pytest.raises(ValueError, match="twin=True"):
        controlled_floor(run)
    with pytest.raises(ValueError, match="ratio"):
        floor_slope(problem("double-well"), 0.1, ratio=1.0)
    with pytest.raises(ValueError, match="twin"):
        simulate(problem("double-well"), step_size=0.1, steps=64, replicas=4, twin=True, momentum=0.5)
    with pytest.raises(ValueError, match="isotropic"):
        simulate(problem("noise-floor"), step_size=0.1, steps=64, replicas=4, twin=True)


@pytest.mark.slow
def test_intervals_cover_the_exact_floor():
    """95 % intervals hold the exact floor of the quadratic in 93–97 % of 1,000 repetitions."""
    made = problem("quadratic", dimension=2, condition=2.0, bias_bound=0.3)
    covered = settled = 0
    for repetition in range(1000):
        result = floor(made, (0.4,), replicas=32, seed=repetition, window_time=4.0)
        covered += result.points[0].floor.contains(result.points[0].exact)
        settled += result.points[0].settled
    assert 930 <= covered <= 970
    assert settled >= 990


def test_an_interval_unpacks():
    value, low, high = Interval(1.0, 0.0, 2.0)
    assert (value, low, high) == (1.0, 0.0, 2.0)

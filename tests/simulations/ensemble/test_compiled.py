"""The compiled engine against the general one, against exact laws, and against itself in other blocks."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from convergence.statistics.intervals import mean_interval
from simulations import simulate
from simulations.ensemble.compiled.compile import compiled, inlined
from simulations.ensemble.compiled.descent import block_step, descend, point_step
from simulations.ensemble.compiled.engine import advance, by_replica, open_blocks
from simulations.ensemble.compiled.kernel import Kernel
from simulations.ensemble.schedules import Cyclic, Decaying
from simulations.problems import Bias, Problem, problem
from simulations.problems.noise import gaussian, student

COMPILED = [
    problem("quadratic", dimension=3),
    problem("quadratic", dimension=4, bias_bound=0.0),
    problem("double-well", tilt=0.1),
    problem("rastrigin", dimension=2),
    problem("styblinski-tang"),
    problem("pl-sine"),
    problem("rdml-logits", alpha=0.5),
    problem("rdml-logits", alpha=2.0, learners=3, classes=5, beta=0.7),
    problem("rosenbrock"),
    problem("relative-bias", noise_variance=0.3),
    problem("matrix-factorisation"),
    problem("phase-retrieval"),
]


def both(made, **options):
    return [simulate(made, engine=engine, **options) for engine in ("general", "compiled")]


def assert_same(one, two, tolerance):
    for name in ("final", "window_means", "window_norms", "average_gradient_norm_squared"):
        left, right = getattr(one, name), getattr(two, name)
        assert np.abs(left - right).max() <= tolerance * np.abs(left).max(), name
    left, right = one.average_bias_norm_squared, two.average_bias_norm_squared
    assert np.abs(left - right).max() <= tolerance
    assert one.moments.mean == pytest.approx(two.moments.mean, rel=tolerance, abs=tolerance)
    assert one.moments.covariance == pytest.approx(two.moments.covariance, rel=100 * tolerance, abs=tolerance)
    assert (one.moments.nearest == two.moments.nearest).all()
    assert (one.diverged_at == two.diverged_at).all()


@pytest.mark.parametrize("made", COMPILED, ids=lambda made: f"{made.name}-{made.dimension}")
def test_both_engines_give_the_same_numbers(made):
    options = {"steps": 300, "replicas": 40, "seed": 3, "first_replica": 7}
    assert_same(*both(made, step_size=made.largest_step_size / 2, **options), 1e-12)


@pytest.mark.parametrize("made", [COMPILED[0], COMPILED[2]], ids=lambda made: made.name)
def test_both_engines_give_the_same_numbers_in_float32(made):
    runs = both(made, step_size=made.largest_step_size / 2, steps=300, replicas=40, dtype="float32")
    assert_same(*runs, 1e-5)
    assert (runs[0].final.astype(np.float32) == runs[0].final).all()


@pytest.mark.parametrize("schedule", [Decaying(0.15, 20.0, 0.8), Cyclic(0.17, 0.01, 7)])
def test_both_engines_follow_schedules(schedule):
    assert_same(*both(COMPILED[2], step_size=schedule, steps=257, replicas=40, windows=5), 1e-12)


def test_both_engines_run_twins():
    general, fast = both(COMPILED[2], step_size=0.1, steps=200, replicas=40, twin=True, windows=7)
    assert fast.twin_means == pytest.approx(general.twin_means, rel=1e-12)
    assert (fast.twin_expected == general.twin_expected).all()


def test_both_engines_see_the_same_replicas_diverge():
    made = dataclasses.replace(
        problem("styblinski-tang", dimension=3, noise_variance=1500.0), start=(2.0,) * 3
    )
    general, fast = both(made, step_size=0.04, steps=400, replicas=200, windows=11)
    assert 20 < general.diverged < 180
    assert (general.diverged_at == fast.diverged_at).all()
    assert (np.isinf(general.window_means) == np.isinf(fast.window_means)).all()
    # At this noise the wells no longer contract, so that rounding grows on the way.
    stayed = general.diverged_at < 0
    assert fast.window_means[stayed] == pytest.approx(general.window_means[stayed], rel=1e-5)
    known = general.moments.iterations < general.diverged_at[~stayed].min()
    assert fast.moments.mean[known] == pytest.approx(general.moments.mean[known], rel=1e-5)
    assert np.isinf(fast.moments.column("gradient_norm_squared")[0][~known]).all()


@pytest.mark.parametrize("made", [COMPILED[0], COMPILED[2], COMPILED[6]], ids=lambda made: made.name)
def test_results_depend_on_neither_block_nor_thread_nor_stretch(made):
    def run(width, threads, *stops, replicas=600):
        blocks = open_blocks(made.start, replicas, seed=5, width=width)
        for begin, end in zip((0, *stops), (*stops, 301), strict=True):
            advance(made.kernel, blocks, [0.1] * (end - begin), first=begin, threads=threads)
        return by_replica(blocks.points, replicas), by_replica(blocks.totals, replicas)

    points, totals = run(256, 1, 128)
    for width, threads, stops in ((32, 1, (128,)), (64, 3, (128,)), (None, 2, (128,))):
        again, totals_again = run(width, threads, *stops)
        assert (again == points).all()
        assert (totals_again == totals).all()
    assert (run(64, 1, 1, 2, 17, 130)[0] == points).all()
    assert (run(32, 1, 128, replicas=3)[0] == points[:3]).all()


def test_a_diverging_replica_changes_no_number_of_its_neighbours():
    made = COMPILED[0]
    runs = []
    for spoilt in (False, True):
        blocks = open_blocks(made.start, 32, seed=5)
        blocks.points[0, 1, 4] = np.nan if spoilt else 0.0
        advance(made.kernel, blocks, [0.1] * 200, first=0, limit=1e6)
        runs.append([by_replica(array, 32) for array in blocks])
    for one, two in zip(*runs, strict=True):
        assert (np.delete(one, 4, axis=0) == np.delete(two, 4, axis=0)).all()
    assert runs[1][2].tolist() == [0 if i == 4 else -1 for i in range(32)]


def test_the_stationary_law_of_the_quadratic_is_exact_at_a_hundred_million_draws():
    made = problem("quadratic", dimension=5, condition=5.0, bias_bound=0.0)
    blocks = open_blocks(made.start, 1000, seed=11)
    advance(made.kernel, blocks, [0.4] * 1000, first=0)
    blocks.totals[:] = 0
    advance(made.kernel, blocks, [0.4] * 20_000, first=1000)
    level = mean_interval(by_replica(blocks.totals, 1000)[:, 0] / 20_000, confidence=0.999)
    assert level.contains(made.floor(0.4))
    assert level.high - level.low < 2e-3 * level.value
    variances = 0.4 / (2 - 0.4 * np.geomspace(0.2, 1, 5)) / 5 / np.geomspace(0.2, 1, 5)
    centred = by_replica(blocks.points, 1000) - by_replica(blocks.points, 1000).mean(0)
    assert (centred**2).mean(0) / variances == pytest.approx(1, abs=4 * np.sqrt(2 / 1000))


def test_both_engines_have_the_same_law():
    made = COMPILED[2]
    levels = [
        mean_interval(
            simulate(made, engine=e, step_size=0.05, steps=4000, replicas=300, seed=s)
            .window_means[:, 8:]
            .mean(1)
        )
        for e, s in (("general", 1), ("compiled", 2))
    ]
    error = sum((level.high - level.value) ** 2 for level in levels) ** 0.5
    assert abs(levels[0].value - levels[1].value) < 1.7 * error
    assert error < 0.02 * levels[0].value


@inlined
def valley(x, parameters, direction, sums):
    steep = parameters[0, 0]
    for i in range(x.shape[1]):
        lift = steep * (x[1, i] - x[0, i] * x[0, i])
        direction[0, i] = x[0, i] - 1 - (x[0, i] + x[0, i]) * lift
        direction[1, i] = lift
        sums[0, i] += direction[0, i] * direction[0, i] + lift * lift


@inlined
def valley_at_a_point(x, parameters, direction):
    lift = parameters[0, 0] * (x[1] - x[0] * x[0])
    direction[0] = x[0] - 1 - 2 * x[0] * lift
    direction[1] = lift


@compiled
def valley_by_blocks(blocks, steps):
    descend(block_step, valley, blocks, steps)


@compiled
def valley_by_points(blocks, steps):
    descend(point_step, valley_at_a_point, blocks, steps)


def users_problem(run, steep=3.0):
    def objective(x):
        return ((x[:, 0] - 1).square() + steep * (x[:, 1] - x[:, 0].square()).square()) / 2

    def gradient(x):
        lift = steep * (x[:, 1] - x[:, 0].square())
        return torch.stack((x[:, 0] - 1 - 2 * x[:, 0] * lift, lift), 1)

    return Problem(
        name="valley",
        dimension=2,
        objective=objective,
        gradient=gradient,
        smoothness=30.0,
        minimum=0.0,
        start=(0.5, 0.5),
        noise=gaussian(2, 0.5),
        kernel=Kernel(run, 0.5, [[steep]]),
    )


@pytest.mark.parametrize("run", [valley_by_blocks, valley_by_points])
def test_users_write_kernels_of_blocks_or_of_points(run):
    assert_same(*both(users_problem(run), step_size=0.02, steps=200, replicas=40), 1e-11)


def changed(**changes):
    return dataclasses.replace(COMPILED[1], **changes)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (problem("noise-floor"), "has no kernel"),
        (changed(gradient=lambda x: 1.001 * COMPILED[1].gradient(x)), "disagrees"),
        (changed(bias=Bias(lambda x, gradient: 0.01 * gradient, 0.1)), "disagrees"),
        (changed(noise=None), "disagrees"),
        (changed(noise=gaussian(4, 1.01)), "disagrees"),
        (changed(noise=student(4, 1.0, 5.0)), "disagrees"),
        (COMPILED[1].regularised(0.1), "has no kernel"),
        (
            dataclasses.replace(
                problem("rdml-logits", alpha=0.5, potential=True),
                kernel=problem("rdml-logits", alpha=0.5).kernel,
            ),
            "disagrees",
        ),
        (users_problem(valley_by_blocks, steep=3.0), None),
    ],
)
def test_a_kernel_that_is_not_the_problems_is_found_out(made, message):
    options = {"step_size": made.largest_step_size / 4, "steps": 20, "replicas": 4}
    if message is None:
        simulate(made, engine="compiled", **options)
        return
    with pytest.raises(ValueError, match=f"engine is 'compiled', but .*{message}"):
        simulate(made, engine="compiled", **options)
    general, chosen = (simulate(made, engine=engine, **options) for engine in ("general", "auto"))
    assert (general.final == chosen.final).all()


@pytest.mark.parametrize("option", [{"momentum": 0.5}, {"leaving": True}, {"path": True}])
def test_what_needs_the_general_engine_is_named(option):
    with pytest.raises(ValueError, match=f"{next(iter(option))} needs the general engine"):
        simulate("double-well", engine="compiled", step_size=0.1, steps=20, replicas=4, **option)
    simulate("double-well", step_size=0.1, steps=20, replicas=4, **option)


def test_an_unknown_engine_is_named():
    with pytest.raises(ValueError, match="engine is 'fast'"):
        simulate("double-well", engine="fast", step_size=0.1, steps=20, replicas=4)


@pytest.mark.slow
def test_kernels_are_compiled_once_per_installation_and_again_when_a_source_changes(tmp_path):
    script = """
import sys
from simulations.ensemble.compiled import compile, separable
from simulations.ensemble.compiled.engine import advance, open_blocks
from simulations.ensemble.compiled.kernel import Kernel
if len(sys.argv) > 1:
    compile._SOURCES = sys.argv[1].encode()
blocks = open_blocks([0.5], 32, seed=0)
advance(Kernel(separable.double_well, 0.1, [[0.0], [0.0]]), blocks, [0.1, 0.1], first=0)
print(sum(separable.double_well.stats.cache_hits.values()))
"""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    hits = [
        subprocess.run(
            [sys.executable, "-c", script, *changed],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for changed in ([], [], ["other sources"])
    ]
    assert hits == ["0\n", "1\n", "0\n"]

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy import stats

from convergence.statistics.intervals import mean_interval
from convergence.statistics.plateau import plateau
from simulations.ensemble.engine import init, step
from simulations.ensemble.run import simulate
from simulations.ensemble.schedules import Cyclic, Decaying
from simulations.problems import PROBLEMS, problem
from simulations.problems.noise import gaussian
from simulations.problems.problem import Bias, Noise


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name != "rdml-digits"])
def test_a_replica_does_not_depend_on_how_many_others_there_are(name):
    made = problem(name)
    options = {"step_size": made.largest_step_size / 2, "steps": 300, "seed": 3}
    few, many = (simulate(made, replicas=r, **options).final for r in (3, 100))
    assert few == pytest.approx(many[:3], rel=1e-11)  # torch rounds a product or a tanh by the batch's shape
    if name in ("quadratic", "noise-floor", "relative-bias", "double-well", "rosenbrock", "styblinski-tang"):
        assert np.array_equal(few, many[:3])


def test_a_step_size_may_be_any_real_number():
    runs = [simulate("quadratic", step_size=h, steps=9, replicas=2).final for h in (0.5, np.float32(0.5))]
    assert np.array_equal(*runs)


def test_the_same_seed_gives_the_same_run_and_another_another():
    options = {"step_size": 0.1, "steps": 50, "replicas": 4}
    runs = [simulate(problem("double-well"), seed=s, **options).final for s in (1, 1, 2)]
    assert np.array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).all()


def test_steps_are_pure():
    made = problem("quadratic")
    state = init(made, replicas=3, seed=0)
    first, _ = step(made, state, step_size=0.1)
    again, _ = step(made, state, step_size=0.1)
    assert torch.equal(first.x, again.x)
    assert state.iteration == 0


def test_stationary_law_of_the_quadratic_is_exact():
    made = problem("quadratic", condition=2.0, dimension=3)
    found = plateau(
        simulate(made, step_size=0.5, steps=4000, replicas=400, seed=5).window_means, confidence=0.999
    )
    assert found.settled
    assert found.level.contains(made.floor(0.5))
    assert found.level.high - found.level.low < 0.01 * found.level.value


def test_the_worst_case_witness_is_deterministic_and_reaches_its_floor():
    made = problem("noise-floor")
    run = simulate(made, step_size=0.4, steps=400, replicas=8, windows=20)
    assert run.window_means[:, -1] == pytest.approx(made.floor(0.4), rel=1e-13)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_that_of_torch(nesterov):
    made = problem("quadratic", noise_variance=0.0)
    run = simulate(made, step_size=0.1, steps=25, replicas=2, momentum=0.8, nesterov=nesterov)
    x = torch.tensor(made.start, dtype=torch.float64).requires_grad_()
    optimiser = torch.optim.SGD([x], lr=0.1, momentum=0.8, nesterov=nesterov)
    for _ in range(25):
        at = x.detach()[None]
        x.grad = (made.gradient(at) + made.bias.function(at, made.gradient(at)))[0]
        optimiser.step()
    assert run.final[0] == pytest.approx(x.detach().numpy(), rel=1e-12)


def test_moments_are_those_of_the_replicas():
    made = problem("double-well")
    run = simulate(made, step_size=0.1, steps=40, replicas=50, seed=2)
    state, squares = init(made, replicas=50, seed=2), []
    for _ in range(40):
        state, seen = step(made, state, step_size=0.1)
        squares.append(seen.gradient.square().sum(1).numpy())
    squares = np.array(squares)
    mean, variance = run.moments.column("gradient_norm_squared")
    average, _ = run.moments.column("average_gradient_norm_squared")
    grid = run.moments.iterations
    assert grid[0] == 0
    assert grid[-1] == 39
    assert mean == pytest.approx(squares[grid].mean(1), rel=1e-13)
    assert variance == pytest.approx(squares[grid].var(1, ddof=1), rel=1e-12, abs=1e-30)
    assert average == pytest.approx([squares[: t + 1].mean() for t in grid], rel=1e-12)
    assert run.average_gradient_norm_squared == pytest.approx(squares.mean(0), rel=1e-13)
    assert run.window_means[:, -1] == pytest.approx(squares[39], rel=1e-13)
    assert run.moments.nearest.sum(1).tolist() == [50] * len(grid)


MOMENTUM = [{}, {"momentum": 0.8}, {"momentum": 0.8, "nesterov": True}, {"weight_decay": 0.1}]


def closure_error(run, momentum=0.0, **_):
    path, eta = run.path, run.step_size / (1 - momentum)
    descent = -path["objective"].diff(dim=1) / eta
    curvature = eta / 2 * path["directional_smoothness"] * path["gradient_estimate_norm_squared"]
    right = descent - path["gradient_dot_bias"] - path["gradient_dot_noise"] + curvature
    magnitude = path["gradient_norm_squared"] + path["objective"][:, 1:].abs() / eta
    return float(((path["gradient_norm_squared"] - right) / magnitude).abs().max())


@pytest.mark.parametrize("options", MOMENTUM, ids=str)
def test_the_ledger_of_each_step_closes(options):
    made = problem("rdml-logits")
    run = simulate(made, step_size=0.3, steps=200, replicas=20, path=True, **options)
    assert closure_error(run, **options) <= 1e-14


def test_the_ledger_does_not_close_on_a_step_of_the_wrong_length(monkeypatch):
    def longer(problem, state, *, step_size, **options):
        return step(problem, state, step_size=1.0001 * step_size, **options)

    monkeypatch.setattr("simulations.ensemble.run.step", longer)
    run = simulate(problem("rdml-logits"), step_size=0.3, steps=200, replicas=20, path=True)
    assert closure_error(run) > 1e-8


def test_a_path_is_that_of_the_run():
    run = simulate(problem("double-well"), step_size=0.05, steps=300, replicas=20, path=True)
    path = run.path
    assert path["gradient_norm_squared"].mean(1).numpy() == pytest.approx(run.average_gradient_norm_squared)
    assert torch.equal(path["iterates"][:, -1], torch.tensor(run.final))
    assert torch.equal(path["objective"], run.problem.objective(path["iterates"].flatten(0, 1)).view(20, 301))
    assert (path["directional_smoothness"] <= run.problem.smoothness * (1 + 1e-6)).all()
    assert float(path["noise_norm_squared"].mean()) == pytest.approx(0.09, rel=0.1)


def test_weight_decay_is_that_of_torch():
    made = problem("quadratic", noise_variance=0.0)
    run = simulate(made, step_size=0.1, steps=25, replicas=2, weight_decay=0.3)
    x = torch.tensor(made.start, dtype=torch.float64).requires_grad_()
    optimiser = torch.optim.SGD([x], lr=0.1, weight_decay=0.3)
    for _ in range(25):
        at = x.detach()[None]
        x.grad = (made.gradient(at) + made.bias.function(at, made.gradient(at)))[0]
        optimiser.step()
    assert run.final[0] == pytest.approx(x.detach().numpy(), rel=1e-12)
    assert run.problem.smoothness == pytest.approx(1.3)


def test_schedules_are_stepped_and_weigh_the_average():
    made = problem("quadratic", noise_variance=0.0, bias_bound=0.0, dimension=1)
    schedule = Decaying(0.5, timescale=4.0)
    run = simulate(made, step_size=schedule, steps=30, replicas=2)
    x, squares = made.start[0], []
    for t in range(30):
        squares.append(x * x)
        x -= 0.5 / (1 + t / 4) * x
    weights = [0.5 / (1 + t / 4) for t in range(30)]
    assert run.final[0, 0] == pytest.approx(x, rel=1e-13)
    assert run.average_gradient_norm_squared[0] == pytest.approx(np.average(squares, weights=weights))


def test_cyclic_step_sizes_start_anew():
    cycle = Cyclic(1.0, 0.1, 10)
    assert [cycle(t) for t in (0, 5, 10)] == pytest.approx([1.0, 0.55, 1.0])
    assert 0.1 < min(cycle(t) for t in range(10)) < 0.15


@pytest.mark.parametrize(
    "make", [lambda: Decaying(-1.0), lambda: Cyclic(0.1, 1.0, 10), lambda: Decaying(1.0, power=math.nan)]
)
def test_bad_schedules_are_named(make):
    with pytest.raises(ValueError, match=r"initial|smallest|power"):
        make()


def test_divergence_is_recorded_with_its_step():
    made = problem("quadratic")
    run = simulate(made, step_size=2.5, steps=3000, replicas=3)
    assert run.diverged == 3
    t = int(run.diverged_at[0])
    assert t == pytest.approx(math.log(1e10) / math.log(1.5), rel=0.05)
    mean, _ = run.moments.column("gradient_norm_squared")
    assert (mean[run.moments.iterations >= t] == math.inf).all()
    assert np.isfinite(mean[run.moments.iterations < t]).all()
    assert not plateau(run.window_means).settled


def test_float32_has_the_same_law():
    made = problem("quadratic", dimension=2, condition=1.0)
    run = simulate(made, step_size=0.5, steps=1000, replicas=200, dtype="float32")
    level = mean_interval(run.window_means[:, 8:].mean(1), confidence=0.999)
    assert level.contains(made.floor(0.5))
    assert level.high - level.low < 0.03 * level.value
    assert np.array_equal(run.final, run.final.astype(np.float32))


def test_replica_means_are_independent():
    made = problem("double-well")
    averages = simulate(made, step_size=0.1, steps=200, replicas=1000).average_gradient_norm_squared
    assert stats.pearsonr(averages[:-1], averages[1:]).pvalue > 1e-3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step_size", 0.0),
        ("step_size", math.nan),
        ("steps", 0),
        ("steps", 100.0),
        ("steps", 10**20),
        ("windows", 0),
        ("first_replica", -1),
        ("replicas", 1),
        ("dtype", "float16"),
        ("momentum", 1.0),
        ("seed", -1),
    ],
)
def test_bad_options_are_named(name, value):
    options = {"step_size": 0.1, "steps": 10, "replicas": 4} | {name: value}
    with pytest.raises(ValueError, match=name):
        simulate(problem("quadratic"), **options)


def test_a_gradient_of_the_wrong_shape_or_with_nan_is_named():
    made = problem("quadratic")
    wrong = dataclasses.replace(made, gradient=lambda x: x.sum(1))
    with pytest.raises(ValueError, match=r"gradient.*shape"):
        simulate(wrong, step_size=0.1, steps=10, replicas=4)
    broken = dataclasses.replace(made, gradient=lambda x: x * math.nan)
    with pytest.raises(ValueError, match=r"gradient.*NaN"):
        simulate(broken, step_size=0.1, steps=10, replicas=4)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (
            {"bias": Bias(lambda x, g: x[:, :1], 1.0)},
            r"bias of .* returns shape \(2, 1\); \(2, 2\) is needed",
        ),
        ({"noise": Noise("normal", 1, lambda v, x, g: v, 1.0)}, r"noise of .* returns shape \(2, 1\)"),
        ({"noise": gaussian(dimension=3, variance=1.0)}, r"noise of .* returns shape \(2, 3\)"),
        ({"gradient": lambda x: x.numpy()}, "gradient of .* returns ndarray; a tensor is needed"),
    ],
)
def test_a_part_that_would_broadcast_is_named(part, message):
    broken = dataclasses.replace(problem("quadratic", dimension=2), **part)
    with pytest.raises((TypeError, ValueError), match=message):
        simulate(broken, step_size=0.1, steps=2, replicas=2)

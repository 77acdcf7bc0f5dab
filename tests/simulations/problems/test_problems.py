"""Each problem's constants against its functions: none of them is taken on trust."""

import inspect
import math

import pytest
import torch
from scipy import stats

from convergence.divergence import gradient_own
from simulations.ensemble.run import simulate
from simulations.ensemble.streams import open_streams, take
from simulations.experiments.tightness import path_bounds
from simulations.problems import PROBLEMS, Bias, Noise, Problem, problem
from simulations.problems.noise import student
from simulations.problems.problem import Coercivity
from simulations.problems.rdml_logits import mutual_gradient

VARIANTS = [
    *((name, {}) for name in PROBLEMS if name != "rdml-digits"),
    ("rdml-digits", {"samples": 60, "batch": 4}),
    ("rdml-digits", {"samples": 60, "batch": 4, "sharded": False, "beta": 0.0}),
    ("quadratic", {"dimension": 1, "bias_bound": 0.0}),
    ("noise-floor", {"noise_growth": 1.5, "smoothness": 2.0}),
    ("double-well", {"dimension": 2}),
    ("double-well", {"tilt": 0.2}),
    ("relative-bias", {"noise_variance": 1.0}),
    ("rdml-logits", {"alpha": 0.5, "learners": 3}),
    ("rdml-logits", {"alpha": 0.5, "learners": 3, "classes": 3, "potential": True}),
    ("double-well", {"degrees": 5.0}),
    ("rastrigin", {"degrees": 6.0}),
    ("rdml-logits", {"alpha": 2.0, "beta": 0.0}),
]


MADE = {
    name + "".join(f" {k}={v}" for k, v in parameters.items()): problem(name, **parameters)
    for name, parameters in VARIANTS
}


def each(condition=lambda made: True):
    chosen = {name: made for name, made in MADE.items() if condition(made)}
    return pytest.mark.parametrize("made", chosen.values(), ids=chosen.keys())


def points(made, count=100, spread=3.0):
    generator = torch.Generator().manual_seed(0)
    around = torch.tensor([made.start, *made.minimisers], dtype=torch.float64)
    centre = around[torch.arange(count) % len(around)]
    x = centre + spread * torch.randn(count, made.dimension, generator=generator, dtype=torch.float64)
    return x * (made.radius / x.norm(dim=1, keepdim=True)).clamp(max=1)


@each()
def test_gradient_is_that_of_the_objective(made):
    x = points(made).requires_grad_()
    (expected,) = torch.autograd.grad(made.objective(x).sum(), x)
    assert torch.allclose(made.gradient(x), expected, rtol=1e-10, atol=1e-10)


@each()
def test_each_row_is_looked_at_alone(made):
    x = points(made, 7)
    assert torch.allclose(made.gradient(x)[3:4], made.gradient(x[3:4]), rtol=1e-14, atol=1e-15)
    assert torch.allclose(made.objective(x)[3:4], made.objective(x[3:4]), rtol=1e-14)


@each(lambda made: made.dimension <= 50)
def test_smoothness_bounds_and_nearly_meets_the_sampled_curvature(made):
    hessian = torch.func.vmap(torch.func.hessian(lambda v: made.objective(v[None])[0]))
    x = torch.cat([points(made, 100, spread) for spread in (0.1, 1.0, 4.0)])
    if math.isfinite(made.radius):
        rim = made.radius * torch.eye(made.dimension, dtype=torch.float64)
        x = torch.cat([x, rim, -rim])
    largest = torch.linalg.eigvalsh(hessian(x)).abs().amax()
    assert largest <= made.smoothness * (1 + 1e-9)
    assert not made.smoothness_exact or largest >= 0.9 * made.smoothness, "a smaller L would do"


@each(lambda made: made.minimum is not None)
def test_minimum_is_reached_at_the_minimisers_and_nowhere_undercut(made):
    at = torch.tensor(made.minimisers, dtype=torch.float64)
    assert float(made.objective(at).min()) == pytest.approx(made.minimum, abs=1e-12)
    assert made.gradient(at).norm(dim=1).max() < (1e-7 if made.name == "rdml-digits" else 1e-12)
    assert made.objective(points(made)).min() >= made.minimum


@each(lambda made: made.pl_constant)
def test_pl_constant_holds(made):
    x = torch.cat([points(made, 2000, spread) for spread in (0.3, 3.0)])
    gap = made.objective(x) - made.minimum
    assert (made.gradient(x).square().sum(1) >= 2 * made.pl_constant * gap * (1 - 1e-9)).all()


@each(lambda made: made.coercivity)
def test_coercivity_holds(made):
    x = torch.cat([points(made, 2000, spread) for spread in (0.3, 3.0, 30.0)])
    gradient, squared = made.gradient(x), x.square().sum(1)
    rate, slack, at_origin = made.coercivity.rate, made.coercivity.slack, made.coercivity.gradient_at_origin
    assert ((gradient * x).sum(1) >= rate * squared - slack - 1e-9 * squared).all()
    assert (gradient.norm(dim=1) <= (made.smoothness * squared.sqrt() + at_origin) * (1 + 1e-12)).all()


@each(lambda made: made.bias)
def test_bias_stays_in_its_bound(made):
    x = points(made)
    gradient = made.gradient(x)
    squared = made.bias.function(x, gradient).square().sum(1)
    allowed = made.relative_bias * gradient.square().sum(1) + made.bias_bound**2
    assert (squared <= allowed * (1 + 1e-12)).all()


@each(lambda made: made.noise)
def test_noise_is_centred_and_has_its_variance(made):
    count, x = (40_000 if made.dimension <= 50 else 2_000), points(made, 1, 0.3)
    mean_gradient = made.gradient(x)
    if made.bias:
        mean_gradient = mean_gradient + made.bias.function(x, mean_gradient)
    law = made.noise
    _, variates = take(open_streams(0, count), law.law, law.count, torch.float64, law.scale)
    noise = made.noise.shape(variates, x.expand(count, -1), mean_gradient.expand(count, -1))
    squared = noise.square().sum(1)
    allowed = made.noise_growth * float(mean_gradient.square().sum()) + made.noise_variance
    error = float(squared.std()) / math.sqrt(count)
    if made.noise.exact:
        assert float(squared.mean()) == pytest.approx(allowed, rel=1e-12, abs=4 * error)
    else:
        assert float(squared.mean()) <= allowed
    assert (noise.mean(0).abs() <= 4.5 * noise.std(0) / math.sqrt(count)).all()


@pytest.mark.parametrize("name", ["teacher-student", "rdml-digits"])
def test_minibatch_noise_is_the_same_under_weight_decay(name):
    made = problem(name, **({"samples": 60} if name == "rdml-digits" else {}))
    decayed = made.regularised(0.3)
    x = points(made, 1)
    uniforms = take(open_streams(0, 1), made.noise.law, made.noise.count, torch.float64)[1]
    noises = []
    for one in (made, decayed):
        gradient = one.gradient(x)
        mean_gradient = gradient + (one.bias.function(x, gradient) if one.bias else 0)
        noises.append(one.noise.shape(uniforms, x, mean_gradient))
    assert torch.allclose(*noises, rtol=1e-10, atol=1e-12)


def test_smoothness_of_the_digits_by_power_iteration():
    made = problem("rdml-digits", samples=60)
    x, v = torch.zeros(1, made.dimension, dtype=torch.float64), points(made, 1)
    for _ in range(50):
        _, image = torch.func.jvp(made.gradient, (x,), (v / v.norm(),))
        v = image
    assert 0.15 * made.smoothness <= v.norm() <= made.smoothness


def test_digits_learners_agree_at_the_minimum_unless_they_see_different_samples():
    for sharded in (False, True):
        made = problem("rdml-digits", samples=60, sharded=sharded)
        at = torch.tensor(made.minimisers, dtype=torch.float64)
        agreed = float(made.bias.function(at, at).norm()) < 1e-9
        assert agreed is not sharded


def test_the_potential_is_stepped_like_the_cohort():
    cohort, joint = (problem("rdml-logits", alpha=0.5, potential=p) for p in (False, True))
    x = points(cohort)
    field = cohort.gradient(x) + cohort.bias.function(x, x)
    assert torch.allclose(joint.gradient(x), field, rtol=0, atol=1e-15)


@pytest.mark.parametrize("degrees", [2.5, 4.0, 30.0])
def test_heavy_tails_are_student(degrees):
    noise = student(3, 3.0, degrees)
    x = torch.zeros(30_000, 3, dtype=torch.float64)
    _, uniforms = take(open_streams(1, len(x)), noise.law, noise.count, torch.float64)
    values = noise.shape(uniforms, x, x) / math.sqrt((degrees - 2) / degrees)
    for coordinate in values.T.numpy():
        assert stats.kstest(coordinate, stats.t(degrees).cdf).pvalue > 1e-4


def test_stationarity_is_tight_within_one_percent():
    """The worst case in the plane, begun at rest, at η = 1/100: its path average uses 99 % of `stationarity`."""
    made = problem("noise-floor", start_distance=math.sqrt(problem("noise-floor").floor(0.01)))
    run = simulate(made, step_size=0.01, steps=20_000, replicas=2)
    assert 0.99 <= run.average_gradient_norm_squared[0] / path_bounds(run)["stationarity"] <= 1


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0, 2.0, 5.0])
def test_mutual_gradient_is_the_sum_of_the_divergence_gradients(alpha):
    logits = torch.randn(6, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = torch.zeros_like(logits)
    for k in range(3):
        for j in {0, 1, 2} - {k}:
            expected[:, k] += 0.7 / 2 * gradient_own(logits[:, j], logits[:, k], alpha=alpha)
    assert torch.allclose(mutual_gradient(logits, alpha, 0.7), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_holds_every_parameter_it_was_made_with(name):
    defaults = {key: one.default for key, one in inspect.signature(PROBLEMS[name]).parameters.items()}
    assert dict(problem(name).parameters) == defaults
    key, value = next(iter(defaults.items()))
    assert problem(name, **{key: value + 1}).parameters[key] == value + 1


def test_weight_decay_adds_to_that_of_the_problem():
    made = problem("rdml-digits", samples=60, weight_decay=0.05)
    assert made.regularised(0.25).parameters["weight_decay"] == pytest.approx(0.3)


def test_noise_that_only_grows_with_the_gradient_is_kept():
    made = problem("noise-floor", noise_variance=0.0, bias_bound=0.0, noise_growth=3.0)
    assert made.noise_growth == 3.0
    run = simulate(made, step_size=made.largest_step_size / 2, steps=20_000, replicas=2)
    assert run.diverged == 0
    assert abs(run.final).max() < 1e-150


def test_unknown_names_are_suggested():
    with pytest.raises(ValueError, match="did you mean 'rastrigin'"):
        problem("rastrign")
    with pytest.raises(ValueError, match="did you mean 'noise_variance'"):
        problem("quadratic", noise_varianc=1.0)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("rdml-logits", {"alpha": -1.0}),
        ("rdml-logits", {"alpha": math.nan}),
        ("rdml-logits", {"beta": -1.0}),
        ("rdml-logits", {"learners": 1}),
        ("rdml-logits", {"noise_variance": -1.0}),
        ("quadratic", {"condition": 0.5}),
        ("quadratic", {"smoothness": 0.0}),
        ("quadratic", {"noise_variance": -1.0}),
        ("quadratic", {"degrees": 2.0}),
        ("rdml-logits", {"degrees": 5.0}),
        ("rdml-logits", {"potential": True}),
        ("rdml-waves", {"amplitude": 1.0}),
        ("rdml-digits", {"samples": 5}),
        ("double-well", {"tilt": 0.4}),
        ("matrix-factorisation", {"rank": 4}),
        ("rosenbrock", {"radius": 1.0}),
        ("styblinski-tang", {"radius": 3.0}),
        ("phase-retrieval", {"radius": 0.5}),
        ("teacher-student", {"batch": 0}),
        ("rdml-digits", {"alpha": -1.0}),
        ("rdml-digits", {"learners": 1}),
        ("rdml-waves", {"alpha": -1.0}),
        ("rdml-waves", {"beta": math.inf}),
        ("rdml-waves", {"learners": 1}),
    ],
)
def test_bad_parameters_are_named(name, parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        problem(name, **parameters)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": (1.0, 2.0)}, r"start is \(1\.0, 2\.0\); 1 finite numbers are needed"),
        ({"start": "a"}, "start is 'a'; 1 finite"),
        ({"start": (math.inf,)}, r"start is \(inf,\)"),
        ({"dimension": 0}, "dimension is 0; a whole number of at least 1"),
        ({"dimension": 1.0}, r"dimension is 1\.0; a whole number"),
        ({"minimisers": ((0.0,), (0.0, 1.0))}, r"minimisers is \(0\.0, 1\.0\); 1 finite"),
        ({"smoothness": math.nan}, "smoothness is nan; a positive finite number is needed"),
        ({"smoothness": "1"}, "smoothness is '1'; a positive"),
        ({"minimum": math.nan}, "minimum is nan; a finite number, or None, is needed"),
        ({"minimum": -math.inf}, "minimum is -inf; a finite number, or None"),
        ({"radius": -1.0}, r"radius is -1\.0; a positive number"),
        ({"radius": math.nan}, "radius is nan; a positive number"),
        ({"coercivity": Coercivity(0.0)}, r"rate of coercivity is 0\.0; a positive finite number"),
        ({"coercivity": Coercivity(1.0, -1.0)}, r"slack of coercivity is -1\.0; a finite"),
        ({"pl_constant": 0.0}, r"pl_constant is 0\.0; a positive finite number, or None"),
    ],
    ids=str,
)
def test_a_problem_that_contradicts_itself_is_refused(changes, words):
    own = {"dimension": 1, "smoothness": 1.0, "start": (1.0,), "minimum": 0.0}
    functions = {"objective": lambda x: x.sum(1), "gradient": lambda x: x}
    assert Problem("own", **own, **functions).radius == math.inf
    with pytest.raises(ValueError, match=words):
        Problem("own", **own | changes, **functions)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Noise("cauchy", 2, None, 1.0), "law is 'cauchy'; one of normal, sign, uniform"),
        (lambda: Noise("sign", 0, None, 1.0), "count is 0; a whole number of at least 1"),
        (lambda: Noise("sign", 1, None, math.nan), "variance is nan; a finite number of at least 0"),
        (lambda: Noise("sign", 1, None, True), "variance is True"),
        (lambda: Noise("sign", 1, None, 1.0, scale=0), "scale is 0; a positive finite number"),
        (lambda: Noise("sign", 1, None, 1.0, -1.0), r"growth is -1\.0; a finite number of at least 0"),
        (lambda: Bias(None, -1.0), r"bound is -1\.0; a finite number of at least 0"),
        (lambda: Bias(None, math.inf), "bound is inf"),
        (lambda: Bias(None, 0.0, 1.0), r"relative bias is 1\.0; a number in \[0, 1\)"),
    ],
)
def test_constants_that_mean_nothing_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_weight_decay_of_zero_is_refused():
    with pytest.raises(ValueError, match="weight_decay is 0"):
        problem("quadratic").regularised(0)

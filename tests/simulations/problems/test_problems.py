"""Each problem's constants against its functions: none of them is taken on trust."""

import math

import pytest
import torch

from convergence.divergence import gradient_own
from simulations.ensemble.streams import open_streams, take
from simulations.problems import PROBLEMS, Bias, Problem, problem
from simulations.problems.rdml_logits import mutual_gradient

VARIANTS = [
    *((name, {}) for name in PROBLEMS),
    ("quadratic", {"dimension": 1, "bias_bound": 0.0}),
    ("noise-floor", {"noise_growth": 1.5, "smoothness": 2.0}),
    ("double-well", {"dimension": 2}),
    ("double-well", {"tilt": 0.2}),
    ("relative-bias", {"noise_variance": 1.0}),
    ("rdml-logits", {"alpha": 0.5, "learners": 3}),
    ("rdml-logits", {"alpha": 2.0, "beta": 0.0}),
]


MADE = {
    name + "".join(f" {k}={v}" for k, v in parameters.items()): problem(name, **parameters)
    for name, parameters in VARIANTS
}


def each(condition=lambda made: True):
    chosen = {name: made for name, made in MADE.items() if condition(made)}
    return pytest.mark.parametrize("made", chosen.values(), ids=chosen.keys())


def points(made, count=200, spread=3.0):
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


@each()
def test_smoothness_bounds_and_nearly_meets_the_sampled_curvature(made):
    hessian = torch.func.vmap(torch.func.hessian(lambda v: made.objective(v[None])[0]))
    x = torch.cat([points(made, 100, spread) for spread in (0.1, 1.0, 4.0)])
    if math.isfinite(made.radius):
        rim = made.radius * torch.eye(made.dimension, dtype=torch.float64)
        x = torch.cat([x, rim, -rim])
    largest = torch.linalg.eigvalsh(hessian(x)).abs().amax()
    assert largest <= made.smoothness * (1 + 1e-9)
    assert not made.smoothness_exact or largest >= 0.9 * made.smoothness, "a smaller L would do"


@each()
def test_minimum_is_reached_at_the_minimisers_and_nowhere_undercut(made):
    at = torch.tensor(made.minimisers, dtype=torch.float64)
    assert float(made.objective(at).min()) == pytest.approx(made.minimum, abs=1e-12)
    assert made.gradient(at).norm(dim=1).max() < 1e-12
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
    count, x = 40_000, points(made, 1)
    mean_gradient = made.gradient(x)
    _, variates = take(open_streams(0, count), made.noise.law, made.noise.count, torch.float64)
    noise = made.noise.shape(variates, x.expand(count, -1), mean_gradient.expand(count, -1))
    squared = noise.square().sum(1)
    allowed = made.noise_growth * float(mean_gradient.square().sum()) + made.noise_variance
    error = float(squared.std()) / math.sqrt(count)
    if made.noise.exact:
        assert float(squared.mean()) == pytest.approx(allowed, rel=1e-12, abs=4 * error)
    else:
        assert float(squared.mean()) <= allowed
    assert (noise.mean(0).abs() <= 4.5 * noise.std(0) / math.sqrt(count)).all()


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0, 2.0, 5.0])
def test_mutual_gradient_is_the_sum_of_the_divergence_gradients(alpha):
    logits = torch.randn(6, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = torch.zeros_like(logits)
    for k in range(3):
        for j in {0, 1, 2} - {k}:
            expected[:, k] += 0.7 / 2 * gradient_own(logits[:, j], logits[:, k], alpha=alpha)
    assert torch.allclose(mutual_gradient(logits, alpha, 0.7), expected, rtol=1e-12, atol=1e-15)


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
        ("quadratic", {"condition": 0.5}),
        ("quadratic", {"smoothness": 0.0}),
        ("quadratic", {"noise_variance": -1.0}),
    ],
)
def test_bad_parameters_are_named(name, parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        problem(name, **parameters)


def test_a_relative_bias_of_one_is_refused():
    bias = Bias(lambda x, g: -g, 0.0, 1.0)
    with pytest.raises(ValueError, match=r"relative_bias is 1\.0"):
        Problem("own", 1, lambda x: x.sum(1), lambda x: x, 1.0, 0.0, (1.0,), bias=bias)

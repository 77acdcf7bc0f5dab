import numpy as np
import pytest

from proofs.performance.inequality import (
    all_inequalities,
    consecutive_inequalities,
    inequality,
    interpolation,
)
from proofs.performance.problem import scaled_problem


def value(valid, gram, scalars):
    """Left side of an inequality."""
    total = float(valid.constant)
    total += sum(float(factor) * scalars[k] for k, factor in valid.scalars.items())
    return total + sum(float(factor) * gram[p, q] for (p, q), factor in valid.gram.items())


def random_run(problem, random):
    """Gram matrix and scalars of a run on a random nonconvex 1-smooth F ≥ 0 with random bias."""
    directions = random.normal(size=(3, 2))
    phases = random.uniform(0, 2 * np.pi, size=3)
    curvature = (directions**2).sum(1)
    weights = random.uniform(size=3) / curvature.sum()

    def function(x):
        return weights @ (1 - np.cos(directions @ x + phases))

    def gradient(x):
        return directions.T @ (weights * np.sin(directions @ x + phases))

    x, vectors, scalars = random.normal(size=2), [], []
    weights = weights / max(1.0, function(x))
    zeta, h = float(problem.bias_bound_squared) ** 0.5, float(problem.step_size)
    for t in range(problem.steps):
        g, b = gradient(x), random.normal(size=2)
        b *= random.uniform() * np.sqrt(zeta**2 + float(problem.relative_bias) * g @ g) / np.linalg.norm(b)
        scalars.append(function(x))
        vectors += [g, b] if t < problem.steps - 1 else [g]
        x = x - h * (g + b)
    if problem.metric == "minimum":
        scalars.append(min(g @ g for g in vectors[::2]))
    vectors = np.array(vectors)
    return vectors @ vectors.T, scalars


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("metric", ["average", "minimum"])
def test_every_run_of_a_smooth_function_satisfies_them_all(seed, metric):
    random = np.random.default_rng(seed)
    problem, _ = scaled_problem(
        steps=5, step_size=0.7, smoothness=1, bias_bound=0.4, relative_bias=0.3, metric=metric
    )
    gram, scalars = random_run(problem, random)
    assert scalars[0] <= 1
    for valid in all_inequalities(problem):
        assert value(valid, gram, scalars) >= -1e-12, valid.name


def test_interpolation_is_tight_on_the_parabola_and_fails_beyond_it():
    problem, _ = scaled_problem(steps=3, step_size=0.5, smoothness=1, bias_bound=0)
    for curvature, holds in ((1.0, True), (1.01, False)):
        x = (1 - 0.5 * curvature) ** np.arange(3)
        g = curvature * x
        scalars = curvature * x**2 / 2
        lowest = min(
            value(interpolation(problem, i, j), np.outer(g, g), scalars) for i, j in ((0, 1), (1, 2), (0, 2))
        )
        assert (lowest >= -1e-15) == holds


def test_consecutive_ones_are_among_all_and_couple_only_neighbours():
    problem, _ = scaled_problem(steps=6, step_size=0.5, smoothness=1, bias_bound=1, noise_variance=1)
    every = {valid.name: valid for valid in all_inequalities(problem)}
    few = consecutive_inequalities(problem)
    assert len(few) < len(every)
    for valid in few:
        assert every[valid.name] == valid
        assert all(q - p <= 3 for p, q in valid.gram)


def test_names_lead_back_to_their_inequalities():
    problem, _ = scaled_problem(
        steps=4, step_size=0.5, smoothness=1, bias_bound=1, noise_variance=1, metric="minimum"
    )
    for valid in all_inequalities(problem):
        assert inequality(problem, valid.name) == valid


@pytest.mark.parametrize(
    "name",
    [
        ("interpolation", 1, 1),
        ("interpolation", 0, 4),
        ("above-optimum", -1),
        ("bias", 3),
        ("noise", 0),
        ("nothing",),
    ],
)
def test_there_are_no_others(name):
    problem, _ = scaled_problem(steps=4, step_size=0.5, smoothness=1, bias_bound=1)
    with pytest.raises(ValueError, match=r"step|noise|kind"):
        inequality(problem, name)

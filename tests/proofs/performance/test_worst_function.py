import itertools

import clarabel
import numpy as np
import pytest
from scipy import sparse

from proofs.performance.worst_case import worst_case
from proofs.performance.worst_function import WorstFunction

CASES = [
    {"steps": 4, "step_size": 0.5, "smoothness": 1, "bias_bound": 0.5},
    {"steps": 8, "step_size": 0.15, "smoothness": 10, "bias_bound": 0.5, "initial_gap": 3, "metric": "last"},
    {"steps": 16, "step_size": 0.5, "smoothness": 1, "bias_bound": 0.5, "relative_bias": 0.2},
]


@pytest.fixture(params=CASES, ids=["plain", "last", "relative"], scope="module")
def case(request):
    return request.param, worst_case(**request.param)


def test_sgd_on_it_is_as_bad_as_the_certificate_says(case):
    constants, worst = case
    function = worst.worst_function()
    x, squares = function.start, []
    assert function.value(x) <= constants.get("initial_gap", 1) * (1 + 1e-12)
    for t in range(constants["steps"]):
        gradient = function.gradient(x)
        squares.append(gradient @ gradient)
        if t < constants["steps"] - 1:
            bias = function.biases[t]
            allowed = constants.get("relative_bias", 0) * squares[t] + constants["bias_bound"] ** 2
            assert bias @ bias <= allowed * (1 + 1e-9)
            x = x - constants["step_size"] * (gradient + bias)
    reached = squares[-1] if constants.get("metric") == "last" else np.mean(squares)
    assert reached == pytest.approx(worst.upper, rel=1e-6)


def test_it_is_smooth_bounded_below_and_has_this_gradient(case):
    constants, worst = case
    function = worst.worst_function()
    random = np.random.default_rng(0)
    spread = np.ptp(function.points, axis=0).max()
    points = function.points[0] + spread * random.normal(size=(25, function.start.size))
    gradients = [function.gradient(y) for y in points]
    for (y, g), (z, k) in itertools.combinations(zip(points, gradients, strict=True), 2):
        assert np.linalg.norm(g - k) <= constants["smoothness"] * np.linalg.norm(y - z) * (1 + 1e-9)
    for y, g in zip(points, gradients, strict=True):
        assert function.value(y) >= g @ g / (2 * constants["smoothness"]) - 1e-9
        e = 1e-5 * spread * np.eye(y.size)
        difference = [(function.value(y + d) - function.value(y - d)) / (2e-5 * spread) for d in e]
        np.testing.assert_allclose(g, difference, atol=1e-7 * np.abs(function.gradients).max())


def test_it_passes_through_the_data(case):
    _, worst = case
    function = worst.worst_function()
    for x, g, value in zip(function.points, function.gradients, function.values, strict=True):
        assert function.value(x) == pytest.approx(value, rel=1e-9, abs=1e-9)
        np.testing.assert_allclose(function.gradient(x), g, atol=1e-9 * np.abs(function.gradients).max())


def test_value_agrees_with_a_quadratic_programme(case):
    _, worst = case
    f = worst.worst_function()
    smooth, count = f.smoothness, len(f.points)
    centres = (f.points - f.gradients / smooth) / 2
    slopes = f.gradients + smooth * f.points
    offsets = f.values + smooth * (f.points**2).sum(1) / 2 - (slopes**2).sum(1) / (4 * smooth)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    constraints = sparse.vstack([np.ones((1, count)), -sparse.identity(count)]).tocsc()
    for y in f.points.mean(0) + np.random.default_rng(1).normal(size=(10, f.start.size)):
        gaps = centres - y
        found = clarabel.DefaultSolver(
            sparse.csc_matrix(np.triu(2 * smooth * gaps @ gaps.T)),
            offsets,
            constraints,
            np.concatenate([[1.0], np.zeros(count)]),
            [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(count)],
            settings,
        ).solve()
        assert f.value(y) == pytest.approx(found.obj_val - smooth * y @ y / 2, rel=1e-6, abs=1e-6)


def test_one_point_gives_a_parabola():
    f = WorstFunction(2.0, np.array([[1.0]]), np.array([[3.0]]), np.array([5.0]), np.zeros((0, 1)))
    y = np.array([0.3])
    assert f.value(y) == pytest.approx(5 + 3 * (0.3 - 1) + (0.3 - 1) ** 2)
    assert f.gradient(y)[0] == pytest.approx(3 + 2 * (0.3 - 1))

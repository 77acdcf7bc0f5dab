from dataclasses import replace
from fractions import Fraction

import pytest

from proofs.performance.lower import InterpolatedRun, RadialRun, quadratic_run, radial_run
from proofs.performance.problem import scaled_problem
from proofs.performance.upper import UpperCertificate, certify_upper
from proofs.performance.worst_case import worst_case

CASES = {
    "plain": {"steps": 4, "step_size": 0.5, "smoothness": 1, "bias_bound": 0.5},
    "relative": {"steps": 3, "step_size": 0.7, "smoothness": 1, "bias_bound": 0.5, "relative_bias": 0.5},
    "minimum": {"steps": 3, "step_size": 0.5, "smoothness": 1, "bias_bound": 0.5, "metric": "minimum"},
    "last": {"steps": 3, "step_size": 0.5, "smoothness": 1, "bias_bound": 0.5, "metric": "last"},
    "noise": {"steps": 3, "step_size": 0.5, "smoothness": 1, "bias_bound": 0.5, "noise_variance": 0.5},
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys(), scope="module")
def worst(request):
    return worst_case(**request.param)


def test_both_hold(worst):
    assert worst.upper_certificate.holds
    assert worst.lower_certificate.holds
    assert worst.lower_certificate.value <= worst.upper_certificate.value


def test_a_multiplier_too_small_proves_nothing(worst):
    certificate = worst.upper_certificate
    # Less for the bias costs less, and leaves the slack matrix indefinite.
    cheaper = {
        name: factor * (1 - Fraction(1, 10**5)) if name[0] == "bias" else factor
        for name, factor in certificate.multipliers.items()
    }
    tampered = UpperCertificate(worst.problem, cheaper)
    assert tampered.value < certificate.value
    assert not tampered.holds


def test_unbalanced_or_negative_multipliers_prove_nothing(worst):
    multipliers = dict(worst.upper_certificate.multipliers)
    unbalanced = multipliers | {("start",): multipliers["start",] * (1 - Fraction(1, 10**9))}
    assert not UpperCertificate(worst.problem, unbalanced).holds
    negative = multipliers | {("bias", 0): -multipliers["bias", 0]}
    assert not UpperCertificate(worst.problem, negative).holds


def test_one_percent_less_cannot_be_certified(worst):
    certificate = worst.upper_certificate
    shrunk = {name: float(factor) * 0.99 for name, factor in certificate.multipliers.items()}
    assert not certify_upper(worst.problem, shrunk).holds


def test_a_certificate_of_one_class_is_none_of_a_larger_one(worst):
    larger = replace(worst.problem, relative_bias=worst.problem.relative_bias + Fraction(1, 1000))
    assert not UpperCertificate(larger, worst.upper_certificate.multipliers).holds


def test_a_steeper_run_leaves_the_class():
    run = worst_case(**CASES["plain"]).lower_certificate
    assert isinstance(run, InterpolatedRun)
    steeper = tuple(tuple(Fraction(1001, 1000) * x for x in g) for g in run.gradients)
    assert not replace(run, gradients=steeper).holds
    longer = tuple(tuple(Fraction(1001, 1000) * x for x in b) for b in run.biases)
    assert not replace(run, biases=longer).holds
    assert not replace(run, gradients=run.gradients[:-1]).holds


def test_the_quadratic_run_is_a_run_of_the_quadratic():
    problem, _ = scaled_problem(steps=5, step_size=0.5, smoothness=1, bias_bound=0.5)
    run = quadratic_run(problem)
    assert run.holds
    offset = run.gradients[0][0] - run.points[0][0]
    for point, gradient, value in zip(run.points, run.gradients, run.values, strict=True):
        assert gradient[0] - point[0] == offset
        assert value == gradient[0] ** 2 / 2


def test_the_radial_run_is_deterministic_under_its_noise():
    problem, _ = scaled_problem(steps=6, step_size=0.4, smoothness=1, bias_bound=0.5, noise_variance=0.3)
    run = radial_run(problem)
    assert run.holds
    x = 2**0.5
    y = 0.0
    for square in run.squares:
        norm = (x**2 + y**2) ** 0.5
        assert norm**2 == pytest.approx(float(square), rel=1e-12)
        bias, noise = -0.5 / norm, 0.3**0.5 / norm
        x, y = x - 0.4 * (x + bias * x - noise * y), y - 0.4 * (y + bias * y + noise * x)
    raised = (*run.squares[:-1], run.squares[-1] * (1 + Fraction(1, 10**6)))
    assert not RadialRun(problem, raised).holds

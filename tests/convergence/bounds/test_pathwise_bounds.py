from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convergence.bounds import pathwise

numbers = st.fractions(-3, 3, max_denominator=20)
steps = st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=5)


def run(path: list, curvature: Fraction, eta: Fraction) -> dict[str, Fraction]:
    """Means along SGD on `c x²/2` in one variable with given biases and noises, exactly."""
    x, sums = (
        path[0][0],
        dict.fromkeys(("g2", "b2", "n2", "gb", "gn", "bn", "descent", "curvature"), Fraction(0)),
    )
    for _, bias, noise in path:
        gradient = curvature * x
        estimate = gradient + bias + noise
        after = x - eta * estimate
        sums["g2"] += gradient**2
        sums["b2"] += bias**2
        sums["n2"] += noise**2
        sums["gb"] += gradient * bias
        sums["gn"] += gradient * noise
        sums["bn"] += bias * noise
        sums["descent"] += curvature * (x**2 - after**2) / (2 * eta)
        sums["curvature"] += eta / 2 * curvature * estimate**2
        x = after
    return {name: value / len(path) for name, value in sums.items()}


@given(steps, numbers, st.fractions(Fraction(1, 20), 2, max_denominator=20))
def test_ledger_and_residual_are_identities(path, curvature, eta) -> None:
    means = run(path, curvature, eta)
    assert means["g2"] == pathwise.ledger_sum(
        descent=means["descent"],
        gradient_dot_bias=means["gb"],
        gradient_dot_noise=means["gn"],
        curvature=means["curvature"],
    )
    h = eta * curvature
    remainder = pathwise.remainder(
        contraction=h,
        descent=means["descent"],
        noise_norm_squared=means["n2"],
        gradient_dot_noise=means["gn"],
        bias_dot_noise=means["bn"],
    )
    residual = pathwise.residual(
        contraction=h,
        gradient_norm_squared=means["g2"],
        bias_norm_squared=means["b2"],
        remainder=remainder,
    )
    assert residual == -(1 - h) * means["gb"]
    slack = pathwise.slack(contraction=h, gradient_norm_squared=means["g2"], bias_norm_squared=means["b2"])
    assert abs(residual) <= float(slack) + 1e-12
    assume(h < Fraction(19, 10))
    lower, upper = pathwise.sandwich(
        contraction=float(h), bias_norm_squared=float(means["b2"]), remainder=float(remainder)
    )
    assert lower - 1e-6 <= float(means["g2"]) ** 0.5 <= upper + 1e-6


def test_sandwich_closes_without_bias_or_at_full_contraction() -> None:
    assert pathwise.sandwich(contraction=0.5, bias_norm_squared=0.0, remainder=3.0) == pytest.approx(
        (2.0, 2.0)
    )
    lower, upper = pathwise.sandwich(contraction=1.0, bias_norm_squared=5.0, remainder=2.0)
    assert lower == upper == pytest.approx(3.0)

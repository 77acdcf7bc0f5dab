from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st

from convergence import gradient_own, renyi_divergence, strategies
from convergence.bounds import gradient as bounds

BETWEEN = [0.7154, 0.716, 0.72, 0.725, 0.7295, 0.73, 0.75, 0.8, 0.853]


def test_thresholds_are_the_numbers_of_the_theory() -> None:
    local, u = bounds.LOCAL_ORDER, bounds.CORNER
    assert local == pytest.approx(0.8541020, abs=5e-8)
    assert u / (1 - u) == pytest.approx(-2 * math.log(1 - u), rel=1e-14)
    assert bounds.self_bounding_best(0.3) == pytest.approx(0.81452876, abs=5e-9)
    assert bounds.pinsker_best(math.inf) == pytest.approx(0.6138519, abs=5e-8)
    assert 1 / u == pytest.approx(1.3979525, abs=5e-8)


def largest_ratio_of_two_classes(alpha: float) -> mpmath.mpf:
    """`sup 2(x−y)²/D_{1/α}(x‖y)` from its definition, `x = 1 − e^{−s}`: over y at many s, then over both."""
    order = 1 / mpmath.mpf(alpha)

    def ratio(s, y):
        x = 1 - mpmath.exp(-s)
        mixture = x**order * y ** (1 - order) + (1 - x) ** order * (1 - y) ** (1 - order)
        return mpmath.log(2 * (x - y) ** 2 * (order - 1) / mpmath.log(mixture))

    def slope(s, y):
        return mpmath.diff(lambda y: ratio(s, y), y)

    with mpmath.workdps(40):
        path = []
        for s in map(mpmath.mpf, range(1, 41)):
            y = mpmath.findroot(
                lambda y, s=s: slope(s, y), (mpmath.mpf("0.33"), mpmath.mpf("0.3")), tol=1e-30
            )
            path.append((ratio(s, y), s, y))
        _, s, y = max(path)
        # At the upper end the ratio changes with s as e^{−s}.
        gradient = [lambda s, y: mpmath.exp(s) * mpmath.diff(lambda s: ratio(s, y), s), slope]
        return mpmath.exp(ratio(*mpmath.findroot(lambda *at: [f(*at) for f in gradient], (s, y), tol=1e-20)))


@pytest.mark.parametrize("alpha", BETWEEN)
def test_best_constant_between_the_thresholds(alpha: float) -> None:
    constant = largest_ratio_of_two_classes(alpha)
    assert abs(bounds.self_bounding_best(alpha) - constant) < 1e-13
    assert abs(bounds.pinsker_best(1 / alpha) - 1 / (2 * constant)) < 1e-13


def test_best_constant_holds_where_one_class_is_all_but_lost() -> None:
    """The instance that once exceeded it, by 3e-5."""
    alpha, target, own = 0.7295030508474576, 0.999953329051, 0.285241660566
    target, own = (torch.tensor([first, 1 - first], dtype=torch.float64).log() for first in (target, own))
    squared = gradient_own(target, own, alpha=alpha).square().sum()
    bound = bounds.self_bounding_best(alpha) * renyi_divergence(target, own, alpha=alpha)
    assert bound * (1 - 1e-9) <= squared <= bound * (1 + 1e-12)


def test_the_constant_of_pinsker_at_the_ends() -> None:
    assert bounds.pinsker_best(0.0) == 0.0
    assert bounds.pinsker_best(0.4) == pytest.approx(0.2, rel=1e-15)
    assert bounds.pinsker_best(1.5) == bounds.pinsker_best(math.inf)


def test_norms_of_the_gradient() -> None:
    assert [bounds.own_gradient_bound(norm=norm) for norm in (1, 2, math.inf)] == [2.0, 2**0.5, 1.0]


def test_best_constant_is_continuous_and_grows() -> None:
    corner, local = bounds.CORNER, bounds.LOCAL_ORDER
    orders = sorted([corner + k * (local - corner) / 12 for k in range(13)] + [corner + 1e-9, *BETWEEN])
    constants = [bounds.self_bounding_best(order) for order in orders]
    assert constants == sorted(constants)
    assert bounds.self_bounding_best(corner + 1e-6) == pytest.approx(constants[0], abs=1e-15)
    for distance in (1e-4, 1e-5, 1e-6, 1e-7):  # c(α) = α + 10.45·(distance)² there
        excess = bounds.self_bounding_best(local - distance) - (local - distance)
        assert excess == pytest.approx(10.45 * distance**2, rel=0.002, abs=1e-12)


@given(strategies.orders(1e-6, 100.0).map(lambda alpha: round(alpha, 2) or 0.01))
def test_constants_are_ordered(alpha: float) -> None:
    best, usable = bounds.self_bounding_best(alpha), bounds.self_bounding_usable(alpha)
    assert best <= usable <= bounds.self_bounding_constant(alpha)
    assert usable <= 1.049 * best
    rounded_up = bounds.pinsker_best(alpha) * (1 + 1e-14)
    assert bounds.pinsker_constant(alpha) <= bounds.pinsker_usable(alpha) <= rounded_up


@given(st.floats(1e-3, 20), st.floats(1e-3, 20))
def test_target_bound_is_the_smaller_of_its_two_parts(alpha: float, oscillation: float) -> None:
    parts = (alpha * 2 / abs(alpha - 1) if alpha != 1 else math.inf, alpha * oscillation / 2)
    bound = bounds.target_gradient_bound(alpha=alpha, oscillation=oscillation)
    assert bound == pytest.approx(min(parts), rel=1e-12)


def test_numbers_fractions_symbols_and_tensors_agree() -> None:
    alpha, oscillation = Fraction(7, 3), Fraction(5, 2)
    symbols = dict(zip(("alpha", "oscillation"), sympy.symbols("a o", positive=True), strict=True))
    for bound in (bounds.divergence_bound, bounds.kl_gap_bound, bounds.order_as_weight_bound):
        exact = bound(alpha=alpha, oscillation=oscillation)
        number = bound(alpha=float(alpha), oscillation=float(oscillation))
        symbolic = bound(**symbols).subs(
            {symbols["alpha"]: sympy.Rational(7, 3), symbols["oscillation"]: sympy.Rational(5, 2)}
        )
        tensor = bound(
            alpha=torch.tensor([7 / 3], dtype=torch.float64),
            oscillation=torch.tensor([2.5], dtype=torch.float64),
        )
        assert float(exact) == pytest.approx(number, rel=1e-14)
        assert float(symbolic) == pytest.approx(number, rel=1e-14)
        assert tensor.item() == pytest.approx(number, rel=1e-14)
    assert bounds.divergence_bound(alpha=alpha, oscillation=oscillation) == Fraction(7, 3) * 25 / 32
    assert bounds.self_bounding_constant(sympy.Symbol("a")) == sympy.Max(1, sympy.Symbol("a"))
    assert bounds.self_bounding_constant(torch.tensor([0.5, 3.0])).tolist() == [1.0, 3.0]


def test_curvature_range() -> None:
    assert bounds.own_curvature(Fraction(1, 4)) == (Fraction(-3, 8), Fraction(1, 2))
    assert bounds.own_curvature(Fraction(4)) == (0, 2)


@pytest.mark.parametrize("alpha", [-1.0, math.nan])
def test_an_order_outside_its_range_is_named(alpha: float) -> None:
    with pytest.raises(ValueError, match=rf"alpha={alpha} is outside \[0, ∞\]"):
        bounds.self_bounding_constant(alpha)


def test_other_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="norm=3 is outside"):
        bounds.own_gradient_bound(norm=3)
    with pytest.raises(ValueError, match="oscillation=0 is outside"):
        bounds.target_gradient_bound(alpha=1.0, oscillation=0)
    with pytest.raises(ValueError, match="alpha=2 is outside"):
        bounds.target_self_bounding_constant(2)

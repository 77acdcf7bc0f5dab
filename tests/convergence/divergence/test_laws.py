"""Laws of the divergence on hard inputs, each by identities that the kernels do not use."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from convergence.divergence import escort, gradient_own, gradient_target, renyi_divergence
from convergence.strategies import channels, logits, orders, pairs

CLASSES = st.integers(1, 12)
Rows = tuple[Tensor, Tensor]
unhurried = settings(deadline=None, max_examples=60)


@unhurried
@given(pairs(CLASSES, masks="any", largest=1e4), orders())
def test_never_negative_nor_nan(rows: Rows, alpha: float) -> None:
    divergence = renyi_divergence(*rows, alpha=alpha)
    assert divergence >= 0
    for gradient in (gradient_own(*rows, alpha=alpha), gradient_target(*rows, alpha=alpha)):
        assert gradient.isfinite().all()
        assert abs(gradient.sum()) <= 1e-13 * gradient.abs().sum() + 1e-15


@unhurried
@given(logits(CLASSES, largest=1e4), st.sampled_from((0.0, 3.0, -1024.0)), orders())
def test_equal_distributions_give_exactly_nothing(row: Tensor, shift: float, alpha: float) -> None:
    row = row.float().double()  # so that the shift is exact
    for dtype in (torch.float64, torch.float32):
        target, own = row.clone().to(dtype), (row + shift).to(dtype)
        if not torch.equal(own.double() - shift, target.double()):
            continue
        target.requires_grad_(), own.requires_grad_()
        divergence = renyi_divergence(target, own, alpha=alpha)
        divergence.backward()
        assert divergence == 0
        assert not own.grad.any()
        assert not target.grad.any()


@unhurried
@given(pairs(CLASSES, masks="any", largest=30.0), orders(), st.integers(-20, 20), st.integers(-20, 20))
def test_shifts_do_not_matter(rows: Rows, alpha: float, a: int, b: int) -> None:
    target, own = ((x * 2**20).round() / 2**20 for x in rows)  # so that the shifts are exact
    plain = renyi_divergence(target, own, alpha=alpha)
    torch.testing.assert_close(renyi_divergence(target + a, own + b, alpha=alpha), plain, rtol=1e-14, atol=0)


@unhurried
@given(pairs(CLASSES, masks="any"), orders(1e-3, 0.999))
def test_skew_symmetry(rows: Rows, alpha: float) -> None:
    target, own = rows
    left = (1 - alpha) * renyi_divergence(target, own, alpha=alpha)
    right = alpha * renyi_divergence(own, target, alpha=1 - alpha)
    torch.testing.assert_close(left, right, rtol=1e-12, atol=1e-300)


@unhurried
@given(pairs(CLASSES, masks="any"), orders(), orders())
def test_nondecreasing_in_the_order(rows: Rows, a: float, b: float) -> None:
    low, high = (renyi_divergence(*rows, alpha=order) for order in sorted((a, b)))
    assert low <= high * (1 + 1e-14)


@unhurried
@given(pairs(st.integers(2, 8), largest=20.0), orders(0.05, 20))
def test_order_inversion(rows: Rows, alpha: float) -> None:
    target, own = rows
    log_escort = alpha * target.log_softmax(-1) + (1 - alpha) * own.log_softmax(-1)
    inverted = renyi_divergence(log_escort, own, alpha=1 / alpha)
    torch.testing.assert_close(renyi_divergence(target, own, alpha=alpha), inverted, rtol=1e-6, atol=1e-11)


@unhurried
@given(pairs(4, masks="any", largest=20.0), channels(4, 3), orders())
def test_data_processing(rows: Rows, channel: Tensor, alpha: float) -> None:
    coarse = [(row.softmax(-1) @ channel).log() for row in rows]
    assert renyi_divergence(*coarse, alpha=alpha) <= renyi_divergence(*rows, alpha=alpha) + 1e-12


@unhurried
@given(pairs(3, masks="any"), pairs(4, masks="any"), orders())
def test_products_add(first: Rows, second: Rows, alpha: float) -> None:
    product = [
        (a.log_softmax(-1)[:, None] + b.log_softmax(-1)).flatten() for a, b in zip(first, second, strict=True)
    ]
    parts = renyi_divergence(*first, alpha=alpha) + renyi_divergence(*second, alpha=alpha)
    torch.testing.assert_close(renyi_divergence(*product, alpha=alpha), parts, rtol=1e-6, atol=1e-11)


@unhurried
@given(pairs(CLASSES, masks="any"), orders(0, 50))
def test_own_gradient_is_own_less_escort(rows: Rows, alpha: float) -> None:
    r = escort(*rows, alpha=alpha)
    assert r.sum() == pytest.approx(1, abs=1e-13)
    expected = rows[1].softmax(-1) - r
    torch.testing.assert_close(gradient_own(*rows, alpha=alpha), expected, rtol=1e-9, atol=1e-13)


def test_values_at_the_ends() -> None:
    target, own = torch.tensor([0.0, math.log(3), -math.inf]), torch.tensor([0.0, 0.0, math.log(2)])
    # p = (¼, ¾, 0), q = (¼, ¼, ½)
    expected = {0: math.log(2), 1: 0.75 * math.log(3), 2: math.log(2.5), math.inf: math.log(3)}
    for alpha, value in expected.items():
        assert renyi_divergence(target, own, alpha=alpha).item() == pytest.approx(value, rel=1e-7)
    torch.testing.assert_close(escort(target, own, alpha=0), torch.tensor([0.5, 0.5, 0.0]))
    torch.testing.assert_close(escort(target, own, alpha=math.inf), torch.tensor([0.0, 1.0, 0.0]))


def test_ties_at_infinity_share_like_own() -> None:
    own = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
    r = escort(own + torch.tensor([2.0, 2.0, 0.0], dtype=torch.float64), own, alpha=math.inf)
    torch.testing.assert_close(r, torch.cat([own[:2].softmax(-1), torch.zeros(1, dtype=torch.float64)]))


def test_bad_rows_stay_alone() -> None:
    for dtype in (torch.float32, torch.float64):
        target, own = torch.randn(2, 6, 3, dtype=dtype)
        clean = renyi_divergence(target, own, alpha=1.5)
        target[0, 1], own[1], target[2, 0], alpha = math.nan, -math.inf, math.inf, torch.full((6,), 1.5)
        alpha[3], alpha[4] = -1.0, math.nan
        own.requires_grad_()
        divergence = renyi_divergence(target, own, alpha=alpha)
        divergence.sum().backward()
        assert divergence.isnan().tolist() == [True] * 5 + [False]
        assert divergence[5] == clean[5]
        assert own.grad[5].isfinite().all()
        assert own.grad[:5].isnan().all()

"""What lies at the edge of a domain is accepted, what lies beyond is refused by name; and what is not given."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from convergence.divergence import (
    MutualLoss,
    cohort_divergence,
    order_derivative,
    renyi_divergence,
    renyi_hvp,
    tsallis,
)

GENERATOR = torch.Generator().manual_seed(8)
ROWS = torch.randn(2, 4, 3, generator=GENERATOR, dtype=torch.float64)
COHORT = torch.randn(3, 4, 5, generator=GENERATOR)
LABELS = torch.tensor([0, 4, 2, 2])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"beta": -1e-6}, r"beta=-1e-06 is outside \[0, inf\)"),
        ({"beta": math.inf}, r"beta=inf is outside \[0, inf\)"),
        ({"beta": math.nan}, r"beta=nan is outside \[0, inf\)"),
        ({"temperature": 0.0}, r"temperature=0.0 is outside \(0, 1e\+09\]"),
        ({"temperature": -0.5}, r"temperature=-0.5 is outside \(0, 1e\+09\]"),
        ({"temperature": math.inf}, r"temperature=inf is outside \(0, 1e\+09\]"),
        ({"alpha": -1e-6}, r"alpha=-1e-06 is outside \[0, inf\]"),
        ({"alpha": ((0, 1, 1), (1, 0, 1))}, r"alpha has rows of \[3, 3\] orders; 3 of 3 are needed"),
        ({"alpha": ((0, 1), (1, 0), (1, 1))}, r"alpha has rows of \[2, 2, 2\] orders; 3 of 3 are needed"),
        ({"alpha": ((0, 1, 1), (1, 0, -0.5), (1, 1, 0))}, r"alpha=-0.5 is outside \[0, inf\]"),
        ({"alpha": torch.ones(4, 1)}, r"alpha has shape \(4, 1\); it must broadcast to the batch \(4,\)"),
        ({"alpha": torch.ones(2)}, r"alpha has shape \(2,\); it must broadcast to the batch \(4,\)"),
        ({"weights": torch.ones(3)}, r"weights has shape \(3,\); it must be \(3, 3\)"),
        ({"weights": torch.ones(3, 2)}, r"weights has shape \(3, 2\); it must be \(3, 3\)"),
        ({"precision": "slow"}, "precision='slow' is not one of"),
        ({"logits": COHORT[:1]}, r"logits has shape \(1, 4, 5\); a cohort is \(K, B, C\) with K >= 2"),
        ({"logits": COHORT[None]}, r"logits has shape \(1, 3, 4, 5\); a cohort is \(K, B, C\)"),
        ({"logits": COHORT[0]}, r"logits has shape \(4, 5\); a cohort is \(K, B, C\)"),
    ],
)
def test_what_no_cohort_can_have_is_named(changed: dict[str, Any], message: str) -> None:
    arguments = {"logits": COHORT, "alpha": 1.5} | changed
    with pytest.raises(ValueError, match=message):
        cohort_divergence(arguments.pop("logits"), **arguments)


def test_the_edges_of_a_cohort() -> None:
    plain = cohort_divergence(COHORT, alpha=1.5)
    assert not cohort_divergence(COHORT, alpha=1.5, beta=0).losses.any()
    assert (cohort_divergence(COHORT, alpha=1e-9).losses > 0).all()
    assert cohort_divergence(COHORT, alpha=0).losses.abs().max() < 1e-6  # equal supports
    for order in (torch.tensor(1.5), torch.tensor([1.5]), torch.full((4,), 1.5)):
        torch.testing.assert_close(cohort_divergence(COHORT, alpha=order), plain)
    matrix = tuple(tuple(1.5 if j != k else -1.0 for j in range(3)) for k in range(3))
    torch.testing.assert_close(cohort_divergence(COHORT, alpha=matrix), plain)
    torch.testing.assert_close(cohort_divergence(COHORT, alpha=1.5, weights=torch.full((3, 3), 0.5)), plain)
    two = cohort_divergence(COHORT[:2], alpha=1.5)
    torch.testing.assert_close(two.losses, torch.stack([plain.disagreement[0, 1], plain.disagreement[1, 0]]))
    doubled = cohort_divergence(COHORT, alpha=1.5, beta=2)
    torch.testing.assert_close(doubled.losses, 2 * plain.losses)
    torch.testing.assert_close(doubled.disagreement, plain.disagreement)


def test_orders_of_a_pair_belong_to_that_pair() -> None:
    orders = ((0.0, 0.5, 1.0), (2.0, 0.0, 3.0), (0.25, math.inf, 0.0))
    found = cohort_divergence(COHORT, alpha=orders)
    for k in range(3):
        for j in range(3):
            alone = renyi_divergence(COHORT[j], COHORT[k], alpha=orders[k][j]).mean() if j != k else 0.0
            assert found.disagreement[k, j].item() == pytest.approx(float(alone), rel=1e-6)


def test_what_the_loss_is_without_options() -> None:
    mutual = cohort_divergence(COHORT, alpha=1.5).losses
    supervised = torch.stack([functional.cross_entropy(z, LABELS) for z in COHORT])
    torch.testing.assert_close(MutualLoss(1.5)(COHORT, LABELS).losses, supervised + mutual)
    warm = cohort_divergence(COHORT, alpha=1.5, temperature=3.0, beta=0.25).losses
    smooth = torch.stack([functional.cross_entropy(z, LABELS, label_smoothing=0.2) for z in COHORT])
    found = MutualLoss(1.5, 0.25, 3.0, label_smoothing=0.2)(COHORT, LABELS)
    torch.testing.assert_close(found.losses, smooth + 9 * warm)
    assert repr(MutualLoss(1.5, 0.25, 3.0)) == "MutualLoss(alpha=1.5, beta=0.25, temperature=3.0)"


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (LABELS[:3], ValueError, r"labels has shape \(3,\); logits \(3, 4, 5\) need \(B,\)"),
        (LABELS[:, None], ValueError, r"labels has shape \(4, 1\)"),
        (LABELS.float(), TypeError, r"labels has dtype torch.float32; classes are integers"),
        (LABELS.to("meta"), ValueError, "labels is on meta, logits on cpu"),
    ],
)
def test_labels(labels: Tensor, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        MutualLoss(1.5)(COHORT, labels)


def test_classes_are_on_the_last_axis_of_many() -> None:
    many = torch.zeros(5, 2, 4, 3)
    for target, own, message in (
        (many, many[..., :2], "target has 3 classes, own 2; they must agree"),
        (many[..., :2], many[0, 0], "target has 2 classes, own 3; they must agree"),
        (many, many[:, :, :3], r"target \(5, 2, 4\), own \(5, 2, 3\), alpha \(\)"),
        (many, many[..., :0], r"own has shape \(5, 2, 4, 0\); the last axis holds C >= 1 classes"),
    ):
        with pytest.raises(ValueError, match=message):
            renyi_divergence(target, own, alpha=1)


@pytest.mark.parametrize("alpha", [torch.tensor(True), torch.zeros(4, dtype=torch.bool)])
def test_a_truth_value_is_no_order(alpha: Tensor) -> None:
    with pytest.raises(TypeError, match=r"alpha has dtype torch\.bool; the order is a real number"):
        renyi_divergence(*ROWS, alpha=alpha)


def test_orders_of_other_types_are_read() -> None:
    plain = renyi_divergence(*ROWS, alpha=2.0)
    for order in (2, torch.tensor(2), torch.tensor([2.0], dtype=torch.float16), torch.full((4,), 2)):
        assert torch.equal(renyi_divergence(*ROWS, alpha=order), plain)
    beyond = renyi_divergence(*ROWS, alpha=torch.tensor([2.0, -1e-6, math.nan, 0.0], dtype=torch.float64))
    assert beyond.isnan().tolist() == [False, True, True, False]
    assert renyi_divergence(*ROWS, alpha=torch.ones(2, 1)).shape == (2, 4)


def test_one_class_is_no_difference() -> None:
    one = torch.tensor([[3.0], [-2.0]], requires_grad=True)
    value = renyi_divergence(one, one.flip(0), alpha=1.5)
    value.sum().backward()
    assert not value.any()
    assert not one.grad.any()


@pytest.mark.parametrize("narrow", [torch.float16, torch.bfloat16, torch.float32])
def test_the_dtype_of_results(narrow: torch.dtype) -> None:
    target, own = ROWS.to(narrow)
    assert renyi_divergence(target, own, alpha=2).dtype == torch.float32
    assert renyi_hvp(target, own, own, alpha=2).dtype == torch.float32
    assert renyi_divergence(*ROWS, alpha=2).dtype == torch.float64
    cohort = COHORT.to(narrow)
    assert cohort_divergence(cohort, alpha=2, temperature=2.0).losses.dtype == torch.float32
    assert cohort_divergence(COHORT.double(), alpha=2).losses.dtype == torch.float64


def test_what_needs_no_gradient_gets_none() -> None:
    target, own = (x.clone().requires_grad_() for x in ROWS)
    renyi_divergence(target, own, alpha=2, detach_target=True).sum().backward()
    assert target.grad is None
    assert own.grad.any()
    with torch.no_grad():
        assert not renyi_divergence(target, own, alpha=2).requires_grad
    assert not renyi_divergence(*ROWS, alpha=2).requires_grad
    assert renyi_divergence(target, ROWS[1], alpha=2).requires_grad
    assert renyi_divergence(*ROWS, alpha=torch.tensor(2.0, requires_grad=True)).requires_grad


def test_tsallis_beside_order_one() -> None:
    middle = tsallis(*ROWS, alpha=1)
    for near in (1 - 1e-9, 1 + 1e-9):
        torch.testing.assert_close(tsallis(*ROWS, alpha=near), middle, rtol=1e-7, atol=0)
    with pytest.raises(ValueError, match="alpha=-1 is outside"):
        tsallis(*ROWS, alpha=-1)


def test_second_derivatives_at_infinite_order() -> None:
    own = ROWS[1]
    target = own + torch.tensor([1.0, 1.0, 0.0])  # two classes share the largest ratio
    vector, q = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64).expand(4, 3), own.softmax(-1)
    expected = q * (vector - (q * vector).sum(-1, keepdim=True))  # the escort is locally constant
    torch.testing.assert_close(renyi_hvp(target, own, vector, alpha=math.inf), expected)
    alpha = torch.full((4,), math.inf, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(renyi_divergence(target, own, alpha=alpha).sum(), alpha, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), alpha)
    assert slope.tolist() == curvature.tolist() == [0.0] * 4


def test_derivatives_where_the_divergence_is_infinite() -> None:
    target, own = torch.zeros(2, 2), torch.tensor([[0.0, -math.inf], [0.0, 0.0]])
    assert renyi_divergence(target, own, alpha=2).isinf().tolist() == [True, False]
    assert order_derivative(target, own, alpha=2).tolist() == [0.0, 0.0]
    product = renyi_hvp(target, own, torch.tensor([[1.0, -1.0], [1.0, -1.0]]), alpha=2)
    assert product[0].tolist() == [0.0, 0.0]
    assert product[1].abs().min() > 0
    own = own.double().requires_grad_()
    value = renyi_divergence(target.double(), own, alpha=2).sum()
    (slope,) = torch.autograd.grad(value, own, create_graph=True)
    (curvature,) = torch.autograd.grad((slope * torch.tensor([1.0, -1.0])).sum(), own)
    assert curvature[0].tolist() == [0.0, 0.0]
    torch.testing.assert_close(curvature[1], product[1].double())

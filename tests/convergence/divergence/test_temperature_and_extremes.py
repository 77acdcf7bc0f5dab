"""Temperatures that are no power of two, orders and logits at the ends of what is promised, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from convergence.divergence import (
    MutualLoss,
    chi_square,
    cohort_divergence,
    gradient_own,
    renyi_divergence,
    tsallis,
)
from convergence.divergence.exact import exact


def peers(dtype: torch.dtype) -> torch.Tensor:
    """Two learners with logits about 10 that nearly agree, `(2, 6, 7)`."""
    generator = torch.Generator().manual_seed(3)
    base, noise = torch.randn(2, 6, 7, generator=generator)
    return torch.stack([10 * base, 10 * base + 1e-5 * noise]).to(dtype)


@pytest.mark.parametrize("alpha", [0.5, 1.0, torch.tensor(2.0, requires_grad=True)])
@pytest.mark.parametrize("temperature", [3.0, 10.0])
def test_a_quotient_is_not_rounded_to_float32(temperature: float, alpha: float | torch.Tensor) -> None:
    # A trained order takes the PyTorch operations, numbers the row kernels.
    logits = peers(torch.float32).requires_grad_()
    losses, disagreement = cohort_divergence(logits, alpha=alpha, temperature=temperature)
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    order = float(torch.as_tensor(alpha).detach())
    true = logits.detach().double() / temperature
    expected = renyi_divergence(true[1], true[0], alpha=order)
    assert losses.dtype == disagreement.dtype == gradient.dtype == torch.float32
    assert disagreement[0, 1].item() == pytest.approx(expected.mean().item(), rel=2e-7)
    slope = gradient_own(true[1], true[0], alpha=order) / (6 * temperature)
    assert (gradient[0] - slope).abs().max() <= 3e-7 * slope.abs().max()


def test_second_derivatives_at_a_temperature() -> None:
    logits = peers(torch.float32)[:, :2].requires_grad_()
    exactly = logits.detach().double().requires_grad_()
    found = []
    for z in (logits, exactly):
        losses = cohort_divergence(z, alpha=1.5, temperature=3.0).losses
        (slope,) = torch.autograd.grad(losses.sum(), z, create_graph=True)
        found.append(torch.autograd.grad((slope * torch.arange(7)).sum(), z)[0].double())
    torch.testing.assert_close(found[0], found[1], rtol=1e-5, atol=1e-7)


def test_masks_and_infinite_peers_at_a_temperature() -> None:
    logits = peers(torch.float32)
    logits[0, 0, 2] = -math.inf  # D(p_1‖p_0) = ∞ in row 0, which is left to `Pair`
    _, disagreement = cohort_divergence(logits, alpha=0.5, temperature=3.0)
    true = logits.double() / 3
    expected = renyi_divergence(true[1], true[0], alpha=0.5).mean().item()
    assert disagreement[0, 1].item() == pytest.approx(expected, rel=2e-7)
    assert cohort_divergence(logits, alpha=2.0, temperature=3.0).disagreement[0, 1] == math.inf


@pytest.mark.parametrize("alpha", [1e5, 1e7, 1e10])
def test_large_orders_in_float32(alpha: float) -> None:
    generator = torch.Generator().manual_seed(1)
    own = torch.randn(20, 5, generator=generator)
    target = own + 1e-3 * torch.randn(20, 5, generator=generator)
    found = renyi_divergence(target, own, alpha=alpha)
    for row in range(20):
        true = exact(target[row].tolist(), own[row].tolist(), alpha=alpha).divergence
        assert found[row].item() == pytest.approx(float(true.mid()), rel=2e-7)


@pytest.mark.parametrize("alpha", [1e12, 4e13, 7e14, 1e16])
@pytest.mark.parametrize("shift", [0.0, 1e3, 1e6])
def test_a_shift_costs_large_orders_no_digits(shift: float, alpha: float) -> None:
    own = [-0.25, 0.00048828125, 1.75, -9.25]
    step = 2.0**-33  # what is left of a difference beside the shift
    target = [own[0] + shift + step, own[1] + shift, own[2] + shift - step, own[3] + shift + 2 * step]
    true = exact(target, own, alpha=alpha)
    rows = torch.tensor([target, own], dtype=torch.float64)
    assert renyi_divergence(*rows, alpha=alpha).item() == pytest.approx(
        float(true.divergence.mid()), rel=5e-14
    )
    expected = torch.tensor([float(x.mid()) for x in true.gradient_own or ()], dtype=torch.float64)
    error = (gradient_own(*rows, alpha=alpha) - expected).abs().max()
    assert error <= 5e-13 * expected.abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("divergence", [chi_square, lambda p, q: tsallis(p, q, alpha=2.0)])
def test_a_row_that_is_infinite_spoils_no_gradient(divergence: Any, dtype: torch.dtype) -> None:
    own = torch.tensor([[0.0, -math.inf, 1.0], [0.0, -800.0, 0.0], [0.0, 1.0, 2.0]], dtype=dtype)
    target = torch.zeros(3, 3, dtype=dtype).requires_grad_()
    own.requires_grad_()
    result = divergence(target, own)
    assert result[:2].tolist() == [math.inf, math.inf]
    result[result.isfinite()].sum().backward()
    alone = own[2:].detach().requires_grad_()
    divergence(target[2:].detach(), alone).sum().backward()
    torch.testing.assert_close(own.grad[2:], alone.grad)
    own.grad = None
    divergence(target, own).sum().backward()
    assert not own.grad[:2].any()
    torch.testing.assert_close(own.grad[2:], alone.grad)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_the_lowest_float64_is_a_mask(alpha: float) -> None:
    lowest = torch.finfo(torch.float64).min
    row, other = torch.tensor([[0.0, 1.0, 3.0], [2.0, -1.0, 0.5]], dtype=torch.float64)
    for target, own in (((lowest,), ()), ((), (lowest,)), ((lowest,), (lowest,))):
        pairs = []
        for hidden in (lowest, -math.inf):
            a, b = row.clone(), other.clone()
            a[: len(target)], b[: len(own)] = hidden, hidden
            pairs.append((renyi_divergence(a, b, alpha=alpha), gradient_own(a, b, alpha=alpha)))
        assert torch.equal(pairs[0][0], pairs[1][0])
        assert torch.equal(pairs[0][1], pairs[1][1])
        assert not pairs[0][0].isnan()


def test_numbers_of_numpy_are_orders() -> None:
    row, other = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    expected = renyi_divergence(row, other, alpha=2.0)
    for alpha in (np.float32(2), np.float64(2), np.int64(2)):
        assert torch.equal(renyi_divergence(row, other, alpha=alpha), expected)
    with pytest.raises(TypeError, match="alpha must be a number"):
        renyi_divergence(row, other, alpha=np.bool_(True))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"alpha": math.nan}, ValueError, "alpha=nan"),
        ({"alpha": None}, TypeError, "alpha must be a number or a tensor, got NoneType"),
        ({"beta": -1}, ValueError, "beta=-1 is outside"),
        ({"beta": "1"}, TypeError, "beta must be a number, got str"),
        ({"temperature": 0}, ValueError, "temperature=0 is outside"),
        ({"temperature": 1e160}, ValueError, r"outside \(0, 1e\+09\]"),
        ({"precision": "exact"}, ValueError, "precision='exact'"),
        ({"alpha": ((0.0, -1.0), (1.0, 0.0))}, ValueError, r"alpha=-1.0 is outside \[0, inf\]"),
        ({"alpha": ((0.0, 1.0), (math.nan, 0.0))}, ValueError, "alpha=nan is outside"),
        ({"alpha": ((0.0, 1.0), (1.0,))}, ValueError, r"alpha has rows of \[2, 1\] orders; 2 of 2"),
        ({"alpha": ((0.0, "a"), (1.0, 0.0))}, TypeError, "alpha must be a number or a tensor, got str"),
        ({"alpha": ([0.0, 1.0], [1.0, 0.0])}, TypeError, "alpha must hold a tuple of orders .* got list"),
        (
            {"alpha": [[0.0, 1.0], [1.0, 0.0]]},
            TypeError,
            "alpha must be .* got list .a cohort takes a tuple of tuples",
        ),
        ({"weights": [[0, 1], [1, 0]]}, TypeError, r"weights must be a tensor \(K, K\), got list"),
        ({"weights": torch.ones(3)}, ValueError, r"weights has shape \(3,\); it must be \(K, K\)"),
        ({"weights": torch.ones(2, 3)}, ValueError, r"weights has shape \(2, 3\); it must be \(2, 2\)"),
        ({"label_smoothing": 7}, ValueError, r"label_smoothing=7 is outside \[0, 1\]"),
        ({"label_smoothing": math.nan}, ValueError, "label_smoothing=nan is outside"),
        ({"label_smoothing": "0.1"}, TypeError, "label_smoothing must be a number, got str"),
    ],
)
def test_a_loss_that_cannot_be_is_not_made(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        MutualLoss(**{"alpha": 2.0, **options})


@pytest.mark.parametrize(
    ("target", "own", "alpha", "message"),
    [
        ([0.0, math.nan], [0.0, 1.0], 2.0, r"target is \[0.0, nan\]; logits below inf"),
        ([0.0, 1.0], [math.inf, 1.0], 2.0, r"own is \[inf, 1.0\]; logits below inf"),
        ([-math.inf, -math.inf], [0.0, 1.0], 2.0, "target is .*one of them above -inf"),
        ([0.0, 1.0], [0.0], 2.0, "target has 2 classes, own 1"),
        ([], [], 2.0, r"target is \[\]"),
        ([0.0, 1.0], [1.0, 0.0], math.nan, "alpha=nan is outside"),
        ([0.0, 1.0], [1.0, 0.0], -1e-9, "alpha=-1e-09 is outside"),
    ],
)
def test_the_oracle_refuses_what_has_no_divergence(
    target: list[float], own: list[float], alpha: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        exact(target, own, alpha=alpha)


def test_labels_of_any_integer_type() -> None:
    logits = peers(torch.float32)
    labels = torch.tensor([0, 1, 2, -100, 4, 5])
    expected = MutualLoss(2.0)(logits, labels).losses
    assert torch.equal(MutualLoss(2.0)(logits, labels.int()).losses, expected)
    loss: Any = MutualLoss(2.0)
    with pytest.raises(TypeError, match="labels must be a tensor of classes, got list"):
        loss(logits, labels.tolist())
    with pytest.raises(TypeError, match="classes are integers"):
        loss(logits, labels > 0)

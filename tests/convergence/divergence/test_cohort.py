"""Mutual learning of K learners: the one pass against the sum over pairs, and the loss module."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn import functional

from convergence.divergence import MutualLoss, cohort_divergence, renyi_divergence

UNIFORM = torch.full((3, 3), 0.5, dtype=torch.float64)


def cohort(dtype: torch.dtype = torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return (3 * torch.randn(3, 7, 5, generator=generator)).to(dtype).requires_grad_()


def by_pairs(logits: Tensor, alpha: float | Tensor, weights: Tensor) -> Tensor:
    """Losses `(K,)` as the definition has them."""
    losses = list(logits.new_zeros(len(logits)))
    for k, own in enumerate(logits):
        for j, peer in enumerate(logits):
            if j != k and weights[k, j] > 0:
                divergence = renyi_divergence(peer.detach(), own, alpha=alpha, reduction="mean")
                losses[k] = losses[k] + weights[k, j] * divergence
    return torch.stack(losses)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.5, math.inf])
def test_against_pairs(dtype: torch.dtype, alpha: float) -> None:
    logits = cohort(dtype)
    with torch.no_grad():
        logits[0, 2, 1] = -math.inf  # infinitely far from learner 0 for alpha >= 1, which gives that weight 0
    weights = torch.tensor([[9.0, 0.0, 0.0], [0.5, 9.0, 0.25], [1.0, 3.0, 9.0]])
    losses, disagreement = cohort_divergence(logits, alpha=alpha, beta=0.7, weights=weights)
    losses.sum().backward()
    reference = logits.detach().double().requires_grad_()
    expected = by_pairs(reference, alpha, 0.7 * weights.double())
    torch.testing.assert_close(losses.double(), expected.detach(), rtol=1e-6, atol=0)
    expected.sum().backward()
    rounding = 2.0**-8 if dtype == torch.bfloat16 else 1e-6
    torch.testing.assert_close(logits.grad.double(), reference.grad, rtol=rounding, atol=1e-7)
    for k, j in ((0, 1), (1, 2), (2, 0)):
        mean = renyi_divergence(reference[j], reference[k], alpha=alpha).mean().detach()
        torch.testing.assert_close(disagreement[k, j].double(), mean, rtol=1e-6, atol=0)
    assert not disagreement.diagonal().any()
    assert not disagreement.requires_grad


def test_orders_by_row_and_trained() -> None:
    logits = cohort()
    alpha = torch.linspace(0.2, 3, 7, dtype=torch.float64)
    expected = by_pairs(logits.detach(), alpha, UNIFORM)
    torch.testing.assert_close(
        cohort_divergence(logits, alpha=alpha).losses.double(), expected, rtol=1e-6, atol=0
    )
    order = torch.tensor(1.5, requires_grad=True)
    cohort_divergence(logits, alpha=order).losses.sum().backward()
    step = 1e-4
    high, low = (by_pairs(logits.detach().double(), 1.5 + d, UNIFORM).sum() for d in (step, -step))
    assert order.grad.item() == pytest.approx(((high - low) / (2 * step)).item(), rel=1e-6)


def test_temperature_divides_the_logits() -> None:
    logits = cohort()
    hot = cohort_divergence(logits, alpha=2, temperature=4.0)
    plain = cohort_divergence(logits / 4, alpha=2)
    torch.testing.assert_close(hot, plain)


def test_unequal_gradients_into_the_losses() -> None:
    logits, scale = cohort(), torch.tensor([1.0, -2.0, 0.5])
    (scale * cohort_divergence(logits, alpha=1.5).losses).sum().backward()
    reference = logits.detach().double().requires_grad_()
    (scale * by_pairs(reference, 1.5, UNIFORM)).sum().backward()
    torch.testing.assert_close(logits.grad.double(), reference.grad, rtol=1e-5, atol=1e-8)


def test_second_derivatives_and_transforms() -> None:
    def loss(logits: Tensor) -> Tensor:
        return cohort_divergence(logits, alpha=1.5).losses.sum()

    found = []
    for dtype in (torch.float32, torch.float64):
        logits = cohort(dtype)
        (first,) = torch.autograd.grad(loss(logits), logits, create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), logits)
        found.append(second.double())
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-7)
    logits = cohort().detach()
    torch.testing.assert_close(grad(loss)(logits), first.detach().float(), rtol=1e-5, atol=1e-7)
    many = torch.stack([logits, logits.flip(0)])
    torch.testing.assert_close(vmap(grad(loss))(many)[0], grad(loss)(logits))


def test_peers_are_detached() -> None:
    logits = cohort()
    cohort_divergence(logits, alpha=2).losses[1].backward()
    assert not logits.grad[[0, 2]].any()
    assert logits.grad[1].any()


def test_mutual_loss_at_order_one_is_deep_mutual_learning() -> None:
    logits, labels = cohort(), torch.arange(7) % 5
    losses, _ = MutualLoss(alpha=1.0, beta=0.6, temperature=2.0, label_smoothing=0.1)(logits, labels)
    losses.sum().backward()
    reference = logits.detach().clone().requires_grad_()
    total = torch.zeros(())
    for k, own in enumerate(reference):
        kl = sum(
            functional.kl_div(
                (own / 2).log_softmax(-1), (peer.detach() / 2).softmax(-1), reduction="batchmean"
            )
            for j, peer in enumerate(reference)
            if j != k
        )
        expected = functional.cross_entropy(own, labels, label_smoothing=0.1) + 4 * 0.6 / 2 * kl
        torch.testing.assert_close(losses[k].detach(), expected.detach())
        total = total + expected
    total.backward()
    torch.testing.assert_close(logits.grad, reference.grad)


def test_mutual_loss_trains_its_order_and_keeps_its_weights() -> None:
    loss = MutualLoss(torch.nn.Parameter(torch.tensor(2.0)), weights=torch.eye(3).roll(1, 0))
    assert [name for name, _ in loss.named_parameters()] == ["alpha"]
    assert list(loss.state_dict()) == ["alpha", "weights"]
    loss(cohort(), torch.zeros(7, dtype=torch.long)).losses.sum().backward()
    assert loss.alpha.grad > 0

"""Masks written as low numbers: `finfo.min` of every dtype is one, any other number counts as the number it is."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from convergence.divergence import (
    MutualLoss,
    cohort_divergence,
    gradient_own,
    gradient_target,
    renyi_divergence,
)
from convergence.divergence.exact import exact

ORDERS = [0.0, 1e-6, 0.3, 0.9, 1 - 1e-7, 1.0, 1 + 1e-7, 1.5, 20.0, math.inf]
LABELS = torch.tensor([2])
PLACES = {
    "the own's likeliest": ([1], []),
    "the target's likeliest": ([], [2]),
    "each the other's": ([1], [2]),
    "one of both": ([0], [0]),
    "all but one": ([0, 1], [2, 3]),
}


def rows(value: float, places: tuple[list[int], list[int]], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    target = torch.tensor([0.3, -0.5, 1.0, 0.2, -0.7], dtype=dtype)
    own = torch.tensor([0.5, 3.0, -1.0, 0.1, 0.25], dtype=dtype)
    target[places[0]], own[places[1]] = value, value
    return target, own


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("value", [-1e4, -1e9, -1e18, -1e30])
@pytest.mark.parametrize(("dtype", "bar"), [(torch.float32, 2e-7), (torch.float64, 5e-13)])
def test_a_finite_number_is_no_mask(
    dtype: torch.dtype, bar: float, value: float, places: tuple[list[int], list[int]]
) -> None:
    target, own = rows(value, places, dtype)
    for alpha in ORDERS:
        true = exact(target.tolist(), own.tolist(), alpha=alpha)
        assert renyi_divergence(target, own, alpha=alpha).item() == pytest.approx(
            float(true.divergence.mid()), rel=bar
        )
        (by_kernel,) = torch.autograd.grad(renyi_divergence(target, own.requires_grad_(), alpha=alpha), own)
        own = own.detach()
        for found, slope in (
            (by_kernel, true.gradient_own),
            (gradient_own(target, own, alpha=alpha), true.gradient_own),
            (gradient_target(target, own, alpha=alpha), true.gradient_target),
        ):
            expected = torch.tensor([float(entry.mid()) for entry in slope or ()], dtype=torch.float64)
            assert (found - expected).abs().max() <= bar * expected.abs().max()


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("alpha", ORDERS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("added", [False, True])
def test_the_lowest_number_of_every_dtype_is_a_mask(
    dtype: torch.dtype, alpha: float, places: tuple[list[int], list[int]], added: bool
) -> None:
    lowest = torch.finfo(dtype).min
    found = []
    for mask in (lowest, -math.inf):
        target, own = rows(mask, places, dtype)
        if added and mask == lowest:  # to a score, as attention masks are
            target[places[0]] += 20
            own[places[1]] += 20
        logits = torch.stack([target, own])[:, None].requires_grad_()
        results = [renyi_divergence(target, own, alpha=alpha), gradient_own(target, own, alpha=alpha)]
        results += [gradient_target(target, own, alpha=alpha)]
        for temperature in (1.0, 1e6):
            for order in (alpha, torch.tensor(alpha, requires_grad=True)):
                losses, disagreement = cohort_divergence(logits, alpha=order, temperature=temperature)
                results += [losses, disagreement, *torch.autograd.grad(losses.sum(), logits)]
        for option in (0.0, 0.1):
            loss = MutualLoss(alpha, label_smoothing=option)(logits, LABELS)
            results += [loss.disagreement]
        found.append(results)
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)
        assert not one.isnan().any()


def test_a_row_of_lowest_numbers_is_no_distribution() -> None:
    logits = torch.zeros(2, 3)
    logits[0] = torch.finfo(torch.float32).min
    assert renyi_divergence(logits[0], logits[1], alpha=0.5).isnan()
    assert renyi_divergence(logits[1].double(), logits[0].double(), alpha=0.5).isnan()

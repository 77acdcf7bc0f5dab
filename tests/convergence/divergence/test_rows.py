"""The row kernels compute what `Pair` computes, whatever the layout, the threads and the rows left over."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from convergence.divergence import backend, renyi_divergence
from convergence.divergence.stable import Pair


def hard_rows(seed: int, rows: int = 300, classes: int = 21) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def normal() -> Tensor:
        return torch.randn(rows, classes, generator=generator)

    def some(probability: float, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator) < probability

    scale = 10 ** (6 * torch.rand(rows, 1, generator=generator) - 3)
    target, own = normal() * scale, normal() * scale
    own = torch.where(some(0.5, rows, 1), target + normal() * 1e-3, own)
    target = target.masked_fill(some(0.3, rows, 1) & some(0.4, rows, classes), -math.inf)
    own = own.masked_fill(some(0.1, rows, 1) & some(0.2, rows, classes), -math.inf)
    orders = torch.tensor([0, 1e-6, 0.3, 0.95, 1 - 1e-7, 1, 1 + 1e-7, 1.05, 1.5, 3, 40, math.inf])
    alpha = orders[torch.randint(len(orders), (rows,), generator=generator)].double()
    return target, own, alpha


@pytest.mark.parametrize("seed", range(4))
def test_rows_against_pair(seed: int) -> None:
    target, own, alpha = hard_rows(seed)
    divergence, gradient = backend.rows(target, own, alpha[:, None], True)
    pair = Pair(target.double(), own.double(), alpha[:, None])
    close = {"rtol": 2e-7, "atol": 1e-30, "equal_nan": True}
    torch.testing.assert_close(divergence.double(), pair.divergence, **close)
    scale = pair.gradient_own.abs().amax(-1, keepdim=True) + 1e-30
    difference = (gradient - pair.gradient_own) / scale
    assert torch.equal(gradient.isnan(), pair.gradient_own.isnan())
    assert difference.nan_to_num(0).abs().max() <= 2e-7


def test_most_rows_are_not_left_to_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    target, own, alpha = hard_rows(0)
    left = []
    monkeypatch.setattr(backend, "Pair", lambda *args: left.append(len(args[0])) or Pair(*args))
    backend.rows(target, own, alpha[:, None], True)
    assert 0 < sum(left) < len(alpha) / 2


def test_the_layout_does_not_matter() -> None:
    target, own = torch.randn(2, 7, 40, 6, generator=torch.Generator().manual_seed(1))
    value = renyi_divergence(target, own, alpha=1.5)
    strided = target.transpose(0, 1).contiguous().transpose(0, 1)
    assert torch.equal(renyi_divergence(strided, own, alpha=1.5), value)
    assert torch.equal(renyi_divergence(target[:, :1], own, alpha=1.5)[:, 0], value[:, 0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_empty_batches(dtype: torch.dtype) -> None:
    target, own = torch.empty(0, 3, 5, dtype=dtype), torch.empty(0, 3, 5, dtype=dtype, requires_grad=True)
    divergence = renyi_divergence(target, own, alpha=2)
    assert divergence.shape == (0, 3)
    divergence.sum().backward()
    assert own.grad.shape == own.shape

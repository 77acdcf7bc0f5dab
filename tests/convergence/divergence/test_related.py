"""Relatives of the divergence against their definitions, and the NumPy face against the tensors."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import Tensor

import convergence
from convergence import arrays
from convergence.divergence import (
    bhattacharyya,
    chi_square,
    kullback_leibler,
    renyi_divergence,
    squared_hellinger,
    tsallis,
)


def rows() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(5)
    target, own = torch.randn(2, 6, 4, generator=generator, dtype=torch.float64)
    return target, own


def test_definitions() -> None:
    target, own = rows()
    p, q = target.softmax(-1), own.softmax(-1)
    expected = {
        kullback_leibler: (p * (p / q).log()).sum(-1),
        bhattacharyya: -(p * q).sqrt().sum(-1).log(),
        squared_hellinger: 1 - (p * q).sqrt().sum(-1),
        chi_square: ((p - q) ** 2 / q).sum(-1),
    }
    for function, value in expected.items():
        torch.testing.assert_close(function(target, own), value, rtol=1e-12, atol=0)
    for alpha in (0.0, 0.3, 2.5):
        value = ((p**alpha * q ** (1 - alpha)).sum(-1) - 1) / (alpha - 1)
        torch.testing.assert_close(tsallis(target, own, alpha=alpha), value, rtol=1e-11, atol=1e-15)
    assert torch.equal(tsallis(target, own, alpha=1), kullback_leibler(target, own))


def test_relatives_keep_small_values_and_masks() -> None:
    target = torch.tensor([0.0, 1e-9, -math.inf], dtype=torch.float64)
    own = torch.tensor([0.0, 0.0, -math.inf], dtype=torch.float64)
    assert chi_square(target, own).item() == pytest.approx(2.5e-19, rel=1e-8)
    assert squared_hellinger(target, own).item() == pytest.approx(2.5e-19 / 8, rel=1e-8)
    assert squared_hellinger(own.flip(-1), torch.tensor([0.0, -math.inf, -math.inf]).double()) == 1
    assert chi_square(own.flip(-1), own) == math.inf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_give_what_tensors_give(dtype: type) -> None:
    target, own = (x.to(torch.from_numpy(np.empty(0, dtype)).dtype) for x in rows())
    for alpha in (0.5, 1, math.inf, torch.linspace(0, 3, 6, dtype=torch.float64)):
        order = alpha.numpy() if isinstance(alpha, Tensor) else alpha
        for name in ("renyi_divergence", "escort", "gradient_own", "gradient_target", "order_derivative"):
            found = getattr(arrays, name)(target.numpy(), own.numpy(), alpha=order)
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, getattr(convergence, name)(target, own, alpha=alpha).numpy())
    found = arrays.renyi_hvp(target.numpy(), own.numpy(), own.numpy(), alpha=2)
    np.testing.assert_array_equal(found, convergence.renyi_hvp(target, own, own, alpha=2).numpy())


def test_arrays_take_lists_and_reduce() -> None:
    found = arrays.renyi_divergence([[0.0, 1.0], [2.0, 0.0]], [0.0, 0.0], alpha=2, reduction="mean")
    rows = torch.tensor([[0.0, 1.0], [2.0, 0.0]], dtype=torch.float64)
    assert found == renyi_divergence(rows, torch.zeros(2, dtype=torch.float64), alpha=2).mean().item()


def test_reductions() -> None:
    target, own = torch.randn(2, 3, 5, 4)
    plain = renyi_divergence(target, own, alpha=2)
    by = {
        name: renyi_divergence(target, own, alpha=2, reduction=name) for name in ("sum", "mean", "batchmean")
    }
    torch.testing.assert_close(by["sum"], plain.sum())
    torch.testing.assert_close(by["mean"], plain.sum() / 15)
    torch.testing.assert_close(by["batchmean"], plain.sum() / 3)


def test_importing_the_package_loads_nothing_heavy() -> None:
    light = "assert not {'torch', 'numba'} & set(sys.modules)"
    code = f"import sys, convergence; {light}; convergence.MutualLoss; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

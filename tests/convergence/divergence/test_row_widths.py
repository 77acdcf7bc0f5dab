"""The row kernels on rows that fill their lanes: a fault on the padding of others leaves those to `Pair`, unseen."""

from __future__ import annotations

import pytest
import torch

from convergence.divergence import renyi_divergence
from convergence.divergence.rows import LANES


@pytest.mark.parametrize("distance", [1.0, 0.1, 1e-2, 1e-4])
@pytest.mark.parametrize("alpha", [0.0, 0.4, 0.95, 1.0, 1.05, 2.0, 6.0])
def test_rows_without_padding_are_accurate(alpha: float, distance: float) -> None:
    generator = torch.Generator().manual_seed(0)
    for classes in (LANES, 2 * LANES):
        target = torch.randn(6, classes, generator=generator)
        own = (target + distance * torch.randn(6, classes, generator=generator)).requires_grad_()
        value = renyi_divergence(target, own, alpha=alpha)
        value.sum().backward()
        reference = own.detach().double().requires_grad_()
        expected = renyi_divergence(target.double(), reference, alpha=alpha)
        expected.sum().backward()
        torch.testing.assert_close(value.double(), expected, rtol=2e-7, atol=1e-30)
        error = (own.grad - reference.grad).abs().amax(-1)
        assert (error <= 2e-7 * reference.grad.abs().amax(-1)).all()

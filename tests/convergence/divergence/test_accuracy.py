"""Relative errors against 50-digit arithmetic on inputs where the naive ways fail."""

from __future__ import annotations

import math

import pytest
import torch
from flint import arb

from convergence.divergence import gradient_own, gradient_target, order_derivative, renyi_divergence
from convergence.divergence.exact import exact

ORDERS = [0, 1e-6, 0.1, 0.5, 0.9, 1 - 1e-7, 1, 1 + 1e-7, 1.1, 1.5, 2, 5, 20, 100, math.inf]
KINDS = [
    "apart",
    "close",
    "closer",
    "peaked",
    "shifted",
    "equal-mask",
    "target-inside",
    "own-inside",
    "disjoint",
]


def pair(kind: str, classes: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def normal() -> torch.Tensor:
        return torch.randn(classes, generator=generator, dtype=torch.float64)

    scale = 10.0 ** (4 * torch.rand((), generator=generator).item())
    target, own = normal() * scale, normal() * scale
    if kind == "close":
        own = target + 1e-6 * normal()
    if kind == "closer":
        own = target + 1e-12 * normal()
    if kind == "peaked":
        target, own = normal(), normal()
        target[0], own[0] = 40.0, 35.0 + normal()[0]
    if kind == "shifted":
        target, own = 1e6 + normal(), -3e5 + normal()
    common = torch.arange(classes) % 3
    if kind == "equal-mask":
        target[common == 1] = own[common == 1] = -math.inf
    if kind == "target-inside":
        target[common == 1] = -math.inf
    if kind == "own-inside":
        own[common == 1] = -math.inf
    if kind == "disjoint":
        target[common == 1], own[common != 1] = -math.inf, -math.inf
    return target, own


def error(value: torch.Tensor, true: list[arb]) -> float:
    """Largest error relative to the ∞-norm of the truth, or to where float64 begins to underflow."""
    scale = max([abs(float(t)) for t in true] + [2.0**-970])
    return max(abs(float(arb(v) - t)) for v, t in zip(value.tolist(), true, strict=True)) / scale


@pytest.mark.parametrize("alpha", ORDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_float64_errors(kind: str, alpha: float) -> None:
    for classes, seed in ((2, 0), (3, 1), (5, 2), (30, 3)):
        target, own = pair(kind, classes, seed)
        true = exact(target.tolist(), own.tolist(), alpha=alpha)
        divergence = renyi_divergence(target, own, alpha=alpha)
        by_target, by_own = (f(target, own, alpha=alpha) for f in (gradient_target, gradient_own))
        if true.gradient_own is None:
            assert divergence == math.inf
            torch.testing.assert_close(by_own, own.softmax(-1) - target.softmax(-1), rtol=1e-12, atol=0)
            assert not by_target.any()
            continue
        assert error(divergence[None], [true.divergence]) <= 5e-14
        assert error(by_own, true.gradient_own) <= 5e-13
        assert error(by_target, true.gradient_target) <= 5e-13
        if true.order_derivative is not None:
            assert error(order_derivative(target, own, alpha=alpha)[None], [true.order_derivative]) <= 5e-12

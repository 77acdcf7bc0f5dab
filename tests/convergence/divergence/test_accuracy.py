"""Relative errors against ball arithmetic on inputs where the naive ways fail."""

from __future__ import annotations

import math

import pytest
import torch
from flint import arb

from convergence.divergence import (
    escort,
    gradient_own,
    gradient_target,
    order_derivative,
    renyi_divergence,
)
from convergence.divergence.exact import exact

ORDERS = [0, 1e-6, 0.1, 0.5, 0.9, 1 - 1e-7, 1, 1 + 1e-7, 1.1, 1.5, 2, 5, 20, 100, math.inf]
KINDS = [
    "apart",
    "close",
    "closer",
    "peaked",
    "outlier",
    "shifted",
    "equal-mask",
    "target-inside",
    "own-inside",
    "disjoint",
]
SHAPES = [(1, 0), (2, 1), (3, 2), (5, 3), (30, 4)]


def pair(
    kind: str, classes: int, seed: int, dtype: torch.dtype, largest: float = 1e4
) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def normal() -> torch.Tensor:
        return torch.randn(classes, generator=generator, dtype=torch.float64)

    scale = largest ** torch.rand((), generator=generator).item() / 4
    target, own = normal() * scale, normal() * scale
    if kind == "close":
        own = target + 1e-6 * normal()
    if kind == "closer":
        own = target + 1e-12 * normal()
    if kind == "peaked":
        target, own = normal(), normal()
        target[0], own[0] = 40.0, 35.0 + normal()[0]
    if kind == "outlier":
        target, own = 1e-3 * normal(), 1e-3 * normal()
        own[0] += 5 * normal()[0]
    if kind == "shifted":
        shift = min(1e6, largest)
        target, own = shift + normal(), -shift / 3 + normal()
    part = torch.arange(classes) % 3
    if kind == "equal-mask":
        target[part == 1] = own[part == 1] = -math.inf
    if kind == "target-inside":
        target[part == 1] = -math.inf
    if kind == "own-inside":
        own[part == 1] = -math.inf
    if kind == "disjoint" and classes > 1:
        target[part == 1], own[part != 1] = -math.inf, -math.inf
    return target.to(dtype), own.to(dtype)


def error(value: torch.Tensor, true: list[arb]) -> float:
    """Largest error relative to the ∞-norm of the truth, or to where the dtype begins to underflow."""
    scale = max(
        [abs(float(t)) for t in true] + [torch.finfo(value.dtype).tiny / torch.finfo(value.dtype).eps]
    )
    return max(abs(float(arb(v) - t)) for v, t in zip(value.tolist(), true, strict=True)) / scale


@pytest.mark.parametrize("alpha", ORDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_float64(kind: str, alpha: float) -> None:
    for classes, seed in SHAPES:
        target, own = pair(kind, classes, seed, torch.float64)
        true = exact(target.tolist(), own.tolist(), alpha=alpha)
        divergence = renyi_divergence(target, own, alpha=alpha)
        by_target, by_own = (f(target, own, alpha=alpha) for f in (gradient_target, gradient_own))
        if true.gradient_own is None:
            assert divergence == math.inf
            expected = own.softmax(-1) - target.softmax(-1)
            torch.testing.assert_close(by_own, expected, rtol=1e-12, atol=0)
            assert not by_target.any()
            continue
        assert divergence >= 0
        assert error(divergence[None], [true.divergence]) <= 5e-15
        assert error(by_own, true.gradient_own) <= 5e-15
        assert error(by_target, true.gradient_target) <= 5e-15
        assert error(escort(target, own, alpha=alpha), true.escort) <= 5e-15
        if true.order_derivative is not None:
            slope = order_derivative(target, own, alpha=alpha)
            assert error(slope[None], [true.order_derivative]) <= 1e-12


@pytest.mark.parametrize(
    ("dtype", "precision", "detached", "value_bar", "gradient_bar"),
    [
        (torch.float32, "accurate", True, 2e-7, 2e-7),  # the row kernels
        (torch.float32, "accurate", False, 2e-7, 2e-7),
        (torch.float32, "fast", False, 5e-6, 1e-5),
        (torch.bfloat16, "accurate", True, 1e-6, 2.0**-8 * 1.001),
        (torch.float16, "accurate", True, 1e-6, 2.0**-11 * 1.001),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_narrower(
    kind: str, dtype: torch.dtype, precision: str, detached: bool, value_bar: float, gradient_bar: float
) -> None:
    largest = 1e4 if dtype == torch.float32 else 50.0
    for alpha in ORDERS:
        for classes, seed in SHAPES[1:]:
            target, own = pair(kind, classes, seed, dtype, largest)
            true = exact(target.tolist(), own.tolist(), alpha=alpha)
            target.requires_grad_(not detached), own.requires_grad_()
            divergence = renyi_divergence(target, own, alpha=alpha, precision=precision)
            assert divergence.dtype == torch.float32
            divergence.backward()
            if true.gradient_own is None:
                assert divergence == math.inf
                assert own.grad.isfinite().all()
                continue
            assert error(divergence.detach()[None], [true.divergence]) <= value_bar
            assert error(own.grad, true.gradient_own) <= gradient_bar
            if not detached:
                assert error(target.grad, true.gradient_target) <= gradient_bar


def test_many_classes() -> None:
    generator = torch.Generator().manual_seed(0)
    target = 10 * torch.randn(32000, generator=generator, dtype=torch.float64)
    own = target + 1e-9 * torch.randn(32000, generator=generator, dtype=torch.float64)
    true = exact(target.tolist(), own.tolist(), alpha=2)
    assert error(renyi_divergence(target, own, alpha=2)[None], [true.divergence]) <= 5e-14
    assert error(gradient_own(target, own, alpha=2), true.gradient_own) <= 5e-13


def assert_accurate(
    target: torch.Tensor, own: torch.Tensor, alpha: float, precision: str, bar: float
) -> None:
    own = own.clone().requires_grad_()
    divergence = renyi_divergence(target, own, alpha=alpha, precision=precision)
    divergence.backward()
    true = exact(target.tolist(), own.tolist(), alpha=alpha)
    assert error(divergence.detach()[None], [true.divergence]) <= bar
    assert error(own.grad, true.gradient_own) <= bar


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(
    ("target", "own", "alpha"),
    [
        (
            [0.0] * 20000,
            [1.0] + [0.0] * 19999,
            math.inf,
        ),  # the largest ratio is far below the one at the reference
        (
            [30.0, 0.0, 0.0],
            [0.1, 0.0, 0.0],
            40.0,
        ),  # the escort leaves own's likeliest class 1e-19 of its weight
        ([1e-6, -2e-6, 3e-6, 0.0], [1e6] * 4, 2.0),  # differences of 1e-6 beside a shift of 1e6
        ([0.0, -400.0, -1.0], [0.0, -800.0, -1.0], 2.0),  # r lives where p and q are negligible
        ([0.0, -5000.0], [0.0, -8000.0], 1.5),  # and where they underflow
    ],
)
def test_where_earlier_versions_failed(dtype: torch.dtype, target: list, own: list, alpha: float) -> None:
    bar = 5e-14 if dtype == torch.float64 else 2e-7
    assert_accurate(torch.tensor(target, dtype=dtype), torch.tensor(own, dtype=dtype), alpha, "accurate", bar)


def test_steep_order_near_equality_in_float32() -> None:
    target = torch.tensor([9.5890, 9.5958], requires_grad=True)  # so that `Pair` does it in float32
    assert_accurate(target, torch.tensor([0.0185, 0.0063]), 100.0, "fast", 5e-6)


def test_oracle_against_two_classes_by_hand() -> None:
    # p = (2/3, 1/3), q = (1/2, 1/2): D_2 = log(2·(4/9 + 1/9)), r_2 = (4/5, 1/5).
    true = exact([math.log(2), 0.0], [0.0, 0.0], alpha=2)
    assert abs(float(true.divergence) - math.log(10 / 9)) < 1e-15
    assert [round(float(r), 15) for r in true.escort] == [0.8, 0.2]
    assert [round(float(g), 15) for g in true.gradient_own] == [-0.3, 0.3]
    assert exact([0.0, -math.inf], [-math.inf, 0.0], alpha=0.5).divergence == arb(math.inf)

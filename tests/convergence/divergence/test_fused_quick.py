"""The fused kernel of most rows in Triton's interpreter: what it does alone, and which rows it leaves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from convergence.divergence import gradient_own, renyi_divergence, triton_launch

triton = pytest.importorskip("triton", reason="the extra [gpu] is not installed")
triton_kernel = pytest.importorskip("convergence.divergence.triton_kernel")
triton_quick = pytest.importorskip("convergence.divergence.triton_quick")
if not triton.knobs.runtime.interpret:
    pytest.skip("kernels are compiled here: see tests/gpu", allow_module_level=True)


class Alone:
    """The quick kernel without the other one; `done` says which rows it did."""

    done: Tensor

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., None]:
        def launch(*arguments: Any, **options: Any) -> None:
            self.done = arguments[4] == 0  # `left`

        return launch


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Alone]:
    """Blocks of 16 classes, and the quick kernel alone."""
    monkeypatch.setattr(triton_launch, "LANES", 2)
    other = Alone()
    monkeypatch.setattr(triton_kernel, "cohort_kernel", other)
    with np.errstate(all="ignore"):
        yield other


def launch(
    logits: Tensor, alpha: float, *, labels: Tensor | None = None, temperature: float = 1.0
) -> tuple[Tensor, Tensor, Tensor]:
    learners = len(logits)
    orders, weights = torch.full((learners, learners), alpha), torch.full((learners, learners), 0.5)
    losses, disagreement, gradient = triton_launch.launch(
        logits, labels, orders.double(), alpha, weights, temperature, True
    )
    return losses.double(), disagreement.double(), gradient.double() / triton_launch.unit(logits)


def cohort(learners: int, classes: int, dtype: torch.dtype) -> Tensor:
    generator = torch.Generator().manual_seed(learners + classes)
    logits = 2 * torch.randn(learners, 4, classes, generator=generator)
    # A few classes may be alike by chance.
    return (logits if classes > 8 else torch.stack([logits[0], -4 * logits[0]])).to(dtype)


@pytest.mark.parametrize(
    ("alpha", "temperature", "learners", "classes", "dtype"),
    [
        (1.5, 1.0, 2, 48, torch.bfloat16),  # whole blocks
        (1.5, 2.0, 3, 21, torch.float16),  # rows that begin anywhere
        (0.5, 1.0, 4, 40, torch.bfloat16),  # half a block
        (0.25, 0.5, 2, 16, torch.bfloat16),
        (1.0, 1.0, 4, 24, torch.float16),
        (1.0, 1.5, 2, 21, torch.bfloat16),
        (0.5, 1.0, 2, 5, torch.float16),  # less than a lane reads
    ],
)
def test_losses_and_gradient(
    alone: Alone, alpha: float, temperature: float, learners: int, classes: int, dtype: torch.dtype
) -> None:
    logits, labels = cohort(learners, classes, dtype), torch.tensor([0, classes - 1, -100, 3])
    logits[0] += 64  # what is common to all classes counts for nothing
    losses, disagreement, gradient = launch(logits, alpha, labels=labels, temperature=temperature)
    assert alone.done.all()
    exact = logits.double().requires_grad_()
    expected = [cross_entropy(z, labels) for z in exact]
    for k, j in permutations(range(learners), 2):
        target, own = exact[j].detach() / temperature, exact[k] / temperature
        mean = renyi_divergence(target, own, alpha=alpha).mean()
        assert disagreement[k, j].item() == pytest.approx(mean.item(), rel=5e-7)
        expected[k] = expected[k] + 0.5 * mean
    found = torch.stack(expected)
    torch.testing.assert_close(losses, found.detach(), rtol=5e-7, atol=0)
    (slope,) = torch.autograd.grad(found.sum(), exact)
    # One rounding of an entry, but the interpreter cuts bfloat16 off where a device rounds it.
    rounding = torch.finfo(dtype).eps / (1 if dtype == torch.bfloat16 else 2)
    assert ((gradient - slope).abs() <= rounding * slope.abs() + 1e-6 * slope.abs().amax()).all()


def test_without_labels_nothing_is_supervised(alone: Alone) -> None:
    logits = cohort(2, 21, torch.bfloat16)
    losses, disagreement, gradient = launch(logits, 1.5)
    assert alone.done.all()
    torch.testing.assert_close(losses, 0.5 * disagreement.sum(1))
    expected = 0.5 / 4 * gradient_own(logits[1].double(), logits[0].double(), alpha=1.5)
    torch.testing.assert_close(gradient[0], expected, rtol=0.01, atol=1e-7)


def test_masks_below_order_one(alone: Alone) -> None:
    logits = cohort(2, 40, torch.bfloat16)
    logits[0, 0, :17] = -math.inf  # a whole block, and more
    logits[1, 0, 30:] = -math.inf
    logits[:, 1, 20:] = -math.inf
    _, disagreement, gradient = launch(logits, 0.5)
    assert alone.done.all()
    expected = renyi_divergence(*logits.double(), alpha=0.5).mean()
    assert disagreement[1, 0].item() == pytest.approx(expected.item(), rel=5e-7)
    assert not gradient[logits == -math.inf].any()


def row(*, scale: float = 1.0, apart: float = 1.5, **places: float) -> Tensor:
    """Two learners, a row of 21 classes, `apart` times as far from each other; `own_3=x` sets a logit."""
    generator = torch.Generator().manual_seed(1)
    base, noise = 2 * torch.randn(2, 21, generator=generator)
    logits = scale * torch.stack([base, base + apart * noise])
    for name, value in places.items():
        who, place = name.split("_")
        logits[("own", "target").index(who), int(place)] = value
    return logits[:, None].to(torch.bfloat16)


LEFT = [
    (0.5, row(apart=0.2), "nearly equal"),
    (1.0, row(apart=0.2), "nearly equal"),
    (2.0, row(apart=0.2), "nearly equal"),
    (0.5, row(scale=150), "the sum is beyond e^−40"),
    (2.0, row(own_3=-24), "the range is too wide for powers"),
    (1.0, row(own_3=-90), "the range is too wide for powers"),
    (2.0, row(own_3=-math.inf), "D is infinite"),
    (1.0, row(own_3=-math.inf), "D is infinite"),
    (1.0, row(own_3=-math.inf, target_3=-90), "D is infinite by a probability that is 0 in float32"),
    (2.0, row(own_3=-math.inf, target_3=-math.inf), "a mask for both"),
    (0.5, row(own_3=math.nan), "no distribution"),
    (1.0, row(target_20=math.inf), "no distribution"),
    (2.0, row(target_20=math.nan), "no distribution"),
]


@pytest.mark.parametrize(("alpha", "logits", "why"), LEFT)
def test_rows_that_are_left(alone: Alone, alpha: float, logits: Tensor, why: str) -> None:
    launch(torch.cat([row(), logits], 1), alpha)
    assert alone.done.tolist() == [True, False], why


def test_rows_at_the_limits_are_accurate(alone: Alone) -> None:
    # Rows between the nearly equal and the very different, so that some are only just not left.
    generator = torch.Generator().manual_seed(2)
    base, noise = torch.randn(2, 16, 21, generator=generator)
    apart = torch.linspace(0.3, 4, 16)[:, None]
    logits = torch.stack([2 * base, 2 * base + apart * noise]).to(torch.bfloat16)
    for alpha in (0.25, 1.0, 3.0):
        done = []
        for one in range(16):
            _, disagreement, _ = launch(logits[:, one : one + 1], alpha)
            done.append(bool(alone.done))
            if done[-1]:
                expected = renyi_divergence(*logits[:, one].double(), alpha=alpha)
                assert disagreement[1, 0].item() == pytest.approx(expected.item(), rel=1.5e-6)
        assert 3 < sum(done) < 13


@pytest.mark.parametrize(
    ("alpha", "dtype"),
    [(1 + 1e-7, torch.bfloat16), (0.0, torch.bfloat16), (5.0, torch.float16), (1.5, torch.float32)],
)
def test_when_it_is_not_tried(
    alone: Alone, monkeypatch: pytest.MonkeyPatch, alpha: float, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(triton_quick, "quick_kernel", None)
    launch(row().to(dtype), alpha)
    assert not alone.done.any()

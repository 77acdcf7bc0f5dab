"""The fused kernel in Triton's interpreter against the accurate path, and when it is chosen."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from convergence.divergence import (
    MutualLoss,
    cohort_divergence,
    gradient_own,
    renyi_divergence,
    triton_cohort,
    triton_launch,
)
from convergence.divergence import cohort as cohort_module
from convergence.divergence import mutual as mutual_module

triton = pytest.importorskip("triton", reason="the extra [gpu] is not installed")
if not triton.knobs.runtime.interpret:
    pytest.skip("kernels are compiled here: see tests/gpu", allow_module_level=True)

ORDERS = [0.5, 1 + 1e-7, 2.0]
MORE_ORDERS = [0.0, 1e-6, 0.1, 0.9, 1.0, 1 - 1e-7, 1.1, 1.5, 5.0, 20.0, 100.0]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks of 8 classes, or 16 of narrow ones, so that rows of a few classes have several."""
    monkeypatch.setattr(triton_launch, "LANES", 2)
    with np.errstate(all="ignore"):  # the interpreter computes both sides of every choice in NumPy
        yield


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the public functions choose the kernel, as they do for CUDA tensors."""
    for module in (cohort_module, mutual_module):
        monkeypatch.setattr(module, "takes", lambda logits, alpha, precision: True)


def hard_rows() -> Tensor:
    """Two learners, 21 classes, rows that are hard in turn; `(2, 11, 21)` in float32."""
    generator = torch.Generator().manual_seed(9)
    base, noise = torch.randn(2, 21, generator=generator)
    place = torch.arange(21)
    mask, whole_block, other_block = place % 4 == 1, (place >= 8) & (place < 16), place >= 16
    hidden = -math.inf
    pairs = [
        (3 * base, 3 * noise),
        (base, base + 1e-3 * noise),
        (base, base + 1e-6 * noise),
        (base + 1e6, base + noise),
        (1e4 * base, 1e4 * noise),
        (50 * base, 50 * base + 0.1 * noise),
        (base.masked_fill(mask, hidden), noise.masked_fill(mask, hidden)),
        (base.masked_fill(mask | whole_block, hidden), noise),
        (base.masked_fill(whole_block, hidden), noise.masked_fill(mask, hidden)),
        (base.masked_fill(mask, hidden), noise.masked_fill(~mask, hidden)),
        (base.masked_fill(whole_block, hidden), noise.masked_fill(other_block, hidden)),
    ]
    return torch.stack([torch.stack(pair) for pair in pairs], dim=1)


def by_kernel(logits: Tensor, alpha: float) -> tuple[list[Tensor], Tensor]:
    """Disagreements by row, and the gradients of the rows, `(K, B, C)`, the weights all 1."""
    learners, batch, _ = logits.shape
    orders, weights = (
        torch.full((learners, learners), alpha, dtype=torch.float64),
        torch.ones(learners, learners),
    )
    found = [
        triton_launch.launch(logits[:, row : row + 1], None, orders, alpha, weights, 1.0, True)
        for row in range(batch)
    ]
    return [disagreement for _, disagreement, _ in found], torch.cat([gradient for *_, gradient in found], 1)


def relative(found: Tensor, expected: Tensor) -> Tensor:
    """Error of a row relative to its largest entry, less 1e-17; equal infinities are right."""
    same = (found == expected) | (found.isnan() & expected.isnan())
    error = torch.where(same, 0, found.double() - expected.double()).abs().amax(-1)
    return (error - 1e-17) / torch.where(same, 0, expected.double()).abs().amax(-1).clamp(min=2.0**-100)


@pytest.mark.parametrize("alpha", [*ORDERS, *(pytest.param(a, marks=pytest.mark.slow) for a in MORE_ORDERS)])
def test_float32_against_the_accurate_path(alpha: float) -> None:
    logits = hard_rows()
    disagreements, gradient = by_kernel(logits, alpha)
    exact = logits.double()
    for k, j in permutations(range(2)):
        expected = renyi_divergence(exact[j], exact[k], alpha=alpha)
        found = torch.stack([d[k, j] for d in disagreements])
        assert relative(found[:, None], expected[:, None]).max() < 1e-6
        assert relative(gradient[k], gradient_own(exact[j], exact[k], alpha=alpha)).max() < 1e-6


def test_steep_order() -> None:
    # An order multiplies the error of the sums that p^α q^{1−α} is normalised by, unless log p/q is used for it.
    generator = torch.Generator().manual_seed(5)
    own = torch.randn(8, 2, generator=generator)
    logits = torch.stack([own + 0.02 * torch.randn(8, 2, generator=generator), own])
    disagreements, _ = by_kernel(logits, 100.0)
    found = torch.stack([d[1, 0] for d in disagreements])
    expected = renyi_divergence(*logits.double(), alpha=100.0)
    assert relative(found[:, None], expected[:, None]).max() < 1e-6


@pytest.mark.parametrize(
    ("dtype", "alpha"), [(torch.bfloat16, 1.0), (torch.bfloat16, 1 - 1e-7), (torch.float16, 1.5)]
)
def test_narrow_logits(dtype: torch.dtype, alpha: float) -> None:
    rows = hard_rows()[:, [0, 1, 6, 7, 8, 9]].to(dtype)
    disagreements, gradient = by_kernel(rows, alpha)
    exact = rows.double()
    for k, j in permutations(range(2)):
        expected = renyi_divergence(exact[j], exact[k], alpha=alpha)
        found = torch.stack([d[k, j] for d in disagreements])
        assert relative(found[:, None], expected[:, None]).max() < 1e-6
        expected = gradient_own(exact[j], exact[k], alpha=alpha)
        assert gradient.dtype == dtype
        # One rounding, but the interpreter cuts bfloat16 off where a device rounds it.
        rounding = torch.finfo(dtype).eps / (1 if dtype == torch.bfloat16 else 2)
        assert relative(gradient[k], expected).max() < rounding * (1 + 1e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_low_logits(dtype: torch.dtype) -> None:
    """The lowest number is a mask; −10⁹ is none, and where α·log p/q loses its digits, r counts as p."""
    base, noise = torch.randn(2, 1, 21, generator=torch.Generator().manual_seed(6)).to(dtype)
    lowest = torch.finfo(dtype).min
    masked = torch.arange(21) % 5 == 0
    for alpha in (0.5, 1.0, 20.0):
        found = []
        for mask in (lowest, -math.inf):
            pair = torch.stack([base.masked_fill(masked, mask), noise])
            found += [by_kernel(torch.cat([pair, pair.flip(0).roll(1, -1)], 1), alpha)]
        (disagreements, gradient), (expected, slope) = found
        assert torch.equal(torch.stack(disagreements), torch.stack(expected))
        assert torch.equal(gradient, slope)
        if dtype == torch.float16:
            continue
        pair = torch.stack([base.masked_fill(masked, -1e9 if dtype == torch.bfloat16 else -1e18), noise])
        disagreements, gradient = by_kernel(pair, alpha)
        low, other = pair.double()
        for k, (target, own) in enumerate([(other, low), (low, other)]):
            true = renyi_divergence(target, own, alpha=alpha)
            assert disagreements[0][k, 1 - k].item() == pytest.approx(true.item(), rel=1e-6)
            pull = own.softmax(-1) - target.softmax(-1)
            if alpha < 1 or k == 1:
                pull = gradient_own(target, own, alpha=alpha)
            assert relative(gradient[k], pull).max() < max(torch.finfo(dtype).eps * (1 + 1e-3), 1e-6)


def test_shift_gives_exactly_nothing() -> None:
    row = torch.randint(-8, 8, (1, 21)).float()
    disagreements, gradient = by_kernel(torch.stack([row, row + 64]), 1.5)
    assert not disagreements[0].any()
    assert not gradient.any()


@pytest.mark.parametrize("spoilt", [math.nan, math.inf])
def test_what_is_no_distribution_spoils_its_row_alone(spoilt: float) -> None:
    logits = hard_rows()[:, :2].clone()
    logits[0, 0, 3] = spoilt
    disagreements, gradient = by_kernel(logits, 1.5)
    assert disagreements[0][0, 1].isnan()
    assert disagreements[0][1, 0].isnan()
    assert disagreements[1].isfinite().all()
    assert gradient[:, 1].isfinite().all()


def cohort() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(4)
    logits = (3 * torch.randn(3, 5, 13, generator=generator)).requires_grad_()
    return logits, torch.randint(13, (5,), generator=generator)


PER_PAIR = ((9.0, 0.5, 1.0), (2.0, 9.0, 1.0 + 1e-7), (0.0, 3.0, 9.0))


@pytest.mark.usefixtures("chosen")
@pytest.mark.parametrize("temperature", [pytest.param(1.0, marks=pytest.mark.slow), 4.0])
def test_loss_with_orders_of_every_pair(temperature: float) -> None:
    logits, labels = cohort()
    labels[2] = -100
    weights = torch.tensor([[9.0, 0.5, 0.0], [0.3, 9.0, 0.2], [1.0, 2.0, 9.0]])
    loss = MutualLoss(PER_PAIR, beta=0.7, temperature=temperature, weights=weights)
    losses, disagreement = loss(logits, labels)
    scale = torch.tensor([1.0, -2.0, 0.5])
    (scale * losses).sum().backward()

    reference = logits.detach().double().requires_grad_()
    expected = [torch.nn.functional.cross_entropy(z, labels) for z in reference]
    for k, j in permutations(range(3), 2):
        divergence = renyi_divergence(
            reference[j].detach() / temperature, reference[k] / temperature, alpha=PER_PAIR[k][j]
        ).mean()
        assert disagreement[k, j].item() == pytest.approx(divergence.item(), rel=1e-6)
        expected[k] = expected[k] + 0.7 * temperature**2 * weights[k, j] * divergence
    torch.testing.assert_close(losses.double(), torch.stack(expected), rtol=1e-6, atol=0)
    (scale * torch.stack(expected)).sum().backward()
    torch.testing.assert_close(logits.grad.double(), reference.grad, rtol=0, atol=1e-6)


def test_orders_of_every_pair_without_the_kernel() -> None:
    logits, _ = cohort()
    losses, disagreement = cohort_divergence(logits, alpha=PER_PAIR)
    for k, j in permutations(range(3), 2):
        mean = renyi_divergence(logits[j], logits[k], alpha=PER_PAIR[k][j]).mean().item()
        assert disagreement[k, j].item() == pytest.approx(mean, rel=1e-6)
    torch.testing.assert_close(losses, disagreement.sum(1) / 2)
    with pytest.raises(ValueError, match="3 of 3 are needed"):
        cohort_divergence(logits, alpha=((1.0, 2.0), (2.0, 1.0)))


@pytest.mark.usefixtures("chosen")
def test_backward_twice_and_second_derivatives() -> None:
    logits, labels = (part[..., :3, :] if part.ndim == 3 else part[:3] for part in cohort())
    logits = logits[:2].detach().requires_grad_()
    losses = MutualLoss(1.5)(logits, labels).losses.sum()
    first = torch.autograd.grad(losses, logits, retain_graph=True)[0]
    again = torch.autograd.grad(3 * losses, logits, retain_graph=True)[0]
    torch.testing.assert_close(again, 3 * first)

    def with_product(losses: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
        slope = torch.autograd.grad(losses, at, create_graph=True)[0]
        return slope, torch.autograd.grad(slope.square().sum(), at)[0]

    exact = logits.detach().double().requires_grad_()
    expected = [
        torch.nn.functional.cross_entropy(exact[k], labels)
        + renyi_divergence(exact[1 - k].detach(), exact[k], alpha=1.5).mean()
        for k in range(2)
    ]
    for found, true in zip(
        with_product(losses, logits), with_product(torch.stack(expected).sum(), exact), strict=True
    ):
        torch.testing.assert_close(found.double(), true, rtol=0, atol=1e-6)


@pytest.mark.usefixtures("chosen")
def test_small_gradients_survive_float16() -> None:
    logits, labels = cohort()
    narrow = logits.detach()[:2, :2].half().requires_grad_()
    loss = MutualLoss(1.5)(narrow, labels[:2]).losses.sum()
    (loss * 2.0**14).backward()
    exact = narrow.detach().double().requires_grad_()
    (MutualLoss(1.5, precision="accurate")(exact, labels[:2]).losses.sum() * 2.0**14).backward()
    assert narrow.grad is not None
    torch.testing.assert_close(narrow.grad.double(), exact.grad, rtol=2e-3, atol=1e-3)


@pytest.mark.usefixtures("chosen")
def test_label_out_of_range_spoils_the_loss() -> None:
    logits, labels = cohort()
    labels[0] = 13
    assert MutualLoss(1.5)(logits, labels).losses.isnan().all()


def test_labels_are_classes() -> None:
    logits, labels = cohort()
    with pytest.raises(TypeError, match="classes are integers"):
        MutualLoss(1.5)(logits, labels.double())


def stub(**changes: object) -> SimpleNamespace:
    made = {"is_cuda": True, "dtype": torch.bfloat16, "shape": (2, 8, 100), **changes}
    return SimpleNamespace(**made)


def test_when_it_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triton_cohort, "kernel_trouble", lambda: None)
    takes = triton_cohort.takes
    assert takes(stub(), 1.5, "accurate")
    assert takes(stub(dtype=torch.float32), ((1.0, 2.0), (2.0, 1.0)), "fast")
    assert not takes(stub(dtype=torch.float32), 1.5, "accurate")
    assert not takes(stub(dtype=torch.float64), 1.5, "fast")
    assert not takes(stub(is_cuda=False), 1.5, "fast")
    assert not takes(stub(shape=(5, 8, 100)), 1.5, "fast")
    assert not takes(stub(), math.inf, "fast")
    assert not takes(stub(), torch.tensor(1.5), "fast")


def test_what_is_said_without_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = "Triton is 2.1.0; the fused kernel needs 3.3 or later: pip install -U triton"
    triton_cohort.kernel_trouble.cache_clear()
    monkeypatch.setattr(triton_cohort, "version", lambda name: "2.1.0")
    assert triton_cohort.kernel_trouble() == trouble
    triton_cohort._warn_once.cache_clear()
    with pytest.warns(UserWarning, match="Triton is 2.1.0"):
        assert not triton_cohort.takes(stub(), 1.5, "fast")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not triton_cohort.takes(stub(), 1.5, "fast")
    triton_cohort.kernel_trouble.cache_clear()


@pytest.mark.slow
def test_kernels_for_a_device_that_is_not_here_spill_no_registers() -> None:
    script = Path(__file__).parents[3] / "benchmarks" / "gpu_static.py"
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", str(script), "--bars"],
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| loss (4, 1024, 128256) bfloat16 |" in done.stdout

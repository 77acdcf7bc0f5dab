"""What runs on a device is queued without waiting for it: no value comes back, and what goes there is counted.

Tensors of the device "meta" stand for those of a device: they have no memory, so whatever asks for a value fails. The
launches of kernels are left out. Numbers of Python that become tensors there are copies that wait as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

pytest.importorskip("triton", reason="the extra [gpu] is not installed")

from convergence.divergence import MutualLoss, cohort_divergence, triton_kernel, triton_quick
from convergence.divergence import cohort as cohort_module
from convergence.divergence import mutual as mutual_module
from simulations.ensemble import fused, triton_descent
from simulations.problems import problem

LISTED = {torch.tensor, torch.as_tensor, torch.Tensor.new_tensor}


class Copies(TorchFunctionMode):
    """Counts what is copied to the device: lists of Python made tensors there, tensors moved there."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        moved = func is torch.Tensor.to and args[0].device.type == "cpu"
        self.count += (func in LISTED or moved) and made.device.type == "meta"
        return made


class Launches:
    """Stands for a kernel: counts its launches."""

    def __init__(self) -> None:
        self.count = 0

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., None]:
        def launch(*arguments: Any, **options: Any) -> None:
            self.count += 1

        return launch


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> dict[str, Launches]:
    """The kernels replaced, and chosen for the loss as for CUDA tensors."""
    for module in (cohort_module, mutual_module):
        monkeypatch.setattr(module, "takes", lambda logits, alpha, precision: True)
    names = ("quick_kernel", "cohort_kernel", "scale_kernel", "descend_kernel")
    found = {name: Launches() for name in names}
    monkeypatch.setattr(triton_quick, "quick_kernel", found["quick_kernel"])
    monkeypatch.setattr(triton_kernel, "cohort_kernel", found["cohort_kernel"])
    monkeypatch.setattr(triton_kernel, "scale_kernel", found["scale_kernel"])
    monkeypatch.setattr(triton_descent, "descend_kernel", found["descend_kernel"])
    return found


def logits(learners: int) -> torch.Tensor:
    return torch.empty(learners, 64, 1000, device="meta", dtype=torch.bfloat16, requires_grad=True)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
@pytest.mark.parametrize("learners", [2, 4])
def test_loss_forward_and_backward(kernels: dict[str, Launches], learners: int, temperature: float) -> None:
    given, labels = logits(learners), torch.zeros(64, dtype=torch.int64, device="meta")
    with Copies() as copies:
        MutualLoss(1.5, temperature=temperature)(given, labels).losses.sum().backward()
        cohort_divergence(given, alpha=0.5).losses.sum().backward()
    assert copies.count == 0
    assert all(kernels[name].count == 2 for name in ("quick_kernel", "cohort_kernel", "scale_kernel"))


def test_orders_of_every_pair_are_copied_once(kernels: dict[str, Launches]) -> None:
    with Copies() as copies:
        cohort_divergence(logits(2), alpha=((0.0, 0.5), (2.0, 0.0))).losses.sum().backward()
    assert copies.count == 1


def test_a_value_asked_for_is_found_out(
    kernels: dict[str, Launches], monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = cohort_module.fused

    def waiting(given: torch.Tensor, labels: None, alpha: float, *rest: Any) -> Any:
        return launch(given, labels, alpha + float(given.sum()), *rest)

    monkeypatch.setattr(cohort_module, "fused", waiting)
    with pytest.raises(RuntimeError, match="meta"):
        cohort_divergence(logits(2), alpha=1.5)


def test_a_stretch_of_an_ensemble(kernels: dict[str, Launches]) -> None:
    made = problem("double-well", dimension=2)
    assert made.kernel is not None
    lanes = fused.open_lanes(made.start, 1000, seed=0, first_replica=0, dtype=torch.float32, device="meta")
    with Copies() as copies:
        for first in (0, 8192):
            fused.advance(made.kernel, lanes, [0.01] * 8192, first=first)
    assert kernels["descend_kernel"].count == 2
    assert copies.count == 2 * 3  # step sizes, parameters, noise and limit: per stretch, however many steps

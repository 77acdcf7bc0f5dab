r"""A cohort's losses by the fused kernel, as a node of the autograd graph; and when that is to be had.

The kernel takes bfloat16, float16 and float32 logits of two to four learners on a CUDA device. It computes as
`precision="fast"` promises, so float32 logits come here only if that was asked for. The gradient is written in
the forward pass, scaled for `losses.sum().backward()`; any other scale costs one more pass over it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from convergence.divergence.backend import is_plain
from convergence.divergence.inputs import is_number
from convergence.divergence.triton_launch import NARROW, launch, scale, unit

OLDEST = (3, 3)  # the first Triton with tuples of tensors
MOST_LEARNERS = 4
"""For more, unrolled over pairs, the kernel has too few registers."""
MOST_CLASSES = 2**20


@cache
def kernel_trouble() -> str | None:
    """Why the kernel cannot be compiled here, and what to do; None if it can."""
    try:
        found = version("triton")
    except PackageNotFoundError:
        return "Triton is not installed; the fused kernel needs it: pip install triton"
    if tuple(int(part) for part in found.split(".")[:2]) < OLDEST:
        needed = ".".join(map(str, OLDEST))
        return f"Triton is {found}; the fused kernel needs {needed} or later: pip install -U triton"
    return None


@cache
def _warn_once(trouble: str) -> None:
    warnings.warn(f"{trouble}. Until then PyTorch operations do the work.", stacklevel=4)


def takes(logits: Tensor, alpha: object, precision: str) -> bool:
    """Whether the kernel is to be used: plain CUDA logits of its kind and finite orders that are numbers.

    Warns once if only Triton is missing.
    """
    if not logits.is_cuda or not is_plain():
        return False
    if not (logits.dtype in NARROW or (logits.dtype == torch.float32 and precision == "fast")):
        return False
    orders = [order for row in alpha for order in row] if isinstance(alpha, tuple) else [alpha]
    if not all(is_number(order) and math.isfinite(order) for order in orders):
        return False
    learners, batch, classes = logits.shape
    if not (2 <= learners <= MOST_LEARNERS and batch > 0 and classes <= MOST_CLASSES):
        return False
    trouble = kernel_trouble()
    if trouble is not None:
        _warn_once(trouble)
    return trouble is None


class FusedCohort(Function):
    """`logits → (losses, disagreements)`; everything else is constant."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        labels: Tensor | None,
        orders: Tensor,
        common: float | None,
        weights: Tensor,
        temperature: float,
        reference: Callable[[Tensor], Tensor],
    ) -> tuple[Tensor, Tensor]:
        """One launch, or one for most rows and one for the rest.

        Args:
            ctx: of autograd.
            logits: `(K, B, C)`.
            labels: `(B,)` for losses that contain the mean cross-entropy of the logits; −100 is left out.
            orders: `(K, K)`, `[k, j]` is α of `D(p_j‖p_k)`.
            common: that of all pairs, if it is one.
            weights: `(K, K)`, `loss_k = Σ_j weights[k, j]·mean D(p_j‖p_k)`.
            temperature: divides the logits in the divergences.
            reference: the losses as a function of the logits, for second derivatives.
        """
        wanted = ctx.needs_input_grad[0]
        losses, disagreement, gradient = launch(logits, labels, orders, common, weights, temperature, wanted)
        ctx.save_for_backward(logits, labels, orders, weights)
        ctx.common, ctx.temperature, ctx.reference = common, temperature, reference
        # Handed over, not kept: whoever receives a gradient may add to it in place.
        ctx.gradient = gradient
        ctx.mark_non_differentiable(disagreement)
        return losses, disagreement

    @staticmethod
    def backward(ctx: Any, by_losses: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient times that of the losses."""
        logits, labels, orders, weights = ctx.saved_tensors
        nothing = (None,) * 6
        if torch.is_grad_enabled():
            losses = ctx.reference(logits)
            return (torch.autograd.grad(losses, logits, by_losses, create_graph=True)[0], *nothing)
        gradient, ctx.gradient = ctx.gradient, None
        if gradient is None:  # a second backward pass
            gradient = launch(logits, labels, orders, ctx.common, weights, ctx.temperature, True)[2]
        return (scale(gradient, by_losses / unit(logits)), *nothing)

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

OLDEST = (3, 3)  # the first Triton with tuples of tensors
MOST_LEARNERS = 4
"""For more, unrolled over pairs, the kernel has too few registers."""
WARPS = 4
LANES = 32 * WARPS
MOST_CLASSES = 2**20
PROGRAMS_PER_PROCESSOR = 4
SCALED_AT_ONCE = 2**13
NARROW = (torch.bfloat16, torch.float16)


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
    if not all(isinstance(order, int | float) and math.isfinite(order) for order in orders):
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
        weights: Tensor,
        temperature: float,
        reference: Callable[[Tensor], Tensor],
    ) -> tuple[Tensor, Tensor]:
        """One launch.

        Args:
            ctx: of autograd.
            logits: `(K, B, C)`.
            labels: `(B,)` for losses that contain the mean cross-entropy of the logits; −100 is left out.
            orders: `(K, K)`, `[k, j]` is α of `D(p_j‖p_k)`.
            weights: `(K, K)`, `loss_k = Σ_j weights[k, j]·mean D(p_j‖p_k)`.
            temperature: divides the logits in the divergences.
            reference: the losses as a function of the logits, for second derivatives.
        """
        wanted = ctx.needs_input_grad[0]
        losses, disagreement, gradient = launch(logits, labels, orders, weights, temperature, wanted)
        ctx.save_for_backward(logits, labels, orders, weights)
        ctx.temperature, ctx.reference = temperature, reference
        # Handed over, not kept: whoever receives a gradient may add to it in place.
        ctx.gradient = gradient
        ctx.mark_non_differentiable(disagreement)
        return losses, disagreement

    @staticmethod
    def backward(ctx: Any, by_losses: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient times that of the losses."""
        logits, labels, orders, weights = ctx.saved_tensors
        nothing = (None,) * 5
        if torch.is_grad_enabled():
            losses = ctx.reference(logits)
            return (torch.autograd.grad(losses, logits, by_losses, create_graph=True)[0], *nothing)
        gradient, ctx.gradient = ctx.gradient, None
        if gradient is None:  # a second backward pass
            gradient = launch(logits, labels, orders, weights, ctx.temperature, True)[2]
        return (scale(gradient, by_losses / _unit(logits)), *nothing)


def _unit(logits: Tensor) -> int:
    """What the kernel's gradient is multiplied by: float16 would lose entries of size 1/B by underflow."""
    return logits.shape[1] if logits.dtype == torch.float16 else 1


def launch(
    logits: Tensor,
    labels: Tensor | None,
    orders: Tensor,
    weights: Tensor,
    temperature: float,
    with_gradient: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Losses `(K,)`, disagreements `(K, K)`, and the gradient times `_unit`, or an empty tensor."""
    import triton
    import triton.language as tl

    from convergence.divergence.triton_kernel import IGNORED, cohort_kernel
    from convergence.divergence.triton_sums import OF_LEARNER, OF_PAIR

    learners, batch, classes = logits.shape
    logits = logits if logits.stride(2) == 1 else logits.contiguous()
    device = logits.device
    each = classes_of_a_lane(logits)
    block = each * min(LANES, triton.next_power_of_2(triton.cdiv(classes, each)))
    programs = min(batch, PROGRAMS_PER_PROCESSOR * _processors(device))
    wide = torch.float64 if logits.dtype == torch.float32 else torch.float32
    constants = torch.empty(
        programs, OF_LEARNER.value * learners + OF_PAIR.value * learners**2, dtype=wide, device=device
    )
    divergence = torch.zeros(learners, learners, batch, dtype=torch.float64, device=device)
    counted = torch.ones((), device=device) if labels is None else (labels != IGNORED.value).sum()
    share = (_unit(logits) / counted).float()
    entropy = torch.zeros(learners, batch, dtype=torch.float64, device=device)
    gradient = (
        torch.empty_like(logits, memory_format=torch.contiguous_format)
        if with_gradient
        else logits.new_empty(0)
    )
    arguments = (
        logits,
        logits.stride(0),
        logits.stride(1),
        labels if labels is None else labels.contiguous(),
        orders,
        (weights * (_unit(logits) / (temperature * batch))).float(),
        torch.full((1,), 1 / temperature, dtype=torch.float64, device=device),
        share,
        constants,
        divergence,
        entropy,
        gradient,
        batch * classes,
        batch,
        classes,
        triton.cdiv(classes, block),
    )
    with torch.cuda.device_of(logits):
        cohort_kernel[(programs,)](
            *arguments,
            LEARNERS=learners,
            BLOCK=block,
            EACH=each,
            # Rows begin anywhere: lanes read classes next to each other, one by one.
            APART=classes % each > 0,
            SUPERVISED=labels is not None,
            TEMPERED=temperature != 1,
            GRADIENT=with_gradient,
            WIDE=tl.float64 if wide == torch.float64 else tl.float32,
            num_warps=WARPS,
            enable_fp_fusion=True,
        )
    disagreement = divergence.mean(-1)
    losses = torch.where(weights == 0, 0, weights * disagreement).sum(-1)
    if labels is not None:
        losses = losses + torch.where(labels == IGNORED.value, 0, entropy).sum(-1) / counted
    return losses.float(), disagreement.float(), gradient


def scale(gradient: Tensor, factors: Tensor) -> Tensor:
    """The gradient times a factor a learner, in place; nothing is read or copied where that is 1."""
    import triton

    from convergence.divergence.triton_kernel import scale_kernel

    count = gradient[0].numel()
    grid = (triton.cdiv(count, SCALED_AT_ONCE), len(gradient))
    with torch.cuda.device_of(gradient):
        scale_kernel[grid](
            gradient, factors.float().contiguous(), count, BLOCK=SCALED_AT_ONCE, enable_fp_fusion=True
        )
    return gradient


def classes_of_a_lane(logits: Tensor) -> int:
    """How many classes a lane reads at once: 16 bytes of each learner, or what registers allow."""
    size = logits.element_size()
    return 16 // size // (2 if size == 4 and len(logits) > 2 else 1)


@cache
def _processors(device: torch.device) -> int:
    return torch.cuda.get_device_properties(device).multi_processor_count if device.type == "cuda" else 1

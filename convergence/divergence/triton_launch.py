"""How the fused kernels are launched on a cohort: their sizes, what they share, and what is made of their results."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

WARPS = 4
LANES = 32 * WARPS
PROGRAMS_PER_PROCESSOR = 4
SCALED_AT_ONCE = 2**13
LONG = 2**16
"""Bytes of a row of all learners, from which on a program of few lanes a row would have more rows in work than the
second-level cache holds, and read them from memory twice."""
NARROW = (torch.bfloat16, torch.float16)
QUICK = (0.25, 3.0)
"""Orders of the quick kernel, if they are ¼ or more from 1, or 1."""


def launch(
    logits: Tensor,
    labels: Tensor | None,
    orders: Tensor,
    common: float | None,
    weights: Tensor,
    temperature: float,
    with_gradient: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Losses `(K,)`, disagreements `(K, K)`, and the gradient times `unit`, or an empty tensor.

    `common` is the order of all pairs, if it is one.
    """
    import triton.language as tl

    from convergence.divergence.triton_kernel import cohort_kernel
    from convergence.divergence.triton_quick import quick_kernel
    from convergence.divergence.triton_sums import IGNORED, OF_LEARNER, OF_PAIR

    learners, batch, classes = logits.shape
    logits = logits if logits.stride(2) == 1 else logits.contiguous()
    device = logits.device
    programs = min(batch, PROGRAMS_PER_PROCESSOR * _processors(device))
    wide = torch.float64 if logits.dtype == torch.float32 else torch.float32
    constants = torch.empty(
        programs, OF_LEARNER.value * learners + OF_PAIR.value * learners**2, dtype=wide, device=device
    )
    divergence = torch.zeros(learners, learners, batch, dtype=torch.float64, device=device)
    counted = torch.ones((), device=device) if labels is None else (labels != IGNORED.value).sum()
    entropy = torch.zeros(learners, batch, dtype=torch.float64, device=device)
    gradient = (
        torch.empty_like(logits, memory_format=torch.contiguous_format)
        if with_gradient
        else logits.new_empty(0)
    )
    shares = (weights * (unit(logits) / (temperature * batch))).float()
    supervised_share = (unit(logits) / counted).float()
    left = torch.ones(batch, dtype=torch.int8, device=device)
    given = (logits, labels if labels is None else labels.contiguous(), shares, supervised_share, left)
    results = (divergence, entropy, gradient)
    options = {
        "LEARNERS": learners,
        "SUPERVISED": labels is not None,
        "TEMPERED": labels is not None and temperature != 1,
        "GRADIENT": with_gradient,
        "enable_fp_fusion": True,
    }
    with torch.cuda.device_of(logits):
        if common is not None and is_quick(common, logits.dtype):
            rate = 1 / (temperature * math.log(2))
            target_rate = np.float32(common * rate)
            own_rate = np.float32(rate - target_rate)
            long = learners * classes * logits.element_size() >= LONG
            many = (4 if learners == 2 else 2) if long else 1
            sizes, blocks = reading(logits, LANES * many, 16)
            quick_kernel[(batch,)](
                *given,
                *results,
                *sizes,
                float(target_rate),
                float(own_rate),
                SHANNON=common == 1,
                BOUNDED=common >= 1,
                num_warps=WARPS * many,
                **blocks,
                **options,
            )
        # A lane keeps what it reads of all learners in registers, and more of every pair.
        at_once = 16 if learners == 2 or (learners == 3 and logits.dtype in NARROW) else 8
        sizes, blocks = reading(logits, LANES, at_once)
        cohort_kernel[(programs,)](
            *given,
            *results,
            *sizes,
            orders,
            torch.full((1,), 1 / temperature, dtype=torch.float64, device=device),
            constants,
            WIDE=tl.float64 if wide == torch.float64 else tl.float32,
            num_warps=WARPS,
            **blocks,
            **options,
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


def unit(logits: Tensor) -> int:
    """What the kernels' gradient is multiplied by: float16 would lose entries of size 1/B by underflow."""
    return logits.shape[1] if logits.dtype == torch.float16 else 1


def is_quick(order: float, dtype: torch.dtype) -> bool:
    """Whether the quick kernel is tried on logits of a type with one order for all pairs."""
    lowest, highest = QUICK
    usual = lowest <= order <= highest and abs(order - 1) >= 0.25
    return dtype in NARROW and (order == 1 or usual)


def reading(logits: Tensor, lanes: int, width: int) -> tuple[tuple[int, ...], dict[str, int]]:
    """Sizes and constants for a kernel whose lanes read `width` bytes of each learner at once."""
    _, batch, classes = logits.shape
    each = width // logits.element_size()
    block = each
    while block < min(classes, each * lanes):
        block *= 2
    strides = logits.stride()[:2]
    # Where rows begin anywhere, lanes read classes next to each other, one by one.
    apart = any(size % each for size in (classes, *strides))
    counted_by = 1 if apart else each
    sizes = (*(stride // counted_by for stride in strides), batch, classes // counted_by)
    return sizes, {"BLOCK": block, "EACH": each, "APART": apart}


@cache
def _processors(device: torch.device) -> int:
    return torch.cuda.get_device_properties(device).multi_processor_count if device.type == "cuda" else 1

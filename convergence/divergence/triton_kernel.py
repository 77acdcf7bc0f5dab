r"""The fused kernel of every row: losses, disagreements and gradients of a cohort, one program a row of the batch.

Most rows of narrow logits are done by `triton_quick`. The classes of any other are read twice: for what normalises its
distributions, then for D and the gradient. Hard rows, and those of float32 logits, take longer: see `triton_again`.
"""

# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

from convergence.divergence.triton_again import centre, measure_pair, write_gradient
from convergence.divergence.triton_sums import IGNORED, OF_LEARNER, OF_PAIR, far, store_cross_entropy, sum_up
from convergence.divergence.triton_sweeps import measure


@triton.jit
def _cross_entropies(
    row_logits, stride_learner, label, own_constants, entropy, batch, classes, LEARNERS: tl.constexpr
):
    for k in tl.static_range(LEARNERS):
        own_logits, constant = row_logits + far(k, stride_learner), own_constants + k * OF_LEARNER
        top, log_sum = tl.load(constant), tl.load(constant + 2)
        store_cross_entropy(own_logits, label, top, log_sum, entropy + k * batch, classes)


@triton.jit
def cohort_kernel(
    logits,
    labels,
    shares,
    supervised_share_at,
    left,
    divergence,
    entropy,
    gradient,
    stride_learner,
    stride_row,
    batch,
    classes,
    orders,
    inverse_temperature_at,
    constants,
    LEARNERS: tl.constexpr,
    BLOCK: tl.constexpr,
    EACH: tl.constexpr,
    APART: tl.constexpr,
    SUPERVISED: tl.constexpr,
    TEMPERED: tl.constexpr,
    GRADIENT: tl.constexpr,
    WIDE: tl.constexpr,
):
    """Rows `program_id(0)`, `program_id(0) + num_programs(0)`, … of logits `(K, B, C)`, the classes next to each other.

    Of these, what `quick_kernel` left.

    Args (pointers, contiguous unless strides are given):
        labels: `(B,)` int64, with SUPERVISED.
        shares: `(K, K)` float32, what `∂D(p_j‖p_k)/∂(z_k/τ)` is multiplied by in the gradient; 0 leaves it out.
        supervised_share_at: what the cross-entropy's gradient is multiplied by, float32.
        left: `(B,)`, 0 for a row that is done.
        divergence: `(K, K, B)` float64, written off the diagonal.
        entropy: the cross-entropies `(K, B)` float64, with SUPERVISED; NaN for a label outside [0, C), and the
            gradient has none for `IGNORED`.
        gradient: `(K, B, C)`, with GRADIENT.
        orders: `(K, K)` float64, `[k, j]` is the finite α of `D(p_j‖p_k)`.
        inverse_temperature_at: 1/τ, float64; with SUPERVISED TEMPERED unless it is 1.
        constants: scratch of type WIDE, `(num_programs(0), OF_LEARNER·K + OF_PAIR·K²)`.
        BLOCK: classes read at once, EACH of them in a lane, next to each other or, with APART, far from each other.
            Without APART strides and the number of classes count by EACH, so that the compiler knows that it may read
            all of a lane at once.
        WIDE: type in which logits are subtracted and multiplied by α.
    """
    if not APART:
        stride_learner, stride_row, classes = stride_learner * EACH, stride_row * EACH, classes * EACH
    blocks, gradient_stride = tl.cdiv(classes, BLOCK), far(batch, classes)
    scale = tl.load(inverse_temperature_at)
    own_constants = constants + tl.program_id(0) * (OF_LEARNER * LEARNERS + OF_PAIR * LEARNERS * LEARNERS)
    pair_constants = own_constants + OF_LEARNER * LEARNERS
    first = tl.program_id(0).to(tl.int64)
    for turn in range(tl.cdiv(batch - tl.program_id(0), tl.num_programs(0))):
        row = first + turn * tl.num_programs(0)
        if tl.load(left + row):
            row_logits, row_gradient = logits + row * stride_row, gradient + row * classes
            label = tl.load(labels + row) if SUPERVISED else 0
            supervised_share = tl.where(label == IGNORED, 0.0, tl.load(supervised_share_at))
            # Between sweeps, what some threads wrote is read by others.
            tl.debug_barrier()
            usual = sum_up(
                row_logits,
                stride_learner,
                orders,
                scale,
                own_constants,
                pair_constants,
                classes,
                blocks,
                LEARNERS,
                BLOCK,
                EACH,
                APART,
                TEMPERED,
                WIDE,
            )
            tl.debug_barrier()
            if SUPERVISED:
                _cross_entropies(
                    row_logits, stride_learner, label, own_constants, entropy + row, batch, classes, LEARNERS
                )
            hard = True
            if tl.float32 == WIDE and usual:
                hard = measure(
                    row_logits,
                    stride_learner,
                    label,
                    shares,
                    supervised_share,
                    scale,
                    row_gradient,
                    gradient_stride,
                    own_constants,
                    pair_constants,
                    divergence + row,
                    batch,
                    classes,
                    blocks,
                    LEARNERS,
                    BLOCK,
                    EACH,
                    APART,
                    SUPERVISED,
                    TEMPERED,
                    GRADIENT,
                    WIDE,
                )
            if hard:
                for pair in range(LEARNERS * LEARNERS):
                    k, j = pair // LEARNERS, pair % LEARNERS
                    if j != k:
                        logits_j, logits_k = (
                            row_logits + far(j, stride_learner),
                            row_logits + far(k, stride_learner),
                        )
                        constant_j, constant_k = (
                            own_constants + j * OF_LEARNER,
                            own_constants + k * OF_LEARNER,
                        )
                        constant = pair_constants + pair * OF_PAIR
                        centre(
                            logits_j,
                            logits_k,
                            scale,
                            constant_j,
                            constant_k,
                            constant,
                            classes,
                            blocks,
                            BLOCK,
                            EACH,
                            APART,
                            WIDE,
                        )
                        value = measure_pair(
                            logits_j,
                            logits_k,
                            scale,
                            constant_j,
                            constant_k,
                            constant,
                            classes,
                            blocks,
                            BLOCK,
                            EACH,
                            APART,
                            WIDE,
                        )
                        tl.store(divergence + row + pair * batch, value)
                if GRADIENT:
                    write_gradient(
                        row_logits,
                        stride_learner,
                        label,
                        shares,
                        supervised_share,
                        scale,
                        row_gradient,
                        gradient_stride,
                        own_constants,
                        pair_constants,
                        classes,
                        blocks,
                        LEARNERS,
                        BLOCK,
                        EACH,
                        APART,
                        SUPERVISED,
                        TEMPERED,
                        WIDE,
                    )


@triton.jit
def scale_kernel(values, factors, count, BLOCK: tl.constexpr):
    """Multiplies `values[k]`, `(K, count)`, by `factors[k]` in place; where that is 1, nothing is read."""
    factor = tl.load(factors + tl.program_id(1))
    if factor != 1.0:
        index = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
        at = values + tl.program_id(1).to(tl.int64) * count + index
        value = tl.load(at, mask=index < count)
        tl.store(at, (value.to(tl.float32) * factor).to(values.dtype.element_ty), mask=index < count)

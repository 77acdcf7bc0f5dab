r"""The fused kernel: losses, disagreements and gradients of a cohort, one program a row of the batch.

The classes of a row are read twice. The first sweep sums up each block by itself; then the blocks are put
together, in float64, as if they were classes; the second sweep writes the gradient. While the rows in work fit
the second-level cache, the second sweep does not go back to memory.
"""

# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

from convergence.divergence.triton_blocks import OF_LEARNER, OF_PAIR, far, note_blocks, write_gradient
from convergence.divergence.triton_pairs import block_logs, join_pair, log_of_sum

IGNORED = tl.constexpr(-100)  # the label that PyTorch's cross-entropy leaves out


@triton.jit
def _join_learners(
    row_logits,
    stride_learner,
    label,
    own_notes,
    own_constants,
    entropy,
    batch,
    classes,
    blocks,
    scale,
    LEARNERS: tl.constexpr,
    PADDED_BLOCKS: tl.constexpr,
    SUPERVISED: tl.constexpr,
    TEMPERED: tl.constexpr,
):
    """Of every learner: its largest logit, and relative to that the log-sums at τ and at temperature 1."""
    index = tl.arange(0, PADDED_BLOCKS)
    held = index < blocks
    for k in range(LEARNERS):
        note = own_notes + k * OF_LEARNER * blocks + index
        tops = tl.load(note, mask=held, other=0.0)
        sums = tl.load(note + blocks, mask=held, other=0.0)
        top = tl.max(tl.where(sums > 0.0, tops, float("-inf")), 0)
        top = tl.where(tl.abs(top) < float("inf"), top, 0.0)
        log_sum = log_of_sum(block_logs(tops, sums, scale)) - top * scale
        plain = log_sum
        if TEMPERED:
            sums = tl.load(note + 2 * blocks, mask=held, other=0.0)
            plain = log_of_sum(block_logs(tops, sums, 1.0)) - top
        constant = own_constants + k * OF_LEARNER
        tl.store(constant, top)
        tl.store(constant + 1, log_sum)
        tl.store(constant + 2, plain)
        if SUPERVISED:
            inside = (label >= 0) & (label < classes)
            at = row_logits + far(k, stride_learner) + tl.where(inside, label, 0)
            chosen = tl.load(at).to(tl.float64) - top
            tl.store(entropy + k * batch, tl.where(inside, plain - chosen, float("nan")))


@triton.jit
def _join_pairs(
    orders,
    own_notes,
    pair_notes,
    own_constants,
    pair_constants,
    divergence,
    batch,
    blocks,
    scale,
    LEARNERS: tl.constexpr,
    PADDED_BLOCKS: tl.constexpr,
):
    """Of every ordered pair: D, and what the second sweep needs (`join_pair`)."""
    index = tl.arange(0, PADDED_BLOCKS)
    held = index < blocks
    for pair in range(LEARNERS * LEARNERS):
        k, j = pair // LEARNERS, pair % LEARNERS
        if j != k:
            alpha = tl.load(orders + pair)
            note_j, note_k = own_notes + j * OF_LEARNER * blocks, own_notes + k * OF_LEARNER * blocks
            top_j, top_k = tl.load(own_constants + j * OF_LEARNER), tl.load(own_constants + k * OF_LEARNER)
            pair_note = pair_notes + pair * OF_PAIR * blocks + index
            value, top, log_sum, joint_shift, infinite = join_pair(
                note_j + index, note_k + index, pair_note, held, blocks, top_j, top_k, alpha, scale
            )
            tl.store(divergence + pair * batch, value)
            constant = pair_constants + pair * OF_PAIR
            tl.store(constant, top)
            tl.store(constant + 1, log_sum)
            tl.store(constant + 2, joint_shift)
            tl.store(constant + 3, infinite.to(tl.float64))


@triton.jit
def cohort_kernel(
    logits,
    stride_learner,
    stride_row,
    labels,
    orders,
    shares,
    inverse_temperature_at,
    supervised_share_at,
    notes,
    divergence,
    entropy,
    gradient,
    gradient_stride,
    batch,
    classes,
    blocks,
    LEARNERS: tl.constexpr,
    BLOCK: tl.constexpr,
    PADDED_BLOCKS: tl.constexpr,
    SUPERVISED: tl.constexpr,
    TEMPERED: tl.constexpr,
    GRADIENT: tl.constexpr,
    WIDE: tl.constexpr,
):
    """Rows `program_id(0)`, `program_id(0) + num_programs(0)`, … of logits `(K, B, C)`, the classes next to each other.

    Args (pointers, contiguous unless strides are given):
        labels: `(B,)` int64, with SUPERVISED.
        orders: `(K, K)` float64, `[k, j]` is the finite α of `D(p_j‖p_k)`.
        shares: `(K, K)` float32, what `∂D(p_j‖p_k)/∂(z_k/τ)` is multiplied by in the gradient; 0 leaves it out.
        inverse_temperature_at: 1/τ, float64; TEMPERED unless it is 1.
        supervised_share_at: what the cross-entropy's gradient is multiplied by, float32.
        notes: scratch, float64 `(num_programs(0), blocks + 1, OF_LEARNER·K + OF_PAIR·K²)`.
        divergence: `(K, K, B)` float64, written off the diagonal.
        entropy: the cross-entropies `(K, B)` float64, with SUPERVISED; NaN for a label outside [0, C), and the
            gradient has none for `IGNORED`.
        gradient: `(K, B, C)`, with GRADIENT, and its stride from learner to learner.
        blocks: ⌈C/BLOCK⌉, at most PADDED_BLOCKS.
        WIDE: type in which logits are subtracted and multiplied by α.
    """
    scale = tl.load(inverse_temperature_at)
    per_block = OF_LEARNER * LEARNERS + OF_PAIR * LEARNERS * LEARNERS
    own_constants = notes + tl.program_id(0).to(tl.int64) * per_block * (blocks + 1)
    pair_constants = own_constants + OF_LEARNER * LEARNERS
    own_notes = own_constants + per_block
    pair_notes = own_notes + OF_LEARNER * LEARNERS * blocks
    # Between the stages, what some threads wrote is read by others.
    first = tl.program_id(0).to(tl.int64)
    for turn in range(tl.cdiv(batch - tl.program_id(0), tl.num_programs(0))):
        row = first + turn * tl.num_programs(0)
        row_logits = logits + row * stride_row
        label = tl.load(labels + row) if SUPERVISED else 0
        supervised_share = tl.where(label == IGNORED, 0.0, tl.load(supervised_share_at))
        tl.debug_barrier()
        note_blocks(
            row_logits,
            stride_learner,
            orders,
            scale,
            own_notes,
            pair_notes,
            classes,
            blocks,
            LEARNERS,
            BLOCK,
            TEMPERED,
            WIDE,
        )
        tl.debug_barrier()
        _join_learners(
            row_logits,
            stride_learner,
            label,
            own_notes,
            own_constants,
            entropy + row,
            batch,
            classes,
            blocks,
            scale,
            LEARNERS,
            PADDED_BLOCKS,
            SUPERVISED,
            TEMPERED,
        )
        tl.debug_barrier()
        _join_pairs(
            orders,
            own_notes,
            pair_notes,
            own_constants,
            pair_constants,
            divergence + row,
            batch,
            blocks,
            scale,
            LEARNERS,
            PADDED_BLOCKS,
        )
        tl.debug_barrier()
        if GRADIENT:
            write_gradient(
                row_logits,
                stride_learner,
                label,
                orders,
                shares,
                supervised_share,
                scale,
                gradient + row * classes,
                gradient_stride,
                own_constants,
                pair_constants,
                classes,
                blocks,
                LEARNERS,
                BLOCK,
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

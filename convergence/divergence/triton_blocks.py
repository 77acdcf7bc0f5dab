"""The two sweeps of the fused kernel over the classes of a row, in blocks."""

# ruff: noqa: RUF005  (what Triton compiles: tuples grow by addition)
# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

from convergence.divergence.triton_pairs import finite_or_zero, note_pair
from convergence.divergence.triton_terms import expm1_ratio

# How much the first sweep notes of a block: of each learner, then of each ordered pair.
OF_LEARNER = tl.constexpr(3)  # largest logit, sum of exponentials, the same at temperature 1
OF_PAIR = tl.constexpr(6)  # as `note_pair` returns them


@triton.jit
def far(index, stride):
    """`index·stride`, which may be beyond 2³¹."""
    return tl.full((), index, tl.int64) * stride


@triton.jit
def load_logits(row_logits, stride_learner, learner: tl.constexpr, place, classes):
    """A block of a learner's logits, −∞ beyond the last class."""
    at = row_logits + far(learner, stride_learner) + place
    return tl.load(at, mask=place < classes, other=float("-inf")).to(tl.float32)


@triton.jit
def note_blocks(
    row_logits,
    stride_learner,
    orders,
    inverse_temperature,
    own_notes,
    pair_notes,
    classes,
    blocks,
    LEARNERS: tl.constexpr,
    BLOCK: tl.constexpr,
    TEMPERED: tl.constexpr,
    WIDE: tl.constexpr,
):
    """First sweep: what there is to note of every block."""
    for block in range(blocks):
        place = block * BLOCK + tl.arange(0, BLOCK)
        exponents, weights, sums = (), (), ()
        for k in tl.static_range(LEARNERS):
            z = load_logits(row_logits, stride_learner, k, place, classes)
            top = finite_or_zero(tl.max(z, 0))
            exponent = (z.to(WIDE) - top.to(WIDE)) * inverse_temperature.to(WIDE)
            weight = tl.exp(exponent.to(tl.float32))
            total = tl.sum(weight, 0)
            note = own_notes + k * OF_LEARNER * blocks + block
            tl.store(note, top.to(tl.float64))
            tl.store(note + blocks, total.to(tl.float64))
            if TEMPERED:
                tl.store(note + 2 * blocks, tl.sum(tl.exp(z - top), 0).to(tl.float64))
            exponents, weights, sums = exponents + (exponent,), weights + (weight,), sums + (total,)
        for k in tl.static_range(LEARNERS):
            for j in tl.static_range(LEARNERS):
                if j != k:
                    alpha = tl.load(orders + k * LEARNERS + j)
                    shift, excess_sum, joint_top, joint_sum, joint_shift, lost = note_pair(
                        exponents[j], exponents[k], weights[j], weights[k], sums[j], sums[k], alpha, WIDE
                    )
                    pair_note = pair_notes + (k * LEARNERS + j) * OF_PAIR * blocks + block
                    tl.store(pair_note, shift)
                    tl.store(pair_note + blocks, excess_sum.to(tl.float64))
                    tl.store(pair_note + 2 * blocks, joint_top.to(tl.float64))
                    tl.store(pair_note + 3 * blocks, joint_sum.to(tl.float64))
                    tl.store(pair_note + 4 * blocks, joint_shift)
                    tl.store(pair_note + 5 * blocks, lost.to(tl.float64))


@triton.jit
def _pull(aj, ak, p, q, alpha, top, log_sum, joint_shift, infinite, wide: tl.constexpr):
    """`q − r`, near equality `−q·expm1(log r/q)`; `q − p` where D is infinite. See `join_pair`."""
    common = (aj > float("-inf")) & (ak > float("-inf"))
    tilt = alpha.to(wide) * tl.where(common, aj - ak, 0.0) - top.to(wide)
    r = tl.where(common, tl.exp((ak + tilt - log_sum.to(wide)).to(tl.float32)), 0.0)
    log_ratio = (tilt + joint_shift.to(wide)).to(tl.float32)
    near = common & (tl.abs(log_ratio) <= 0.5)
    log_ratio = tl.where(near, log_ratio, 0.0)
    pull = tl.where(near, -q * (log_ratio * expm1_ratio(log_ratio)), q - r)
    return tl.where(infinite, q - p, pull)


@triton.jit
def write_gradient(
    row_logits,
    stride_learner,
    label,
    orders,
    shares,
    supervised_share,
    inverse_temperature,
    row_gradient,
    gradient_stride,
    own_constants,
    pair_constants,
    classes,
    blocks,
    LEARNERS: tl.constexpr,
    BLOCK: tl.constexpr,
    SUPERVISED: tl.constexpr,
    TEMPERED: tl.constexpr,
    WIDE: tl.constexpr,
):
    """Second sweep: `share·(softmax(z) − onehot) + Σ_j shares[k, j]·(q_k − r_jk)` of every learner k."""
    for block in range(blocks):
        place = block * BLOCK + tl.arange(0, BLOCK)
        exponents, chances, plain = (), (), ()
        for k in tl.static_range(LEARNERS):
            z = load_logits(row_logits, stride_learner, k, place, classes)
            constant = own_constants + k * OF_LEARNER
            top = tl.load(constant).to(tl.float32)
            exponent = (z.to(WIDE) - top.to(WIDE)) * inverse_temperature.to(WIDE)
            chance = tl.exp((exponent - tl.load(constant + 1).to(WIDE)).to(tl.float32))
            exponents, chances = exponents + (exponent,), chances + (chance,)
            if SUPERVISED and TEMPERED:
                plain = plain + (tl.exp(z - top - tl.load(constant + 2).to(tl.float32)),)
            else:
                plain = plain + (chance,)
        for k in tl.static_range(LEARNERS):
            slope = tl.zeros([BLOCK], tl.float32)
            if SUPERVISED:
                slope += supervised_share * (plain[k] - (place == label).to(tl.float32))
            for j in tl.static_range(LEARNERS):
                if j != k:
                    alpha = tl.load(orders + k * LEARNERS + j)
                    share = tl.load(shares + k * LEARNERS + j)
                    constant = pair_constants + (k * LEARNERS + j) * OF_PAIR
                    pull = _pull(
                        exponents[j],
                        exponents[k],
                        chances[j],
                        chances[k],
                        alpha,
                        tl.load(constant),
                        tl.load(constant + 1),
                        tl.load(constant + 2),
                        tl.load(constant + 3) > 0,
                        WIDE,
                    )
                    slope += tl.where(share == 0.0, 0.0, share * pull)
            at = row_gradient + far(k, gradient_stride) + place
            tl.store(at, slope.to(row_gradient.dtype.element_ty), mask=place < classes)

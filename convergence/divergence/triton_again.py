"""What the fused kernel does with a hard row: one pair after the other, centred anew, and the gradient after that.

Hard are rows of distributions that are nearly equal, of masks that differ, of orders that are not usual.
"""

# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

from convergence.divergence.triton_sums import (
    HIGHEST,
    LOG2E,
    OF_LEARNER,
    OF_PAIR,
    are_common,
    far,
    place_of,
)
from convergence.divergence.triton_sweeps import divergence_of, learner_of, learners_of, supervised
from convergence.divergence.triton_terms import expm1_ratio, gap, log1p, term


@triton.jit
def pair_of(target, own, own_log, scale, constant):
    """Whether both are there, the centred `log p/q`, `log r/q` (of no use elsewhere), and r."""
    distance = target - own
    common = are_common(distance)
    u = tl.where(common, distance, 0.0) * scale + tl.load(constant + 1)
    log_ratio = tl.load(constant) * u - tl.load(constant + 2)
    r = tl.where(common, tl.exp2((own_log + log_ratio * LOG2E).to(tl.float32)), 0.0)
    return common, u.to(tl.float32), log_ratio.to(tl.float32), r


@triton.jit
def centre(
    logits_j,
    logits_k,
    inverse_temperature,
    constant_j,
    constant_k,
    constant,
    classes,
    blocks,
    BLOCK: tl.constexpr,
    EACH: tl.constexpr,
    APART: tl.constexpr,
    WIDE: tl.constexpr,
):
    """Centre `log p/q` and `log r/q` anew, so that `Σ p − q` and `Σ r − q`, taken from them, are 0.

    The first sweep leaves them off by a rounding or two of the sums.
    """
    scale, rate = inverse_temperature.to(WIDE), (inverse_temperature * LOG2E).to(WIDE)
    changes = tl.zeros([BLOCK // EACH], tl.float64)
    joint_changes = changes
    for block in range(blocks):
        place = place_of(block, BLOCK, EACH, APART)
        target, _log, p = learner_of(logits_j, constant_j, rate, place, classes, WIDE)
        own, own_log, q = learner_of(logits_k, constant_k, rate, place, classes, WIDE)
        common, u, log_ratio, r = pair_of(target, own, own_log, scale, constant)
        changes += tl.sum(tl.where(common, gap(p, q, u), p - q).to(tl.float64), 1)
        joint_changes += tl.sum(tl.where(common, gap(r, q, log_ratio), -q).to(tl.float64), 1)
    off, joint_off = log1p(tl.sum(changes, 0)), log1p(tl.sum(joint_changes, 0))
    log_mass = tl.load(constant + 2).to(tl.float64) + joint_off - tl.load(constant).to(tl.float64) * off
    shift = tl.load(constant + 1).to(tl.float64) - off
    tl.debug_barrier()
    tl.store(constant + 1, shift.to(WIDE))
    tl.store(constant + 2, log_mass.to(WIDE))
    tl.store(constant + 3, tl.exp(tl.minimum(log_mass, HIGHEST)).to(WIDE))
    tl.debug_barrier()


@triton.jit
def measure_pair(
    logits_j,
    logits_k,
    inverse_temperature,
    constant_j,
    constant_k,
    constant,
    classes,
    blocks,
    BLOCK: tl.constexpr,
    EACH: tl.constexpr,
    APART: tl.constexpr,
    WIDE: tl.constexpr,
):
    """D of a pair."""
    scale, rate = inverse_temperature.to(WIDE), (inverse_temperature * LOG2E).to(WIDE)
    total = tl.zeros([BLOCK // EACH], tl.float32)
    for block in range(blocks):
        place = place_of(block, BLOCK, EACH, APART)
        target, _log, p = learner_of(logits_j, constant_j, rate, place, classes, WIDE)
        own, own_log, q = learner_of(logits_k, constant_k, rate, place, classes, WIDE)
        common, u, _log_ratio, r = pair_of(target, own, own_log, scale, constant)
        joint, inverse = r * tl.load(constant + 3).to(tl.float32), tl.load(constant + 4).to(tl.float32)
        alpha, excess = tl.load(constant).to(tl.float32), tl.load(constant + 6).to(tl.float32)
        total += tl.sum(term(p, q, joint, u, common, alpha, excess, inverse), 1)
    return divergence_of(tl.sum(total.to(tl.float64), 0), constant)


@triton.jit
def write_gradient(
    row_logits,
    stride_learner,
    label,
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
    EACH: tl.constexpr,
    APART: tl.constexpr,
    SUPERVISED: tl.constexpr,
    TEMPERED: tl.constexpr,
    WIDE: tl.constexpr,
):
    """The gradient as in `measure`, near equality as `−q·expm1(log r/q)`, and `q − p` where D = ∞."""
    scale, rate = inverse_temperature.to(WIDE), (inverse_temperature * LOG2E).to(WIDE)
    for block in range(blocks):
        place = place_of(block, BLOCK, EACH, APART)
        exponents, logs, chances = learners_of(
            row_logits, stride_learner, own_constants, rate, place, classes, LEARNERS, WIDE
        )
        for k in tl.static_range(LEARNERS):
            slope = tl.zeros([BLOCK // EACH, EACH], tl.float32)
            if SUPERVISED:
                own_constant = own_constants + k * OF_LEARNER
                slope += supervised(
                    exponents[k],
                    chances[k],
                    own_constant,
                    block,
                    place,
                    label,
                    supervised_share,
                    BLOCK,
                    TEMPERED,
                )
            for j in tl.static_range(LEARNERS):
                if j != k:
                    share = tl.load(shares + k * LEARNERS + j)
                    if share != 0.0:
                        constant = pair_constants + (k * LEARNERS + j) * OF_PAIR
                        common, u, log_ratio, r = pair_of(
                            exponents[j], exponents[k], logs[k], scale, constant
                        )
                        by_target = tl.load(constant + 5) > 0  # INFINITE, or BLURRED
                        log_ratio, r = tl.where(by_target, u, log_ratio), tl.where(by_target, chances[j], r)
                        near = common & (tl.abs(log_ratio) <= 0.5)
                        log_ratio = tl.where(near, log_ratio, 0.0)
                        pull = tl.where(
                            near, -chances[k] * (log_ratio * expm1_ratio(log_ratio)), chances[k] - r
                        )
                        slope += share * pull
            at = row_gradient + far(k, gradient_stride) + place
            tl.store(at, slope.to(row_gradient.dtype.element_ty), mask=place < classes)

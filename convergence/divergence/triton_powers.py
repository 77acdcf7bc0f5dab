r"""The two sweeps of `triton_quick` over a row: sums of products of powers, and the gradient made of such products."""

# ruff: noqa: RUF005  (what Triton compiles: tuples grow by addition)
# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

from convergence.divergence.triton_sums import LOG2E, far, place_of, without_masks

WIDEST = tl.constexpr(30.0)  # logarithm of o_k between two classes of a quick row, in bits
UNSEEN = tl.constexpr(60.0)  # more than WIDEST, and 2 to the power of it is a float32


@triton.jit
def _load(row_logits, stride_learner, k, place, classes, LAST: tl.constexpr):
    """Logits of learner k; −∞ beyond the last class, if the block is the last one."""
    at = row_logits + far(k, stride_learner) + place
    z = tl.load(at, mask=place < classes, other=float("-inf")) if LAST else tl.load(at)
    return without_masks(z)


@triton.jit
def _powers(distance, target_rate, own_rate, SHANNON: tl.constexpr):
    """The powers t and o of a learner from its logits relative to the largest."""
    target = tl.exp2(distance * target_rate)
    return target, tl.full(distance.shape, 1.0, tl.float32) if SHANNON else tl.exp2(distance * own_rate)


@triton.jit
def moved(sums, shifts, target_rate, own_rate, LEARNERS: tl.constexpr, SHANNON: tl.constexpr):
    """A lane's sums after the references of its logits rose by −shifts."""
    targets, owns, changed = (), (), ()
    for k in tl.static_range(LEARNERS):
        targets = targets + (tl.exp2(shifts[k] * target_rate),)
        # A lane that saw no class yet has no sum either, but it must not be multiplied by ∞.
        owns = owns + (tl.exp2(tl.minimum(shifts[k] * own_rate, UNSEEN)),)
    for k in tl.static_range(LEARNERS):
        for j in tl.static_range(LEARNERS):
            total = sums[k * LEARNERS + j]
            if not SHANNON:
                total = total * owns[k]
            elif j != k:
                total += (shifts[j] - shifts[k]) * sums[j * LEARNERS + j]
            changed = changed + (total * targets[j],)
    return changed


@triton.jit
def absorb(
    block,
    row_logits,
    stride_learner,
    classes,
    target_rate,
    own_rate,
    tops,
    lows,
    plain,
    sums,
    LEARNERS: tl.constexpr,
    BLOCK: tl.constexpr,
    EACH: tl.constexpr,
    APART: tl.constexpr,
    TEMPERED: tl.constexpr,
    SHANNON: tl.constexpr,
    BOUNDED: tl.constexpr,
    LAST: tl.constexpr,
):
    """Lanes' largest and lowest logits, sums at temperature 1, and sums `[k·K + j]`, after another block."""
    place = place_of(block, BLOCK, EACH, APART)
    distances, targets, owns = (), (), ()
    shifts, new_tops, new_lows, new_plain, new_sums = (), (), (), (), ()
    for k in tl.static_range(LEARNERS):
        z = _load(row_logits, stride_learner, k, place, classes, LAST)
        top = tl.maximum(tops[k], tl.max(z, 1))
        distance = z - top[:, None]
        target, own = _powers(distance, target_rate, own_rate, SHANNON)
        if LAST:
            own = tl.where(place < classes, own, 0.0)
        if BOUNDED:
            low = tl.min(tl.where(place < classes, z, float("inf")) if LAST else z, 1)
            new_lows = new_lows + (tl.minimum(lows[k], low),)
        else:
            new_lows = new_lows + (lows[k],)
        if TEMPERED:
            fallen = tl.exp2((tops[k] - top) * LOG2E)
            new_plain = new_plain + (plain[k] * fallen + tl.sum(tl.exp2(distance * LOG2E), 1),)
        else:
            new_plain = new_plain + (plain[k],)
        distances, targets, owns = distances + (distance,), targets + (target,), owns + (own,)
        shifts, new_tops = shifts + (tops[k] - top,), new_tops + (top,)
    rescaled = moved(sums, shifts, target_rate, own_rate, LEARNERS, SHANNON)
    for k in tl.static_range(LEARNERS):
        for j in tl.static_range(LEARNERS):
            if SHANNON and j == k:
                terms = targets[j]
            elif SHANNON:
                log_ratio = distances[j] - distances[k]
                terms = targets[j] * (tl.where(place < classes, log_ratio, 0.0) if LAST else log_ratio)
            else:
                terms = targets[j] * owns[k]
            new_sums = new_sums + (rescaled[k * LEARNERS + j] + tl.sum(terms, 1),)
    return new_tops, new_lows, new_plain, new_sums


@triton.jit
def write(
    block,
    row_logits,
    stride_learner,
    classes,
    target_rate,
    own_rate,
    tops,
    factors,
    plain_factors,
    label,
    supervised_share,
    row_gradient,
    gradient_stride,
    LEARNERS: tl.constexpr,
    BLOCK: tl.constexpr,
    EACH: tl.constexpr,
    APART: tl.constexpr,
    SUPERVISED: tl.constexpr,
    TEMPERED: tl.constexpr,
    SHANNON: tl.constexpr,
    LAST: tl.constexpr,
):
    """The gradient at a block: `o_k·Σ_j factors[k·K + j]·t_j`, and what of the cross-entropy is not in that."""
    place = place_of(block, BLOCK, EACH, APART)
    distances, targets, owns = (), (), ()
    for k in tl.static_range(LEARNERS):
        distance = _load(row_logits, stride_learner, k, place, classes, LAST) - tops[k]
        target, own = _powers(distance, target_rate, own_rate, SHANNON)
        distances, targets, owns = distances + (distance,), targets + (target,), owns + (own,)
    for k in tl.static_range(LEARNERS):
        slope = factors[k * LEARNERS] * targets[0]
        for j in tl.static_range(1, LEARNERS):
            slope += factors[k * LEARNERS + j] * targets[j]
        slope *= owns[k]
        if TEMPERED:
            slope += plain_factors[k] * tl.exp2(distances[k] * LOG2E)
        if SUPERVISED and label // BLOCK == block:
            slope -= tl.where(place == label, supervised_share, 0.0)
        at = row_gradient + far(k, gradient_stride) + place
        slope = slope.to(row_gradient.dtype.element_ty)
        if LAST:
            tl.store(at, slope, mask=place < classes)
        else:
            tl.store(at, slope)

"""The sweep of the fused kernel that follows the first where nothing is hard: D and the gradient of a row."""

# ruff: noqa: RUF005  (what Triton compiles: tuples grow by addition)
# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

from convergence.divergence.triton_sums import (
    INFINITE,
    LOG2E,
    OF_LEARNER,
    OF_PAIR,
    far,
    load_logits,
    place_of,
)
from convergence.divergence.triton_terms import log1p, usual_term

# Of a D below that, the roundings of the first sweep's sums would show in the gradient.
SMALL = tl.constexpr(1e-3)


@triton.jit
def learner_of(logits, constant, rate, place, classes, WIDE: tl.constexpr):
    """A learner's logits relative to the largest and log₂ q, in WIDE, and q."""
    exponent = load_logits(logits, place, classes).to(WIDE) - tl.load(constant)
    log = exponent * rate - tl.load(constant + 1) * LOG2E
    return exponent, log, tl.exp2(log.to(tl.float32))


@triton.jit
def learners_of(
    row_logits,
    stride_learner,
    own_constants,
    rate,
    place,
    classes,
    LEARNERS: tl.constexpr,
    WIDE: tl.constexpr,
):
    """`learner_of` for all."""
    exponents, logs, chances = (), (), ()
    for k in tl.static_range(LEARNERS):
        logits, constant = row_logits + far(k, stride_learner), own_constants + k * OF_LEARNER
        exponent, log, chance = learner_of(logits, constant, rate, place, classes, WIDE)
        exponents, logs, chances = exponents + (exponent,), logs + (log,), chances + (chance,)
    return exponents, logs, chances


@triton.jit
def supervised(
    exponent, chance, constant, block, place, label, share, BLOCK: tl.constexpr, TEMPERED: tl.constexpr
):
    """The cross-entropy's part of a learner's gradient."""
    if TEMPERED:
        chance = tl.exp2((exponent * LOG2E - tl.load(constant + 2) * LOG2E).to(tl.float32))
    slope = share * chance
    if label // BLOCK == block:
        slope -= tl.where(place == label, share, 0.0)
    return slope


@triton.jit
def measure(
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
    divergence,
    batch,
    classes,
    blocks,
    LEARNERS: tl.constexpr,
    BLOCK: tl.constexpr,
    EACH: tl.constexpr,
    APART: tl.constexpr,
    SUPERVISED: tl.constexpr,
    TEMPERED: tl.constexpr,
    GRADIENT: tl.constexpr,
    WIDE: tl.constexpr,
):
    """Store D of every ordered pair, and the gradient; returns whether a D is small.

    The gradient is `share·(softmax(z) − onehot) + Σ_j shares[k, j]·(q_k − r_jk)`. All pairs must be usual.
    """
    scale = inverse_temperature.to(WIDE)
    rate = (inverse_temperature * LOG2E).to(WIDE)
    totals = ()
    for _ in tl.static_range(LEARNERS * LEARNERS):
        totals = totals + (tl.zeros([BLOCK // EACH], tl.float32),)
    for block in range(blocks):
        place = place_of(block, BLOCK, EACH, APART)
        exponents, logs, chances = learners_of(
            row_logits, stride_learner, own_constants, rate, place, classes, LEARNERS, WIDE
        )
        new_totals = ()
        for k in tl.static_range(LEARNERS):
            slope = tl.zeros([BLOCK // EACH, EACH], tl.float32)
            if GRADIENT and SUPERVISED:
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
                    constant = pair_constants + (k * LEARNERS + j) * OF_PAIR
                    u = (exponents[j] - exponents[k]) * scale + tl.load(constant + 1)
                    joint = tl.exp2((logs[k] + tl.load(constant) * LOG2E * u).to(tl.float32))
                    terms = usual_term(
                        chances[j],
                        chances[k],
                        joint,
                        u.to(tl.float32),
                        tl.load(constant).to(tl.float32),
                        tl.load(constant + 4).to(tl.float32),
                    )
                    new_totals = new_totals + (totals[k * LEARNERS + j] + tl.sum(terms, 1),)
                    if GRADIENT:
                        share = tl.load(shares + k * LEARNERS + j)
                        if share != 0.0:
                            r = joint * (1.0 / tl.load(constant + 3).to(tl.float32))
                            slope += share * (chances[k] - r)
                else:
                    new_totals = new_totals + (totals[k * LEARNERS + j],)
            if GRADIENT:
                at = row_gradient + far(k, gradient_stride) + place
                tl.store(at, slope.to(row_gradient.dtype.element_ty), mask=place < classes)
        totals = new_totals
    small = False
    for pair in tl.static_range(LEARNERS * LEARNERS):
        if pair // LEARNERS != pair % LEARNERS:
            total = tl.sum(totals[pair].to(tl.float64), 0)
            value = divergence_of(total, pair_constants + pair * OF_PAIR)
            tl.store(divergence + pair * batch, value)
            small = small | (value < SMALL)
    return small


@triton.jit
def divergence_of(total, constant):
    """D from H, the sum of the terms, or from `log Σp^α q^(1−α)`."""
    excess = tl.load(constant + 6).to(tl.float64)
    mass_less_one = excess * total
    near = (mass_less_one >= -0.5) & (mass_less_one <= 1.0)
    log_mass = tl.where(near, log1p(tl.where(near, mass_less_one, 0.0)), tl.load(constant + 2).to(tl.float64))
    value = tl.where(excess == 0.0, total, log_mass / tl.where(excess == 0.0, 1.0, excess))
    value = tl.where(tl.load(constant + 5) == INFINITE, float("inf"), tl.maximum(value, 0.0))
    return tl.where(tl.abs(tl.load(constant + 1)) < float("inf"), value, float("nan"))

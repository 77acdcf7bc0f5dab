r"""The fused kernel of most rows: one order for all pairs, logits of 16 bits, and no two learners nearly equal.

With `t_j = p_j^α` and `o_k = p_k^{1−α}`, up to factors a row, all that is wanted are sums and products of them:
`Σ t_j·o_k` is `Σ p_j^α p_k^{1−α}`, for j = k what normalises p_k, and the gradient is `o_k·Σ_j g_kj t_j`. So a class
takes 2K exponentials, not one a pair. For α = 1, `t_j = p_j`, o_k = 1, and the sums are of `p_j·log(p_j/p_k)`.

What that costs is accuracy: each of the sums is wrong by a few roundings of float32, which count for more the closer
`log Σ p_j^α p_k^{1−α}`, made of their logarithms, is to 0. Rows where they would show are left to `triton_kernel`.
"""

# ruff: noqa: RUF005  (what Triton compiles: tuples grow by addition)
# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

from convergence.divergence.triton_powers import WIDEST, absorb, moved, write
from convergence.divergence.triton_sums import FAR, IGNORED, LOG2E, LOWEST, far, store_cross_entropy

# Of log Σ p^α q^{1−α}, over the sum of the factors of the logarithms that it is made of. With exponentials wrong by
# 2^−22, the worst of a device, D was within 3.3e-6 on random rows of all kinds.
LEAST = tl.constexpr(0.1)


@triton.jit
def quick_kernel(
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
    target_rate,
    own_rate,
    LEARNERS: tl.constexpr,
    BLOCK: tl.constexpr,
    EACH: tl.constexpr,
    APART: tl.constexpr,
    SUPERVISED: tl.constexpr,
    TEMPERED: tl.constexpr,
    SHANNON: tl.constexpr,
    BOUNDED: tl.constexpr,
    GRADIENT: tl.constexpr,
):
    """Row `program_id(0)`, or nothing of it, for what is not named here see `cohort_kernel`.

    target_rate and own_rate are `α/(τ ln 2)` and `(1 − α)/(τ ln 2)`, log₂ t and log₂ o of a difference of logits 1;
    `left[row]` becomes 0 where the row is done; SHANNON is α = 1; BOUNDED is α ≥ 1, where the lower a logit, the larger
    its o or its log(p/q).
    """
    if not APART:
        stride_learner, stride_row, classes = stride_learner * EACH, stride_row * EACH, classes * EACH
    row = tl.program_id(0).to(tl.int64)
    row_logits, row_gradient = logits + row * stride_row, gradient + row * classes
    label = tl.load(labels + row) if SUPERVISED else 0
    supervised_share = tl.where(label == IGNORED, 0.0, tl.load(supervised_share_at)) if SUPERVISED else 0.0
    nothing = tl.zeros([BLOCK // EACH], tl.float32)
    tops, lows, plain, sums = (), (), (), ()
    for _ in tl.static_range(LEARNERS):
        tops, lows, plain = tops + (nothing + LOWEST,), lows + (nothing - LOWEST,), plain + (nothing,)
    for _ in tl.static_range(LEARNERS * LEARNERS):
        sums = sums + (nothing,)
    full, gradient_stride = classes // BLOCK, far(batch, classes)
    for last in tl.static_range(2):  # whole blocks, then what is left of one
        for block in range(full * last, tl.cdiv(classes, BLOCK) if last else full):
            tops, lows, plain, sums = absorb(
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
                LEARNERS,
                BLOCK,
                EACH,
                APART,
                TEMPERED,
                SHANNON,
                BOUNDED,
                last,
            )
    quick, row_tops, shifts = True, (), ()
    for k in tl.static_range(LEARNERS):
        top = tl.max(tops[k], 0)
        if BOUNDED:
            rate = 0.25 * target_rate if SHANNON else -own_rate
            quick = quick & ((top - tl.min(lows[k], 0)) * rate <= WIDEST)
        row_tops, shifts = row_tops + (top,), shifts + (tops[k] - top,)
    rescaled, totals, log_sums = moved(sums, shifts, target_rate, own_rate, LEARNERS, SHANNON), (), ()
    for pair in tl.static_range(LEARNERS * LEARNERS):
        totals = totals + (tl.sum(rescaled[pair], 0),)
    for k in tl.static_range(LEARNERS):
        log_sums = log_sums + (tl.log(totals[k * LEARNERS + k].to(tl.float64)),)
    # The rates are rounded: this is the order that they belong to.
    alpha = tl.full((), target_rate, tl.float64) / (tl.full((), target_rate, tl.float64) + own_rate)
    least = LEAST * (1 + tl.abs(alpha) + tl.abs(1 - alpha))
    values = ()
    for k in tl.static_range(LEARNERS):
        for j in tl.static_range(LEARNERS):
            value = 0.0
            if j != k:
                mass = totals[k * LEARNERS + j].to(tl.float64)
                if SHANNON:
                    mean = mass / totals[j * LEARNERS + j] * (target_rate / LOG2E)
                    value = mean - log_sums[j] + log_sums[k]
                    quick = quick & (value >= LEAST * (2 + tl.abs(mean)))
                else:
                    log_mass = tl.log(mass) - log_sums[k] - alpha * (log_sums[j] - log_sums[k])
                    value = log_mass / (alpha - 1)
                    quick = quick & (tl.abs(log_mass) >= least) & (tl.abs(log_mass) <= FAR)
            values = values + (value,)
    if quick:
        tl.store(left + row, 0)
        factors, plain_factors = (), ()
        for k in tl.static_range(LEARNERS):
            log_sum, plain_factor, own_share = log_sums[k], 0.0, supervised_share
            if TEMPERED:
                plain_sum = tl.sum(plain[k] * tl.exp2(shifts[k] * LOG2E), 0)
                log_sum, own_share = tl.log(plain_sum.to(tl.float64)), 0.0
                plain_factor = supervised_share / plain_sum
            if SUPERVISED:
                store_cross_entropy(
                    row_logits + far(k, stride_learner),
                    label,
                    row_tops[k],
                    log_sum,
                    entropy + k * batch + row,
                    classes,
                )
            for j in tl.static_range(LEARNERS):
                if j != k:
                    tl.store(divergence + (k * LEARNERS + j) * batch + row, values[k * LEARNERS + j])
                    own_share += tl.load(shares + k * LEARNERS + j)
            for j in tl.static_range(LEARNERS):
                total = totals[j * LEARNERS + j] if SHANNON else totals[k * LEARNERS + j]
                factors = factors + ((own_share if j == k else -tl.load(shares + k * LEARNERS + j)) / total,)
            plain_factors = plain_factors + (plain_factor,)
        if GRADIENT:
            for last in tl.static_range(2):  # whole blocks, then what is left of one
                for block in range(full * last, tl.cdiv(classes, BLOCK) if last else full):
                    write(
                        block,
                        row_logits,
                        stride_learner,
                        classes,
                        target_rate,
                        own_rate,
                        row_tops,
                        factors,
                        plain_factors,
                        label,
                        supervised_share,
                        row_gradient,
                        gradient_stride,
                        LEARNERS,
                        BLOCK,
                        EACH,
                        APART,
                        SUPERVISED,
                        TEMPERED,
                        SHANNON,
                        last,
                    )

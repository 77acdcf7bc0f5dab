"""The first sweep of the fused kernel over a row: what normalises p, q and `p^α q^{1−α}`.

Every lane keeps its own references, largest exponents so far, and sums in float64; they meet after the last block.
"""

# ruff: noqa: RUF005  (what Triton compiles: tuples grow by addition)
# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

LOG2E = tl.constexpr(1.4426950408889634)
HIGHEST = tl.constexpr(80.0)  # e^80 is still a float32
# In place of −∞, so that no difference is NaN; even 1e-14 of it is the logarithm of nothing.
MASK = tl.constexpr(-1e36)
LOWEST = tl.constexpr(-1e20)  # above that, below every logit that counts
LOWEST_HALF = tl.constexpr(-6e4)  # that of `inputs`
LEAST_ORDER = tl.constexpr(1e-14)
# What is kept of a row in the type WIDE: of each learner, then of each ordered pair.
OF_LEARNER = tl.constexpr(3)  # largest logit, log-sum relative to it at temperature τ, and at 1
# α, what centres log p/q, log Σp^α q^(1−α), that sum up to e^80, 1/(α−1), INFINITE or BLURRED or 0, α−1
OF_PAIR = tl.constexpr(7)
IGNORED = tl.constexpr(-100)  # the label that PyTorch's cross-entropy leaves out
INFINITE = tl.constexpr(2.0)  # D = ∞
# α log p/q is so large that its rounding in WIDE would spoil r: the gradient is that of D = ∞.
BLURRED = tl.constexpr(1.0)
BLURRED_32, BLURRED_64 = tl.constexpr(1e5), tl.constexpr(1e13)
FAR = tl.constexpr(40.0)  # log Σp^α q^(1−α) of usual pairs: terms of the sum are float32


@triton.jit
def far(index, stride):
    """`index·stride`, which may be beyond 2³¹."""
    return tl.full((), index, tl.int64) * stride


@triton.jit
def place_of(block, BLOCK: tl.constexpr, EACH: tl.constexpr, APART: tl.constexpr):
    """The classes of a block, `(lanes, EACH)`: a lane's are next to each other, or with APART the lanes are."""
    lane, turn = tl.arange(0, BLOCK // EACH)[:, None], tl.arange(0, EACH)[None, :]
    return block * BLOCK + (lane + turn * (BLOCK // EACH) if APART else lane * EACH + turn)


@triton.jit
def without_masks(z):
    """Logits in float32, −∞ for what is a mask in float16 alone."""
    wide = z.to(tl.float32)
    return tl.where(wide < LOWEST_HALF, float("-inf"), wide) if z.dtype == tl.float16 else wide


@triton.jit
def load_logits(logits, place, classes):
    """A block of logits in float32, MASK for −∞ and beyond the last class."""
    z = without_masks(tl.load(logits + place, mask=place < classes, other=float("-inf")))
    return tl.maximum(z, MASK, propagate_nan=tl.PropagateNan.ALL)


@triton.jit
def store_cross_entropy(logits, label, top, log_sum, entropy, classes):
    """A learner's cross-entropy at a row, from its largest logit and its log-sum relative to that."""
    inside = (label >= 0) & (label < classes)
    chosen = tl.load(logits + tl.where(inside, label, 0)).to(tl.float64) - top.to(tl.float64)
    tl.store(entropy, tl.where(inside, log_sum.to(tl.float64) - chosen, float("nan")))


@triton.jit
def are_common(distance):
    """Where both logits are there; where none is, their probabilities are 0 anyway."""
    return tl.abs(distance) < -0.1 * MASK


@triton.jit
def is_usual(alpha):
    """Whether the order allows for `usual_term`."""
    return (alpha >= 0.25) & (alpha <= 3.0) & ((tl.abs(alpha - 1.0) >= 0.25) | (alpha == 1.0))


@triton.jit
def sum_up(
    row_logits,
    stride_learner,
    orders,
    inverse_temperature,
    own_constants,
    pair_constants,
    classes,
    blocks,
    LEARNERS: tl.constexpr,
    BLOCK: tl.constexpr,
    EACH: tl.constexpr,
    APART: tl.constexpr,
    TEMPERED: tl.constexpr,
    WIDE: tl.constexpr,
):
    """Read the row once, store `OF_LEARNER` and `OF_PAIR` numbers of every learner and pair; if all pairs are usual."""
    rate = (inverse_temperature * LOG2E).to(WIDE)
    nothing = tl.zeros([BLOCK // EACH], tl.float64)
    tops, sums, plain_sums, heads, joint_sums, losses = (), (), (), (), (), ()
    for _ in tl.static_range(LEARNERS):
        tops, sums, plain_sums = (
            tops + (nothing.to(tl.float32) + LOWEST,),
            sums + (nothing,),
            plain_sums + (nothing,),
        )
    for _ in tl.static_range(LEARNERS * LEARNERS):
        heads, joint_sums = heads + (nothing.to(WIDE) + MASK,), joint_sums + (nothing,)
        losses = losses + (nothing.to(tl.float32),)
    for block in range(blocks):
        place = place_of(block, BLOCK, EACH, APART)
        exponents, drops, new_tops, new_sums, new_plain = (), (), (), (), ()
        for k in tl.static_range(LEARNERS):
            z = load_logits(row_logits + far(k, stride_learner), place, classes)
            top = tl.maximum(tops[k], tl.max(z, 1))
            exponent = z.to(WIDE) - top.to(WIDE)[:, None]
            drop = tops[k].to(WIDE) - top.to(WIDE)
            new_sums = new_sums + (_rescaled(sums[k], drop * rate, exponent * rate),)
            if TEMPERED:
                new_plain = new_plain + (_rescaled(plain_sums[k], drop * LOG2E, exponent * LOG2E),)
            else:
                new_plain = new_plain + (nothing,)
            exponents, drops, new_tops = exponents + (exponent,), drops + (drop,), new_tops + (top,)
        new_heads, new_joint_sums, new_losses = (), (), ()
        for k in tl.static_range(LEARNERS):
            for j in tl.static_range(LEARNERS):
                if j != k:
                    alpha = tl.maximum(tl.load(orders + k * LEARNERS + j), LEAST_ORDER).to(WIDE)
                    distance = exponents[j] - exponents[k]
                    joint = exponents[k] + alpha * distance
                    head = heads[k * LEARNERS + j] + (drops[k] + alpha * (drops[j] - drops[k]))
                    new_head = tl.maximum(head, tl.max(joint, 1))
                    base = new_head * rate
                    joint_sum = _rescaled(
                        joint_sums[k * LEARNERS + j], head * rate - base, joint * rate - base[:, None]
                    )
                    loss = tl.maximum(losses[k * LEARNERS + j], tl.max(distance, 1).to(tl.float32))
                    new_heads, new_joint_sums = new_heads + (new_head,), new_joint_sums + (joint_sum,)
                    new_losses = new_losses + (loss,)
                else:
                    new_heads, new_joint_sums = (
                        new_heads + (heads[k * LEARNERS + j],),
                        new_joint_sums + (joint_sums[k * LEARNERS + j],),
                    )
                    new_losses = new_losses + (losses[k * LEARNERS + j],)
        tops, sums, plain_sums = new_tops, new_sums, new_plain
        heads, joint_sums, losses = new_heads, new_joint_sums, new_losses

    below, log_sums = (), ()
    for k in tl.static_range(LEARNERS):
        top = tl.max(tops[k], 0).to(tl.float64)
        ahead = tops[k].to(tl.float64) - top
        log_sum = tl.log(tl.sum(sums[k] * tl.exp(ahead * inverse_temperature), 0))
        plain = log_sum
        if TEMPERED:
            plain = tl.log(tl.sum(plain_sums[k] * tl.exp(ahead), 0))
        constant = own_constants + k * OF_LEARNER
        tl.store(constant, top.to(WIDE))
        tl.store(constant + 1, log_sum.to(WIDE))
        tl.store(constant + 2, plain.to(WIDE))
        below, log_sums = below + (ahead,), log_sums + (log_sum,)
    usual = True
    for k in tl.static_range(LEARNERS):
        for j in tl.static_range(LEARNERS):
            if j != k:
                alpha = tl.load(orders + k * LEARNERS + j)
                head = heads[k * LEARNERS + j].to(tl.float64) + (below[k] + alpha * (below[j] - below[k]))
                highest = tl.max(head, 0)
                joint_sum = tl.sum(
                    joint_sums[k * LEARNERS + j] * tl.exp((head - highest) * inverse_temperature), 0
                )
                log_mass = highest * inverse_temperature + tl.log(joint_sum)
                log_mass = log_mass - (log_sums[k] + alpha * (log_sums[j] - log_sums[k]))
                excess = alpha - 1.0
                loss = tl.max(losses[k * LEARNERS + j], 0)
                lost = loss > -0.1 * MASK  # a class that only the target has
                infinite = ((alpha >= 1.0) & lost) | (highest < LOWEST)  # or there is none that both have
                limit = BLURRED_64 if tl.float64 == WIDE else BLURRED_32
                blurred = (alpha >= 1.0) & (alpha * loss * inverse_temperature > limit)
                state = tl.where(infinite, INFINITE, tl.where(blurred, BLURRED, 0.0))
                usual = usual & is_usual(alpha) & (tl.abs(log_mass) <= FAR) & (state == 0)
                constant = pair_constants + (k * LEARNERS + j) * OF_PAIR
                tl.store(constant, alpha.to(WIDE))
                tl.store(constant + 1, (log_sums[k] - log_sums[j]).to(WIDE))
                tl.store(constant + 2, log_mass.to(WIDE))
                tl.store(constant + 3, tl.exp(tl.minimum(log_mass, HIGHEST)).to(WIDE))
                inverse = tl.where(excess == 0.0, 0.0, 1.0 / tl.where(excess == 0.0, 1.0, excess))
                tl.store(constant + 4, inverse.to(WIDE))
                tl.store(constant + 5, state.to(WIDE))
                tl.store(constant + 6, excess.to(WIDE))
    return usual


@triton.jit
def _rescaled(total, drop, exponent):
    """A lane's sum after its reference has risen, and the powers of 2 of another block."""
    return total * tl.exp2(drop.to(tl.float32)).to(tl.float64) + tl.sum(
        tl.exp2(exponent.to(tl.float32)), 1
    ).to(tl.float64)

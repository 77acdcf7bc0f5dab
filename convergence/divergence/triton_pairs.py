"""One ordered pair of learners in the fused kernel: what is noted of it in a block, and the blocks put together."""

# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

from convergence.divergence.triton_terms import gap, log1p, normalising_shift, over_excess, term

HIGHEST = tl.constexpr(80.0)  # e^80 is still a float32


@triton.jit
def finite_or_zero(x):
    """Where there is nothing (−∞), no reference either."""
    return tl.where(x > float("-inf"), x, 0.0)


@triton.jit
def note_pair(aj, ak, wj, wk, sum_j, sum_k, alpha, wide: tl.constexpr):
    """The notes on one ordered pair; `a` are exponents, `w` their exponentials, and the sums of these."""
    in_target, in_own = aj > float("-inf"), ak > float("-inf")
    common = in_target & in_own
    y = tl.where(common, aj - ak, 0.0)
    changes = tl.sum(tl.where(common, gap(wj, wk, y.to(tl.float32)), wj - wk), 0).to(tl.float64)
    both = (sum_j > 0) & (sum_k > 0)
    total_j, total_k = tl.where(both, sum_j, 1.0).to(tl.float64), tl.where(both, sum_k, 1.0).to(tl.float64)
    shift = normalising_shift(tl.where(both, changes, 0.0), total_j, total_k)
    tilt = alpha.to(wide) * y
    joint = tl.where(common, ak + tilt, float("-inf"))
    top = finite_or_zero(tl.max(joint, 0))
    weight = tl.exp((joint - top).to(tl.float32))
    joint_sum = tl.sum(weight, 0)
    changes = tl.sum(tl.where(common, gap(weight, wk, (tilt - top).to(tl.float32)), -wk), 0).to(tl.float64)
    joint_shift = normalising_shift(changes, tl.where(both, joint_sum, 1.0).to(tl.float64), total_k)
    log_scale = top.to(tl.float64) + alpha * shift - tl.log(total_k)  # of p^α q^(1−α), by log p/q
    terms = term(
        wj / total_j.to(tl.float32),
        wk / total_k.to(tl.float32),
        weight * tl.exp(tl.minimum(log_scale, HIGHEST)).to(tl.float32),
        (y + shift.to(wide)).to(tl.float32),
        common,
        alpha.to(tl.float32),
        (alpha - 1.0).to(tl.float32),
    )
    own_masked_alone = tl.max((in_target & (ak == float("-inf"))).to(tl.float32), 0)
    return shift, tl.where(both, tl.sum(terms, 0), 0.0), top, joint_sum, joint_shift, own_masked_alone


@triton.jit
def block_logs(tops, sums, scale):
    """`logsumexp` of every block, −∞ where it holds nothing."""
    return tl.where(sums == 0.0, float("-inf"), tops * scale + tl.log(sums))


@triton.jit
def log_of_sum(logs):
    """`log Σ e^logs`."""
    top = finite_or_zero(tl.max(logs, 0))
    return top + tl.log(tl.sum(tl.exp(logs - top), 0))


@triton.jit
def join_pair(note_j, note_k, note, held, blocks, top_j, top_k, alpha, scale):
    """The blocks of a row put together, in float64, as the classes of a block are in `note_pair`.

    Returns D, then for the gradient, relative to the largest logits, the largest exponent t of r, `log Σ` of the
    exponentials less t, `log r/q` less the difference of their exponents, which is α(z_j − z_k)/τ − t; if D = ∞.
    """
    tops_j, tops_k = tl.load(note_j, mask=held, other=0.0), tl.load(note_k, mask=held, other=0.0)
    log_j = block_logs(tops_j, tl.load(note_j + blocks, mask=held, other=0.0), scale) - top_j * scale
    log_k = block_logs(tops_k, tl.load(note_k + blocks, mask=held, other=0.0), scale) - top_k * scale
    ahead_j, ahead_k = (tops_j - top_j) * scale, (tops_k - top_k) * scale
    total_j, total_k = log_of_sum(log_j), log_of_sum(log_k)
    common = (log_j > float("-inf")) & (log_k > float("-inf"))

    y = tl.where(common, ahead_j - ahead_k - tl.load(note, mask=held, other=0.0), 0.0)
    wj, wk = tl.exp(log_j), tl.exp(log_k)
    changes = tl.sum(tl.where(common, gap(wj, wk, y), wj - wk), 0)
    shift = normalising_shift(changes, tl.sum(wj, 0), tl.sum(wk, 0))
    centred = y + shift
    p, q = tl.exp(log_j - total_j), tl.exp(log_k - total_k)
    log_joint = tl.where(common, log_k - total_k + alpha * centred, -1e300)
    joint = tl.where(common, tl.exp(tl.minimum(log_joint, HIGHEST)), 0.0)
    excess = alpha - 1.0
    excess_sums = tl.load(note + blocks, mask=held, other=0.0)
    total = tl.sum(joint * excess_sums + term(p, q, joint, centred, common, alpha, excess), 0)

    joint_sums = tl.load(note + 3 * blocks, mask=held, other=0.0)
    common = common & (joint_sums > 0)
    tilt = alpha * (ahead_j - ahead_k) + tl.load(note + 2 * blocks, mask=held, other=0.0)
    top = finite_or_zero(tl.max(tl.where(common, ahead_k + tilt, float("-inf")), 0))
    raw = tl.where(common, ahead_k + tilt - top + tl.log(joint_sums), float("-inf"))
    y = tl.where(common, tilt - top - tl.load(note + 4 * blocks, mask=held, other=0.0), 0.0)
    weight = tl.exp(raw)
    sum_of_weights = tl.sum(weight, 0)
    changes = tl.sum(tl.where(common, gap(weight, wk, y), -wk), 0)
    joint_shift = normalising_shift(changes, sum_of_weights, tl.sum(wk, 0))
    log_sum = tl.log(sum_of_weights)

    far = top + log_sum - total_k + alpha * shift
    near = (excess * total >= -0.5) & (excess * total <= 1.0)
    log_mass = tl.where(near, log1p(tl.where(near, excess * total, 0.0)), far)
    divergence = tl.where(excess == 0.0, total, over_excess(log_mass, excess))
    lost = tl.max(tl.load(note + 5 * blocks, mask=held, other=0.0), 0) > 0
    infinite = ((alpha >= 1.0) & lost) | (sum_of_weights == 0.0)
    divergence = tl.where(infinite, float("inf"), tl.maximum(divergence, 0.0))
    valid = (tl.abs(total_j) < float("inf")) & (tl.abs(total_k) < float("inf"))
    return tl.where(valid, divergence, float("nan")), top, log_sum, joint_shift, infinite

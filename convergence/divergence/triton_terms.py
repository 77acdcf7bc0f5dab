"""What the fused kernel does class by class, for a pair of distributions p (target) and q (own).

`1 + (α−1)H = Σ p^α q^{1−α}`, where H is the sum of `term`, which is nowhere negative: nothing cancels. Both p and q
sum to 1, so an error δ in the logarithm of their ratio changes H by αδH only.
"""

# mypy: ignore-errors
from __future__ import annotations

import triton
import triton.language as tl

# Remainders of the series are below 3e-8 of the value, half a rounding of float32.
NEAR = tl.constexpr(0.5)


@triton.jit
def log1p(x):
    """`log(1 + x)` for scalars in float64, relatively accurate at 0."""
    y = 1.0 + x
    moved = y - 1.0
    return tl.where(moved == 0.0, x, tl.log(y) * (x / tl.where(moved == 0.0, 1.0, moved)))


@triton.jit
def expm1_ratio(x):
    """`(e^x − 1)/x` for |x| ≤ ½."""
    value = x * (1 / 362880) + (1 / 40320)
    value = value * x + (1 / 5040)
    value = value * x + (1 / 720)
    value = value * x + (1 / 120)
    value = value * x + (1 / 24)
    value = value * x + (1 / 6)
    value = value * x + 0.5
    return value * x + 1.0


@triton.jit
def gap(p, q, y):
    """`p − q`, `y` the logarithm of their ratio where that is small."""
    near = tl.abs(y) <= NEAR
    return tl.where(near, q * (y * expm1_ratio(tl.where(near, y, 0.0))), p - q)


@triton.jit
def series(u, alpha):
    """`[e^{αu} − αe^u − (1−α)]/(α−1)` for `max(1, α)|u| ≤ ½`, continuous in α at 1."""
    steepness = tl.maximum(alpha, 1.0)
    ratio, scaled = alpha / steepness, steepness * u
    power1 = 1.0 / steepness
    power2 = power1 * power1
    power3 = power2 * power1
    power4 = power2 * power2
    sum1 = power1 + ratio
    sum2 = power2 + ratio * sum1
    sum3 = power3 + ratio * sum2
    sum4 = power4 + ratio * sum3
    sum5 = power4 * power1 + ratio * sum4
    sum6 = power4 * power2 + ratio * sum5
    sum7 = power4 * power3 + ratio * sum6
    value = scaled * (sum7 * (1 / 362880)) + sum6 * (1 / 40320)
    value = value * scaled + sum5 * (1 / 5040)
    value = value * scaled + sum4 * (1 / 720)
    value = value * scaled + sum3 * (1 / 120)
    value = value * scaled + sum2 * (1 / 24)
    value = value * scaled + sum1 * (1 / 6)
    value = value * scaled + 0.5
    return value * u * (alpha * u)


@triton.jit
def term(p, q, joint, u, common, alpha, excess, inverse):
    """`[p^α q^{1−α} − αp − (1−α)q]/(α−1) ≥ 0`, u the centred `log p/q`, joint `p^α q^{1−α}`, excess α − 1.

    inverse is 1/(α − 1), or 0 for α = 1. Where one of the two is masked, its probability is 0 and the class is not
    common.
    """
    near = tl.maximum(alpha, 1.0) * tl.abs(u) <= NEAR
    from_target = alpha >= 0.5
    tilt = tl.where(from_target, excess, alpha) * u
    flat = tl.abs(tilt) <= NEAR
    ratio = expm1_ratio(tl.where(flat, tilt, 0.0))
    by_target = tl.where(flat, p * u * ratio, (joint - p) * inverse) - gap(p, q, u)
    by_own = (tl.where(flat, q * tilt * ratio, joint - q) - alpha * gap(p, q, u)) * inverse
    far = tl.maximum(tl.where(from_target, by_target, by_own), 0.0)
    value = tl.where(near, q * series(tl.where(near, u, 0.0), alpha), far)
    lost = tl.where(excess < 0, -alpha * inverse, 0.0)
    return tl.where(common, value, lost * p + q)


@triton.jit
def usual_term(p, q, joint, u, alpha, inverse):
    """`term` in fewer operations, for α from ¼ to 3 that is 1 or at least ¼ from it, and D finite and not huge.

    Where one of the two is masked, u is huge and joint 0.
    """
    sum1 = 1.0 + alpha
    sum2 = 1.0 + alpha * sum1
    sum3 = 1.0 + alpha * sum2
    sum4 = 1.0 + alpha * sum3
    sum5 = 1.0 + alpha * sum4
    sum6 = 1.0 + alpha * sum5
    sum7 = 1.0 + alpha * sum6
    value = u * (sum7 * alpha * (1 / 362880)) + sum6 * alpha * (1 / 40320)
    value = value * u + sum5 * alpha * (1 / 5040)
    value = value * u + sum4 * alpha * (1 / 720)
    value = value * u + sum3 * alpha * (1 / 120)
    value = value * u + sum2 * alpha * (1 / 24)
    value = value * u + sum1 * alpha * (1 / 6)
    value = value * u + alpha * 0.5
    near = tl.abs(u) <= NEAR / tl.maximum(alpha, 1.0)
    by_log = tl.where(inverse == 0.0, 1.0, 0.0)
    far = (
        joint * inverse + q + p * (u * by_log - (inverse + 1.0))
    )  # p·u instead of (joint − p)/(α−1) for α = 1
    return tl.where(near, (q * u) * (u * value), far)

r"""The divergence and its own-gradient row by row on the CPU, for float32 logits, in float64 arithmetic.

In float64 the differences of float32 logits are exact, so what `stable.Pair` needs error-free transformations
for is plain subtraction here, and a row stays in cache through all passes. Series are cut where they are
right to 1e-9, a hundredth of a rounding of float32. What is rare (own masked where the target is not, huge
orders, a row without two distributions) is left to `Pair`: such rows come back as NaN.

A row is held as `z`, its logits less the largest, and its probabilities, both padded to a multiple of
`LANES` with classes of probability 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from convergence.divergence import stable

Logits = NDArray[np.float32]
Floats = NDArray[np.float64]

LANES = 8
LOG_2 = math.log(2.0)
LARGEST_ORDER = 1e6  # above, α(p − q) in `_excess_sum` is no more right to a hundredth of a rounding
LOWEST = np.float32(stable.LOWEST)
TERMS = 6  # of the series in log p/q below 1/20
FACTORIALS = np.array([math.factorial(k) for k in range(2, TERMS + 2)], dtype=np.float64)

compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})


@njit(cache=True, fastmath={"reassoc", "nsz"})
def _add(a: float, b: float) -> float:
    return a + b  # sums may be reordered: that makes them vector instructions


@njit(cache=True, fastmath={"nnan", "nsz"})
def _larger(a: Any, b: Any) -> Any:
    return a if a > b else b


@compiled
def _expm1_near(f: float) -> float:
    """`e^f − 1` for |f| ≤ log(2)/2, to 1e-11."""
    value = 1 / 362880
    value = value * f + 1 / 40320
    value = value * f + 1 / 5040
    value = value * f + 1 / 720
    value = value * f + 1 / 120
    value = value * f + 1 / 24
    value = value * f + 1 / 6
    value = value * f + 0.5
    return value * f * f + f


@compiled
def _exp_parts(x: float) -> tuple[float, float]:
    """`(s, v)` with `e^x = s + v` and `e^x − 1 = (s − 1) + v`, both to 1e-11.

    x is clipped to [−700, 709] and NaN counts as −700.
    """
    x = x if x > -700.0 else -700.0
    x = x if x < 709.0 else 709.0
    exponent = np.floor(x * (1 / LOG_2) + 0.5)
    scale = np.int64((np.int64(exponent) + 1023) << 52).view(np.float64)
    return scale, scale * _expm1_near(x - exponent * LOG_2)


@compiled
def _exp(x: float) -> float:
    scale, value = _exp_parts(x)
    return scale + value


@compiled
def softmax_row(logits: Logits, scale: float, z: Floats, probabilities: Floats) -> tuple[int, float]:
    """Fills in a row of logits times scale.

    Returns the likeliest class and its log-probability, NaN if there is no distribution.
    """
    top: Any = np.float32(-np.inf)
    valid = True
    for i in range(logits.size):
        valid &= logits[i] < np.float32(np.inf)  # false for NaN
        top = _larger(top, logits[i])
    if not valid or top < LOWEST:
        return 0, np.nan
    for i in range(logits.size):
        z[i] = (np.float64(logits[i]) - np.float64(top)) * scale if logits[i] >= LOWEST else -np.inf
    z[logits.size :] = -np.inf
    total = 0.0
    for i in range(z.size):
        probabilities[i] = _exp(z[i]) if z[i] > -700.0 else 0.0
        total = _add(total, probabilities[i])
    inverse = 1.0 / total
    for i in range(z.size):
        probabilities[i] *= inverse
    index = 0
    while z[index] != 0.0:
        index += 1
    return index, -math.log(total)


@compiled
def _tilt(
    target: Floats, own: Floats, p: Floats, q: Floats, n: int, log_q_n: float, alpha: float, tilted: Floats
) -> tuple[float, float]:
    """Fills in `q_i (e^{αy_i} − 1)`, y = log p/q up to a constant, 0 at n.

    Returns the sum of that and `log p_n/q_n`, NaN where own is masked and the target is not.
    """
    target_n, rest = target[n], 1.0 - alpha
    change, total, mass = 0.0, 0.0, 0.0
    lost = False
    for i in range(own.size):
        distance = target[i] - target_n
        y = distance - own[i]
        lost |= y == np.inf
        near = abs(y) <= 0.3
        total = _add(total, q[i] * _expm1_near(y) if near else p[i] - q[i])
        mass = _add(mass, p[i] if near else 0.0)
        exponent = alpha * y
        steep = exponent > 1.0
        # not αy + log q, where a low logit of own would cancel
        scale, value = _exp_parts(alpha * distance + (rest * own[i] + log_q_n) if steep else exponent)
        tilted[i] = (scale - q[i]) + value if steep else q[i] * ((scale - 1.0) + value)
        change = _add(change, tilted[i])
    return change, (np.nan if lost else -math.log1p(total / mass))


@compiled
def order_coefficients(alpha: float, coefficients: Floats) -> None:
    """Fills in the coefficients of `_series`: `α Σ_{j≤k−2} α^j/(k! max(1, α)^k)`, k from 2 up."""
    steepness = max(alpha, 1.0)
    power = alpha / steepness**2
    partial = power
    for k in range(TERMS):
        coefficients[k] = partial / FACTORIALS[k]
        power /= steepness
        partial = power + alpha / steepness * partial


@compiled
def _series(scaled: float, coefficients: Floats) -> float:
    """`[e^{αl} − αe^l − (1−α)]/(α−1)`, scaled = max(1, α)·l small."""
    value = coefficients[TERMS - 1]
    for k in range(TERMS - 2, -1, -1):
        value = value * scaled + coefficients[k]
    return value * scaled * scaled


@compiled
def _excess_sum(
    target: Floats,
    own: Floats,
    p: Floats,
    q: Floats,
    n: int,
    log_ratio_n: float,
    alpha: float,
    tilted: Floats,
    coefficients: Floats,
) -> float:
    """`H = (Σ p^α q^{1−α} − 1)/(α−1)` as a sum of non-negative terms, α not near 1."""
    steepness, inverse, target_n = max(alpha, 1.0), 1.0 / (alpha - 1.0), target[n]
    scale, value = _exp_parts(alpha * log_ratio_n)
    shift, change = scale + value, (scale - 1.0) + value
    total = 0.0
    for i in range(own.size):
        scaled = steepness * (((target[i] - target_n) - own[i]) + log_ratio_n)
        near = q[i] * _series(scaled, coefficients)
        far = (shift * tilted[i] + change * q[i] - alpha * (p[i] - q[i])) * inverse
        total = _add(total, near if abs(scaled) <= 0.05 else max(far, 0.0))
    return total


@compiled
def _excess_sum_near_one(
    target: Floats,
    own: Floats,
    p: Floats,
    q: Floats,
    n: int,
    log_ratio_n: float,
    alpha: float,
    log_p_m: float,
    coefficients: Floats,
) -> float:
    """The same for α near 1, where `p^α q^{1−α} − p` is what must not cancel."""
    steepness, excess, target_n = max(alpha, 1.0), alpha - 1.0, target[n]
    inverse = 1.0 / excess if excess != 0.0 else 0.0
    total = 0.0
    for i in range(own.size):
        ratio = ((target[i] - target_n) - own[i]) + log_ratio_n
        scaled = steepness * ratio
        near = q[i] * _series(scaled, coefficients)
        exponent = excess * ratio
        steep = exponent > 1.0
        scale, value = _exp_parts(exponent + target[i] + log_p_m if steep else exponent)
        change = (scale - p[i]) + value if steep else p[i] * ((scale - 1.0) + value)
        limit = p[i] * ratio if p[i] > 0.0 else 0.0
        far = (change * inverse if excess != 0.0 else limit) - (p[i] - q[i])
        total = _add(total, near if abs(scaled) <= 0.05 else max(far, 0.0))
    return total


@compiled
def _far(
    target: Floats,
    own: Floats,
    q: Floats,
    n: int,
    alpha: float,
    weight: float,
    work: Floats,
    gradient: Logits,
) -> float:
    """Adds `weight·(q − r)` to the gradient; returns `log Σ_i q_i e^{αy_i} − log q_n`, y as in `_tilt`."""
    target_n, rest = target[n], 1.0 - alpha
    top = -np.inf
    for i in range(own.size):
        log = alpha * (target[i] - target_n) + rest * own[i]
        work[i] = log if log == log else -np.inf
        top = _larger(top, work[i])
    total = 0.0
    for i in range(own.size):
        work[i] = _exp(work[i] - top)
        total = _add(total, work[i])
    inverse = 1.0 / total
    for i in range(gradient.size):
        gradient[i] += weight * (q[i] - work[i] * inverse)
    return top + math.log(total)


@compiled
def pair_row(
    target: Floats,
    own: Floats,
    p: Floats,
    q: Floats,
    n: int,
    log_p_m: float,
    log_q_n: float,
    alpha: float,
    weight: float,
    coefficients: Floats,
    work: Floats,
    gradient: Logits,
) -> float:
    """Adds `weight·(q − r)` to the gradient, unless that is empty.

    Both rows come from `softmax_row`, the coefficients from `order_coefficients`. Returns `D_α(p‖q)`, NaN if
    the row is to be left to `Pair` (the gradient is then untouched).
    """
    if not (alpha >= 0.0 and alpha <= LARGEST_ORDER and log_p_m <= 0.0 and log_q_n <= 0.0):
        return np.nan
    change, log_ratio_n = _tilt(target, own, p, q, n, log_q_n, alpha, work)
    if not abs(log_ratio_n) < np.inf:  # infinite where p_n underflows
        return np.nan
    if abs(alpha - 1.0) < 0.1:
        total = _excess_sum_near_one(target, own, p, q, n, log_ratio_n, alpha, log_p_m, coefficients)
    else:
        total = _excess_sum(target, own, p, q, n, log_ratio_n, alpha, work, coefficients)
    log_mass = np.nan
    if change < 1e100:  # at least −1 + q_n, as y_n = 0: no cancellation in 1 + change
        factor = weight / (1.0 + change)
        for i in range(gradient.size):
            gradient[i] += factor * (q[i] * change - work[i])
    else:
        log_mass = _far(target, own, q, n, alpha, weight, work, gradient) + log_q_n
    excess, constant = alpha - 1.0, alpha * log_ratio_n
    if abs(constant) < 600.0 and -0.5 <= excess * total <= 1.0:
        return total if excess == 0.0 else math.log1p(excess * total) / excess
    if np.isnan(log_mass):
        log_mass = math.log1p(change)
    return max((log_mass + constant) / excess, 0.0)


@compiled
def pair_rows(
    target: Logits, own: Logits, alpha: Floats, divergence: Floats, gradient: Logits, start: int, stop: int
) -> None:
    """Fills in rows start to stop of the divergence `(N,)` and the gradient, `(N, C)` or `(N, 0)`.

    The logits are `(N, C)` and contiguous, the orders `(N,)`.
    """
    width = -(-own.shape[1] // LANES) * LANES
    z, probabilities = np.empty((2, width)), np.empty((2, width))
    work, coefficients = np.empty(width), np.empty(TERMS)
    for row in range(start, stop):
        if row == start or alpha[row] != alpha[row - 1]:
            order_coefficients(alpha[row], coefficients)
        _, log_p_m = softmax_row(target[row], 1.0, z[0], probabilities[0])
        n, log_q_n = softmax_row(own[row], 1.0, z[1], probabilities[1])
        gradient[row] = 0.0
        divergence[row] = pair_row(
            z[0],
            z[1],
            probabilities[0],
            probabilities[1],
            n,
            log_p_m,
            log_q_n,
            alpha[row],
            1.0,
            coefficients,
            work,
            gradient[row],
        )


@compiled
def cohort_rows(
    logits: Logits,
    scale: float,
    alpha: Floats,
    weights: Floats,
    divergence: Floats,
    gradient: Logits,
    start: int,
    stop: int,
) -> None:
    """Fills in rows start to stop for all ordered pairs of learners.

    The logits are `(K, B, C)`, to be multiplied by scale, the orders `(B,)`. `divergence[k, j] = D(p_j‖p_k)`
    `(K, K, B)`, its diagonal untouched; the gradient is `Σ_j weights[k, j] ∇_k D(p_j‖p_k)`, by the logits times scale,
    `(K, B, C)` or `(K, B, 0)`.
    """
    learners, _, classes = logits.shape
    width = -(-classes // LANES) * LANES
    z, probabilities = np.empty((learners, width)), np.empty((learners, width))
    work, coefficients = np.empty(width), np.empty(TERMS)
    top, log_top = np.empty(learners, dtype=np.int64), np.empty(learners)
    for row in range(start, stop):
        if row == start or alpha[row] != alpha[row - 1]:
            order_coefficients(alpha[row], coefficients)
        for k in range(learners):
            top[k], log_top[k] = softmax_row(logits[k, row], scale, z[k], probabilities[k])
        for k in range(learners):
            gradient[k, row] = 0.0
            for j in range(learners):
                if j == k:
                    continue
                divergence[k, j, row] = pair_row(
                    z[j],
                    z[k],
                    probabilities[j],
                    probabilities[k],
                    top[k],
                    log_top[j],
                    log_top[k],
                    alpha[row],
                    weights[k, j],
                    coefficients,
                    work,
                    gradient[k, row],
                )


@compiled
def summary(divergence: Floats, weights: Floats) -> tuple[Logits, Logits, bool]:
    """Losses `Σ_j weights[k, j] mean D(p_j‖p_k)` `(K,)`, means `(K, K)`, and whether these hold no NaN.

    A peer of weight 0 is left out, even when it is infinitely far away.
    """
    learners, _, batch = divergence.shape
    losses = np.zeros(learners, dtype=np.float32)
    means = np.empty((learners, learners), dtype=np.float32)
    for k in range(learners):
        loss = 0.0
        for j in range(learners):
            mean = divergence[k, j].sum() / batch
            means[k, j] = mean
            loss += weights[k, j] * mean if weights[k, j] != 0.0 else 0.0
        losses[k] = loss
    return losses, means, not np.isnan(means).any()

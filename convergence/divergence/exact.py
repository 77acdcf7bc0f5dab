"""The divergence and its derivatives in multiple precision: slow, and right to 40 digits or more.

This is the oracle that the floating-point kernels are measured against. It uses the closed forms as they
are printed and raises the working precision until two evaluations agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import mpmath
from mpmath import mpf

AGREEMENT = mpf(10) ** -40
SMALLEST = mpf(2) ** -1074  # below the smallest positive float64 nothing needs to agree


class Exact(NamedTuple):
    """Values of `exact`; derivatives are None where D = +∞, the last one also at α = ∞."""

    divergence: mpf
    escort: list[mpf] | None
    gradient_target: list[mpf] | None
    gradient_own: list[mpf] | None
    order_derivative: mpf | None


def exact(target: Sequence[float], own: Sequence[float], *, alpha: float) -> Exact:
    """`D_α(softmax(target)‖softmax(own))` in nats with its derivatives, for exact logits (−∞ is a mask).

    Args:
        target: logits of p, one row.
        own: logits of q.
        alpha: order in [0, ∞].
    """
    digits = 60 + int(
        min(_span(target) + _span(own), 1500.0) / math.log(10)
    )  # 1 − p is resolved from the start
    coarse = _evaluate(target, own, alpha, digits)
    while True:
        digits *= 2
        fine = _evaluate(target, own, alpha, digits)
        if _agree(coarse, fine):
            return fine
        coarse = fine


def _agree(a: Exact, b: Exact) -> bool:
    return all(
        max(abs(x - y) for x, y in zip(u, v, strict=True)) <= AGREEMENT * max(SMALLEST, *map(abs, v))
        for u, v in zip(map(_entries, a), map(_entries, b), strict=True)
    )


def _entries(value: mpf | list[mpf] | None) -> list[mpf]:
    if isinstance(value, list):
        return value
    return [mpf(0) if value is None or mpmath.isinf(value) else value]


def _evaluate(target: Sequence[float], own: Sequence[float], alpha: float, digits: int) -> Exact:
    with mpmath.workdps(digits):
        log_p, log_q = _log_softmax(target), _log_softmax(own)
        common = [i for i in range(len(log_p)) if not (mpmath.isinf(log_p[i]) or mpmath.isinf(log_q[i]))]
        lost = any(mpmath.isinf(log_q[i]) and not mpmath.isinf(log_p[i]) for i in range(len(log_p)))
        if not common or (alpha >= 1 and lost):
            return Exact(mpf("inf"), None, None, None, None)
        p, q = [mpmath.exp(v) for v in log_p], [mpmath.exp(v) for v in log_q]
        ratio = {i: log_p[i] - log_q[i] for i in common}
        if math.isinf(alpha):
            largest = max(ratio.values())
            tied = [i for i in common if largest - ratio[i] < mpf(10) ** (30 - digits)]
            mass = mpmath.fsum(q[i] for i in tied)
            r = [q[i] / mass if i in tied else mpf(0) for i in range(len(p))]
            return Exact(largest, r, _minus(r, p), _minus(q, r), None)
        order = mpf(alpha)
        weight = {i: order * log_p[i] + (1 - order) * log_q[i] for i in common}
        top = max(weight.values())
        log_mass = top + mpmath.log(mpmath.fsum(mpmath.exp(w - top) for w in weight.values()))
        r = [mpmath.exp(weight[i] - log_mass) if i in common else mpf(0) for i in range(len(p))]
        if order == 1:
            mean = mpmath.fsum(p[i] * ratio[i] for i in common)
            by_target = [p[i] * (ratio[i] - mean) if i in common else mpf(0) for i in range(len(p))]
            variance = mpmath.fsum(p[i] * (ratio[i] - mean) ** 2 for i in common)
            return Exact(mean, r, by_target, _minus(q, r), variance / 2)
        by_target = [order / (order - 1) * difference for difference in _minus(r, p)]
        relative = mpmath.fsum(r[i] * (weight[i] - log_mass - log_p[i]) for i in common)
        return Exact(log_mass / (order - 1), r, by_target, _minus(q, r), relative / (1 - order) ** 2)


def _log_softmax(logits: Sequence[float]) -> list[mpf]:
    top = mpf(max(logits))
    shifted = [mpf(z) - top for z in logits]
    normaliser = mpmath.log(mpmath.fsum(mpmath.exp(z) for z in shifted))
    return [z - normaliser for z in shifted]


def _span(logits: Sequence[float]) -> float:
    finite = [z for z in logits if not math.isinf(z)]
    return max(finite) - min(finite)


def _minus(a: list[mpf], b: list[mpf]) -> list[mpf]:
    return [x - y for x, y in zip(a, b, strict=True)]

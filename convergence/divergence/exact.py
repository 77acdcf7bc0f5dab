"""The divergence and its derivatives in rigorous multiple precision: slow, and right to 40 digits.

This is the oracle that the floating-point kernels are measured against. It evaluates the closed forms as they are
printed in ball arithmetic (Johansson 2017, Arb), with ever more bits until every ball is small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from flint import arb, ctx

AGREEMENT = arb(10) ** -40
SMALLEST = arb(2) ** -1074  # below the smallest positive float64 nothing needs to be told apart


class Exact(NamedTuple):
    """Values of `exact`; the derivatives are None where D = +∞, the last one also at α = ∞."""

    divergence: arb
    escort: list[arb] | None
    gradient_target: list[arb] | None
    gradient_own: list[arb] | None
    order_derivative: arb | None


def exact(target: Sequence[float], own: Sequence[float], *, alpha: float) -> Exact:
    """`D_α(softmax(target)‖softmax(own))` in nats with its derivatives, for one row of exact logits.

    Args:
        target: logits of p, −∞ is a mask.
        own: logits of q.
        alpha: order in [0, ∞].

    Raises:
        ValueError: a logit that is NaN or +∞, nothing but masks, unequal numbers of classes, an order outside [0, ∞].
    """
    if len(target) != len(own):
        raise ValueError(f"target has {len(target)} classes, own {len(own)}; they must agree")
    for name, logits in (("target", target), ("own", own)):
        if not all(z < math.inf for z in logits) or max(logits, default=-math.inf) == -math.inf:
            raise ValueError(f"{name} is {list(logits)}; logits below inf are needed, one of them above -inf")
    if not alpha >= 0:
        raise ValueError(f"alpha={alpha} is outside [0, inf]")
    common = [i for i in range(len(own)) if not (math.isinf(target[i]) or math.isinf(own[i]))]
    lost = any(math.isinf(own[i]) and not math.isinf(target[i]) for i in range(len(own)))
    if not common or (alpha >= 1 and lost):
        return Exact(arb(math.inf), None, None, None, None)
    bits = 256
    while True:
        with ctx.workprec(bits):
            value = _enclosures(target, own, alpha, common)
            if all(_is_small(part) for part in value):
                return value
        bits *= 2


def _is_small(part: arb | list[arb] | None) -> bool:
    if part is None:
        return True
    entries = part if isinstance(part, list) else [part]
    norm = max([abs(entry.mid()) for entry in entries] + [SMALLEST])
    return all(entry.rad() <= AGREEMENT * norm for entry in entries)


def _enclosures(target: Sequence[float], own: Sequence[float], alpha: float, common: list[int]) -> Exact:
    log_p, log_q = _log_softmax(target), _log_softmax(own)
    p, q = _exp(log_p, len(own)), _exp(log_q, len(own))
    ratio = {i: log_p[i] - log_q[i] for i in common}
    if math.isinf(alpha):
        gap = {i: Fraction(target[i]) - Fraction(own[i]) for i in common}
        largest = max(gap.values())
        tied = {i for i in common if gap[i] == largest}
        mass = sum((q[i] for i in tied), arb(0))
        r = [q[i] / mass if i in tied else arb(0) for i in range(len(own))]
        return Exact(ratio[min(tied)], r, _minus(r, p), _minus(q, r), None)
    order = arb(alpha)
    weight = {i: order * log_p[i] + (1 - order) * log_q[i] for i in common}
    log_mass = sum((w.exp() for w in weight.values()), arb(0)).log()
    r = _exp({i: weight[i] - log_mass for i in common}, len(own))
    if alpha == 1:
        mean = sum((p[i] * ratio[i] for i in common), arb(0))
        by_target = [p[i] * (ratio[i] - mean) if i in ratio else arb(0) for i in range(len(own))]
        variance = sum((by_target[i] * (ratio[i] - mean) for i in common), arb(0))
        return Exact(mean, r, by_target, _minus(q, r), variance / 2)
    by_target = [order / (order - 1) * difference for difference in _minus(r, p)]
    relative = sum((r[i] * (weight[i] - log_mass - log_p[i]) for i in common), arb(0))
    return Exact(log_mass / (order - 1), r, by_target, _minus(q, r), relative / ((1 - order) * (1 - order)))


def _log_softmax(logits: Sequence[float]) -> dict[int, arb]:
    top = arb(max(logits))
    shifted = {i: arb(z) - top for i, z in enumerate(logits) if not math.isinf(z)}
    normaliser = sum((z.exp() for z in shifted.values()), arb(0)).log()
    return {i: z - normaliser for i, z in shifted.items()}


def _exp(logs: dict[int, arb], classes: int) -> list[arb]:
    return [logs[i].exp() if i in logs else arb(0) for i in range(classes)]


def _minus(a: list[arb], b: list[arb]) -> list[arb]:
    return [x - y for x, y in zip(a, b, strict=True)]

"""The closed form in multiple precision, without regard to the code under test.

400 digits are carried, so that 50 remain when differences as small as float64 can hold are taken from 1.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import mpmath
from mpmath import mpf


class Truth(NamedTuple):
    divergence: mpf
    gradient_target: list[mpf] | None
    gradient_own: list[mpf] | None
    order_derivative: mpf | None


@mpmath.workdps(400)
def truth(target: list[float], own: list[float], alpha: float) -> Truth:
    """`D_α`, its gradients (None where D = +∞) and ∂_αD (None also at α = ∞) of exact logits."""
    p, q = _softmax(target), _softmax(own)
    common = [i for i in range(len(p)) if p[i] > 0 and q[i] > 0]
    lost = any(p[i] > 0 and q[i] == 0 for i in range(len(p)))
    if not common or (alpha >= 1 and lost):
        return Truth(mpf("inf"), None, None, None)
    log_ratio = {i: mpmath.log(p[i]) - mpmath.log(q[i]) for i in common}
    if math.isinf(alpha):
        largest = max(log_ratio.values())
        tied = [i for i in common if largest - log_ratio[i] < mpf(10) ** -350]
        mass = sum(q[i] for i in tied)
        r = [q[i] / mass if i in tied else mpf(0) for i in range(len(p))]
        return Truth(largest, _minus(r, p), _minus(q, r), None)
    a = mpf(alpha)
    weight = {i: a * mpmath.log(p[i]) + (1 - a) * mpmath.log(q[i]) for i in common}
    top = max(weight.values())
    mass = sum(mpmath.exp(w - top) for w in weight.values())
    log_mass = top + mpmath.log(mass)
    r = [mpmath.exp(weight[i] - log_mass) if i in common else mpf(0) for i in range(len(p))]
    if a == 1:
        kl = sum(p[i] * log_ratio[i] for i in common)
        by_target = [p[i] * (log_ratio[i] - kl) if i in common else mpf(0) for i in range(len(p))]
        slope = sum(p[i] * (log_ratio[i] - kl) ** 2 for i in common) / 2
        return Truth(kl, by_target, _minus(q, r), slope)
    by_target = [a / (a - 1) * d for d in _minus(r, p)]
    relative = sum(r[i] * (mpmath.log(r[i]) - mpmath.log(p[i])) for i in common if r[i] > 0)
    return Truth(log_mass / (a - 1), by_target, _minus(q, r), relative / (1 - a) ** 2)


def _softmax(logits: list[float]) -> list[mpf]:
    top = mpf(max(logits))
    weights = [mpmath.exp(mpf(z) - top) if z != -math.inf else mpf(0) for z in logits]
    total = mpmath.fsum(weights)
    return [w / total for w in weights]


def _minus(a: list[mpf], b: list[mpf]) -> list[mpf]:
    return [x - y for x, y in zip(a, b, strict=True)]

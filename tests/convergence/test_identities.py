"""Each identity and inequality of the divergence itself, as a law that hypothesis tries to break.

Right sides are evaluated in 60-digit arithmetic from the exact logits: they share nothing with the kernels.
"""

from __future__ import annotations

import math
from functools import wraps

import mpmath
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mpmath import mpf

import convergence
from convergence import strategies

law = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
CLASSES = st.integers(1, 5)
TOLERANCE = mpf("1e-12")
SMALLEST = mpf("1e-30")  # sizes below this count as this: 60 digits do not resolve differences of 1e-42
NOTHING = mpf(0)


def in_sixty_digits(test):
    @wraps(test)
    def run(*arguments, **named):
        with mpmath.workdps(60):
            test(*arguments, **named)

    return run


def d(target, own, alpha) -> mpf:
    return mpf(convergence.renyi_divergence(target, own, alpha=alpha).item())


def exact(logits: torch.Tensor) -> list[mpf]:
    return [mpf(value) for value in logits.tolist()]


def log_partition(logits: list[mpf]) -> mpf:
    top = max(logits)
    return top + mpmath.log(mpmath.fsum(mpmath.exp(z - top) for z in logits))


def log_softmax(logits: torch.Tensor) -> list[mpf]:
    values = exact(logits)
    normaliser = log_partition(values)
    return [value - normaliser for value in values]


def softmax(logits: torch.Tensor) -> list[mpf]:
    return [mpmath.exp(value) for value in log_softmax(logits)]


def power_sum(target, own, alpha) -> mpf:
    """`Σ p^α q^{1−α}` over the classes that both have."""
    log_p, log_q = log_softmax(target), log_softmax(own)
    return mpmath.fsum(
        mpmath.exp(alpha * a + (1 - alpha) * b)
        for a, b in zip(log_p, log_q, strict=True)
        if not (mpmath.isinf(a) or mpmath.isinf(b))
    )


def kl(target, own) -> mpf:
    log_p, log_q = log_softmax(target), log_softmax(own)
    return mpmath.fsum(
        mpmath.exp(a) * (a - b) for a, b in zip(log_p, log_q, strict=True) if not mpmath.isinf(a)
    )


def log_ratio(target, own) -> list[mpf]:
    return [a - b for a, b in zip(log_softmax(target), log_softmax(own), strict=True) if not mpmath.isinf(a)]


def oscillation(target, own) -> mpf:
    return max(log_ratio(target, own)) - min(log_ratio(target, own))


def variance(weights: list[mpf], values: list[mpf]) -> mpf:
    mean = mpmath.fsum(w * v for w, v in zip(weights, values, strict=True))
    return mpmath.fsum(w * (v - mean) ** 2 for w, v in zip(weights, values, strict=True))


def close(left: mpf, right: mpf, size: mpf = NOTHING, tolerance: mpf = TOLERANCE) -> bool:
    if mpmath.isinf(left) or mpmath.isinf(right):
        return left == right
    return abs(left - right) <= tolerance * max(abs(left), abs(right), size, SMALLEST)


def at_most(left: mpf, right: mpf, size: mpf = NOTHING, tolerance: mpf = TOLERANCE) -> bool:
    return left <= right or close(left, right, size, tolerance)


finite_orders = strategies.orders(high=100.0)
other_orders = finite_orders.filter(lambda alpha: alpha != 1)


@law
@given(strategies.pairs(CLASSES), other_orders)
@in_sixty_digits
def test_jensen_gap(pair, alpha):
    target, own = map(exact, pair)
    order = mpf(alpha)
    mixed = [order * a + (1 - order) * b for a, b in zip(target, own, strict=True)]
    gap = log_partition(mixed) - order * log_partition(target) - (1 - order) * log_partition(own)
    assert close(d(*pair, alpha), gap / (order - 1))


@law
@given(strategies.pairs(CLASSES, masks="any", largest=100.0), strategies.orders())
@in_sixty_digits
def test_nonneg(pair, alpha):
    value = d(*pair, alpha)
    assert value >= 0
    assert d(pair[0], pair[0], alpha) == 0
    assume(alpha >= 1e-6)
    apart = max(abs(a - b) for a, b in zip(*map(softmax, pair), strict=True))
    assert value > 0 or apart < mpf("1e-140")


@law
@given(strategies.pairs(CLASSES, masks="dominated"), strategies.orders(), strategies.orders())
@in_sixty_digits
def test_order_monotone(pair, alpha, other):
    low, high = sorted((alpha, other))
    assert at_most(d(*pair, low), d(*pair, high))


@law
@given(strategies.pairs(CLASSES, masks="same"), other_orders.filter(lambda alpha: abs(alpha - 1) > 1e-6))
@in_sixty_digits
def test_order_derivative_is_a_divergence_from_the_escort(pair, alpha):
    order = mpf(alpha)
    log_p, log_q = map(log_softmax, pair)
    kept = [i for i, a in enumerate(log_p) if not mpmath.isinf(a)]
    log_r = [order * log_p[i] + (1 - order) * log_q[i] for i in kept]
    normaliser = log_partition(log_r)
    divergence = mpmath.fsum(
        mpmath.exp(value - normaliser) * (value - normaliser - log_p[i])
        for i, value in zip(kept, log_r, strict=True)
    )
    slope = mpf(convergence.order_derivative(*pair, alpha=alpha).item())
    assert close(slope, divergence / (1 - order) ** 2, tolerance=mpf("1e-10"))


@law
@given(strategies.pairs(CLASSES, masks="any"), strategies.orders(1e-4, 1 - 1e-4))
@in_sixty_digits
def test_skew(pair, alpha):
    target, own = pair
    assert close(
        (1 - mpf(alpha)) * d(target, own, alpha),
        mpf(alpha) * d(own, target, 1 - alpha),
        tolerance=mpf("1e-11"),
    )


@law
@given(strategies.pairs(CLASSES, masks="same"), finite_orders)
@in_sixty_digits
def test_kl_limit(pair, alpha):
    value, limit, osc = d(*pair, alpha), kl(*pair), oscillation(*pair)
    assert close(d(*pair, 1.0), limit)
    distance = abs(mpf(alpha) - 1)
    assert at_most(abs(value - limit), distance * osc**2 / 8, size=value + limit)
    weights = [p for p in softmax(pair[0]) if p > 0]
    slope = variance(weights, log_ratio(*pair)) / 2
    remainder = distance**2 * osc**3 / (36 * mpmath.sqrt(3))
    assert at_most(abs(value - limit - (mpf(alpha) - 1) * slope), remainder, size=value + limit)


@law
@given(strategies.pairs(CLASSES, masks="any"))
@in_sixty_digits
def test_bhattacharyya(pair):
    target, own = pair
    affinity = power_sum(target, own, mpf("0.5"))
    assert close(d(target, own, 0.5), -2 * mpmath.log(affinity) if affinity > 0 else mpf("inf"))
    assert close(d(target, own, 0.5), d(own, target, 0.5))


@law
@given(strategies.pairs(CLASSES, masks="dominated"))
@in_sixty_digits
def test_chi2(pair):
    p, q = map(softmax, pair)
    chi_squared = mpmath.fsum((a - b) ** 2 / b for a, b in zip(p, q, strict=True) if b > 0)
    assert close(d(*pair, 2.0), mpmath.log1p(chi_squared))


@law
@given(strategies.pairs(CLASSES, masks="same"), other_orders)
@in_sixty_digits
def test_tsallis_hellinger(pair, alpha):
    order = mpf(alpha)
    hellinger = (power_sum(*pair, order) - 1) / (order - 1)
    assert close((order - 1) * d(*pair, alpha), mpmath.log1p((order - 1) * hellinger))


@law
@given(strategies.pairs(3, masks="any"), strategies.pairs(2, masks="any"), strategies.orders())
@in_sixty_digits
def test_additive(first, second, alpha):
    target, own = ((a.unsqueeze(1) + b.unsqueeze(0)).flatten() for a, b in zip(first, second, strict=True))
    size = sum(z[z.isfinite()].abs().max().item() for z in (*first, *second))  # sums of logits round
    total = d(*first, alpha) + d(*second, alpha)
    assert close(d(target, own, alpha), total, size=mpf(size))


@law
@given(
    strategies.pairs(3, masks="any", smallest=1e-2, largest=30.0),
    strategies.channels(3, st.integers(1, 4)),
    strategies.orders(),
)
@in_sixty_digits
def test_data_processing(pair, channel, alpha):
    after = [torch.log(torch.softmax(z, 0) @ channel) for z in pair]
    # Mixed probabilities round to 1e-16, not relative to a small divergence.
    assert at_most(d(*after, alpha), d(*pair, alpha), size=mpf(1), tolerance=mpf("1e-11"))


@law
@given(strategies.pairs(CLASSES, masks="any"), strategies.orders())
@in_sixty_digits
def test_pinsker(pair, alpha):
    distance = mpmath.fsum(abs(a - b) for a, b in zip(*map(softmax, pair), strict=True))
    value = d(*pair, alpha)
    assert at_most(mpf(min(alpha, 1.0)) / 2 * distance**2, value)
    best = mpf(min(alpha, 1e300)) if alpha < 2 else mpf(2)
    assert at_most(min(best, (5 + 3 * mpmath.sqrt(5)) / 10) / 2 * distance**2, value)  # pinsker-best


@law
@given(strategies.pairs(CLASSES, masks="same", smallest=1e-3), strategies.orders(1e-2, 100.0))
@in_sixty_digits
def test_order_inversion(pair, alpha):
    target, own = pair
    kept = target.isfinite()
    escort = torch.full_like(target, -torch.inf)
    escort[kept] = alpha * target[kept] + (1 - alpha) * own[kept]
    size = (1 + alpha) * (
        target[kept].abs().max() + own[kept].abs().max()
    ).item()  # the escort's logits round
    assert close(d(target, own, alpha), d(escort, own, 1 / alpha), size=mpf(size) * (1 + 1 / mpf(alpha)))


@law
@given(strategies.pairs(CLASSES, largest=2.0), strategies.orders(1e-3, 5.0))
@in_sixty_digits
def test_mean_value(pair, alpha):
    value, order = d(*pair, alpha), mpf(alpha)
    assert at_most(value, order / 8 * oscillation(*pair) ** 2)
    ratio, own = log_ratio(*pair), log_softmax(pair[1])
    halves = []
    for k in range(33):
        xi = max(mpf(1), order) * k / 32
        path = [xi * x + b for x, b in zip(ratio, own, strict=True)]
        normaliser = log_partition(path)
        halves.append(order / 2 * variance([mpmath.exp(v - normaliser) for v in path], ratio))
    assert at_most(min(halves), value)
    assert at_most(value, max(halves))


@law
@given(strategies.pairs(3), strategies.logits(3), other_orders)
@in_sixty_digits
def test_variational(pair, mixture, alpha):
    target, own = pair
    order = mpf(alpha)
    least = (1 - order) * d(target, own, alpha)
    parts = order * kl(mixture, target), (1 - order) * kl(mixture, own)
    assert at_most(least, sum(parts), size=abs(least) + max(map(abs, parts)))
    log_p, log_q = map(log_softmax, pair)
    log_r = [order * a + (1 - order) * b for a, b in zip(log_p, log_q, strict=True)]
    normaliser = log_partition(log_r)
    from_escort = mpmath.fsum(
        mpmath.exp(s) * (s - r + normaliser) for s, r in zip(log_softmax(mixture), log_r, strict=True)
    )
    assert close(sum(parts), from_escort + least, size=abs(least) + max(map(abs, parts)))


def mix(first: torch.Tensor, second: torch.Tensor, weight: float) -> torch.Tensor:
    return torch.log(weight * torch.softmax(first, 0) + (1 - weight) * torch.softmax(second, 0))


moderate = strategies.pairs(3, smallest=1e-2, largest=20.0)


@law
@given(moderate, moderate, st.floats(0.01, 0.99), strategies.orders())
@in_sixty_digits
def test_convex_in_q(first, second, weight, alpha):
    (target, own), (other_target, other_own) = first, second

    def average(order, left, right):
        return mpf(weight) * d(*left, order) + (1 - mpf(weight)) * d(*right, order)

    # Mixed probabilities round to 1e-16, not relative to a small divergence.
    rounding = {"size": mpf(1), "tolerance": mpf("1e-11")}
    joint = min(alpha, 1.0)
    middle = d(mix(target, other_target, weight), mix(own, other_own, weight), joint)
    assert at_most(middle, average(joint, first, second), **rounding)
    middle = d(target, mix(own, other_own, weight), alpha)
    assert at_most(middle, average(alpha, first, (target, other_own)), **rounding)
    above = max(alpha, 1.0)
    middle = d(target, weight * own + (1 - weight) * other_own, above)
    assert at_most(middle, average(above, first, (target, other_own)), **rounding)


@law
@given(
    strategies.logits(CLASSES, largest=30.0),
    st.data(),
    strategies.orders(1e-3, 20.0),
)
@in_sixty_digits
def test_fisher_local(own, data, alpha):
    step = data.draw(strategies.logits(len(own), smallest=1e-4, largest=1.0))
    target = own + step
    taken = [a - b for a, b in zip(exact(target), exact(own), strict=True)]
    quadratic = mpf(alpha) / 2 * variance(softmax(own), taken)
    osc = max(taken) - min(taken)
    remainder = mpf(alpha) / 2 * max(1, mpf(alpha)) * osc**3 / (6 * mpmath.sqrt(3))
    value = d(target, own, alpha)
    assert at_most(abs(value - quadratic), remainder, size=value + quadratic)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.0, math.inf])
def test_a_law_notices_an_error_of_one_in_a_billion(alpha):
    pair = (torch.tensor([1.0, 0.0], dtype=torch.float64), torch.tensor([0.0, 0.5], dtype=torch.float64))
    value = d(*pair, alpha)
    assert not close(value * (1 + mpf("1e-9")) + mpf("1e-9"), value)

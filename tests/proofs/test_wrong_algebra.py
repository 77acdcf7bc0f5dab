"""Seeded wrong proofs: flipped signs, wrong factors, divisions by what may be 0, floating-point numbers."""

from __future__ import annotations

import pytest
from sympy import Float, Rational, exp, log, sqrt
from wrong_proofs import NOT_ONE, Attack, Attempt, judge, u, v, x, y, z

from proofs.kernel import Slope, Total, eq, le, lt, ne
from proofs.notation import (
    a,
    alpha,
    b,
    i,
    k,
    kl,
    log_partition,
    mean,
    mixed,
    norm1,
    p,
    q,
    r,
    renyi,
    s,
    softmax,
    square,
    variance,
    w,
)
from proofs.sgd import mean as expectation
from proofs.sgd import t, value
from proofs.sgd import x as iterate
from proofs.supports import WHOLE


def identity(left, right, given=()) -> Attempt:
    return Attempt(eq(left, right), lambda kernel: kernel.identity(left, right), given)


def squares(goal, rest) -> Attempt:
    return Attempt(goal, lambda kernel: kernel.combine(goal, rest=rest))


def from_given(goal, multiplier, given, *others) -> Attempt:
    return Attempt(
        goal, lambda kernel: kernel.combine(goal, (multiplier, kernel.suppose(given))), (given, *others)
    )


def chi2(f, g):
    return Total((f(i) - g(i)) ** 2 / g(i), i)


def interval(low, high) -> Attempt:
    goal, box = lt(0, 1 + x * log(u)), {x: (0, 1), u: (low, high)}
    bounds = [le(low, u), le(u, high), le(0, x), le(x, 1)]
    return Attempt(goal, lambda kernel: kernel.interval(goal, box), tuple(bounds))


along = softmax(lambda n: b(n) + s * w(n))
GAP = log_partition(mixed(alpha)) - alpha * log_partition(a) - (1 - alpha) * log_partition(b)
DERIVATIVE = Slope(renyi(alpha, p, along), s, 0)
ENERGY = expectation(value(iterate(t)))
END, BEGIN = (expectation(value(iterate(at))) for at in (t.total, 0))


ADDS_UP, DIVISION, FLOAT = "does not add up", "division: the sign of", "is not an exact term"


def cancelled(f) -> Attempt:
    left, right = (f(i) * a(i) + a(i)) / (f(i) + 1), a(i)
    return Attempt(
        eq(Total(left, i), Total(right, i)), lambda kernel: kernel.sum_over(kernel.identity(left, right), i)
    )


SIGNS = [
    Attack(
        "sign",
        "a square on the wrong side",
        squares(le(x**2 + y**2, 2 * x * y), -((x - y) ** 2)),
        "rest: the sign",
        squares(le(2 * x * y, x**2 + y**2), (x - y) ** 2),
    ),
    Attack(
        "sign",
        "an inequality turned round",
        from_given(le(y, x), -1, le(x, y)),
        "multiplier of an inequality",
        from_given(le(-y, -x), 1, le(x, y)),
    ),
    Attack(
        "sign",
        "the Jensen gap over 1 − α",
        identity(renyi(alpha), GAP / (1 - alpha), NOT_ONE),
        ADDS_UP,
        identity(renyi(alpha), GAP / (alpha - 1), NOT_ONE),
    ),
    Attack(
        "sign",
        "the gradient pulls away",
        identity(DERIVATIVE, mean(lambda n: r(n) - q(n), w), NOT_ONE),
        ADDS_UP,
        identity(DERIVATIVE, mean(lambda n: q(n) - r(n), w), NOT_ONE),
    ),
    Attack(
        "sign",
        "a concave function above its tangent",
        Attempt(le(u - 1, log(u)), lambda kernel: kernel.tangent(log(u), u, 1, u)),
        "is not the goal",
        Attempt(le(log(u), u - 1), lambda kernel: kernel.tangent(log(u), u, 1, u)),
    ),
    Attack(
        "sign",
        "a telescope from the wrong end",
        Attempt(
            eq(Total(expectation(value(iterate(t + 1))) - ENERGY, t), BEGIN - END),
            lambda kernel: kernel.telescope(ENERGY, t),
        ),
        "is not the goal",
        Attempt(
            eq(Total(expectation(value(iterate(t + 1))) - ENERGY, t), END - BEGIN),
            lambda kernel: kernel.telescope(ENERGY, t),
        ),
    ),
    Attack(
        "sign",
        "skew with the orders exchanged on one side only",
        identity((alpha - 1) * renyi(alpha), alpha * renyi(1 - alpha, q, p), NOT_ONE),
        ADDS_UP,
        identity((1 - alpha) * renyi(alpha), alpha * renyi(1 - alpha, q, p), NOT_ONE),
    ),
    Attack(
        "sign",
        "a negative part kept positive",
        Attempt(eq(abs(x), x), lambda kernel: kernel.resolve(abs(x)), (le(x, 0),)),
        "is not the goal",
        Attempt(eq(abs(x), -x), lambda kernel: kernel.resolve(abs(x)), (le(x, 0),)),
    ),
]

FACTORS = [
    Attack(
        "factor",
        "Young with ⅓",
        squares(le(x * y, x**2 / 2 + y**2 / 3), (x - y) ** 2 / 2),
        ADDS_UP,
        squares(le(x * y, x**2 / 2 + y**2 / 2), (x - y) ** 2 / 2),
    ),
    Attack(
        "factor",
        "Young with ⅓, and the rest made to fit",
        squares(le(x * y, x**2 / 2 + y**2 / 3), x**2 / 2 + y**2 / 3 - x * y),
        "rest: the sign",
        squares(le(x * y, x**2 / 2 + y**2 / 2), (x - y) ** 2 / 2),
    ),
    Attack(
        "factor",
        "D₂ twice",
        identity(renyi(2), 2 * log(1 + chi2(p, q))),
        ADDS_UP,
        identity(renyi(2), log(1 + chi2(p, q))),
    ),
    Attack(
        "factor",
        "Bhattacharyya without its 2",
        identity(renyi(Rational(1, 2)), -log(Total(sqrt(p(i) * q(i)), i))),
        ADDS_UP,
        identity(renyi(Rational(1, 2)), -2 * log(Total(sqrt(p(i) * q(i)), i))),
    ),
    Attack(
        "factor",
        "a variance that loses two squares of its mean",
        identity(variance(p, w), mean(p, lambda n: w(n) ** 2) - 2 * mean(p, w) ** 2),
        ADDS_UP,
        identity(variance(p, w), mean(p, lambda n: w(n) ** 2) - mean(p, w) ** 2),
    ),
    Attack(
        "factor",
        "Cauchy–Schwarz with 0.99",
        Attempt(
            le(mean(a, b) ** 2, Rational(99, 100) * square(a) * square(b)),
            lambda kernel: kernel.cauchy_schwarz(a(i), b(i), i),
        ),
        "is not the goal",
        Attempt(
            le(mean(a, b) ** 2, square(a) * square(b)), lambda kernel: kernel.cauchy_schwarz(a(i), b(i), i)
        ),
    ),
    Attack(
        "factor",
        "Pinsker with 0.51",
        Attempt(
            le(Rational(51, 100) * norm1(lambda n: p(n) - q(n)) ** 2, kl()),
            lambda kernel: kernel.cite("pinsker", "order 1", WHOLE),
        ),
        "is not the goal",
        Attempt(
            le(norm1(lambda n: p(n) - q(n)) ** 2 / 2, kl()),
            lambda kernel: kernel.cite("pinsker", "order 1", WHOLE),
        ),
    ),
    Attack(
        "factor",
        "a chain that counts one link twice",
        from_given(le(x, 2 * y), 1, le(x, y)),
        ADDS_UP,
        from_given(le(2 * x, 2 * y), 2, le(x, y)),
    ),
    Attack(
        "factor",
        "√8 = 3",
        identity(sqrt(8), 3),
        ADDS_UP,
        identity(sqrt(8), 2 * sqrt(2)),
    ),
]

DIVISIONS = [
    Attack(
        "division",
        "a factor cancelled that may be 0",
        from_given(eq(y, z), 1 / x, eq(x * y, x * z)),
        DIVISION,
        from_given(eq(y, z), 1 / x, eq(x * y, x * z), ne(x, 0)),
    ),
    Attack(
        "division",
        "a quotient of which nothing is known",
        identity((x * y + y) / (x + 1), y),
        DIVISION,
        identity((x * y + y) / (x + 1), y, (lt(0, x),)),
    ),
    Attack(
        "division",
        "the order 1",
        identity(renyi(alpha), GAP / (alpha - 1)),
        DIVISION,
        identity(renyi(alpha), GAP / (alpha - 1), NOT_ONE),
    ),
    Attack(
        "division",
        "equals put under a fraction bar",
        Attempt(
            eq(1 / x, 1 / y),
            lambda kernel: kernel.congruence(1 / z, z, kernel.suppose(eq(x, y))),
            (eq(x, y),),
        ),
        DIVISION,
        Attempt(
            eq(1 / x, 1 / y),
            lambda kernel: kernel.congruence(1 / z, z, kernel.suppose(eq(x, y))),
            (eq(x, y), lt(0, x), lt(0, y)),
        ),
    ),
    Attack(
        "division",
        "an instance at the pole",
        Attempt(
            eq((x * y + y) / (x + 1), y),
            lambda kernel: kernel.at(kernel.identity((u * y + y) / (u + 1), y), {u: x}),
        ),
        "image of u: the sign of x",
        Attempt(
            eq((exp(x) * y + y) / (exp(x) + 1), y),
            lambda kernel: kernel.at(kernel.identity((u * y + y) / (u + 1), y), {u: exp(x)}),
        ),
    ),
    Attack(
        "division",
        "the logarithm of what may be 0",
        identity(log(v**2), 2 * log(v)),
        "logarithm: the sign",
        identity(log(u**2), 2 * log(u)),
    ),
    Attack(
        "division",
        "the root of what may be negative",
        squares(le(0, sqrt(x)), sqrt(x)),
        "power: the sign",
        squares(le(0, sqrt(v)), sqrt(v)),
    ),
    Attack(
        "division",
        "a sum over classes divided by a weight that may be 0",
        cancelled(w),
        DIVISION,
        cancelled(p),
    ),
    Attack(
        "division",
        "a quotient of sums that may vanish",
        identity(Total(w(i) / Total(w(k), k), i), 1),
        DIVISION,
        identity(Total(p(i) / Total(p(k), k), i), 1),
    ),
]

FLOATS = [
    Attack(
        "float",
        "in the statement",
        squares(le(0, 0.5 * x**2), 0.5 * x**2),
        FLOAT,
        squares(le(0, x**2 / 2), x**2 / 2),
    ),
    Attack(
        "float",
        "in a multiplier",
        from_given(le(x / 2, y / 2), 0.5, le(x, y)),
        FLOAT,
        from_given(le(x / 2, y / 2), Rational(1, 2), le(x, y)),
    ),
    Attack(
        "float",
        "in an instance",
        Attempt(le(1, 3), lambda kernel: kernel.at(kernel.sign(le(0, u)), {u: Float("1e-3")})),
        FLOAT,
        Attempt(
            le(0, Rational(1, 1000)), lambda kernel: kernel.at(kernel.sign(le(0, u)), {u: Rational(1, 1000)})
        ),
    ),
    Attack(
        "float",
        "in an order",
        identity(renyi(0.5), -2 * log(Total(sqrt(p(i) * q(i)), i))),
        "Float is not an exact term",
        identity(renyi(Rational(1, 2)), -2 * log(Total(sqrt(p(i) * q(i)), i))),
    ),
    Attack(
        "float",
        "equal to rounding only",
        identity(sqrt(2), Rational(1.4142135623730951)),
        ADDS_UP,
        identity(sqrt(2), 2 / sqrt(2)),
    ),
    Attack("float", "in a box", interval(0.75, 1), "0.75", interval(Rational(3, 4), 1)),
    Attack(
        "float",
        "as the point of an expansion",
        Attempt(le(log(u), u - 1), lambda kernel: kernel.tangent(log(u), u, 1.0, u)),
        FLOAT,
        Attempt(le(log(u), u - 1), lambda kernel: kernel.tangent(log(u), u, 1, u)),
    ),
    Attack(
        "float",
        "a box on which it is false",
        interval(Rational(1, 4), 1),
        "undecided",
        interval(Rational(1, 2), 1),
    ),
]


@pytest.mark.parametrize("attack", SIGNS + FACTORS + DIVISIONS + FLOATS, ids=lambda a: f"{a.kind}: {a.name}")
def test_a_wrong_proof_is_rejected_for_its_fault(attack: Attack) -> None:
    judge(attack)

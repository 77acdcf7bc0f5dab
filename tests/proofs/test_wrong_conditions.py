"""Seeded wrong proofs: conditions that are missing, and a number of classes that is fixed."""

from __future__ import annotations

import pytest
from sympy import IndexedBase, Integer, Symbol
from wrong_proofs import Attack, Attempt, C, judge, two, u, x, y, z

from proofs.kernel import Index, Total, eq, le, lt, ne
from proofs.notation import (
    a,
    alpha,
    high,
    i,
    k,
    low,
    norm1,
    p,
    q,
    r,
    renyi,
    square,
    variance,
    w,
)
from proofs.supports import WHOLE

larger = Symbol("alphaprime", positive=True)
GOAL = "is not the goal"
BOUNDED = (le(low, w(i), i), le(w(i), high, i))


def sign(goal, *given) -> Attempt:
    return Attempt(goal, lambda kernel: kernel.sign(goal), given)


def identity(left, right, *given) -> Attempt:
    return Attempt(eq(left, right), lambda kernel: kernel.identity(left, right), given)


def cited(claim, name, goal, *given, **images) -> Attempt:
    return Attempt(goal, lambda kernel: kernel.cite(claim, name, **images), given)


def monotone_in_order(*given) -> Attempt:
    def argument(kernel):
        ordered = kernel.suppose(le(alpha, larger))
        o = Symbol("o", positive=True)
        kernel.taylor(renyi(o), o, alpha, larger, order=1, between=ordered)
        return kernel.identity(x, x)

    return Attempt(eq(x, x), argument, (le(alpha, larger), *given))


def scaled(*given) -> Attempt:
    goal = le(x * z, y * z)
    return Attempt(
        goal, lambda kernel: kernel.combine(goal, (z, kernel.suppose(le(x, y)))), (le(x, y), *given)
    )


def from_the_bound(*given) -> Attempt:
    goal = le(x**2, x)
    return Attempt(
        goal, lambda kernel: kernel.combine(goal, (x, kernel.suppose(le(x, 1)))), (*given, le(0, x))
    )


DISTANCE = norm1(lambda n: p(n) - q(n))
BELOW = le(alpha / 2 * DISTANCE**2, renyi(alpha))
POPOVICIU = le(variance(r, w), (high - low) ** 2 / 4)

CONDITIONS = [
    Attack(
        "condition", "x ≤ x² everywhere", sign(le(u, u**2)), "rest: the sign", sign(le(u, u**2), le(1, u))
    ),
    Attack("condition", "a square is positive", sign(lt(0, x**2)), "not strict", sign(lt(0, x**2), ne(x, 0))),
    Attack(
        "condition",
        "the absolute value of anything is itself",
        Attempt(eq(abs(x), x), lambda kernel: kernel.resolve(abs(x))),
        "are not known",
        Attempt(eq(abs(x), x), lambda kernel: kernel.resolve(abs(x)), (le(0, x),)),
    ),
    Attack(
        "condition",
        "a hypothesis that was not given",
        from_the_bound(),
        "supposes what is not given: x <= 1",
        from_the_bound(le(x, 1)),
    ),
    Attack(
        "condition",
        "a factor that may be negative",
        scaled(),
        "multiplier of an inequality",
        scaled(le(0, z)),
    ),
    Attack(
        "condition",
        "a result cited without its condition",
        cited("pinsker", "order below 1", BELOW, images=WHOLE),
        "a condition of pinsker is not shown: alpha < 1",
        cited("pinsker", "order below 1", BELOW, lt(alpha, 1), images=WHOLE),
    ),
    Attack(
        "condition",
        "through the pole at order 1",
        monotone_in_order(),
        "division: the sign",
        monotone_in_order(lt(larger, 1)),
    ),
    Attack(
        "condition",
        "Popoviciu for values without bounds",
        cited(
            "mean-value",
            "Popoviciu",
            le(variance(p, w), (high - low) ** 2 / 4),
            images={IndexedBase("c", real=True): a},
        ),
        "a condition of mean-value is not shown",
        cited(
            "mean-value",
            "Popoviciu",
            le(variance(p, w), (high - low) ** 2 / 4),
            *BOUNDED,
            images={IndexedBase("c", real=True): a},
        ),
    ),
    Attack(
        "condition",
        "a bound of one class for all classes",
        Attempt(
            le(0, Total(w(i), i)),
            lambda kernel: kernel.sum_over(kernel.suppose(le(0, w(i))), i),
            (le(0, w(i)),),
        ),
        "it is not known for every i",
        Attempt(
            le(0, Total(w(i), i)),
            lambda kernel: kernel.sum_over(kernel.suppose(le(0, w(i), i)), i),
            (le(0, w(i), i),),
        ),
    ),
]


CLASSES = [
    Attack(
        "fixed C",
        "two classes summed for all",
        identity(Total(p(i), i), p(Integer(0)) + p(Integer(1))),
        "does not add up",
        identity(Total(p(i), i), 1),
    ),
    Attack(
        "fixed C",
        "Σ1 = 2",
        identity(Total(Integer(1), i), 2),
        "does not add up",
        identity(Total(Integer(1), i), C),
    ),
    Attack(
        "fixed C",
        "a square of a sum without its mixed terms",
        identity(Total(w(i), i) ** 2, square(w)),
        "does not add up",
        identity(Total(w(i), i) ** 2, Total(w(i) * w(k), i, k)),
    ),
    Attack(
        "fixed C",
        "‖x‖₁² ≤ 2‖x‖₂²",
        Attempt(
            le(Total(w(i), i) ** 2, 2 * square(w)), lambda kernel: kernel.cauchy_schwarz(w(i), Integer(1), i)
        ),
        GOAL,
        Attempt(
            le(Total(w(i), i) ** 2, C * square(w)), lambda kernel: kernel.cauchy_schwarz(w(i), Integer(1), i)
        ),
    ),
    Attack(
        "fixed C",
        "an instance at an index of two classes",
        Attempt(
            lt(0, w(two)),
            lambda kernel: kernel.at(kernel.suppose(lt(0, w(i), i)), {i: two}),
            (lt(0, w(i), i),),
        ),
        "does not range over the same set",
        Attempt(
            lt(0, w(k)), lambda kernel: kernel.at(kernel.suppose(lt(0, w(i), i)), {i: k}), (lt(0, w(i), i),)
        ),
    ),
    Attack(
        "fixed C",
        "C put to 2",
        Attempt(
            eq(Total(Integer(1), i), 2),
            lambda kernel: kernel.at(kernel.identity(Total(Integer(1), i), C), {C: Integer(2)}),
        ),
        "stands for itself only",
        Attempt(eq(x * C, C * x), lambda kernel: kernel.identity(x * C, C * x)),
    ),
    Attack(
        "fixed C",
        "the index of the classes declared again with two",
        Attempt(
            eq(Total(Integer(1), i), 2), lambda kernel: kernel.identity(Total(Integer(1), Index("i", 2)), 2)
        ),
        GOAL,
        identity(Total(Integer(1), two), 2),
    ),
    Attack(
        "fixed C",
        "a mean taken for a sum",
        identity(Total(Total(w(i), i), Index("outcome", 1)), C * Total(w(i), i)),
        "does not add up",
        identity(Total(Total(w(i), i), k), C * Total(w(i), i)),
    ),
]


@pytest.mark.parametrize("attack", CONDITIONS + CLASSES, ids=lambda a: f"{a.kind}: {a.name}")
def test_a_wrong_proof_is_rejected_for_its_fault(attack: Attack) -> None:
    judge(attack)

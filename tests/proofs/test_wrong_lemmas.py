"""Seeded wrong proofs: rules and lemmas whose hypotheses are not met."""

from __future__ import annotations

import pytest
from sympy import IndexedBase, Integer, Symbol, exp
from wrong_proofs import Attack, Attempt, C, judge, u, v, x, y, z

from proofs.kernel import Index, Slope, Span, Time, Total, eq, le, lt, ne
from proofs.notation import (
    a,
    alpha,
    b,
    i,
    k,
    p,
    q,
    renyi,
    variance,
    w,
)
from proofs.sgd import steps

sequence, counter, span = IndexedBase("e", real=True), Time("counter", steps), Span("span", steps)
flag = Index("flag", C)


def tangent(f, variable, to, goal) -> Attempt:
    return Attempt(goal, lambda kernel: kernel.tangent(f, variable, 1, to))


def mean_value(f, variable, start, end, between=None, given=()) -> Attempt:
    def argument(kernel):
        ordered = None if between is None else kernel.sign(between)
        kernel.taylor(f, variable, start, end, order=1, between=ordered)
        return kernel.identity(x, x)

    return Attempt(eq(x, x), argument, given)


def summed(weight) -> Attempt:
    goal = le(Total(weight * w(i), i), Total(weight * b(i), i))
    return Attempt(
        goal,
        lambda kernel: kernel.sum_over(kernel.suppose(le(w(i), b(i), i)), i, weight=weight),
        (le(w(i), b(i), i),),
    )


def term(e, *at, given=()) -> Attempt:
    goal = le(sum(e(n) for n in at), Total(e(i), i))
    return Attempt(goal, lambda kernel: kernel.terms_of_sum(e(i), i, *at), given)


def induction(start_at, statement, step, given) -> Attempt:
    def argument(kernel):
        start = kernel.suppose(given[0])
        begun = kernel.combine(statement.at({counter: Integer(0)}), (1, start)) if start_at == 0 else start
        following = kernel.combine(
            statement.at({counter: counter + step}),
            (1, kernel.suppose(given[1])),
            (1, kernel.suppose(statement)),
        )
        return kernel.induction(counter, begun, following, statement)

    return Attempt(statement, argument, given)


def by_cases(one, other, goal) -> Attempt:
    def branch(kernel, h):
        case = kernel.suppose(h)
        return kernel.combine(goal, (h.gap, case), using=[case])

    return Attempt(goal, lambda kernel: kernel.cases(branch(kernel, one), branch(kernel, other)))


def derivative(relation, given) -> Attempt:
    goal = eq(Slope(relation.left, x, y), Slope(relation.right, x, y))
    return Attempt(goal, lambda kernel: kernel.differentiate(kernel.suppose(given), x, y), (given,))


def rooted(bound, *given) -> Attempt:
    return Attempt(
        le(x, bound),
        lambda kernel: kernel.root(x, kernel.suppose(le(x**2, bound**2)), bound),
        (le(x**2, bound**2), *given),
    )


GROWS = (le(sequence[0], 0), le(sequence[counter + 1], sequence[counter], counter))
DECREASING = le(sequence[counter], 0)

LEMMAS = [
    Attack(
        "lemma",
        "the tangent of a function that is not convex",
        tangent(x**3, x, y, le(3 * y - 2, y**3)),
        "rest: the sign",
        tangent(u**3, u, v + 1, le(3 * (v + 1) - 2, (v + 1) ** 3)),
    ),
    Attack(
        "lemma",
        "a decreasing function called monotone",
        Attempt(
            le(exp(-x), exp(-y)),
            lambda kernel: kernel.monotone(exp(-z), z, kernel.suppose(le(x, y))),
            (le(x, y),),
        ),
        "multiplier of an inequality",
        Attempt(
            le(exp(x), exp(y)),
            lambda kernel: kernel.monotone(exp(z), z, kernel.suppose(le(x, y))),
            (le(x, y),),
        ),
    ),
    Attack(
        "lemma", "Taylor through a kink", mean_value(abs(x), x, -1, 1), "kinks", mean_value(x**2, x, -1, 1)
    ),
    Attack(
        "lemma",
        "the mean value theorem across a pole",
        mean_value(1 / x, x, -1, 1, lt(-1, 1)),
        "division: the sign",
        mean_value(1 / x, x, 1, 2, lt(1, 2)),
    ),
    Attack(
        "lemma",
        "the mean value theorem from an end that is not before the other",
        mean_value(1 / x, x, 2, 1, le(1, 3)),
        "the order of the ends is not shown",
        mean_value(1 / x, x, 2, 1, le(1, 2)),
    ),
    Attack(
        "lemma",
        "a sum of inequalities with weights of any sign",
        summed(a(i)),
        "weight of an inequality",
        summed(p(i)),
    ),
    Attack(
        "lemma",
        "a term of a sum with negative terms",
        term(w, k),
        "term: the sign",
        term(p, k),
    ),
    Attack(
        "lemma",
        "two terms of a sum that may be the same one",
        term(p, k, flag),
        "indices must differ",
        term(p, k, flag, given=(ne(k, flag),)),
    ),
    Attack(
        "lemma",
        "a telescope over classes",
        Attempt(eq(x, x), lambda kernel: kernel.telescope(sequence[i], i)),
        "does not count 0, 1, 2",
        Attempt(
            eq(Total(sequence[span + 1] - sequence[span], span), sequence[steps] - sequence[0]),
            lambda kernel: kernel.telescope(sequence[span], span),
        ),
    ),
    Attack(
        "lemma",
        "an induction that starts at 1",
        induction(1, DECREASING, 1, (le(sequence[1], 0), GROWS[1])),
        "does not start at 0",
        induction(0, DECREASING, 1, GROWS),
    ),
    Attack(
        "lemma",
        "an induction whose step concludes what it supposes",
        induction(0, DECREASING, 0, (GROWS[0], le(sequence[counter], sequence[counter], counter))),
        "does not conclude the next case",
        induction(0, DECREASING, 1, GROWS),
    ),
    Attack(
        "lemma",
        "an induction on a hypothesis of one n only",
        induction(0, DECREASING, 1, (GROWS[0], le(sequence[counter + 1], sequence[counter]))),
        "a hypothesis speaks of this counter",
        induction(0, DECREASING, 1, GROWS),
    ),
    Attack(
        "lemma",
        "cases that leave 0 out",
        by_cases(lt(0, x), lt(x, 0), le(0, x**2)),
        "do not exhaust all possibilities",
        by_cases(le(0, x), le(x, 0), le(0, x**2)),
    ),
    Attack(
        "lemma",
        "antisymmetry of two bounds that do not oppose",
        Attempt(
            eq(x, y),
            lambda kernel: kernel.antisymmetry(kernel.suppose(le(x, y)), kernel.suppose(le(y, 2 * x))),
            (le(x, y), le(y, 2 * x)),
        ),
        "do not oppose each other",
        Attempt(
            eq(x, y),
            lambda kernel: kernel.antisymmetry(kernel.suppose(le(x, y)), kernel.suppose(le(y, x))),
            (le(x, y), le(y, x)),
        ),
    ),
    Attack(
        "lemma",
        "the derivative of an inequality",
        derivative(le(x**2, x**2 + exp(x)), le(x**2, x**2 + exp(x), x)),
        "not an identity",
        derivative(eq((x + 1) ** 2, x**2 + 2 * x + 1), eq((x + 1) ** 2, x**2 + 2 * x + 1, x)),
    ),
    Attack(
        "lemma",
        "the derivative of what holds at one point",
        derivative(eq(x**2, x), eq(x**2, x)),
        "it is not known for every x",
        derivative(eq(x**2, x * x), eq(x**2, x * x, x)),
    ),
    Attack(
        "lemma",
        "a root below a bound of any sign",
        rooted(y),
        "rest: the sign",
        rooted(y, le(0, y)),
    ),
    Attack(
        "lemma",
        "an instance of a positive symbol that may not be",
        Attempt(le(0, x), lambda kernel: kernel.at(kernel.sign(le(0, u)), {u: x})),
        "image of u: the sign",
        Attempt(le(0, exp(x)), lambda kernel: kernel.at(kernel.sign(le(0, u)), {u: exp(x)})),
    ),
    Attack(
        "lemma",
        "a constant of the mean value theorem called arbitrary",
        Attempt(
            eq(renyi(alpha), alpha / 2 * variance(q, lambda n: a(n) - b(n))),
            lambda kernel: kernel.cite(
                "mean-value", "single value, below 1", {Symbol("x", real=True): Integer(0)}
            )[1],
            (lt(alpha, 1),),
        ),
        "x is not arbitrary",
        Attempt(
            (lt(0, x),),
            lambda kernel: (lambda out: (out[0], out[2]))(kernel.cite("mean-value", "single value, below 1")),
            (lt(alpha, 1),),
            exists=x,
        ),
    ),
]


@pytest.mark.parametrize("attack", LEMMAS, ids=lambda a: f"{a.kind}: {a.name}")
def test_a_wrong_proof_is_rejected_for_its_fault(attack: Attack) -> None:
    judge(attack)

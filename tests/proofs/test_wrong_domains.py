"""Seeded wrong proofs: what holds where it is defined taken for what holds everywhere, and places that are no index."""

from __future__ import annotations

import pytest
from sympy import IndexedBase, Integer, Max, Rational, Symbol, exp, log, sign
from wrong_proofs import Attack, Attempt, C, judge, u, v, x, y, z

from proofs.goals import Goal
from proofs.kernel import Grad, Index, Relation, Slope, Softmax, Span, Time, Total, eq, le, lt
from proofs.notation import i, k, s

f, g, a, b = (IndexedBase(name, real=True) for name in "fgab")
h = IndexedBase("h", nonnegative=True)
order = Symbol("order", positive=True)
STEPS = Symbol("T", integer=True, positive=True)
WHOLE = Symbol("m", integer=True, nonnegative=True)
n, t, w = Time("n", STEPS), Span("t", STEPS), Index("w", 1)
HIDDEN = Index("_1:C", C, canonical=True)

REAL, DEFINED = "is not an exact term of real numbers", "is not known to be right"
GENERIC, VARIABLE = "one relation at generic values", "binds what is no variable of its kind"


def root(base):
    """`(base^order)^(1/order)`: the base where that is positive, |base| where the order is put to 2."""
    return (base**order) ** (1 / order)


def signed(relation, *given) -> Attempt:
    return Attempt(relation, lambda kernel: kernel.sign(relation), given)


def identity(left, right) -> Attempt:
    return Attempt(eq(left, right), lambda kernel: kernel.identity(left, right))


def combined(relation, rest) -> Attempt:
    return Attempt(relation, lambda kernel: kernel.combine(relation, rest=rest))


def quantified(kernel):
    """`0 ≤ x for all x` from `0 ≤ x`, taken at 1 where the hypothesis holds."""
    everywhere = kernel.combine(le(0, x, x), (1, kernel.suppose(le(0, x))))
    everywhere = kernel.cut(kernel.at(everywhere, {x: Integer(1)}))
    return kernel.at(kernel.combine(le(0, x), (1, everywhere)), {x: Integer(-1)})


def enclosed(kernel):
    """`0 < x + 2 for all x` from a box, left where its bounds hold."""
    everywhere = kernel.interval(lt(0, x + 2, x), {x: (-1, 1)})
    everywhere = kernel.cut(kernel.at(everywhere, {x: Integer(1)}))
    return kernel.at(kernel.combine(lt(0, x + 2), (1, everywhere)), {x: Integer(-3)})


def deviation(kernel):
    """The sum of `f − mean f + ε` is not negative; its terms may be."""
    off = f[i] - Total(f[k], k) / C + u
    fact = kernel.combine(le(0, Total(off, i)), (-1, kernel.identity(Total(off, i), C * u)), rest=C * u)
    return kernel.terms_of_sum(off, i, k, using=[fact])


def summed(span) -> Attempt:
    goal = (
        eq(Total(f[w + 1] - f[w], w), f[1] - f[0])
        if span == 1
        else eq(Total(f[t + 1] - f[t], t), f[STEPS] - f[0])
    )
    return Attempt(goal, lambda kernel: kernel.telescope(f[(q := Span("t", span))], q))


def counted(size) -> Attempt:
    """`0 < size`, which is the number of what is counted."""
    return Attempt(
        lt(0, x), lambda kernel: kernel.combine(lt(0, x), rest=Total(Integer(1), Index("j", size())))
    )


def expanded(order) -> Attempt:
    def argument(kernel):
        _, change, above, below = kernel.taylor(y, y, 0, 1, order, between=kernel.sign(lt(0, 1)))
        return (
            kernel.combine(lt(0, 1), (1, above), (1, below))
            if order
            else (kernel.combine(lt(1, 1), (1, below), (1, change)))
        )

    return Attempt(lt(0, 1) if order else lt(1, 1), argument)


def between(index) -> Attempt:
    """The function has no pole between `a_k` and `b_k`."""
    function = 1 / (1 + x - a[index])
    goal = le(a[k], b[k])

    def argument(kernel):
        ordered = kernel.suppose(goal)
        kernel.taylor(function, x, a[k], b[k], 1, between=ordered)
        return ordered

    return Attempt(goal, argument, (goal,))


def by_cases(kernel):
    """The root in one case, and `0 = 0` in the other."""
    one = kernel.identity(root(x), x, using=[kernel.suppose(lt(0, x))])
    largest = kernel.resolve(Max(x, 0), using=[kernel.suppose(le(x, 0))])
    both = kernel.cases(one, kernel.combine(eq(0, 0), (1, largest), (-1, largest)))
    return kernel.cut(kernel.at(both, {order: Integer(2), x: Integer(-1)}))


def by_induction(base) -> Attempt:
    """The root from `0 = 0`."""
    none = lambda kernel: kernel.identity(0, 0)  # noqa: E731
    goal = eq(root(base), base)
    return Attempt(goal, lambda kernel: kernel.induction(n, none(kernel), none(kernel), goal))


def from_nothing(goal) -> Attempt:
    return Attempt(goal, lambda kernel: kernel.identity(0, 0))


def where(kernel, base):
    """`0 < base` on a box, from a root that only a positive base has, at the order 2."""
    box = {base: (-1, 1), z: (Rational(3, 2), 3)}
    inside = kernel.interval(lt(0, base), box, where=[le(Rational(1, 2), (base**z) ** (1 / z))])
    return kernel.cut(kernel.at(inside, {base: Integer(1 if base == u else -1), z: Integer(2)}))


def folded(kernel):
    """What is given of x is put to where it is not defined, and folds to what holds there."""
    (_, fact) = kernel.facts
    below = kernel.combine(le(y, x), (1, fact))
    return kernel.cut(kernel.at(below, {order: Integer(2), x: Integer(-1), y: Integer(0)}))


def vouched(*given, base=x) -> Attempt:
    """The goal cited where its hypotheses hold after folding, though they were not defined."""
    one = Goal("one", (lt(0, y),), lambda kernel: kernel.sign(lt(0, y)), given)
    images = {s: Integer(1), x: Integer(-2), y: Integer(-1), z: Integer(-1)}
    if base == u:
        return Attempt(lt(0, y), one.argument, given)
    return Attempt(lt(0, -1), lambda kernel: kernel.cite("attempt", "one", images), before=(one,))


def renamed(place) -> Attempt:
    """A family that is not negative, taken at `place` for its index."""
    goal = le(0, h[place])
    return Attempt(goal.at({h: lambda j: j}), lambda kernel: kernel.at(kernel.sign(goal), {h: lambda j: j}))


def at_time(image) -> Attempt:
    return Attempt(le(0, image), lambda kernel: kernel.at(kernel.sign(le(0, n)), {n: image}))


UNDEFINED_PLACE = sign(Slope(log(x), s, 0, 0)) ** 2

DOMAINS = [
    Attack(
        "generic", "a conclusion for all x", Attempt(le(0, -1), quantified), GENERIC, combined(le(0, v), v)
    ),
    Attack("generic", "an enclosure for all x", Attempt(lt(0, -1), enclosed), GENERIC, combined(lt(0, u), u)),
    Attack(
        "generic", "==", combined(Relation(Integer(0), "==", Integer(1)), 1), GENERIC, combined(le(0, 1), 1)
    ),
    Attack(
        "generic", ">=", combined(Relation(Integer(1), ">=", Integer(2)), 1), GENERIC, combined(le(1, 2), 1)
    ),
    Attack("place", "a family at −1", renamed(Integer(-1)), REAL, renamed(Integer(1))),
    Attack("place", "a family at a real number", signed(le(0, f[x] ** 2)), REAL, signed(le(0, f[i] ** 2))),
    Attack("place", "an index that need not be a number", renamed(UNDEFINED_PLACE), "logarithm", renamed(i)),
    Attack(
        "place",
        "a time that need not be a number",
        at_time(UNDEFINED_PLACE),
        "logarithm",
        at_time(Integer(3)),
    ),
    Attack(
        "place",
        "a probability at −1",
        signed(lt(0, Softmax(log(i + 1), i, Integer(-1)))),
        REAL,
        signed(lt(0, Softmax(log(i + 1), i, k))),
    ),
    Attack(
        "place", "a probability at x", signed(lt(0, Softmax(i, i, x))), REAL, signed(lt(0, Softmax(i, i, k)))
    ),
    Attack(
        "place",
        "a component at −1",
        signed(le(0, Grad(f[i], i, z, Integer(-1)) ** 2)),
        REAL,
        signed(le(0, Grad(f[i], i, z, k) ** 2)),
    ),
    Attack(
        "variable",
        "a sum over real numbers",
        signed(le(0, Total(x**2, x))),
        VARIABLE,
        signed(le(0, Total(i, i))),
    ),
    Attack(
        "variable",
        "a derivative by an index of a family",
        signed(le(0, Slope(h[WHOLE], WHOLE, -1, 0) + y**2)),
        VARIABLE,
        signed(le(0, Slope(x**2, x, -1, 0) + y**2)),
    ),
    Attack(
        "variable",
        "a derivative by an element of a family",
        identity(Slope(f[i] ** 2, f[i], 1), 2 * f[i]),
        VARIABLE,
        identity(Slope(x**2, x, f[i]), 2 * f[i]),
    ),
    Attack(
        "variable",
        "an index that the kernel may bind",
        identity(Total(Integer(1), i) * f[HIDDEN], Total(f[HIDDEN], i)),
        REAL,
        identity(Total(Integer(1), i) * f[k], Total(f[k], i)),
    ),
    Attack("range", "an expectation counted from 0", summed(1), "cannot have total 1", summed(STEPS)),
    Attack(
        "range",
        "a number of classes that need not be defined",
        counted(lambda: exp(Slope(log(x), s, 0, 0))),
        "cannot have total",
        signed(lt(0, Total(Integer(1), Index("j", u)))),
    ),
    Attack(
        "range",
        "terms of a sum that is not negative",
        Attempt(le(f[k] - Total(f[i], i) / C + u, C * u), deviation),
        "term: the sign",
        Attempt(le(h[k], Total(h[i], i)), lambda kernel: kernel.terms_of_sum(h[i], i, k)),
    ),
    Attack("range", "the order 0 strictly between", expanded(0), "the order of the ends", expanded(1)),
    Attack("range", "a pole between other ends", between(i), DEFINED, between(k)),
    Attack(
        "domain",
        "a hypothesis that is not defined",
        vouched(le(x**s, y)),
        "power",
        vouched(le(u**s, y), base=u),
    ),
    Attack(
        "domain",
        "hypotheses that vouch for each other",
        vouched(lt(0, y * z**s), lt(0, z * y**s)),
        "power",
        vouched(lt(0, y * u**s), base=u),
    ),
    Attack(
        "domain",
        "a hypothesis that is put to where it folds",
        Attempt(le(0, -1), folded, (lt(0, x), le(y, root(x)))),
        "supposes what is not given: 0 < -1",
        signed(le(y, x), lt(0, x), le(y, root(x))),
    ),
    Attack("domain", "a root in one case only", Attempt(eq(1, -1), by_cases), "power", identity(root(u), u)),
    Attack("domain", "a root by induction", by_induction(x), "power", by_induction(u)),
    Attack(
        "domain",
        "a root where a box has none",
        Attempt(lt(0, -1), lambda kernel: where(kernel, x)),
        "power",
        Attempt(lt(0, 1), lambda kernel: where(kernel, u)),
    ),
    Attack(
        "domain",
        "a quotient from 0 = 0",
        from_nothing(eq((x**2 + x) / x, x + 1)),
        "division: the sign of x",
        from_nothing(eq((u**2 + u) / u, u + 1)),
    ),
]


@pytest.mark.parametrize("attack", DOMAINS, ids=lambda a: f"{a.kind}: {a.name}")
def test_a_wrong_proof_is_rejected_for_its_fault(attack: Attack) -> None:
    judge(attack)

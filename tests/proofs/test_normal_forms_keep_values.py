"""Normal forms against plain arithmetic: whatever a term is, its normal form has the same value."""

from __future__ import annotations

import itertools
import math

import sympy as sp
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from proofs.kernel.normal import expression, normal
from proofs.kernel.terms import Index, Rejected, Total, free

CLASSES = sp.Symbol("C", integer=True, positive=True)
INDICES = [Index(name, CLASSES) for name in "ikl"]
W, P = sp.IndexedBase("w", real=True), sp.IndexedBase("p", positive=True)
Z, U = sp.Symbol("z", real=True), sp.Symbol("u", positive=True)
VALUES = {Z: 3.7, U: 0.6, CLASSES: 3.0}
FAMILIES = {W: (0.31, -0.72, 0.18), P: (1.13, 0.42, 0.97)}

FUNCTIONS = {
    sp.Add: lambda *a: sum(a),
    sp.Mul: lambda *a: math.prod(a),
    sp.exp: math.exp,
    sp.log: math.log,
    sp.Abs: abs,
    sp.sign: lambda a: (a > 0) - (a < 0),
    sp.Max: max,
}


def value(e: sp.Expr, at: dict[Index, int]) -> float:
    """The value with three classes."""
    if e is sp.E or isinstance(e, sp.Rational):
        return float(e)
    if e is sp.I:
        raise ValueError("no real number")
    if isinstance(e, sp.Symbol):
        return float(at[e]) if isinstance(e, Index) else VALUES[e]
    if isinstance(e, sp.Indexed):
        return FAMILIES[e.base][at[e.indices[0]]]
    if isinstance(e, Total):
        places = itertools.product(range(3), repeat=len(e.bound))
        return math.fsum(value(e.body, {**at, **dict(zip(e.bound, p, strict=True))}) for p in places)
    parts = [value(a, at) for a in e.args]
    if isinstance(e, sp.Pow):
        power = parts[0] ** parts[1]
        if isinstance(power, complex):
            raise ValueError("no real number")
        return float(power)
    return float(FUNCTIONS[e.func](*parts))


def _larger(terms: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
    powers = st.sampled_from([-2, -1, 2, sp.Rational(1, 2), sp.Rational(-1, 2), sp.Rational(3, 2)])
    return st.one_of(
        st.builds(lambda a, b: a + b, terms, terms),
        st.builds(lambda a, b: a * b, terms, terms),
        st.builds(lambda a, k: a**k, terms, powers),
        st.builds(lambda f, a: f(a), st.sampled_from([sp.exp, sp.log, sp.Abs, sp.sign]), terms),
        st.builds(sp.Max, terms, terms),
        st.builds(lambda i, a: Total(a, i), st.sampled_from(INDICES), terms),
    ).filter(lambda e: e.is_real is not False)


LEAVES = [Z, U, *map(sp.Rational, (-2, -1, 1, 2, 3)), sp.Rational(1, 2)]
LEAVES += [family[i] for family in (W, P) for i in INDICES]
TERMS = st.recursive(st.sampled_from(LEAVES), _larger, max_leaves=8)


@settings(max_examples=300)
@given(TERMS)
@example(sp.log(sp.sqrt(2) / 2))  # was log(2)/2, found by minutes of this
def test_a_normal_form_has_the_value_of_its_term(body: sp.Expr) -> None:
    term = body
    for i in INDICES:
        if i in free(term):
            term = Total(term, i)
    assume(term.count_ops() < 60)
    try:
        before = value(term, {})
        assume(1e-6 < abs(before) < 1e6)
        after = value(expression(normal(term)), {})
    except (ValueError, ZeroDivisionError, OverflowError, Rejected):
        assume(False)
    assert math.isclose(before, after, rel_tol=1e-6, abs_tol=1e-9), expression(normal(term))

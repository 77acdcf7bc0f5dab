"""Normal forms against plain arithmetic: random terms over three classes mean the same before and after.

The oracle is the evaluation of finite sums to 60 digits, which cancellation cannot spend; it
shares no code with the normal forms.
"""

from __future__ import annotations

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, Expr, Indexed, IndexedBase, Integer, Max, Min, Rational, Symbol, exp, log, sign, sqrt

from proofs.kernel import Index, Rejected, Softmax, Time, Total
from proofs.kernel.normal import expression, is_zero, normal

C = Symbol("C", positive=True)
i, k = Index("i", C), Index("k", C)
weight, value = IndexedBase("f", positive=True), IndexedBase("w", real=True)
x, y, t = (
    Symbol("x", real=True),
    Symbol("y", positive=True),
    Time("t", Symbol("T", integer=True, positive=True)),
)
SIZE = 3
HERE = {x: mpmath.mpf("-0.7"), y: mpmath.mpf("1.3"), C: SIZE, t: 2}
FAMILIES = {
    weight: [mpmath.mpf(n) for n in ("0.4", "1.1", "2.3")],
    value: [mpmath.mpf(n) for n in ("-1.2", "0.3", "0.9")],
}


def evaluate(e: Expr, at: dict) -> mpmath.mpf:
    """The value of a term for three classes."""
    if e in at:
        return at[e]
    if isinstance(e, Indexed):
        return FAMILIES[e.base][int(evaluate(e.indices[0], at))]
    if isinstance(e, Total):
        first, rest = e.bound[0], e.bound[1:]
        inner = Total(e.body, *rest) if rest else e.body
        return sum(evaluate(inner, {**at, first: n}) for n in range(SIZE))
    if isinstance(e, Softmax):
        masses = [mpmath.exp(evaluate(e.body, {**at, e.bound[0]: n})) for n in range(SIZE)]
        return masses[int(evaluate(e.free[0], at))] / sum(masses)
    if not e.args:
        return mpmath.mpf(e.p) / e.q if e.is_Rational else mpmath.e
    parts = [evaluate(a, at) for a in e.args]
    if e.is_Add:
        return mpmath.fsum(parts)
    if e.is_Mul:
        return mpmath.fprod(parts)
    if e.is_Pow:
        return parts[0] ** parts[1]
    functions = {
        exp: mpmath.exp,
        log: mpmath.log,
        Abs: abs,
        Max: max,
        Min: min,
        sign: lambda v: (v > 0) - (v < 0),
    }
    return functions[e.func](*parts)


def agree(one: mpmath.mpf, other: mpmath.mpf) -> bool:
    return abs(one - other) <= mpmath.mpf(10) ** -20 * (1 + abs(one))


numbers = st.sampled_from([Integer(-2), Integer(1), Integer(3), Rational(1, 2), Rational(-3, 4)])
both = [value[i] * weight[k], weight[i] + value[k], Softmax(value[i] * weight[k], i, i)]
leaves = st.one_of(
    numbers,
    st.sampled_from([*both, x, y, C, weight[i], weight[k], value[i], value[k], Softmax(value[i], i, k)]),
)


def positive(e: Expr) -> Expr:
    return 1 + e**2


def grow(terms: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    pairs = st.tuples(terms, terms)
    return st.one_of(
        pairs.map(lambda p: p[0] + p[1]),
        pairs.map(lambda p: p[0] * p[1]),
        pairs.map(lambda p: p[0] / positive(p[1])),
        pairs.map(lambda p: Max(*p)),
        terms.map(lambda e: Total(e, i)),
        terms.map(lambda e: Total(e, k)),
        terms.map(lambda e: Total(e, i) ** 2),
        terms.map(lambda e: Abs(e)),
        terms.map(lambda e: sign(positive(e)) * e),
        terms.map(lambda e: log(positive(e))),
        terms.map(lambda e: sqrt(positive(e))),
        terms.map(lambda e: exp(e / positive(e))),
        terms.map(lambda e: (y * e) ** 3),
        terms.map(lambda e: y**t * e),
    )


terms = st.recursive(leaves, grow, max_leaves=12)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(terms)
def test_a_normal_form_has_the_value_of_its_term(e: Expr) -> None:
    closed = Total(e, i, k)
    with mpmath.workdps(60):
        assert agree(evaluate(closed, HERE), evaluate(expression(normal(closed)), HERE))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(terms, terms)
def test_what_differs_in_value_is_never_identified(e: Expr, f: Expr) -> None:
    left, right = Total(e, i, k), Total(f, i, k)
    if is_zero(left - right):
        with mpmath.workdps(60):
            assert agree(evaluate(left, HERE), evaluate(right, HERE))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(terms, terms)
def test_sums_are_linear_and_their_indices_can_be_renamed(e: Expr, f: Expr) -> None:
    assert is_zero(Total(e + 2 * f, i, k) - Total(e, i, k) - 2 * Total(f, k, i))
    j = Index("j", C)
    assert is_zero(Total(value[i] * weight[i] ** 2, i) - Total(value[j] * weight[j] ** 2, j))


def test_a_sum_that_a_factor_divides_by_is_cancelled_and_the_others_are_summed() -> None:
    j, joint, sum_of = Index("j", C), weight[i, k], Total(value[k], k)
    conditional = joint / Total(joint, i)
    for factor, indices, left in (
        (1, (i, k), C),
        (1, (k, i), C),
        (value[k], (k, i), sum_of),
        (value[k] * value[j], (k, j, i), sum_of**2),
    ):
        assert is_zero(Total(factor * conditional, *indices) - left)
        assert not is_zero(Total(factor * conditional, *indices) - left / C)
    assert not is_zero(Total(value[i] * conditional, i, k) - sum_of)
    assert not is_zero(Total(joint**2 / Total(joint, i), i, k) - C)


def test_a_divisor_has_one_form_whatever_its_sign_and_factor() -> None:
    z = Symbol("z", real=True)
    for same in (
        -1 / (z - x),
        Rational(-2, 3) / (Rational(2, 3) * z - Rational(2, 3) * x),
        x / (x**2 - x * z),
    ):
        assert normal(same) == normal(1 / (x - z))
    assert normal(1 / (x - z) ** 2) == normal(1 / (z - x) ** 2)


def test_what_is_no_exact_term_is_refused() -> None:
    for wrong in (0.5 * x, x + Rational(1, 2) * 1.0, Symbol("z", real=True) ** 0.5):
        with pytest.raises(Rejected, match="Float is not an exact term"):
            normal(wrong)
    with pytest.raises(Rejected, match="division by zero"):
        normal(1 / (Total(value[i], i) - Total(value[k], k)))

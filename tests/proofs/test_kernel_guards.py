"""What guards the kernel: theorems cannot be forged, nothing is captured, enclosures enclose."""

from __future__ import annotations

import mpmath
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from sympy import IndexedBase, Integer, Rational, Symbol, exp, log, sqrt

from convergence.claims.verdict import Status
from proofs.goals import Goal, Proof
from proofs.kernel import Index, Rejected, Theorem, Time, Total, Value, eq, le, lt
from proofs.kernel.interval import enclose, sign_of_number
from proofs.kernel.signs import Signs
from proofs.kernel.terms import Fixed, free, substitute
from proofs.lemmas import Argument
from proofs.library import check

C = Symbol("C", positive=True)
i, k = Index("i", C), Index("k", C)
w = IndexedBase("w", real=True)
x, y = Symbol("x", real=True), Symbol("y", real=True)
u = Symbol("u", positive=True)


def test_theorems_are_made_by_the_rules_only() -> None:
    with pytest.raises(TypeError, match="made by the rules"):
        Theorem(le(1, 0), frozenset(), object())
    theorem = Argument(()).identity(x, x)
    for name, value in (("relation", le(1, 0)), ("hypotheses", frozenset())):
        with pytest.raises(AttributeError):
            setattr(theorem, name, value)


@pytest.mark.parametrize("result", [le(1, 0), None, 1, (le(1, 0),)])
def test_an_argument_that_returns_no_theorem_shows_nothing(result: object) -> None:
    refused = check(Proof("it", (Goal("it", (le(1, 0),), lambda kernel: result),)))
    assert refused.status is Status.FAILED
    assert "does not end with a theorem" in refused.missing


def test_an_argument_that_breaks_fails_alone() -> None:
    refused = check(Proof("it", (Goal("it", (le(0, 1),), lambda kernel: 1 / 0),)))
    assert refused.status is Status.FAILED
    assert "ZeroDivisionError" in refused.missing


def test_a_proof_with_no_goal_is_assumed() -> None:
    assert check(Proof("it", ())).status is Status.ASSUMED
    assert check(Proof("it", (), missing="the case C = 1")).missing == "the case C = 1"


def test_substitution_does_not_capture() -> None:
    with pytest.raises(Rejected, match="would capture"):
        substitute(Total(x * w[i], i), {x: w[i]})
    assert substitute(Total(x * w[i], i), {x: w[k]}) == Total(w[k] * w[i], i)
    assert substitute(Total(w[i], i), {i: k}) == Total(w[i], i)
    assert substitute(Total(w[i] + x, i), {w: lambda n: w[n] ** 2}) == Total(w[i] ** 2 + x, i)
    with pytest.raises(Rejected, match="would capture"):
        substitute(Total(w[i], i), {w: lambda n: w[i]})


def test_a_quantified_name_is_not_captured_either() -> None:
    relation = le(x, y, y)
    with pytest.raises(Rejected, match="would be captured"):
        relation.at({x: y})
    assert relation.at({y: Integer(3)}) == relation


def test_the_range_of_an_index_is_part_of_what_it_is() -> None:
    assert Index("i", C) == i
    assert Index("i", 2) != i
    assert free(Total(w[i], i)) == {w, C}
    with pytest.raises(Rejected, match="the range of i depends on"):
        substitute(Total(w[i], i), {C: Integer(2)})
    with pytest.raises(ValueError, match="cannot have total 0"):
        Index("empty", 0)
    with pytest.raises(ValueError, match=r"cannot have total i \+ 1: positive, free of indices"):
        Index("below", i + 1)
    for total in (Rational(1, 2), 1):
        with pytest.raises(ValueError, match=f"cannot have total {total}"):
            Time("half", total)


@pytest.mark.parametrize("name", ["_1:C", "~1:C", "~formal0"])
def test_no_index_has_a_name_of_the_kernel(name: str) -> None:
    with pytest.raises(ValueError, match="is kept for normal forms"):
        Index(name, C)


def test_an_image_may_speak_of_any_index_but_not_be_captured() -> None:
    formal = Index("formal0")
    with pytest.raises(Rejected, match="would capture"):
        substitute(Total(w[i], formal), {w: lambda n: w[formal]})


def test_no_two_constants_are_the_same() -> None:
    assert Fixed("xi1", real=True) != Fixed("xi1", real=True)


def test_what_is_not_smooth_is_not_expanded() -> None:
    """An abstract function is whatever its hypotheses say, and these do not say that it has derivatives."""
    value = Value(x * w[i], i, Symbol("F", real=True))
    with pytest.raises(Rejected, match="may have kinks"):
        Argument(()).taylor(value, x, 0, 1, order=1)


def test_signs_know_only_what_follows() -> None:
    signs = Signs(())
    assert signs.of(u) == {1}
    assert signs.of(x) == {-1, 0, 1}
    assert signs.of(x**2) == {0, 1}
    assert signs.of(-(x**2) - 1) == {-1}
    assert signs.of(Total(w[i] ** 2, i)) == {0, 1}
    assert signs.of(Total(w[i], i)) == {-1, 0, 1}
    assert signs.of(exp(x) - 1) == {-1, 0, 1}
    assert signs.of(sqrt(2) - Rational(7, 5)) == {1}
    assert signs.of(log(2) - log(2)) == {0}


def test_a_fact_about_one_value_says_nothing_of_another() -> None:
    kernel = Argument((lt(0, x), le(0, w[k])))
    assert kernel._signs(()).of(x) == {1}
    assert kernel._signs(()).of(y) == {-1, 0, 1}
    assert kernel._signs(()).of(w[k]) == {0, 1}
    assert kernel._signs(()).of(w[i]) == {-1, 0, 1}


def test_what_holds_at_all_times_is_summed_over_the_first_of_them() -> None:
    t = Time("t", Symbol("T", integer=True, positive=True))
    e = IndexedBase("e", real=True)
    kernel = Argument((le(e[t], 0, t),))
    summed = kernel.sum_over(kernel.suppose(le(e[t], 0, t)), t)
    assert summed.relation.same(le(Total(e[t], t), 0))
    assert summed.hypotheses == {le(e[t], 0, t)}


def test_cut_needs_the_hypothesis_in_full() -> None:
    kernel = Argument(())
    supposed = kernel.suppose(le(0, w[i], i))
    one = kernel.suppose(le(0, w[i]))
    assert kernel.cut(supposed, one).hypotheses == supposed.hypotheses
    assert kernel.cut(kernel.suppose(le(0, x)), kernel.suppose(eq(x, 1))).hypotheses == {le(0, x)}


@given(st.fractions(-3, 3), st.fractions(Rational(1, 10), 4))
def test_an_enclosure_holds_the_value(a, b) -> None:
    e = (x * exp(-x) + log(u) ** 3 - sqrt(u) / (u + 2)) * u ** Rational(2, 3)
    ball = enclose(e, {x: arb(a.numerator) / a.denominator, u: arb(b.numerator) / b.denominator})
    with mpmath.workdps(50):
        s, v = mpmath.mpf(a.numerator) / a.denominator, mpmath.mpf(b.numerator) / b.denominator
        value = (s * mpmath.exp(-s) + mpmath.log(v) ** 3 - mpmath.sqrt(v) / (v + 2)) * mpmath.cbrt(v) ** 2
        assert ball.contains(arb(mpmath.nstr(value, 30)))


def test_an_enclosure_holds_whole_powers_of_what_is_negative() -> None:
    """Where the exponent is an integer without a value, the base may be negative."""
    whole = Symbol("m", integer=True, nonnegative=True)
    assert not enclose(x**whole, {x: arb(-1).union(arb(1)), whole: arb(1).union(arb(3))}) > arb(-0.5)


def test_what_is_given_rests_on_what_makes_it_defined() -> None:
    given = (le(0, y), lt(0, x), le(y, x ** Rational(1, 3)))
    assert [fact.hypotheses for fact in Argument(given).facts] == [{given[0]}, {given[1]}, {*given[1:]}]
    with pytest.raises(Rejected, match="power: the sign of x"):
        Argument(given[::2])


def test_the_sign_of_a_number_is_known_only_off_zero() -> None:
    assert sign_of_number(exp(1) - Rational(2718, 1000)) == 1
    assert sign_of_number(sqrt(2) * sqrt(3) - sqrt(7)) == -1
    assert sign_of_number(log(6) - log(2) - log(3)) is None
    assert sign_of_number(Total(w[i], i)) is None

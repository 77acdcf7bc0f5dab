"""What each rule of the kernel refuses at its door, and how the terms that it takes apart are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sympy import Abs, E, I, IndexedBase, Integer, Max, Min, Pow, Rational, Symbol, exp, log, sign, sqrt
from sympy import pi as circle

from proofs.kernel import Grad, Index, Rejected, Span, Time, Total, eq, le, lt, ne
from proofs.kernel.signs import Signs
from proofs.lemmas import Argument

C = Symbol("C", integer=True, positive=True)
T = Symbol("T", integer=True, positive=True)
i, k, mean = Index("i", C), Index("k", C), Index("mean", 1)
t, s = Time("t", T), Span("s", T)
w, p = IndexedBase("w", real=True), IndexedBase("p", positive=True)
x, y, z = (Symbol(name, real=True) for name in "xyz")
u, v = Symbol("u", positive=True), Symbol("v", nonnegative=True)
n, m = Symbol("n", integer=True, nonnegative=True), Symbol("m", integer=True)


def kernel(*given: Any) -> Argument:
    return Argument(given)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "an inequation combined": (
        lambda: (a := kernel(ne(x, 0))).combine(ne(x, 0), (1, a.suppose(ne(x, 0)))),
        "inequations cannot be combined",
    ),
    "an inequation used": (
        lambda: (a := kernel(ne(0, x))).combine(le(0, x), (1, a.suppose(ne(0, x)))),
        "inequations cannot be combined",
    ),
    "an equality from an inequality": (
        lambda: (a := kernel(le(x, y))).combine(eq(x, y), (1, a.suppose(le(x, y)))),
        "an equality needs equalities",
    ),
    "an equality with a rest": (
        lambda: kernel().combine(eq(0, u), rest=u),
        "an equality needs equalities",
    ),
    "a strict sum of what is not strict": (
        lambda: (a := kernel(le(x, y))).combine(lt(x, y), (1, a.suppose(le(x, y)))),
        "not strict",
    ),
    "a strict sum that counts 0 times": (
        lambda: (a := kernel(lt(x, y))).combine(lt(v * x, v * y), (v, a.suppose(lt(x, y)))),
        "not strict",
    ),
    "inequations summed": (
        lambda: (a := kernel(ne(w[i], 0))).sum_over(a.suppose(ne(w[i], 0)), i),
        "only equalities and inequalities are summed",
    ),
    "a sum over a symbol": (
        lambda: kernel().sum_over(kernel().identity(x, x), x),
        "only over indices",
    ),
    "an image for a fixed integer": (
        lambda: kernel().at(kernel().identity(m, m), {m: Integer(3)}),
        "stands for itself only",
    ),
    "an image of another sign": (
        lambda: kernel().at(kernel().identity(v, v), {v: x}),
        "image of v: the sign",
    ),
    "an image that may be 0": (
        lambda: kernel().at(kernel().identity(u, u), {u: v}),
        "image of u: the sign",
    ),
    "a family of another sign": (
        lambda: kernel().at(kernel().identity(p[i], p[i]), {p: lambda j: w[j]}),
        "image of p: the sign",
    ),
    "an index that may be negative for a time": (
        lambda: kernel().at(kernel().identity(w[t], w[t]), {t: m}),
        "does not range over the same set",
    ),
    "a number for an index of classes": (
        lambda: kernel().at(kernel().identity(w[i], w[i]), {i: Integer(0)}),
        "does not range over the same set",
    ),
    "a span for an index": (
        lambda: kernel().at(kernel().identity(w[i], w[i]), {i: Span("other", C)}),
        "does not range over the same set",
    ),
    "cases of different conclusions": (
        lambda: kernel().cases(kernel().sign(le(0, u)), kernel().sign(le(0, v))),
        "conclude different things",
    ),
    "cases without a condition": (
        lambda: kernel().cases(kernel().identity(x, x), kernel().identity(x, x)),
        "do not exhaust all possibilities",
    ),
    "an induction over a span": (
        lambda: kernel().induction(s, kernel().identity(x, x), kernel().identity(x, x), eq(x, x)),
        "does not start at 0",
    ),
    "antisymmetry of strict inequalities": (
        lambda: (a := kernel(lt(x, y), le(y, x))).antisymmetry(a.suppose(lt(x, y)), a.suppose(le(y, x))),
        "do not oppose each other",
    ),
    "equals of what is not equal": (
        lambda: (a := kernel(le(x, y))).congruence(z**2, z, a.suppose(le(x, y))),
        "only equals may be replaced",
    ),
    "the larger of two of which nothing is known": (lambda: kernel().resolve(Max(x, y)), "are not known"),
    "the smaller of two of which nothing is known": (lambda: kernel().resolve(Min(x, y)), "are not known"),
    "the sign of what may be 0": (lambda: kernel().resolve(sign(v)), "are not known"),
    "a term of a mean": (
        lambda: kernel().terms_of_sum(p[mean], mean, Index("other", 1)),
        "are not indices of the sum",
    ),
    "a term of a sum over other classes": (
        lambda: kernel().terms_of_sum(p[i], i, Index("other", Symbol("D", positive=True))),
        "are not indices of the sum",
    ),
    "a term of a sum over times": (
        lambda: kernel().terms_of_sum(p[t], t, t),
        "are not indices of the sum",
    ),
    "a third term that may be the first": (
        lambda: kernel(ne(i, k)).terms_of_sum(p[i], i, i, k, Index("third", C)),
        "indices must differ",
    ),
    "an enclosure of what is not strict": (
        lambda: kernel().interval(le(0, x + 2), {x: (0, 1)}),
        "must be strict",
    ),
    "an enclosure of what the box leaves out": (
        lambda: kernel().interval(lt(0, x + 2 + y**2), {x: (0, 1)}),
        "speak of the symbols of the box only",
    ),
    "an enclosure where something strict holds": (
        lambda: kernel().interval(lt(0, x), {x: (-1, 1)}, [lt(0, x)]),
        "must be strict",
    ),
    "a derivative by an index": (
        lambda: kernel().differentiate(kernel().identity(x, x), t, Integer(0)),
        "not an identity in a real variable",
    ),
    "an expansion at points of another kind": (
        lambda: kernel().taylor(log(u), u, 1, x, order=1),
        "image of u: the sign",
    ),
    "an expansion from a point of another kind": (
        lambda: kernel().taylor(log(u), u, v, 1, order=1),
        "image of u: the sign",
    ),
    "ends ordered by an equality": (
        lambda: kernel().taylor(x**2, x, y, y, order=1, between=kernel().identity(y, y)),
        "the order of the ends is not shown",
    ),
    "an imaginary number": (lambda: kernel().identity(I, 1), "is not an exact term"),
    "a number that is no rational": (lambda: kernel().identity(circle, 3), "is not an exact term"),
    "a power of what may be negative": (lambda: kernel().identity(x**y, x**y), "power: the sign"),
    "a power of what may be 0": (lambda: kernel().identity(v**y, v**y), "power: the sign"),
    "a negative root of 0": (lambda: kernel().identity(1 / sqrt(v), 1 / sqrt(v)), "power: the sign"),
    "a power of 0 that may be negative": (
        lambda: kernel().identity(Pow(x, m), Pow(x, m)),
        "division: the sign",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", REFUSED)
def test_it_is_refused(wrong: str) -> None:
    attempt, reason = REFUSED[wrong]
    with pytest.raises(Rejected, match=reason):
        attempt()


def test_what_is_beside_is_accepted() -> None:
    a = kernel(lt(x, y), le(y, z), eq(x, u), ne(i, k), lt(z, 0))
    assert a.combine(lt(x, z), (1, a.suppose(lt(x, y))), (1, a.suppose(le(y, z)))).relation.op == "<"
    assert a.combine(lt(x, y + u), (1, a.suppose(lt(x, y))), rest=u).relation.op == "<"
    assert a.combine(eq(-x, -u), (-1, a.suppose(eq(x, u)))).relation.op == "="
    assert a.at(kernel().identity(w[t], w[t]), {t: Integer(3)}).left == w[3]
    assert a.at(kernel().identity(v, v), {v: u}).left == u
    assert a.at(kernel().identity(w[i], w[i]), {i: k}).left == w[k]
    assert a.terms_of_sum(p[i], i, i, k).relation.same(le(p[i] + p[k], Total(p[i], i)))
    assert a.resolve(Max(x, y)).right == y
    assert a.resolve(Min(x, y)).right == x
    assert [a.resolve(e(z)).right for e in (sign, Abs)] == [-1, -z]
    assert a.interval(lt(0, x + y + 1), {x: (-2, 1), y: (0, 1)}, [le(0, x)]).hypotheses == {
        le(-2, x), le(x, 1), le(0, y), le(y, 1), le(0, x),
    }  # fmt: skip
    weighted = a.sum_over(kernel(lt(0, p[i], i)).suppose(lt(0, p[i], i)), i, weight=v)
    assert weighted.relation.op == "<="
    assert a.sum_over(kernel(lt(0, p[i], i)).suppose(lt(0, p[i], i)), i, weight=u).relation.op == "<"


def test_signs_of_what_terms_are_made_of() -> None:
    signs = Signs(())
    expected = {
        E: {1}, exp(x): {1}, Abs(x): {0, 1}, sign(u): {1}, sign(x): {-1, 0, 1}, Integer(0): {0}, -v: {-1, 0},
        u * -v: {-1, 0}, u + v: {1}, v - u: {-1, 0, 1}, -u - v: {-1}, Max(u, x): {1}, Max(v, x): {0, 1},
        Min(-u, x): {-1}, Min(u, v): {0, 1}, x**3: {-1, 0, 1}, (-u) ** 3: {-1}, (-u) ** 2: {1}, x**-2: {1},
        x**-3: {-1, 1}, v ** Rational(1, 3): {0, 1}, v ** Rational(-1, 3): {1}, u**y: {1}, u**m: {1}, v**n: {0, 1},
        x**n: {-1, 0, 1}, log(1 + v): {0, 1}, log(1 + u): {1}, log(u): {-1, 0, 1}, Total(-p[i], i): {-1},
        Total(-Abs(w[i]), i): {-1, 0}, Total(Abs(w[i]), i): {0, 1},
        Total(w[i], i): {-1, 0, 1}, Grad(w[i], i, Symbol("F"), k): {-1, 0, 1},
    }  # fmt: skip
    assert {e: set(signs.of(e)) for e in expected} == expected

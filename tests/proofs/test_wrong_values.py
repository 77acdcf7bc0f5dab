"""Seeded wrong proofs: terms that sympy folds before they are known to be defined, values that are no real numbers."""

from __future__ import annotations

import pytest
from sympy import Abs, I, IndexedBase, Integer, Rational, Symbol, exp, log, oo, sqrt
from wrong_proofs import Attack, Attempt, C, judge, u, v, x, y, z

from proofs.goals import Goal
from proofs.kernel import Index, Slope, Total, eq, le, lt
from proofs.notation import i, k, m, s

MASS = Symbol("N", positive=True)
of_mass, also_of_mass, half, also_half = (
    Index(name, total) for total in (MASS, Rational(1, 2)) for name in ("i", "k")
)
positive, f, g = IndexedBase("w", positive=True), IndexedBase("f", real=True), IndexedBase("g", real=True)


def identity(left, right, *given) -> Attempt:
    return Attempt(eq(left, right), lambda kernel: kernel.identity(left, right), given)


def weighted(factor) -> Attempt:
    return Attempt(
        le(C * y, C * z),
        lambda kernel: kernel.sum_over(kernel.suppose(le(factor * y, factor * z)), i, weight=1 / factor),
        (le(factor * y, factor * z),),
    )


def divided(factor) -> Attempt:
    return Attempt(
        eq(1, y),
        lambda kernel: kernel.congruence(z / factor, z, kernel.suppose(eq(factor, factor * y))),
        (eq(factor, factor * y),),
    )


def dropped(factor) -> Attempt:
    """A result cited whose hypothesis holds by its sign, where it is defined."""
    kept = Goal("kept", (le(0, 1),), lambda kernel: kernel.sign(le(0, 1)), (lt(0, 1 / factor),))
    return Attempt(le(0, 1), lambda kernel: kernel.cite("attempt", "kept"), before=(kept,))


def exists(relation, value) -> Attempt:
    folded = relation.at({z: value})
    return Attempt(relation, lambda kernel: (value, kernel.identity(folded.left, folded.right)), exists=z)


def instance(relation, symbol, value) -> Attempt:
    return Attempt(
        relation.at({symbol: value}), lambda kernel: kernel.at(kernel.sign(relation), {symbol: value})
    )


def term(index, other) -> Attempt:
    return Attempt(le(1, index.total), lambda kernel: kernel.terms_of_sum(Integer(1), index, other))


def size(symbol, sign) -> Attempt:
    """`|symbol| = ±symbol` at 1."""
    return Attempt(
        eq(1, sign),
        lambda kernel: kernel.at(
            kernel.identity(Abs(symbol, evaluate=False), sign * symbol), {symbol: Integer(1)}
        ),
    )


def instance_of_family(relation, result) -> Attempt:
    return Attempt(
        result,
        lambda kernel: kernel.at(
            kernel.identity(relation.left, relation.right), {f: lambda n: Total(g[n, k], k)}
        ),
    )


def at_i(n):
    """−1 at i, 1 at every other index."""
    return Integer(-1 if n == i else 1)


NEGATIVE, WHOLE, ANY = Symbol("n", negative=True), Symbol("n", integer=True), Symbol("n")
IMAGINARY = Symbol("n", imaginary=True)

FOLDED = [
    Attack(
        "folding",
        "the derivative of s log x, which is log x wherever it is taken",
        identity(exp(Slope(s * log(x), s, 0)), x),
        "logarithm: the sign of x",
        identity(exp(Slope(s * log(u), s, 0)), u),
    ),
    Attack(
        "folding",
        "the derivative of xˢ at 0, where xˢ is 1",
        identity(exp(Slope(x**s, s, 0)), x),
        "power: the sign of x",
        identity(exp(Slope(u**s, s, 0)), u),
    ),
    Attack(
        "folding",
        "the derivative at a point that is not defined",
        identity(Slope(y, s, log(x)), 0),
        "logarithm: the sign of x",
        identity(Slope(y, s, log(u)), 0),
    ),
    Attack("folding", "a weight that divides by 0", weighted(v), "division: the sign of v", weighted(u)),
    Attack("folding", "a function that divides by 0", divided(x), "division: the sign of x", divided(u)),
    Attack(
        "folding",
        "a hypothesis that is positive where it is defined",
        dropped(v),
        "division: the sign of v",
        dropped(u),
    ),
    Attack(
        "folding",
        "a value that divides by 0",
        exists(eq(z * x, 1), 1 / x),
        "division: the sign of x",
        exists(eq(z * u, 1), 1 / u),
    ),
    Attack(
        "folding",
        "a value that makes a logarithm vanish",
        exists(eq(z * log(x), 0), Integer(0)),
        "logarithm: the sign of x",
        exists(eq(z * log(u), 0), Integer(0)),
    ),
    Attack(
        "folding",
        "a sum in an image captures the index that it is taken at",
        instance_of_family(
            eq(Total(f[i], i), Total(f[k], k)), eq(Total(g[i, k], k, i), Total(g[k, k], k, k))
        ),
        "would capture",
        instance_of_family(
            eq(Total(f[i], i), Total(f[m], m)), eq(Total(g[i, k], k, i), Total(g[m, k], k, m))
        ),
    ),
    Attack(
        "folding",
        "an image that singles out an index",
        Attempt(lt(0, -1), lambda kernel: kernel.at(kernel.sign(lt(0, positive[i])), {positive: at_i})),
        "what is derived is not the goal",
        Attempt(lt(0, 1), lambda kernel: kernel.at(kernel.sign(lt(0, positive[i])), {positive: lambda n: 1})),
    ),
    Attack(
        "folding",
        "a factor 2 that √2 hides from the logarithm",
        identity(log(sqrt(2) / 2), log(2) / 2),
        "does not add up",
        identity(log(sqrt(2) / 2), -log(2) / 2),
    ),
    Attack(
        "folding",
        "a sign lost where an index is renamed",
        identity(
            Total(positive[i] / (z + positive[i] - positive[k]), i, k),
            -Total(positive[k] / (z - positive[i] + positive[k]), k, i),
            lt(positive[k], z + positive[i], i, k),
        ),
        "does not add up",
        identity(
            Total(positive[i] / (z + positive[i] - positive[k]), i, k),
            Total(positive[k] / (z - positive[i] + positive[k]), k, i),
            lt(positive[k], z + positive[i], i, k),
        ),
    ),
]

REAL = "is not an exact term of real numbers"
KINDS = [
    Attack("kind", "an imaginary square", instance(le(0, x**2), x, I), REAL, instance(le(0, x**2), x, y)),
    Attack("kind", "∞ below ∞", instance(lt(x, x + 1), x, oo), REAL, instance(lt(x, x + 1), x, y)),
    Attack(
        "kind",
        "a symbol that need not be real",
        Attempt(le(0, ANY**2), lambda kernel: kernel.sign(le(0, ANY**2))),
        REAL,
        Attempt(le(0, x**2), lambda kernel: kernel.sign(le(0, x**2))),
    ),
    Attack(
        "kind",
        "the square of an imaginary symbol",
        Attempt(le(0, IMAGINARY**2), lambda kernel: kernel.sign(le(0, IMAGINARY**2))),
        REAL,
        Attempt(le(0, NEGATIVE**2), lambda kernel: kernel.sign(le(0, NEGATIVE**2))),
    ),
    Attack("kind", "1 for a negative symbol", size(NEGATIVE, -1), "stands for itself only", size(u, 1)),
    Attack(
        "kind",
        "half an integer",
        Attempt(eq(2 * WHOLE, 1), lambda kernel: (Rational(1, 2), kernel.identity(1, 1)), exists=WHOLE),
        "stands for itself only",
        Attempt(eq(2 * z, 1), lambda kernel: (Rational(1, 2), kernel.identity(1, 1)), exists=z),
    ),
    Attack(
        "kind",
        "half a class",
        instance(lt(0, C), C, Rational(1, 2)),
        "stands for itself only",
        instance(lt(0, MASS), MASS, Rational(1, 2)),
    ),
    Attack(
        "kind",
        "a term of a sum over what is only a mass",
        term(of_mass, also_of_mass),
        "may be no integer",
        term(i, k),
    ),
    Attack(
        "kind",
        "a term of a sum of total ½",
        term(half, also_half),
        "may be no integer",
        term(i, k),
    ),
]


@pytest.mark.parametrize("attack", FOLDED + KINDS, ids=lambda a: f"{a.kind}: {a.name}")
def test_a_wrong_proof_is_rejected_for_its_fault(attack: Attack) -> None:
    judge(attack)

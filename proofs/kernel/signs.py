r"""Signs of terms, and whether terms are defined, from the kinds of their parts and from known facts.

The sign of a term is the set of signs that it may have. `None` from sympy is no answer, so the set stays as it
was. A fact `l ≤ r` bears on a term that is a rational multiple of `r − l`, with indices renamed, and on
`(r − l) + rest` where `rest` has a sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

from sympy import (
    Abs,
    Add,
    E,
    Expr,
    Float,
    Indexed,
    Integer,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    Symbol,
    exp,
    log,
    sign,
)

from proofs.kernel.interval import sign_of_number
from proofs.kernel.normal import Poly, expression, normal, positive_atom, times
from proofs.kernel.terms import Binder, Index, Rejected, Slope, Softmax, Total, free, substitute
from proofs.kernel.theorem import Theorem

Set = frozenset[int]
ANY, POSITIVE, NONNEGATIVE = frozenset((-1, 0, 1)), frozenset((1,)), frozenset((0, 1))
KNOWN = {"=": frozenset((0,)), "<": POSITIVE, "<=": NONNEGATIVE, "!=": frozenset((-1, 1))}


class Signs:
    """Signs from `facts`; `used` collects the facts that mattered."""

    def __init__(self, facts: Iterable[Theorem]):
        self.facts = tuple(facts)
        self.used: set[Theorem] = set()
        self._bound: tuple[Symbol, ...] = ()
        self._known: dict[tuple[Expr, tuple[Symbol, ...], int], Set] = {}

    def of(self, e: Expr, depth: int = 1) -> Set:
        """The signs that `e` may have."""
        key = (e, self._bound, depth)
        if key not in self._known:
            signs = self._structure(e, depth)
            if len(signs) > 1 and not free(e) and (known := sign_of_number(e)) is not None:
                signs &= {known}
            if len(signs) > 1 and isinstance(e, Add):
                signs &= self._structure(expression(normal(e)), depth)
            for fact in self.facts:
                if len(signs) > 1:
                    signs = self._narrowed(e, signs, fact, depth)
            self._known[key] = signs
        return self._known[key]

    def require(self, e: Expr, allowed: Set, what: str) -> None:
        """Reject unless `e` can only have the allowed signs."""
        if not self.of(e) <= allowed:
            raise Rejected(f"{what}: the sign of {e} is not known to be right")

    def require_defined(self, e: Expr, smooth: Symbol | bool = False) -> None:
        """Reject unless `e` is defined: denominators nonzero, logarithms of positive numbers, and so on.

        With `smooth`, moreover `e` is smooth in that symbol, or (True) in all that it depends on.
        """
        if isinstance(smooth, Symbol) and smooth not in free(e):
            smooth = False
        if isinstance(e, Float):
            raise Rejected(f"floating-point number {e} where exact is required")
        if isinstance(e, Slope):
            if any(s in free(a) for a in e.body.atoms(Abs, sign, Max, Min) for s in e.bound):
                raise Rejected("differentiates through a kink")
            return self.require_defined(substitute(e.body, {e.bound[0]: e.free[0]}), smooth=True)
        if isinstance(e, Binder):
            before, self._bound = self._bound, self._bound + e.bound
            self.require_defined(e.body, smooth)
            self._bound = before
            return None
        if smooth and isinstance(e, Abs | sign | Max | Min):
            raise Rejected(f"{e} has kinks")
        if isinstance(e, log):
            self.require(e.args[0], POSITIVE, "logarithm")
        if isinstance(e, Pow) and not (isinstance(e.exp, Integer) and e.exp > 0):
            if e.exp.is_integer:
                if not e.exp.is_nonnegative:
                    self.require(e.base, frozenset((-1, 1)), "division")
            else:
                rooted = isinstance(e.exp, Rational) and e.exp > 0 and not smooth
                self.require(e.base, NONNEGATIVE if rooted else POSITIVE, "power")
        for a in e.args if not isinstance(e, Indexed) else ():
            self.require_defined(a, smooth)
        return None

    def _structure(self, e: Expr, depth: int) -> Set:
        if isinstance(e, Rational):
            return frozenset(((e.p > 0) - (e.p < 0),))
        if isinstance(e, Symbol | Indexed):
            return POSITIVE if e.is_positive else NONNEGATIVE if e.is_nonnegative else ANY
        if isinstance(e, exp | Softmax) or e is E:
            return POSITIVE
        if isinstance(e, Add):
            return _folded(_add, (self.of(a, depth) for a in e.args))
        if isinstance(e, Mul):
            return _folded(lambda x, y: {x * y}, (self.of(a, depth) for a in e.args))
        if isinstance(e, Pow):
            return self._power(e.base, e.exp, depth)
        if isinstance(e, Abs):
            return frozenset(abs(x) for x in self.of(e.args[0], depth))
        if isinstance(e, log):
            return self.of(e.args[0] - 1, depth)
        if isinstance(e, sign):
            return self.of(e.args[0], depth)
        if isinstance(e, Max | Min):
            choose = max if isinstance(e, Max) else min
            return _folded(lambda x, y: {choose(x, y)}, (self.of(a, depth) for a in e.args))
        if isinstance(e, Total):
            before, self._bound = self._bound, self._bound + e.bound
            signs = self.of(e.body, depth)
            self._bound = before
            return signs if signs <= NONNEGATIVE or signs <= frozenset((-1, 0)) else ANY
        return ANY

    def _power(self, base: Expr, k: Expr, depth: int) -> Set:
        signs = self.of(base, depth)
        if isinstance(k, Integer):
            signs = frozenset(x if k % 2 else abs(x) for x in signs)
            return signs if k > 0 else signs - {0}
        if k.is_integer and not signs <= POSITIVE:
            return NONNEGATIVE if signs <= NONNEGATIVE else ANY
        return signs & NONNEGATIVE if isinstance(k, Rational) and k > 0 else POSITIVE

    def _narrowed(self, e: Expr, signs: Set, fact: Theorem, depth: int) -> Set:
        above, form = KNOWN[fact.relation.op], normal(e)
        for gap in self._instances(fact, e):
            ratio = _ratio(form, normal(gap))
            known = ANY
            if ratio is not None:
                known = above if ratio > 0 else _negated(above)
            elif depth and isinstance(e, Add | Symbol | Indexed) and fact.relation.op in ("<", "<="):
                for c in _shared(e, gap):
                    rest = self.of(e - c * gap, depth - 1)
                    known &= _folded(_add, (above if c > 0 else _negated(above), rest))
            if not signs <= known:
                self.used.add(fact)
                signs &= known
        return signs

    def _instances(self, fact: Theorem, e: Expr) -> Iterable[Expr]:
        """The gap of the fact, at all choices of indices that occur in `e`; a fixed index keeps its name."""
        gap, here = fact.relation.gap, sorted((i for i in free(e) if isinstance(i, Index)), key=str)
        indices = sorted((i for i in free(gap) if isinstance(i, Index)), key=str)
        choices = []
        for i in indices:
            if i in fact.fixed:
                choices.append([i] if i not in self._bound else [])
            else:
                choices.append([k for k in here if k.total == i.total] or [i])
        for images in product(*choices):
            yield _renamed(
                gap, tuple(pair for pair in zip(indices, images, strict=True) if pair[0] != pair[1])
            )


@cache
def _renamed(gap: Expr, images: tuple[tuple[Index, Index], ...]) -> Expr:
    return substitute(gap, dict(images))


def _shared(e: Expr, gap: Expr) -> set[Rational]:
    """The multiples of `gap` that cancel one of its terms in `e`."""
    ours, theirs = e.as_coefficients_dict(), gap.as_coefficients_dict()
    return {ours[term] / c for term, c in theirs.items() if term in ours and not term.is_number}


def _negated(signs: Set) -> Set:
    return frozenset(-x for x in signs)


def _add(x: int, y: int) -> set[int]:
    return {x + y} if x * y == 0 else {x} if x == y else set(ANY)


def _folded(operation: Callable[..., Iterable[Any]], parts: Iterable[Set]) -> Set:
    parts = iter(parts)
    out = next(parts)
    for part in parts:
        out = frozenset().union(*(operation(x, y) for x in out for y in part))
    return out


def _ratio(f: Poly, g: Poly) -> Fraction | None:
    """The nonzero rational `c` with `f = c m g` for a monomial `m` of atoms positive by their kind, if any."""
    if not f or len(f) != len(g):
        return None
    first, c = next(iter(f.items()))
    for second, d in g.items():
        powers = dict(first)
        for base, k in second:
            powers[base] = powers.get(base, Fraction(0)) - k
        quotient = frozenset((base, k) for base, k in powers.items() if k)
        if all(positive_atom(base) for base, _ in quotient) and times({quotient: c / d}, g) == f:
            return c / d
    return None

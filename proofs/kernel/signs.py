r"""Signs of terms, and whether terms are defined, from the kinds of their parts and from known facts.

The sign of a term is the set of signs that it may have. `None` from sympy is no answer, so the set stays as it
was. A fact `l ≤ r` bears on `c m (r − l)` for a rational c and a monomial m of atoms that are positive by their
kind, with indices renamed, and on `c (r − l) + rest` where `rest` has a sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cache, reduce
from itertools import product
from typing import Any

import sympy as sp

from proofs.kernel.interval import sign_of_number
from proofs.kernel.normal import FORMS, Poly, expression, normal, positive_atom, times
from proofs.kernel.terms import Binder, Index, Opaque, Rejected, Slope, Softmax, Total, free, substitute
from proofs.kernel.theorem import Theorem

Set = frozenset[int]
Images = Mapping[Any, Any]
TERMS = tuple(kind for kind, _ in FORMS)
ANY, POSITIVE, NONNEGATIVE, NONZERO = (frozenset(s) for s in ((-1, 0, 1), (1,), (0, 1), (-1, 1)))
NOWHERE: Images = {}
KNOWN = {"=": frozenset((0,)), "<": POSITIVE, "<=": NONNEGATIVE, "!=": NONZERO}


class Signs:
    """Signs from `facts`; `used` collects the facts that mattered."""

    def __init__(self, facts: Iterable[Theorem]):
        self.facts = tuple(facts)
        self.used: set[Theorem] = set()
        self._bound: tuple[sp.Symbol, ...] = ()
        self._known: dict[tuple[sp.Expr, tuple[sp.Symbol, ...], int], Set] = {}

    def of(self, e: sp.Expr, depth: int = 1) -> Set:
        """The signs that `e` may have; facts are subtracted from it at most `depth` times."""
        key = (e, self._bound, depth)
        if key not in self._known:
            signs = self._structure(e, depth)
            if len(signs) > 1 and not free(e) and (number := sign_of_number(e)) is not None:
                signs &= {number}
            if len(signs) > 1 and isinstance(e, sp.Add):
                signs &= self._structure(expression(normal(e)), depth)
            for fact in self.facts:
                if len(signs) > 1:
                    signs = self._narrowed(e, signs, fact, depth)
            self._known[key] = signs
        return self._known[key]

    def require(self, e: sp.Expr, allowed: Set, what: str) -> None:
        """Reject unless `e` can only have the allowed signs."""
        if not self.of(e) <= allowed:
            raise Rejected(f"{what}: the sign of {e} is not known to be right")

    def require_defined(self, e: sp.Expr, smooth: frozenset[Any] = frozenset(), at: Images = NOWHERE) -> None:
        """Reject unless `e` is a real number: denominators nonzero, logarithms of positive numbers, and so on.

        Moreover `e` must be smooth in the symbols `smooth`. Where symbols have the values `at`, the subterms of `e`
        are looked at before these are put in, since sympy folds `0·log x` to 0 and `x⁰` to 1, whatever x is.
        """
        parts = e.free if isinstance(e, Binder) else e.indices if isinstance(e, sp.Indexed) else e.args
        places = parts[isinstance(e, Opaque) :] if isinstance(e, sp.Indexed | Softmax | Opaque) else ()
        own = isinstance(e, sp.Symbol) and ":" in e.name  # a name of the kernel's, which it may capture
        real = isinstance(e, TERMS) and not own and (e.is_real or not isinstance(e, sp.Symbol | sp.Indexed))
        if not real or not all(k.is_integer and k.is_nonnegative for k in places):
            raise Rejected(f"{e} is not an exact term of real numbers")
        moves = not smooth.isdisjoint(free(e))
        if moves and isinstance(e, sp.Abs | sp.sign | sp.Max | sp.Min | Opaque):
            raise Rejected(f"{e} may have kinks")
        if isinstance(e, Binder):
            inner = {s: image for s, image in at.items() if s not in e.bound}
            slope, kind = isinstance(e, Slope), sp.Symbol if isinstance(e, Slope) else Index
            if any(not isinstance(s, kind) or s.is_integer is slope for s in e.bound):  # in a real variable
                raise Rejected(f"{e} binds what is no variable of its kind")
            if slope:
                inner, smooth = inner | {e.bound[0]: substitute(e.free[0], at)}, smooth.union(e.bound)
                substitute(e.body, inner)  # rejects what would be captured
            self._within(e, lambda: self.require_defined(e.body, smooth, inner))
        if isinstance(e, sp.log):
            self.require(substitute(e.args[0], at), POSITIVE, "logarithm")
        if isinstance(e, sp.Pow):
            if not e.exp.is_integer or not smooth.isdisjoint(free(e.exp)):
                rooted = isinstance(e.exp, sp.Rational) and e.exp > 0 and not moves
                self.require(substitute(e.base, at), NONNEGATIVE if rooted else POSITIVE, "power")
            elif not e.exp.is_nonnegative:
                self.require(substitute(e.base, at), NONZERO, "division")
        for a in parts:
            self.require_defined(a, smooth, at)

    def _within(self, e: Binder, look: Callable[[], Any]) -> Any:
        before, self._bound = self._bound, self._bound + e.bound
        try:
            return look()
        finally:
            self._bound = before

    def _structure(self, e: sp.Expr, depth: int) -> Set:
        parts = lambda: [self.of(a, depth) for a in e.args]  # noqa: E731
        if isinstance(e, sp.Rational):
            return frozenset(((e.p > 0) - (e.p < 0),))
        if isinstance(e, sp.Symbol | sp.Indexed):
            return POSITIVE if e.is_positive else NONNEGATIVE if e.is_nonnegative else ANY
        if isinstance(e, sp.exp | Softmax) or e is sp.E:
            return POSITIVE
        for kind, operation in OPERATIONS:
            if isinstance(e, kind):
                return _folded(operation, parts())
        if isinstance(e, sp.Pow):
            return self._power(self.of(e.base, depth), e.exp)
        if isinstance(e, sp.Abs | sp.sign):
            return frozenset(abs(x) if isinstance(e, sp.Abs) else x for x in parts()[0])
        if isinstance(e, sp.log):
            return self.of(e.args[0] - 1, depth)
        if isinstance(e, Total):
            signs = self._within(e, lambda: self.of(e.body, depth))
            return signs if signs <= NONNEGATIVE or signs <= {-1, 0} else ANY
        return ANY

    def _power(self, signs: Set, k: sp.Expr) -> Set:
        if isinstance(k, sp.Integer):
            signs = frozenset(x if k % 2 else abs(x) for x in signs)
            return signs if k > 0 else signs - {0}
        if k.is_integer and not signs <= POSITIVE:
            return NONNEGATIVE if signs <= NONNEGATIVE else ANY
        return signs & NONNEGATIVE if isinstance(k, sp.Rational) and k > 0 else POSITIVE

    def _narrowed(self, e: sp.Expr, signs: Set, fact: Theorem, depth: int) -> Set:
        above, form = KNOWN[fact.relation.op], normal(e)
        for gap in self._instances(fact, e):
            ratio = _ratio(form, normal(gap))
            known = ANY
            if ratio is not None:
                known = _scaled(above, ratio)
            elif depth and isinstance(e, sp.Add | sp.Symbol | sp.Indexed) and fact.relation.op in ("<", "<="):
                for c in _shared(e, gap):
                    known &= _folded(_add, [_scaled(above, c), self.of(e - c * gap, depth - 1)])
            if not signs <= known:
                self.used.add(fact)
                signs &= known
        return signs

    def _instances(self, fact: Theorem, e: sp.Expr) -> Iterable[sp.Expr]:
        """The gap of the fact, at all choices of indices that occur in `e`; a fixed index keeps its name."""
        gap, here = fact.relation.gap, sorted((i for i in free(e) if isinstance(i, Index)), key=str)
        indices = sorted((i for i in free(gap) if isinstance(i, Index)), key=str)
        choices = []
        for i in indices:
            same = [k for k in here if k.total == i.total and type(k) is type(i)] or [i]
            choices.append(([i] if i not in self._bound else []) if i in fact.fixed else same)
        for images in product(*choices):
            yield _renamed(gap, tuple((i, k) for i, k in zip(indices, images, strict=True) if i != k))


@cache
def _renamed(gap: sp.Expr, images: tuple[tuple[Index, Index], ...]) -> sp.Expr:
    return substitute(gap, dict(images))


def _shared(e: sp.Expr, gap: sp.Expr) -> set[sp.Rational]:
    """The multiples of `gap` that cancel one of its terms in `e`."""
    ours, theirs = e.as_coefficients_dict(), gap.as_coefficients_dict()
    return {ours[term] / c for term, c in theirs.items() if term in ours and not term.is_number}


def _scaled(signs: Set, c: Fraction | sp.Rational) -> Set:
    return signs if c > 0 else frozenset(-x for x in signs)


def _add(x: int, y: int) -> set[int]:
    return {x + y} if x * y == 0 else {x} if x == y else set(ANY)


OPERATIONS: tuple[tuple[Any, Callable[[int, int], set[int]]], ...] = (
    (sp.Add, _add), (sp.Mul, lambda x, y: {x * y}),
    (sp.Max, lambda x, y: {max(x, y)}), (sp.Min, lambda x, y: {min(x, y)}))  # fmt: skip


def _folded(operation: Callable[[int, int], set[int]], parts: Iterable[Set]) -> Set:
    return reduce(lambda a, b: frozenset().union(*(operation(x, y) for x in a for y in b)), parts)


def _ratio(f: Poly, g: Poly) -> Fraction | None:
    """The rational `c` with `f = c m g` for a monomial `m` of atoms positive by their kind, if any."""
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

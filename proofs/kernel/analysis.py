r"""The axioms of analysis, a closed list; each states its hypotheses and checks them.

Jensen, Young, Cauchy–Schwarz, Bernoulli, Popoviciu, Pinsker and the like are not here: they are derived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import sympy as sp

from proofs.kernel.interval import positive
from proofs.kernel.normal import is_zero
from proofs.kernel.rules import Rules, Using, supposed, union
from proofs.kernel.signs import NONNEGATIVE, NONZERO
from proofs.kernel.terms import Fixed, Index, Rejected, Slope, Span, Time, Total, free, substitute
from proofs.kernel.theorem import _KERNEL, Relation, Theorem, eq, le


@dataclass
class Analysis(Rules):
    """The rules, and what they need to know of real functions and sums."""

    def taylor(
        self, f: Any, x: sp.Symbol, start: Any, end: Any, order: int, between: Any = None, using: Using = ()
    ) -> tuple[Any, ...]:
        """`f(end) = Σ_{k<order} f⁽ᵏ⁾(start)(end−start)ᵏ/k! + f⁽ᵒʳᵈᵉʳ⁾(ξ)(end−start)ᵒʳᵈᵉʳ/order!`.

        Returns ξ, of the kind of `x`, this, and `0 ≤ (ξ−start)(end−ξ)`; `f` must be smooth for all x of its kind.
        Where `between` orders the ends, smooth between them is enough, and two bounds of ξ come last, strict if
        it is. Order 1 is the mean value theorem.
        """
        start, end, signs = sp.sympify(start), sp.sympify(end), self._signs(using)
        for point in (start, end):
            self._require_kind(x, point, signs)
        bounds: list[Theorem] = []
        if between is not None:
            op, ends = between.relation.op, sorted((start, end), key=lambda e: not is_zero(between.left - e))
            if order < 1 or op not in ("<=", "<") or not is_zero(between.relation.gap - (ends[1] - ends[0])):
                raise Rejected("the order of the ends is not shown")
            if x in free(start) | free(end) or any(x in h.free for h in self.given):
                raise Rejected(f"{x} is not arbitrary")
            bounds = [supposed(le(ends[0], x)), supposed(le(x, ends[1]))]
        smooth = self._signs([*using, *bounds])
        smooth.require_defined(f, frozenset((x,)))
        facts = smooth.used.difference(bounds)
        self._require_every([x], *facts)
        xi = self._provide(x, free(f) | free(start) | free(end))
        points = (start,) * order + (xi,)
        jet = [substitute(sp.diff(f, x, k), {x: at}) * (end - start) ** k for k, at in enumerate(points)]
        expansion = sum(term / factorial(k) for k, term in enumerate(jet))
        relations = [eq(substitute(f, {x: end}), expansion), le(0, (xi - start) * (end - xi))]
        if bounds:
            relations[1:] = [Relation(a, op, b) for a, b in ((ends[0], xi), (xi, ends[1]))]
        hypotheses = union((*signs.used, *facts, *([between] if between else [])))
        return (xi, *(Theorem(r, hypotheses, _KERNEL) for r in relations))

    def _provide(self, x: sp.Symbol, names: frozenset[Any]) -> sp.Expr:
        """A new constant of the kind of `x`, indexed by all the indices among what the lemma was applied at."""
        self._provided += 1
        label = Fixed(f"xi{self._provided}", **x.assumptions0)
        indices = sorted((i for i in names if isinstance(i, Index)), key=str)
        return sp.IndexedBase(label)[tuple(indices)] if indices else label

    def terms_of_sum(self, e: Any, i: Index, *at: Index, using: Using = ()) -> Theorem:
        """`Σ_{k ∈ at} e_k ≤ Σ_i e_i` for distinct indices, where no `e_i` is negative."""
        e, signs = sp.sympify(e), self._signs(using)
        signs._within(Total(e, i), lambda: signs.require(e, NONNEGATIVE, "term"))
        ranges = {(type(k), k.total) for k in (i, *at)}
        if len(ranges) > 1 or not i.total.is_integer or i.total == 1 or isinstance(i, Time):
            raise Rejected(f"{at} are not indices of the sum over {i}, or its total may be no integer")
        for n, k in enumerate(at):
            for other in at[:n]:
                signs.require(k - other, NONZERO, "indices must differ")
        return self._theorem(le(sum(substitute(e, {i: k}) for k in at), Total(e, i)), signs)

    def telescope(self, f: Any, t: Span, using: Using = ()) -> Theorem:
        """`Σ_{t<T} (f(t+1) − f(t)) = f(T) − f(0)`."""
        if not isinstance(t, Span):
            raise Rejected(f"{t} does not count 0, 1, 2, …")
        after, end, begin = (substitute(sp.sympify(f), {t: at}) for at in (t + 1, t.total, sp.Integer(0)))
        return self._theorem(eq(Total(after - f, t), end - begin), self._signs(using))

    def differentiate(self, theorem: Theorem, s: sp.Symbol, at: Any, using: Using = ()) -> Theorem:
        """`dl/ds = dr/ds` at a point, from `l = r` for every s."""
        r, signs = theorem.relation, self._signs(using)
        if r.op != "=" or isinstance(s, Index):
            raise Rejected("not an identity in a real variable")
        self._require_every([s], theorem)
        self._require_kind(s, sp.sympify(at), signs)
        return self._theorem(eq(Slope(r.left, s, at), Slope(r.right, s, at)), signs, theorem)

    def interval(
        self, goal: Relation, box: Mapping[sp.Symbol, tuple[Any, Any]], where: Sequence[Relation] = ()
    ) -> Theorem:
        """`left < right` by branch and bound with rigorous enclosures, for symbols in a box and where `l ≤ r`."""
        ends = {s: tuple(map(sp.sympify, pair)) for s, pair in box.items()}
        bounds = [r for s, (low, high) in ends.items() for r in (le(low, s), le(s, high))]
        if goal.op != "<" or goal.free - set(box) or any(r.op != "<=" or r.forall for r in where):
            raise Rejected("the goal must be strict, and speak of the symbols of the box only")
        conditions = [supposed(r) for r in bounds]
        conditions += [self.suppose(r, conditions) for r in where]
        positive(goal.gap, ends, [r.gap for r in where])
        self.certified = True
        return self._theorem(goal, self._signs(conditions), *conditions)

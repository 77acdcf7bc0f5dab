r"""The closed list of lemmas of analysis that a proof may use; each states its hypotheses and checks them.

Jensen, Young, Bernoulli, Popoviciu, Pinsker and the like are not here: they are derived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

from sympy import Abs, Expr, IndexedBase, Integer, Max, Min, Mul, Symbol, diff, sign, sqrt, sympify

from proofs.kernel.interval import positive
from proofs.kernel.normal import is_zero
from proofs.kernel.rules import Rules, Using, _supposed, rule
from proofs.kernel.signs import NONNEGATIVE, POSITIVE, Signs
from proofs.kernel.terms import Fixed, Index, Rejected, Span, Total, free, slope, substitute
from proofs.kernel.theorem import _KERNEL, Relation, Theorem, eq, le, lt


@dataclass
class Kernel(Rules):
    """All rules and lemmas: what a proof is a function of."""

    _provided: int = 0

    @rule("tangent of a convex function")
    def tangent(
        self, f: Expr, x: Symbol, at: Any, to: Any, curvature: Theorem | None = None, using: Using = ()
    ) -> Theorem:
        """`f(to) ≥ f(at) + f'(at)(to − at)` where `f'' ≥ 0` on the domain of `x`, the reverse where `f'' ≤ 0`.

        The domain is that of the kind of `x`: all reals, or the positive numbers. `curvature` is `0 ≤ f''` or
        `f'' ≤ 0` with nothing supposed of x; without it the sign is read off `f''`.
        """
        at, to, signs = sympify(at), sympify(to), self._signs(using)
        self._require_smooth(f, x, signs)
        for point in (at, to):
            self._require_kind(x, point, signs)
        second = diff(f, x, 2)
        premises: tuple[Theorem, ...] = ()
        if curvature is not None:
            r, premises = curvature.relation, (curvature,)
            if x in curvature.fixed or r.op not in ("<=", "<"):
                raise Rejected(f"the curvature is not known for every {x}")
            convex = is_zero(r.gap - second)
            if not convex and not is_zero(r.gap + second):
                raise Rejected("the relation is not about the second derivative")
        else:
            convex = signs.of(second) <= NONNEGATIVE
            if not convex and not signs.of(-second) <= NONNEGATIVE:
                raise Rejected(f"the sign of the second derivative {second} is not known")
            if any(x in t.fixed for t in signs.used):
                raise Rejected(f"the curvature is not known for every {x}")
        value = substitute(f, {x: at}) + substitute(diff(f, x), {x: at}) * (to - at)
        image = substitute(f, {x: to})
        return self._theorem(le(value, image) if convex else le(image, value), signs, *premises)

    @rule("monotone function")
    def monotone(self, f: Expr, x: Symbol, theorem: Theorem, using: Using = ()) -> Theorem:
        """`f(left) ≤ f(right)` from `left ≤ right` where `f' ≥ 0` on the domain of `x`; strict where `f' > 0`.

        From `left = right` for every f.
        """
        r, signs = theorem.relation, self._signs(using)
        for side in (r.left, r.right):
            self._require_kind(x, side, signs)
        op = r.op
        if op != "=":
            self._require_smooth(f, x, signs)
            rising = signs.of(diff(f, x))
            if any(x in t.fixed for t in signs.used):
                raise Rejected(f"the sign of the derivative is not known for every {x}")
            if op == "!=" or not rising <= NONNEGATIVE:
                raise Rejected(f"{f} is not known to increase in {x}")
            op = "<" if op == "<" and rising == POSITIVE else "<="
        images = (substitute(f, {x: side}) for side in (r.left, r.right))
        return self._theorem(Relation(next(images), op, next(images)), signs, theorem)

    @rule("Taylor with Lagrange's remainder")
    def taylor(
        self,
        f: Expr,
        x: Symbol,
        start: Any,
        end: Any,
        order: int,
        between: Theorem | None = None,
        using: Using = (),
    ) -> tuple[Any, ...]:
        """`f(end) = Σ_{k<order} f⁽ᵏ⁾(start)(end−start)ᵏ/k! + f⁽ᵒʳᵈᵉʳ⁾(ξ)(end−start)ᵒʳᵈᵉʳ/order!`.

        Returns ξ, this, and `0 ≤ (ξ − start)(end − ξ)`; `f` must be smooth on the domain of `x`. Where `between`
        orders the ends, smoothness between them is enough, and two bounds of ξ come last, strict if it is.
        """
        start, end, signs = sympify(start), sympify(end), self._signs(using)
        for point in (start, end):
            self._require_kind(x, point, signs)
        smooth, ends = signs, (start, end)
        premises: tuple[Theorem, ...] = ()
        if between is not None:
            r, premises = between.relation, (between,)
            ends = (start, end) if is_zero(r.gap - (end - start)) else (end, start)
            if r.op not in ("<=", "<") or not is_zero(r.gap - (ends[1] - ends[0])):
                raise Rejected("the order of the ends is not shown")
            if x in free(start) | free(end) or any(x in h.free for h in self.given):
                raise Rejected(f"{x} is not arbitrary")
            bounds = [Theorem(le(a, b), frozenset(), _KERNEL) for a, b in ((ends[0], x), (x, ends[1]))]
            smooth = self._signs([*using, *bounds])
        self._require_smooth(f, x, smooth)
        xi = self._provide(f, start, end)
        jet = [diff(f, x, k) if k else f for k in range(order + 1)]
        span = end - start
        terms = [substitute(jet[k], {x: start}) * span**k / factorial(k) for k in range(order)]
        remainder = substitute(jet[order], {x: xi}) * span**order / factorial(order)
        hypotheses = frozenset().union(*(t.hypotheses for t in (*premises, *signs.used, *smooth.used)))
        expansion = eq(substitute(f, {x: end}), sum(terms) + remainder)
        inside = [le(0, (xi - start) * (end - xi))]
        if between is not None:
            inside = [Relation(a, between.relation.op, b) for a, b in ((ends[0], xi), (xi, ends[1]))]
        return (xi, *(Theorem(r, hypotheses, _KERNEL) for r in (expansion, *inside)))

    @rule("mean value of the second divided difference")
    def divided_difference(
        self, f: Expr, x: Symbol, nodes: tuple[Any, Any, Any], using: Using = ()
    ) -> tuple[Expr, Theorem, Theorem, Theorem]:
        """`Σ_k f(x_k)/Π_{j≠k}(x_k − x_j) = f''(ξ)/2` for distinct nodes; ξ strictly between their extremes."""
        points, signs = [sympify(n) for n in nodes], self._signs(using)
        self._require_smooth(f, x, signs)
        for k, point in enumerate(points):
            self._require_kind(x, point, signs)
            for other in points[:k]:
                signs.require(point - other, frozenset((-1, 1)), "nodes must differ")
        xi = self._provide(f, *points)
        difference = sum(
            substitute(f, {x: p}) / Mul(*(p - other for other in points if other is not p)) for p in points
        )
        hypotheses = frozenset().union(*(t.hypotheses for t in signs.used))
        relations = (
            eq(difference, substitute(diff(f, x, 2), {x: xi}) / 2),
            lt(Min(*points), xi),
            lt(xi, Max(*points)),
        )
        return (xi, *(Theorem(r, hypotheses, _KERNEL) for r in relations))

    @rule("Cauchy–Schwarz")
    def cauchy_schwarz(
        self, theorem: Theorem, f: Any, g: Any, h: Any, *indices: Index, weight: Any = 1, using: Using = ()
    ) -> Theorem:
        """`(Σ w f)² ≤ Σ w g · Σ w h` from `f² ≤ g h` at each index; g, h, w not negative."""
        f, g, h, weight, signs = (*map(sympify, (f, g, h, weight)), self._signs(using))
        r = theorem.relation
        if r.op == "!=" or not is_zero(r.left - f**2) or not is_zero(r.right - g * h):
            raise Rejected("the premise is not of the form f² ≤ g h")
        for e in (g, h, weight):
            signs.require(e, NONNEGATIVE, "factor of Cauchy–Schwarz")
        if set(indices) & theorem.fixed or any(set(indices) & t.fixed for t in signs.used):
            raise Rejected("the relation is not known for every index")
        sums = [Total(weight * e, *indices) for e in (f, g, h)]
        return self._theorem(le(sums[0] ** 2, sums[1] * sums[2]), signs, theorem)

    @rule("terms of a sum")
    def terms_of_sum(self, e: Any, i: Index, *at: Index, using: Using = ()) -> Theorem:
        """`Σ_{k ∈ at} e_k ≤ Σ_i e_i` for distinct indices, where no `e_i` is negative."""
        e, signs = sympify(e), self._signs(using)
        signs.require(Total(e, i), NONNEGATIVE, "term")
        if i.total == 1 or not all(isinstance(k, Index) and k.total == i.total for k in at):
            raise Rejected(f"{at} are not indices of the sum")
        for n, k in enumerate(at):
            for other in at[:n]:
                signs.require(k - other, frozenset((-1, 1)), "indices must differ")
        return self._theorem(le(sum(substitute(e, {i: k}) for k in at), Total(e, i)), signs)

    @rule("vanishing sum")
    def vanishing(self, theorem: Theorem, using: Using = ()) -> Theorem:
        """`e_i = 0` from `Σ_i e_i ≤ 0` where no `e_i` is negative."""
        r, signs = theorem.relation, self._signs(using)
        if r.op not in ("<=", "=") or not isinstance(r.left, Total) or not is_zero(r.right):
            raise Rejected("the premise is not of the form Σ e ≤ 0")
        if any(i.total == 1 for i in r.left.bound):
            raise Rejected("a mean of zero says nothing of every outcome")
        signs.require(r.left, NONNEGATIVE, "term")
        return self._theorem(eq(r.left.body, 0), signs, theorem)

    @rule("telescope")
    def telescope(self, f: Any, t: Span, using: Using = ()) -> Theorem:
        """`Σ_{t<T} (f(t+1) − f(t)) = f(T) − f(0)`."""
        if not isinstance(t, Span):
            raise Rejected(f"{t} does not count 0, 1, 2, …")
        f = sympify(f)
        ends = [substitute(f, {t: end}) for end in (t.total, Integer(0))]
        change = Total(substitute(f, {t: t + 1}) - f, t)
        return self._theorem(eq(change, ends[0] - ends[1]), self._signs(using))

    @rule("square root")
    def root(self, x: Any, theorem: Theorem, y: Any = None, using: Using = ()) -> Theorem:
        """`x ≤ y` from `x² ≤ y²` and `0 ≤ y`; without y, `x ≤ √r` from `x² ≤ r`."""
        x, signs = sympify(x), self._signs(using)
        y = sqrt(theorem.right) if y is None else sympify(y)
        if (
            theorem.relation.op == "!="
            or not is_zero(theorem.left - x**2)
            or not is_zero(theorem.right - y**2)
        ):
            raise Rejected("the premise is not of the form x² ≤ y²")
        square = Theorem(le(0, theorem.right), theorem.hypotheses, _KERNEL)  # it is at least x²
        signs = self._signs([*using, square])
        signs.require(y, NONNEGATIVE, "root")
        return self._theorem(le(x, y), signs, theorem)

    @rule("absolute value")
    def absolute(self, e: Any, using: Using = ()) -> Theorem:
        """`|e| = e` where `e ≥ 0` is known, else `e ≤ |e|`."""
        e, signs = sympify(e), self._signs(using)
        known = signs.of(e) <= NONNEGATIVE
        return self._theorem(eq(Abs(e), e) if known else le(e, Abs(e)), signs)

    @rule("bound of an absolute value")
    def within(self, e: Any, above: Theorem, below: Theorem) -> Theorem:
        """`|e| ≤ y` from `e ≤ y` and `−e ≤ y`."""
        e, y = sympify(e), above.right
        for side, theorem in ((e, above), (-e, below)):
            if theorem.relation.op not in ("<=", "<", "=") or not is_zero(theorem.relation.gap - (y - side)):
                raise Rejected("the bounds are not of e and −e by the same number")
        return self._theorem(le(Abs(e), y), self._signs(()), above, below)

    @rule("extremum")
    def extremum(self, e: Max | Min, argument: Any, using: Using = ()) -> Theorem:
        """`argument ≤ Max(…)`, `Min(…) ≤ argument`; equality where no other argument is beyond it."""
        argument, signs = sympify(argument), self._signs(using)
        if not isinstance(e, Max | Min) or argument not in e.args:
            raise Rejected(f"{argument} is not an argument of {e}")
        sense = 1 if isinstance(e, Max) else -1
        if all(signs.of(sense * (argument - other)) <= NONNEGATIVE for other in e.args):
            return self._theorem(eq(e, argument), signs)
        return self._theorem(le(argument, e) if sense == 1 else le(e, argument), signs)

    @rule("derivative of an identity")
    def differentiate(self, theorem: Theorem, s: Symbol, at: Any, using: Using = ()) -> Theorem:
        """`dl/ds = dr/ds` at a point, from `l = r` for every s."""
        r, signs = theorem.relation, self._signs(using)
        if r.op != "=" or s in theorem.fixed or isinstance(s, Index):
            raise Rejected(f"the identity is not known for every {s}")
        self._require_kind(s, sympify(at), signs)
        return self._theorem(eq(slope(r.left, s, at), slope(r.right, s, at)), signs, theorem)

    @rule("sign function")
    def sign_of(self, e: Any, f: Expr, x: Symbol) -> tuple[Theorem, Theorem, Theorem]:
        """`sign(e)·(f(e) − f(0)) = |f(e) − f(0)|` for an increasing `f`; `−1 ≤ sign(e)`; `sign(e) ≤ 1`."""
        e, signs = sympify(e), self._signs(())
        for point in (e, Integer(0)):
            self._require_kind(x, point, signs)
        self._require_smooth(f, x, signs)
        if not signs.of(diff(f, x)) <= NONNEGATIVE or any(x in t.fixed for t in signs.used):
            raise Rejected(f"{f} is not known to increase in {x}")
        change = substitute(f, {x: e}) - substitute(f, {x: Integer(0)})
        relations = (eq(sign(e) * change, Abs(change)), le(-1, sign(e)), le(sign(e), 1))
        return tuple(self._theorem(r, signs) for r in relations)  # type: ignore[return-value]

    @rule("sign function increases")
    def signs_ordered(self, e: Any, other: Any) -> Theorem:
        """`0 ≤ (sign(e) − sign(other))(e − other)`."""
        e, other = sympify(e), sympify(other)
        return self._theorem(le(0, (sign(e) - sign(other)) * (e - other)), self._signs(()))

    @rule("interval")
    def interval(
        self, goal: Relation, box: Mapping[Symbol, tuple[Any, Any]], where: Sequence[Relation] = ()
    ) -> Theorem:
        """`left < right` by branch and bound with rigorous enclosures, for symbols in a box and where `l ≤ r`."""
        ends = {s: tuple(map(sympify, pair)) for s, pair in box.items()}
        bounds = [r for s, (low, high) in ends.items() for r in (le(low, s), le(s, high))]
        if goal.op != "<" or goal.free - set(box) or any(r.op != "<=" or r.forall for r in where):
            raise Rejected("the goal must be strict, and speak of the symbols of the box only")
        conditions = [_supposed(r) for r in (*bounds, *where)]
        positive(goal.gap, ends, [r.gap for r in where])
        return self._theorem(goal, self._signs(conditions), *conditions)

    def _require_smooth(self, f: Expr, x: Symbol, signs: Signs) -> None:
        """`f` is smooth in `x` at every point of its domain."""
        signs.require_defined(f, smooth=x)
        if any(x in t.fixed for t in signs.used):
            raise Rejected(f"{f} is not known to be smooth for every {x}")

    def _provide(self, *inputs: Expr) -> Expr:
        """A new constant, indexed by all the indices that the lemma was applied at."""
        self._provided += 1
        label = Fixed(f"xi{self._provided}", real=True)
        indices = sorted((i for i in frozenset().union(*map(free, inputs)) if isinstance(i, Index)), key=str)
        return IndexedBase(label)[tuple(indices)] if indices else label

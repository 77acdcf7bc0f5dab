r"""Lemmas that proofs use by name. Each is derived by the rules of the kernel, so nothing here is trusted.

Jensen's inequality is a sum of tangents, Young's a square, Popoviciu's a goal of `mean-value`, the descent lemma what
L-smoothness is supposed as.
"""

from __future__ import annotations

from typing import Any, Literal

from sympy import Abs, Expr, Integer, Max, Min, Symbol, diff, sign, sqrt, sympify

from proofs.goals import Kernel, rule
from proofs.kernel import Index, Relation, Theorem, Time, Total, Using, eq, le, lt
from proofs.kernel.terms import substitute

y = Symbol("y", real=True)


class Argument(Kernel):
    """What a proof is a function of: the kernel, and lemmas derived by it."""

    def identity(self, left: Any, right: Any, using: Using = ()) -> Theorem:
        """`left = right`, because both have the same normal form where they are defined."""
        return self.combine(eq(left, right), using=using)

    def sign(self, relation: Relation, using: Using = ()) -> Theorem:
        """An inequality whose gap has its sign by the kinds of its parts and the facts."""
        return self.combine(relation, rest=relation.gap, using=using)

    @rule("tangent of a convex function")
    def tangent(
        self, f: Expr, x: Symbol, at: Any, to: Any, curvature: Theorem | None = None, using: Using = ()
    ) -> Theorem:
        """`f(to) ≥ f(at) + f'(at)(to − at)` where `f'' ≥ 0` for all x of its kind, the reverse where `f'' ≤ 0`.

        Without `curvature`, which is `0 ≤ f''`, the sign of `f''` is read off it.
        """
        at, to = sympify(at), sympify(to)
        xi, expansion, _ = self.taylor(f, x, at, to, order=2, using=using)
        line = substitute(f, {x: at}) + substitute(diff(f, x), {x: at}) * (to - at)
        second, image = substitute(diff(f, x, 2), {x: xi}), substitute(f, {x: to})
        square = (to - at) ** 2 / 2
        if curvature is not None:
            return self.combine(
                le(line, image), (-1, expansion), (square, self.at(curvature, {x: xi})), using=using
            )
        if self._signs(using).of(second) <= {0, 1}:
            return self.combine(le(line, image), (-1, expansion), rest=second * square, using=using)
        return self.combine(le(image, line), (1, expansion), rest=-second * square, using=using)

    @rule("mean value of the second divided difference")
    def divided_difference(
        self,
        f: Expr,
        x: Symbol,
        nodes: tuple[Any, Any, Any],
        left: Theorem,
        right: Theorem,
        using: Using = (),
    ) -> tuple[Any, ...]:
        """`f[a, b, c] = f''(ξ)/2`, `a < ξ < c`, where `left` is `a < b` and `right` is `b < c`.

        The difference g of f and its interpolating parabola vanishes at the nodes, so g' does twice (Rolle), g'' once.
        """
        a, b, c = map(sympify, nodes)
        fa, fb, fc = (substitute(f, {x: node}) for node in (a, b, c))
        first, second = (fb - fa) / (b - a), (fc - fb) / (c - b)
        difference = (second - first) / (c - a)
        using = [*using, left, right]
        using.append(self.combine(lt(a, c), (1, left), (1, right)))
        g = f - fa - first * (x - a) - difference * (x - a) * (x - b)
        flats = []
        for start, end, ordered in ((a, b, left), (b, c, right)):
            xi, change, above, below = self.taylor(g, x, start, end, order=1, between=ordered, using=using)
            slope_ = substitute(diff(g, x), {x: xi})
            flat = self.combine(eq(slope_, 0), (-1 / (end - start), change), using=using)
            flats.append((xi, flat, above, below))
        (one, flat1, above, middle1), (two, flat2, middle2, below) = flats
        between = self.combine(lt(one, two), (1, middle1), (1, middle2))
        using.append(between)
        xi, change, up, down = self.taylor(diff(g, x), x, one, two, order=1, between=between, using=using)
        second_ = substitute(diff(f, x, 2), {x: xi}) / 2
        scale = 1 / (2 * (two - one))
        value = self.combine(
            eq(difference, second_), (scale, change), (scale, flat1), (-scale, flat2), using=using
        )
        return (
            xi,
            value,
            self.combine(lt(a, xi), (1, above), (1, up)),
            self.combine(lt(xi, c), (1, down), (1, below)),
        )

    @rule("monotone function")
    def monotone(self, f: Expr, x: Symbol, theorem: Theorem, using: Using = ()) -> Theorem:
        """`f(left) ≤ f(right)` from `left ≤ right` where `f' ≥ 0`, strict where `f' > 0`; `=` from `=`."""
        r = theorem.relation
        if r.op == "=":
            return self.congruence(f, x, theorem, using=using)
        xi, change, _ = self.taylor(f, x, r.left, r.right, order=1, using=using)
        rate = substitute(diff(f, x), {x: xi})
        op: Literal["<", "<="] = "<" if r.op == "<" and self._signs(using).of(rate) <= {1} else "<="
        images = (substitute(f, {x: side}) for side in (r.left, r.right))
        return self.combine(
            Relation(next(images), op, next(images)), (-1, change), (rate, theorem), using=using
        )

    @rule("Cauchy–Schwarz")
    def cauchy_schwarz(self, u: Any, v: Any, *indices: Index, weight: Any = 1, using: Using = ()) -> Theorem:
        """`(Σ w u v)² ≤ Σ w u² · Σ w v²`: the difference is `½ ΣΣ w w (u v − v u)²` (Lagrange)."""
        u, v, weight = sympify(u), sympify(v), sympify(weight)
        twins = {i: type(i)(f"{i}'", i.total) for i in indices}
        u2, v2, weight2 = (substitute(e, twins) for e in (u, v, weight))
        square = weight * weight2 * (u * v2 - v * u2) ** 2
        sums = [Total(weight * e, *indices) for e in (u * v, u**2, v**2)]
        rest = Total(square, *indices, *twins.values()) / 2
        return self.combine(le(sums[0] ** 2, sums[1] * sums[2]), rest=rest, using=using)

    @rule("square root")
    def root(self, x: Any, theorem: Theorem, y: Any = None, using: Using = ()) -> Theorem:
        """`x ≤ y` from `x² ≤ y²` and `0 ≤ y`; without y, `x ≤ √r` from `x² ≤ r`."""
        x, y = sympify(x), sqrt(theorem.right) if y is None else sympify(y)
        square = self.combine(le(0, theorem.right), (1, theorem), rest=x**2, using=using)
        known = [*using, square, self.sign(le(0, y), using=[*using, square])]
        short, beyond = self.suppose(le(x, y), using=known), self.suppose(lt(y, x), using=known)
        both = self.combine(lt(0, x + y), (1, beyond), (2, known[-1]), using=known)
        known.append(both)
        longer = self.combine(le(x, y), (1 / (x + y), theorem), using=known)
        return longer if beyond.relation not in longer.hypotheses else self.cases(short, longer)

    @rule("vanishing sum")
    def vanishing(self, theorem: Theorem, using: Using = ()) -> Theorem:
        """`e_i = 0` from `Σ_i e_i ≤ 0` where no `e_i` is negative."""
        (i,) = theorem.left.bound
        e = theorem.left.body
        below = self.combine(
            le(e, 0), (1, self.terms_of_sum(e, i, i, using=using)), (1, theorem), using=using
        )
        above = self.sign(le(0, e), using=using)
        return self.antisymmetry(below, self.combine(le(0, e), (1, above), using=using))

    @rule("absolute value")
    def absolute(self, e: Any, using: Using = ()) -> Theorem:
        """`|e| = e` where `e ≥ 0` is known, else `e ≤ |e|`."""
        e = sympify(e)
        if self._signs(using).of(e) <= {0, 1}:
            return self.resolve(_size(e), using=using)
        up, down = self.suppose(le(0, e)), self.suppose(le(e, 0))
        positive = self.resolve(_size(e), using=[up])
        negative = self.resolve(_size(e), using=[down])
        goal = le(e, Abs(e))
        return self.cases(self.combine(goal, (-1, positive)), self.combine(goal, (-1, negative), (2, down)))

    @rule("bound of an absolute value")
    def within(self, e: Any, above: Theorem, below: Theorem) -> Theorem:
        """`|e| ≤ y` from `e ≤ y` and `−e ≤ y`."""
        e, y = sympify(e), above.right
        up, down = self.suppose(le(0, e)), self.suppose(le(e, 0))
        positive, negative = (self.resolve(_size(e), using=[case]) for case in (up, down))
        goal = le(Abs(e), y)
        return self.cases(
            self.combine(goal, (1, positive), (1, above)), self.combine(goal, (1, negative), (1, below))
        )

    @rule("extremum")
    def extremum(self, e: Max | Min, argument: Any, using: Using = ()) -> Theorem:
        """`argument ≤ Max(…)`, `Min(…) ≤ argument`; equality where no other argument is beyond it."""
        argument, sense = sympify(argument), 1 if isinstance(e, Max) else -1
        others = [other for other in e.args if other != argument]
        if len(others) != 1 or self._signs(using).of(sense * (argument - others[0])) <= {0, 1}:
            return self.resolve(e, using=using)
        goal = le(argument, e) if sense == 1 else le(e, argument)
        first, second = self.suppose(le(argument, others[0])), self.suppose(le(others[0], argument))
        one, two = (self.resolve(e, using=[case]) for case in (first, second))
        ends = []
        for case, value in ((first, one), (second, two)):
            extra = ((1, case),) if value.right != argument else ()
            ends.append(self.combine(goal, (-sense, value), *extra))
        return self.cases(*ends)

    @rule("sign function")
    def sign_of(self, e: Any, f: Expr, x: Symbol) -> tuple[Theorem, ...]:
        """`sign(e)·(f(e) − f(0)) = |f(e) − f(0)|` for an increasing `f`; `−1 ≤ sign(e)`; `sign(e) ≤ 1`."""
        e, zero = sympify(e), Integer(0)
        change = substitute(f, {x: e}) - substitute(f, {x: zero})
        goals = (eq(sign(e) * change, Abs(change)), le(-1, sign(e)), le(sign(e), 1))
        branches = []
        for sense in (1, -1):
            case = self.suppose(lt(*((0, e) if sense == 1 else (e, 0))))
            value = self.resolve(sign(e), using=[case])
            rises = self.monotone(f, x, case)
            size = self.resolve(_size(change), using=[self.combine(le(0, sense * change), (1, rises))])
            branches.append((value, self.combine(goals[0], (change, value), (-1, size)), sense))
        at_most, at_least = self.suppose(le(e, 0)), self.suppose(le(0, e))
        still = self.antisymmetry(at_most, at_least)
        flat = self.combine(eq(change, 0), (1, self.congruence(f, x, still)))
        none = self.combine(eq(Abs(change), 0), (1, self.congruence(Abs(y), y, flat)))
        value = self.resolve(sign(e), using=[at_most, at_least])
        branches.append((value, self.combine(goals[0], (change, value), (-1, none)), 0))
        return tuple(
            self._three(*derived)
            for derived in zip(*(self._bounded(goals, *b) for b in branches), strict=True)
        )

    def _bounded(
        self, goals: tuple[Relation, ...], value: Theorem, product: Theorem, sense: int
    ) -> tuple[Theorem, ...]:
        """The product, and −1 ≤ sign ≤ 1, from the value of the sign."""
        lower = self.combine(goals[1], (-1, value), rest=1 + sense)
        return product, lower, self.combine(goals[2], (1, value), rest=1 - sense)

    def _three(self, positive: Theorem, negative: Theorem, zero: Theorem) -> Theorem:
        return self.cases(positive, self.cases(negative, zero))

    @rule("sign function increases")
    def signs_ordered(self, e: Any, other: Any) -> Theorem:
        """`0 ≤ (sign(e) − sign(other))(e − other)`: `|e| + |other|` is at least the mixed products."""
        e, other = sympify(e), sympify(other)
        own = [self.sign_of(point, y, y) for point in (e, other)]
        mixed = [
            self.times_sign(sign(a), b, *own[n][1:]) for n, (a, b) in enumerate(((e, other), (other, e)))
        ]
        goal = le(0, (sign(e) - sign(other)) * (e - other))
        return self.combine(goal, *((-1, product) for product, *_ in own), *((1, bound) for bound in mixed))

    @rule("product with a sign")
    def times_sign(self, factor: Expr, e: Expr, least: Theorem, most: Theorem) -> Theorem:
        """`factor·e ≤ |e|` from `−1 ≤ factor` and `factor ≤ 1`."""
        up, down = self.absolute(e), self.absolute(-e)
        terms = (((1 + factor) / 2, up), ((1 - factor) / 2, down))
        return self.combine(le(factor * e, Abs(e)), *terms, using=(least, most))

    @rule("reflection")
    def reflected(self, lower: Theorem, upper: Theorem) -> tuple[Theorem, Theorem]:
        """`−hi ≤ −x` and `−x ≤ −lo` from `lo ≤ x` and `x ≤ hi`."""
        return (
            self.combine(le(-upper.right, -upper.left), (1, upper)),
            self.combine(le(-lower.right, -lower.left), (1, lower)),
        )

    @rule("geometric recursion")
    def geometric(
        self, t: Time, sequence: Expr, rate: Expr, limit: Expr, one_step: Theorem, using: Using = ()
    ) -> Theorem:
        """`e_t ≤ e* + ρ^t (e_0 − e*)` from `e_{t+1} ≤ ρ e_t + (1 − ρ) e*` for all t, ρ ≥ 0."""
        begun = substitute(sequence, {t: Integer(0)})
        claim = le(sequence, limit + rate**t * (begun - limit))
        start, supposed = self.combine(claim.at({t: Integer(0)})), self.suppose(claim, using=using)
        following = self.combine(claim.at({t: t + 1}), (1, one_step), (rate, supposed), using=using)
        return self.induction(t, start, following, claim)


def _size(e: Expr) -> Abs:
    return Abs(e, evaluate=False)


def by_identity(kernel: Argument) -> tuple[Theorem, ...]:
    """The argument of a goal whose relations are identities."""
    return tuple(kernel.identity(relation.left, relation.right) for relation in kernel.goal)

r"""The rules of inference. Each checks its own side conditions and raises `Rejected` where one is not met.

A proof is a function of a `Kernel`; what it returns has been derived by these rules from the hypotheses that the
theorem carries. The axioms of analysis among them are a closed list: Lagrange's remainder, the mean value of the
second divided difference, a term of a sum, telescoping, the derivative of an identity. See docs/kernel.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from math import factorial
from typing import Any, ParamSpec

from sympy import Abs, Expr, IndexedBase, Integer, Max, Min, Mul, Symbol, diff, sign, sqrt, sympify

from proofs.kernel.interval import positive
from proofs.kernel.normal import is_zero
from proofs.kernel.signs import KNOWN, NONNEGATIVE, NONZERO, POSITIVE, Signs
from proofs.kernel.terms import (
    Fixed,
    Index,
    Rejected,
    Span,
    Time,
    Total,
    free,
    generic_element,
    slope,
    substitute,
)
from proofs.kernel.theorem import _KERNEL, Relation, Theorem, eq, le, lt

P = ParamSpec("P")
Using = Sequence[Theorem]
OPPOSITE = {("<=", "<="), ("<=", "<"), ("<", "<="), ("=", "!="), ("!=", "=")}


@dataclass(frozen=True)
class Step:
    """One application of a rule: what was derived, by which rule, and how the check went."""

    number: int
    relations: tuple[Relation, ...]
    rule: str
    result: str

    @property
    def statement(self) -> str:
        """LaTeX of what was derived; empty where the step was rejected."""
        return r";\quad ".join(map(str, self.relations))


def rule(name: str) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Mark a method as a rule, so that each use of it is one numbered step; a rule used within it is not one."""

    def decorate(method: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(method)
        def applied(*args: P.args, **kwargs: P.kwargs) -> Any:
            steps: list[Step] = args[0].steps  # type: ignore[attr-defined]
            before = len(steps)
            try:
                derived = method(*args, **kwargs)
            except Rejected as error:
                steps[before:] = [Step(before + 1, (), name, f"rejected: {error}")]
                raise
            theorems = derived if isinstance(derived, tuple) else (derived,)
            relations = tuple(t.relation for t in theorems if isinstance(t, Theorem))
            inner = len(steps) - before
            steps[before:] = [
                Step(before + 1, relations, name, f"checked, {inner} rules" if inner else "checked")
            ]
            return derived

        return applied

    return decorate


def union(theorems: Iterable[Theorem]) -> frozenset[Relation]:
    """The hypotheses of all of them."""
    return frozenset().union(*(t.hypotheses for t in theorems))


def supposed(h: Relation) -> Theorem:
    """`h ⊢ h`, at generic values of what `h` quantifies."""
    return Theorem(Relation(h.left, h.op, h.right), frozenset((h,)), _KERNEL)


@dataclass
class Rules:
    """The rules, within one goal.

    Args:
        given: hypotheses of the goal; every rule may use them as facts about signs.
        goal: what is to be shown.
        steps: the record.
    """

    given: tuple[Relation, ...]
    goal: tuple[Relation, ...]
    steps: list[Step] = field(default_factory=list)
    certified: bool = False
    _provided: int = 0

    def __post_init__(self) -> None:
        self.facts = [supposed(h) for h in self.given]

    def _signs(self, using: Using) -> Signs:
        return Signs([*self.facts, *using])

    def _theorem(self, relation: Relation, signs: Signs, *premises: Theorem) -> Theorem:
        for side in (relation.left, relation.right):
            signs.require_defined(side)
        return Theorem(relation, union((*premises, *signs.used)), _KERNEL)

    @rule("hypothesis")
    def suppose(self, relation: Relation) -> Theorem:
        """`relation ⊢ relation`: for one branch of `cases`, or a hypothesis of the goal."""
        return supposed(relation)

    @rule("identity")
    def identity(self, left: Any, right: Any, using: Using = ()) -> Theorem:
        """`left = right`, because both have the same normal form where they are defined."""
        relation = eq(left, right)
        if not is_zero(relation.gap):
            raise Rejected(f"not an identity: {relation}")
        return self._theorem(relation, self._signs(using))

    @rule("sign")
    def sign(self, relation: Relation, using: Using = ()) -> Theorem:
        """A relation whose gap has its sign by the kinds of its parts and the facts."""
        signs = self._signs(using)
        signs.require(relation.gap, KNOWN[relation.op], f"not shown: {relation}")
        return self._theorem(relation, signs)

    @rule("combination")
    def combine(
        self, goal: Relation, *terms: tuple[Any, Theorem], rest: Any = 0, using: Using = ()
    ) -> Theorem:
        """`goal.right − goal.left = Σ multiplier·(right − left) + rest`, multipliers and rest of the right sign.

        This covers chains, sums of squares (in `rest`), Young's inequality, the S-lemma, Schur complements.
        """
        signs, rest = self._signs(using), sympify(rest)
        pairs = [(sympify(m), t) for m, t in terms]
        if not is_zero(goal.gap - rest - sum(m * t.relation.gap for m, t in pairs)):
            raise Rejected(f"the combination does not add up to {goal}")
        ops = {t.relation.op for _, t in pairs}
        if goal.op == "!=" or "!=" in ops or (goal.op == "=" and (ops - {"="} or rest != 0)):
            raise Rejected("an equality needs equalities, and inequations cannot be combined")
        for e in (rest, *(m for m, _ in pairs)):
            signs.require_defined(e)
        signs.require(rest, NONNEGATIVE, "rest")
        for m, t in pairs:
            if t.relation.op != "=":
                signs.require(m, NONNEGATIVE, "multiplier of an inequality")
        strict = signs.of(rest) <= POSITIVE or any(
            t.relation.op == "<" and signs.of(m) <= POSITIVE for m, t in pairs
        )
        if goal.op == "<" and not strict:
            raise Rejected("the combination is not strict")
        return self._theorem(goal, signs, *(t for _, t in pairs))

    @rule("sum over an index")
    def sum_over(self, theorem: Theorem, *indices: Index, weight: Any = 1, using: Using = ()) -> Theorem:
        """`Σ weight·left op Σ weight·right` from the relation at each index; the weights are not negative."""
        r, weight, signs = theorem.relation, sympify(weight), self._signs(using)
        if r.op == "!=" or not all(isinstance(i, Index) for i in indices):
            raise Rejected("only equalities and inequalities are summed, and only over indices")
        if r.op != "=":
            signs.require(weight, NONNEGATIVE, "weight of an inequality")
        ranges = {
            le(i + 1, i.total) for i in indices if isinstance(i, Time)
        }  # Σ over t stops before its total
        summand = Theorem(r, theorem.hypotheses - ranges, _KERNEL)
        self._require_every(indices, summand, *signs.used)
        op = "<=" if r.op == "<" and signs.of(weight) != POSITIVE else r.op
        return self._theorem(
            Relation(Total(weight * r.left, *indices), op, Total(weight * r.right, *indices)), signs, summand
        )

    @staticmethod
    def _require_every(names: Iterable[Any], *theorems: Theorem) -> None:
        for t in theorems:
            if named := set(names) & t.fixed:
                raise Rejected(f"it is not known for every {', '.join(map(str, named))}")

    @rule("instance")
    def at(self, theorem: Theorem, images: Mapping[Any, Any], using: Using = ()) -> Theorem:
        """The theorem at other values of its symbols, indices and families; their kinds must agree."""
        signs = self._signs(using)
        names = (s.label if isinstance(s, IndexedBase) else s for s in theorem.relation.free | theorem.fixed)
        provided = any(isinstance(s, Fixed) for s in names)
        for key, image in images.items():
            if isinstance(key, Index):
                _require_index(key, sympify(image))
            elif provided:
                raise Rejected(f"a constant in it may depend on {key}")
            elif isinstance(key, IndexedBase):
                like = [e for e in theorem.elements if e.base == key]
                self._require_kind(key.label, generic_element(image, like), signs)
            else:
                self._require_kind(key, sympify(image), signs)
        hypotheses = frozenset(h.at(images) for h in theorem.hypotheses)
        return Theorem(theorem.relation.at(images), hypotheses | union(signs.used), _KERNEL)

    def _require_kind(self, symbol: Symbol, image: Expr, signs: Signs) -> None:
        if isinstance(symbol, Fixed):
            raise Rejected(f"{symbol} is a constant that a lemma provided")
        if symbol.is_integer and not (image.is_integer and image.is_nonnegative):
            raise Rejected(f"{image} is not known to be an integer like {symbol}")
        allowed = POSITIVE if symbol.is_positive else NONNEGATIVE if symbol.is_nonnegative else None
        if allowed is not None and not (symbol.is_integer and not symbol.is_positive):
            signs.require(image, allowed, f"image of {symbol}")
        signs.require_defined(image)

    @rule("cut")
    def cut(self, theorem: Theorem, *shown: Theorem, using: Using = ()) -> Theorem:
        """Drop hypotheses that are shown, by theorems or by their signs."""
        signs, premises, kept = self._signs(using), [], []
        for h in theorem.hypotheses:
            proof = next((t for t in shown if _settles(t, h)), None)
            if proof is not None:
                premises.append(proof)
            elif h.forall or any(h.same(g) for g in self.given) or not signs.of(h.gap) <= KNOWN[h.op]:
                kept.append(h)
        return Theorem(theorem.relation, union((*premises, *signs.used)).union(kept), _KERNEL)

    @rule("cases")
    def cases(self, one: Theorem, other: Theorem) -> Theorem:
        """What follows from a relation and from its opposite follows."""
        if not one.relation.same(other.relation):
            raise Rejected("the cases conclude different things")
        for h in one.hypotheses:
            for k in other.hypotheses:
                if _opposite(h, k):
                    kept = (one.hypotheses - {h}) | (other.hypotheses - {k})
                    return Theorem(one.relation, kept, _KERNEL)
        raise Rejected("the cases do not exhaust all possibilities")

    @rule("induction")
    def induction(self, n: Time, start: Theorem, step: Theorem, statement: Relation) -> Theorem:
        """`statement` for all n ≥ 0 from `statement` at 0 and `statement ⊢ statement at n+1`."""
        if not isinstance(n, Time) or not start.relation.same(statement.at({n: Integer(0)})):
            raise Rejected("the induction does not start at 0")
        if not step.relation.same(statement.at({n: n + 1})):
            raise Rejected("the step does not conclude the next case")
        others = frozenset(h for h in step.hypotheses if not h.same(statement)) | start.hypotheses
        if any(n in h.free for h in others):
            raise Rejected(f"a hypothesis speaks of this {n}")
        return Theorem(statement, others, _KERNEL)

    @rule("antisymmetry")
    def antisymmetry(self, one: Theorem, other: Theorem) -> Theorem:
        """`x ≤ y` and `y ≤ x` give `x = y`."""
        if not one.relation.op == other.relation.op == "<=" or not is_zero(
            one.relation.gap + other.relation.gap
        ):
            raise Rejected("the inequalities do not oppose each other")
        return Theorem(eq(one.left, one.right), union((one, other)), _KERNEL)

    @rule("congruence")
    def congruence(self, f: Expr, x: Symbol, theorem: Theorem, using: Using = ()) -> Theorem:
        """`f(left) = f(right)` from `left = right`."""
        if theorem.relation.op != "=":
            raise Rejected("only equals may be replaced by equals")
        signs = self._signs(using)
        images = [substitute(f, {x: side}) for side in (theorem.left, theorem.right)]
        return self._theorem(eq(*images), signs, theorem)

    @rule("square root")
    def root(self, x: Any, theorem: Theorem, y: Any = None, using: Using = ()) -> Theorem:
        """`x ≤ y` from `x² ≤ y²` and `0 ≤ y`; without y, `x ≤ √r` from `x² ≤ r`."""
        x, y = sympify(x), sqrt(theorem.right) if y is None else sympify(y)
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

    @rule("value at a known sign")
    def resolve(self, e: Abs | Max | Min | sign, using: Using = ()) -> Theorem:
        """`|x| = ±x` for x ≷ 0, `sign(x)` for x of known sign, `Max` and `Min` by an argument that is extreme."""
        signs, of = self._signs(using), lambda x, y=Integer(0): signs.of(x - y) <= NONNEGATIVE
        if isinstance(e, Max | Min):
            sense = 1 if isinstance(e, Max) else -1
            values = [a for a in e.args if all(of(sense * a, sense * b) for b in e.args)]
        elif isinstance(e, Abs):
            values = [s * e.args[0] for s in (1, -1) if of(s * e.args[0])]
        else:
            values = [s for s in (1, -1, 0) if isinstance(e, sign) and signs.of(e.args[0]) <= {s}]
        if not values:
            raise Rejected(f"the signs that decide {e} are not known")
        return self._theorem(eq(e, values[0]), signs)

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

        Returns ξ, of the kind of `x`, this, and `0 ≤ (ξ−start)(end−ξ)`; `f` must be smooth for all x of its kind.
        Where `between` orders the ends, smooth between them is enough, and two bounds of ξ come last, strict if
        it is. Order 1 is the mean value theorem.
        """
        start, end, signs = sympify(start), sympify(end), self._signs(using)
        for point in (start, end):
            self._require_kind(x, point, signs)
        bounds, premises, op = [], (), "<="
        if between is not None:
            op, ends = between.relation.op, sorted((start, end), key=lambda e: not is_zero(between.left - e))
            if op not in ("<=", "<") or not is_zero(between.relation.gap - (ends[1] - ends[0])):
                raise Rejected("the order of the ends is not shown")
            if x in free(start) | free(end) or any(x in h.free for h in self.given):
                raise Rejected(f"{x} is not arbitrary")
            premises = (between,)
            bounds = [Theorem(le(a, b), frozenset(), _KERNEL) for a, b in ((ends[0], x), (x, ends[1]))]
        smooth = self._require_smooth(f, x, [*using, *bounds])
        xi = self._provide(x, f, start, end)
        jet = [
            substitute(diff(f, x, k) if k else f, {x: start}) * (end - start) ** k / factorial(k)
            for k in range(order)
        ]
        remainder = substitute(diff(f, x, order), {x: xi}) * (end - start) ** order / factorial(order)
        relations = [eq(substitute(f, {x: end}), sum(jet) + remainder), le(0, (xi - start) * (end - xi))]
        if bounds:
            relations[1:] = [Relation(a, op, b) for a, b in ((ends[0], xi), (xi, ends[1]))]
        hypotheses = union((*premises, *signs.used, *smooth.used))
        return (xi, *(Theorem(r, hypotheses, _KERNEL) for r in relations))

    @rule("mean value of the second divided difference")
    def divided_difference(
        self, f: Expr, x: Symbol, nodes: tuple[Any, Any, Any], using: Using = ()
    ) -> tuple[Any, ...]:
        """`Σ_k f(x_k)/Π_{j≠k}(x_k − x_j) = f''(ξ)/2` for distinct nodes; ξ strictly between their extremes."""
        points, signs = [sympify(n) for n in nodes], self._signs(using)
        for k, point in enumerate(points):
            self._require_kind(x, point, signs)
            for other in points[:k]:
                signs.require(point - other, NONZERO, "nodes must differ")
        smooth = self._require_smooth(f, x, using)
        xi = self._provide(x, f, *points)
        parts = (
            substitute(f, {x: p}) / Mul(*(p - other for other in points if other is not p)) for p in points
        )
        middle = eq(sum(parts), substitute(diff(f, x, 2), {x: xi}) / 2)
        hypotheses = union((*signs.used, *smooth.used))
        relations = (middle, lt(Min(*points), xi), lt(xi, Max(*points)))
        return (xi, *(Theorem(r, hypotheses, _KERNEL) for r in relations))

    def _require_smooth(self, f: Expr, x: Symbol, using: Using) -> Signs:
        """`f` is smooth in `x` at every point of its kind (and between bounds that `using` may give)."""
        signs = self._signs(using)
        signs.require_defined(f, smooth=x)
        self._require_every([x], *signs.used)
        return signs

    def _provide(self, x: Symbol, *inputs: Expr) -> Expr:
        """A new constant of the kind of `x`, indexed by all the indices that the lemma was applied at."""
        self._provided += 1
        label = Fixed(f"xi{self._provided}", **x.assumptions0)
        indices = sorted((i for i in frozenset().union(*map(free, inputs)) if isinstance(i, Index)), key=str)
        return IndexedBase(label)[tuple(indices)] if indices else label

    @rule("terms of a sum")
    def terms_of_sum(self, e: Any, i: Index, *at: Index, using: Using = ()) -> Theorem:
        """`Σ_{k ∈ at} e_k ≤ Σ_i e_i` for distinct indices, where no `e_i` is negative."""
        e, signs = sympify(e), self._signs(using)
        signs.require(Total(e, i), NONNEGATIVE, "term")
        if (
            i.total == 1
            or isinstance(i, Time)
            or any(type(k) is not type(i) or k.total != i.total for k in at)
        ):
            raise Rejected(f"{at} are not indices of the sum over {i}")
        for n, k in enumerate(at):
            for other in at[:n]:
                signs.require(k - other, NONZERO, "indices must differ")
        return self._theorem(le(sum(substitute(e, {i: k}) for k in at), Total(e, i)), signs)

    @rule("telescope")
    def telescope(self, f: Any, t: Span, using: Using = ()) -> Theorem:
        """`Σ_{t<T} (f(t+1) − f(t)) = f(T) − f(0)`."""
        if not isinstance(t, Span):
            raise Rejected(f"{t} does not count 0, 1, 2, …")
        after, end, begin = (substitute(sympify(f), {t: at}) for at in (t + 1, t.total, Integer(0)))
        return self._theorem(eq(Total(after - f, t), end - begin), self._signs(using))

    @rule("derivative of an identity")
    def differentiate(self, theorem: Theorem, s: Symbol, at: Any, using: Using = ()) -> Theorem:
        """`dl/ds = dr/ds` at a point, from `l = r` for every s."""
        r, signs = theorem.relation, self._signs(using)
        if r.op != "=" or isinstance(s, Index):
            raise Rejected("not an identity in a real variable")
        self._require_every([s], theorem)
        self._require_kind(s, sympify(at), signs)
        return self._theorem(eq(slope(r.left, s, at), slope(r.right, s, at)), signs, theorem)

    @rule("interval")
    def interval(
        self, goal: Relation, box: Mapping[Symbol, tuple[Any, Any]], where: Sequence[Relation] = ()
    ) -> Theorem:
        """`left < right` by branch and bound with rigorous enclosures, for symbols in a box and where `l ≤ r`."""
        ends = {s: tuple(map(sympify, pair)) for s, pair in box.items()}
        bounds = [r for s, (low, high) in ends.items() for r in (le(low, s), le(s, high))]
        if goal.op != "<" or goal.free - set(box) or any(r.op != "<=" or r.forall for r in where):
            raise Rejected("the goal must be strict, and speak of the symbols of the box only")
        conditions = [supposed(r) for r in (*bounds, *where)]
        theorem = self._theorem(goal, self._signs(conditions), *conditions)
        positive(goal.gap, ends, [r.gap for r in where])
        self.certified = True
        return theorem


def _require_index(i: Index, image: Expr) -> None:
    same = type(image) is type(i) and image.total == i.total
    if not same and not (isinstance(i, Time) and image.is_integer and image.is_nonnegative):
        raise Rejected(f"{image} does not range over the same set as {i}")


def _settles(shown: Theorem, h: Relation) -> bool:
    """Whether the theorem shows the hypothesis, for all values of what the hypothesis quantifies."""
    r = shown.relation
    return not set(h.forall) & shown.fixed and Relation(r.left, r.op, r.right, h.forall).same(h)


def _opposite(h: Relation, k: Relation) -> bool:
    if h.forall or k.forall or (h.op, k.op) not in OPPOSITE:
        return False
    return is_zero(h.gap + k.gap) or (h.op in ("=", "!=") and is_zero(h.gap - k.gap))

r"""The rules of inference. Each checks its own side conditions and raises `Rejected` where one is not met.

A proof is a function of a `Kernel`; what it returns has been derived by these rules from the hypotheses that the
theorem carries. The axioms of analysis among them are a closed list: Lagrange's remainder, the mean value of the
second divided difference, a term of a sum, telescoping, the derivative of an identity. See docs/kernel.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs.kernel.normal import is_zero
from proofs.kernel.signs import KNOWN, NONNEGATIVE, POSITIVE, Signs
from proofs.kernel.terms import Fixed, Index, Rejected, Time, Total, generic_element, substitute
from proofs.kernel.theorem import _KERNEL, Relation, Theorem, eq, le

Using = Sequence[Theorem]
Term = tuple[Any, Theorem]
KINDS = [sp.Symbol("_", **{kind: True}).assumptions0 for kind in ("real", "nonnegative", "positive")]


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
        given: hypotheses of the goal, each defined where those before it hold; every rule may use them as facts
            about signs.
    """

    given: tuple[Relation, ...]
    certified: bool = False
    _provided: int = 0

    def __post_init__(self) -> None:
        self.facts: list[Theorem] = []
        for h in self.given:
            self.facts.append(Rules.suppose(self, h))

    def _signs(self, using: Using) -> Signs:
        return Signs([*self.facts, *using])

    def _theorem(self, relation: Relation, signs: Signs, *premises: Theorem) -> Theorem:
        for side in (relation.left, relation.right):
            signs.require_defined(side)
        return Theorem(relation, union((*premises, *signs.used)), _KERNEL)

    def suppose(self, relation: Relation, using: Using = ()) -> Theorem:
        """`relation ⊢ relation`: for one branch of `cases`, or a hypothesis of the goal."""
        theorem = supposed(relation)
        return self._theorem(theorem.relation, self._signs(using), theorem)

    def combine(self, goal: Relation, *terms: Term, rest: Any = 0, using: Using = ()) -> Theorem:
        """`goal.right − goal.left = Σ multiplier·(right − left) + rest`, multipliers and rest of the right sign.

        This covers chains, sums of squares (in `rest`), Young's inequality, the S-lemma, Schur complements.
        """
        signs, rest = self._signs(using), sp.sympify(rest)
        pairs = [(sp.sympify(m), t) for m, t in terms]
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
        strict = [rest, *(m for m, t in pairs if t.relation.op == "<")]
        if goal.op == "<" and not any(signs.of(e) <= POSITIVE for e in strict):
            raise Rejected("the combination is not strict")
        return self._theorem(goal, signs, *(t for _, t in pairs))

    def sum_over(self, theorem: Theorem, *indices: Index, weight: Any = 1, using: Using = ()) -> Theorem:
        """`Σ weight·left op Σ weight·right` from the relation at each index; the weights are not negative."""
        r, weight, signs = theorem.relation, sp.sympify(weight), self._signs(using)
        if r.op == "!=" or not all(isinstance(i, Index) for i in indices):
            raise Rejected("only equalities and inequalities are summed, and only over indices")
        signs.require_defined(weight)
        if r.op != "=":
            signs.require(weight, NONNEGATIVE, "weight of an inequality")
        ranges = {le(i + 1, i.total) for i in indices if isinstance(i, Time)}  # Σ stops before the total
        summand = Theorem(r, theorem.hypotheses - ranges, _KERNEL)
        self._require_every(indices, summand, *signs.used)
        op = "<=" if r.op == "<" and signs.of(weight) != POSITIVE else r.op
        left, right = (Total(weight * side, *indices) for side in (r.left, r.right))
        return self._theorem(Relation(left, op, right), signs, summand)

    @staticmethod
    def _require_every(names: Iterable[Any], *theorems: Theorem) -> None:
        for t in theorems:
            if named := t.tied(names):
                raise Rejected(f"it is not known for every {', '.join(map(str, named))}")

    def at(self, theorem: Theorem, images: Mapping[Any, Any], using: Using = ()) -> Theorem:
        """The theorem at other values of its symbols, indices and families; their kinds must agree."""
        signs = self._signs(using)
        for key, image in images.items():
            if isinstance(key, Index):
                _require_index(key, sp.sympify(image), signs)
            elif theorem.provided:
                raise Rejected(f"a constant in it may depend on {key}")
            elif isinstance(key, sp.IndexedBase):
                self._require_kind(key.label, generic_element(image), signs)
            else:
                self._require_kind(key, sp.sympify(image), signs)
        hypotheses = frozenset(h.at(images) for h in theorem.hypotheses)
        return Theorem(theorem.relation.at(images), hypotheses | union(signs.used), _KERNEL)

    def _require_kind(self, symbol: sp.Symbol, image: sp.Expr, signs: Signs) -> None:
        if isinstance(symbol, Fixed) or symbol.assumptions0 not in KINDS:
            raise Rejected(f"{symbol} stands for itself only")
        signs.require_defined(image)
        if symbol.is_nonnegative:
            signs.require(image, POSITIVE if symbol.is_positive else NONNEGATIVE, f"image of {symbol}")

    def cut(self, theorem: Theorem, *shown: Theorem, using: Using = ()) -> Theorem:
        """Drop hypotheses that are shown, by theorems or by their signs."""
        signs, premises, kept = self._signs(using), [], []
        for h in theorem.hypotheses:
            if (proof := next((t for t in shown if _settles(t, h)), None)) is not None:
                premises.append(proof)
            elif h.forall or any(h.same(g) for g in self.given) or not signs.of(h.gap) <= KNOWN[h.op]:
                kept.append(h)
            for side in (h.left, h.right) if h not in kept else ():
                signs.require_defined(side)
        return Theorem(theorem.relation, union((*premises, *signs.used)).union(kept), _KERNEL)

    def cases(self, one: Theorem, other: Theorem) -> Theorem:
        """What follows from a relation and from its opposite follows."""
        if not one.relation.same(other.relation):
            raise Rejected("the cases conclude different things")
        for h in one.hypotheses:
            for k in other.hypotheses:
                if _opposite(h, k):
                    both = Theorem(one.relation, (one.hypotheses - {h}) | (other.hypotheses - {k}), _KERNEL)
                    alike = one.relation == other.relation  # else equal only where both are defined
                    return both if alike else self._theorem(one.relation, self._signs(()), both)
        raise Rejected("the cases do not exhaust all possibilities")

    def induction(self, n: Time, start: Theorem, step: Theorem, goal: Relation, using: Using = ()) -> Theorem:
        """`goal` for all n ≥ 0 from `goal` at 0 and `goal ⊢ goal at n+1`."""
        if not isinstance(n, Time) or not start.relation.same(goal.at({n: sp.Integer(0)})):
            raise Rejected("the induction does not start at 0")
        if not step.relation.same(goal.at({n: n + 1})):
            raise Rejected("the step does not conclude the next case")
        begun = self._theorem(goal, self._signs(using), start)  # defined, though it may fold at 0 and n + 1
        others = frozenset(h for h in step.hypotheses if not h.same(goal)) | begun.hypotheses
        if any(n in h.free for h in others):
            raise Rejected(f"a hypothesis speaks of this {n}")
        return Theorem(goal, others, _KERNEL)

    def antisymmetry(self, one: Theorem, other: Theorem) -> Theorem:
        """`x ≤ y` and `y ≤ x` give `x = y`."""
        opposed = is_zero(one.relation.gap + other.relation.gap)
        if not opposed or not one.relation.op == other.relation.op == "<=":
            raise Rejected("the inequalities do not oppose each other")
        return Theorem(eq(one.left, one.right), union((one, other)), _KERNEL)

    def congruence(self, f: sp.Expr, x: sp.Symbol, theorem: Theorem, using: Using = ()) -> Theorem:
        """`f(left) = f(right)` from `left = right`."""
        if theorem.relation.op != "=":
            raise Rejected("only equals may be replaced by equals")
        signs = self._signs(using)
        images = [substitute(f, {x: side}) for side in (theorem.left, theorem.right)]
        for side in (theorem.left, theorem.right):
            signs.require_defined(f, at={x: side})
        return self._theorem(eq(*images), signs, theorem)

    def resolve(self, e: sp.Abs | sp.Max | sp.Min | sp.sign, using: Using = ()) -> Theorem:
        """`|x| = ±x` for x ≷ 0, `sign(x)` for x of known sign, `Max` and `Min` by an argument that is extreme."""
        signs = self._signs(using)
        if isinstance(e, sp.Max | sp.Min):
            sense = 1 if isinstance(e, sp.Max) else -1
            values = [a for a in e.args if all(signs.of(sense * (a - b)) <= NONNEGATIVE for b in e.args)]
        elif isinstance(e, sp.Abs):
            values = [s * e.args[0] for s in (1, -1) if signs.of(s * e.args[0]) <= NONNEGATIVE]
        else:
            values = [s for s in (1, -1, 0) if isinstance(e, sp.sign) and signs.of(e.args[0]) <= {s}]
        if not values:
            raise Rejected(f"the signs that decide {e} are not known")
        return self._theorem(eq(e, values[0]), signs)


def _require_index(i: Index, image: sp.Expr, signs: Signs) -> None:
    signs.require_defined(image)
    same = type(image) is type(i) and image.total == i.total
    if not same and not (isinstance(i, Time) and image.is_integer and image.is_nonnegative):
        raise Rejected(f"{image} does not range over the same set as {i}")


def _settles(shown: Theorem, h: Relation) -> bool:
    """Whether the theorem shows the hypothesis, for all values of what the hypothesis quantifies."""
    r = shown.relation
    return not shown.tied(h.forall) and Relation(r.left, r.op, r.right, h.forall).same(h)


def _opposite(h: Relation, k: Relation) -> bool:
    ops, opposed = {h.op, k.op}, is_zero(h.gap + k.gap)
    if ops == {"=", "!="}:
        opposed |= is_zero(h.gap - k.gap)
    return opposed and not h.forall + k.forall and ops in ({"=", "!="}, {"<=", "<"}, {"<="})

r"""The rules of inference. Each checks its own side conditions and raises `Rejected` where one is not met.

A proof is a function of a `Kernel`; what it returns has been derived by these rules and by the lemmas of
`proofs.kernel.lemmas`, from the hypotheses that the theorem carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec

from sympy import Expr, IndexedBase, Integer, Symbol, sympify

from proofs.kernel.normal import is_zero
from proofs.kernel.signs import NONNEGATIVE, POSITIVE, Signs
from proofs.kernel.terms import Fixed, Index, Rejected, Time, Total, generic_element
from proofs.kernel.theorem import _KERNEL, Relation, Theorem, eq, le

P = ParamSpec("P")
Using = Sequence[Theorem]
OPPOSITE = {("<=", "<="), ("<=", "<"), ("<", "<="), ("=", "!="), ("!=", "=")}


@dataclass(frozen=True)
class Step:
    """One application of a rule: what was derived, by which rule, and how the check went."""

    number: int
    statement: str
    rule: str
    result: str


def rule(name: str) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Mark a method of the kernel as a rule, so that each use of it is one numbered step."""

    def decorate(method: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(method)
        def applied(*args: P.args, **kwargs: P.kwargs) -> Any:
            kernel: Any = args[0]
            try:
                derived = method(*args, **kwargs)
            except Rejected as error:
                kernel.steps.append(Step(len(kernel.steps) + 1, "", name, f"rejected: {error}"))
                raise
            theorems = derived if isinstance(derived, tuple) else (derived,)
            text = r";\quad ".join(str(t.relation) for t in theorems if isinstance(t, Theorem))
            kernel.steps.append(Step(len(kernel.steps) + 1, text, name, "checked"))
            return derived

        return applied

    return decorate


@dataclass
class Rules:
    """The rules that are not lemmas of analysis.

    Args:
        given: hypotheses of the goal; every rule may use them as facts about signs.
        goal: what is to be shown.
        steps: the record.
    """

    given: tuple[Relation, ...]
    goal: tuple[Relation, ...]
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.facts = [_supposed(h) for h in self.given]

    def _signs(self, using: Using) -> Signs:
        return Signs([*self.facts, *using])

    def _theorem(self, relation: Relation, signs: Signs, *premises: Theorem) -> Theorem:
        for side in (relation.left, relation.right):
            signs.require_defined(side)
        hypotheses = frozenset().union(*(t.hypotheses for t in (*premises, *signs.used)))
        return Theorem(relation, hypotheses, _KERNEL)

    @rule("hypothesis")
    def suppose(self, relation: Relation) -> Theorem:
        """`relation ⊢ relation`: for one branch of `cases`, or a hypothesis of the goal."""
        return _supposed(relation)

    @rule("identity")
    def identity(self, left: Any, right: Any, using: Using = ()) -> Theorem:
        """`left = right`, because both have the same normal form where they are defined."""
        relation = eq(left, right)
        if not is_zero(relation.gap):
            raise Rejected(f"not an identity: {relation}")
        return self._theorem(relation, self._signs(using))

    @rule("sign")
    def sign(self, relation: Relation, using: Using = ()) -> Theorem:
        """An inequality whose gap has its sign by the kinds of its parts and the facts."""
        signs = self._signs(using)
        allowed = {"<=": NONNEGATIVE, "<": POSITIVE, "=": frozenset((0,)), "!=": frozenset((-1, 1))}
        signs.require(relation.gap, allowed[relation.op], f"not shown: {relation}")
        return self._theorem(relation, signs)

    @rule("combination")
    def combine(
        self, goal: Relation, *terms: tuple[Any, Theorem], rest: Any = 0, using: Using = ()
    ) -> Theorem:
        """`goal.right − goal.left = Σ multiplier·(right − left) + rest`, multipliers and rest of the right sign.

        This covers chains, sums of squares (in `rest`), Young's inequality, the S-lemma and Schur complements.
        """
        signs, rest = self._signs(using), sympify(rest)
        difference = goal.gap - rest - sum(sympify(m) * t.relation.gap for m, t in terms)
        if not is_zero(difference):
            raise Rejected(f"the combination does not add up to {goal}")
        for e in (rest, *(sympify(m) for m, _ in terms)):
            signs.require_defined(e)
        strict = signs.of(rest) == POSITIVE
        for m, t in terms:
            if t.relation.op == "!=":
                raise Rejected("an inequation cannot be combined")
            if t.relation.op != "=":
                signs.require(sympify(m), NONNEGATIVE, "multiplier of an inequality")
                strict |= t.relation.op == "<" and signs.of(sympify(m)) == POSITIVE
        if goal.op == "=":
            if rest != 0 or any(t.relation.op != "=" for _, t in terms):
                raise Rejected("an equality needs equalities only")
        elif goal.op == "!=" or (goal.op == "<" and not strict):
            raise Rejected("the combination is not strict")
        signs.require(rest, frozenset((0,)) if goal.op == "=" else NONNEGATIVE, "rest")
        return self._theorem(goal, signs, *(t for _, t in terms))

    @rule("sum over an index")
    def sum_over(self, theorem: Theorem, *indices: Index, weight: Any = 1, using: Using = ()) -> Theorem:
        """`Σ weight·left op Σ weight·right` from the relation at each index; the weights are not negative."""
        r, weight, signs = theorem.relation, sympify(weight), self._signs(using)
        ranges = {le(i + 1, i.total) for i in indices if isinstance(i, Time)}
        theorem = Theorem(r, theorem.hypotheses - ranges, _KERNEL)  # a sum over t stops before its total
        if fixed := set(indices) & theorem.fixed:
            raise Rejected(f"the relation is not known for every {fixed}")
        for i in indices:
            if not isinstance(i, Index):
                raise Rejected(f"{i} is not an index")
        if r.op == "!=":
            raise Rejected("an inequation cannot be summed")
        if r.op != "=":
            signs.require(Total(weight, *indices).body, NONNEGATIVE, "weight of an inequality")
        strict = r.op == "<" and signs.of(weight) == POSITIVE
        op = r.op if r.op == "=" or strict else "<="
        if any(set(indices) & t.fixed for t in signs.used):
            raise Rejected("the sign of the weight is not known for every index")
        summed = Relation(Total(weight * r.left, *indices), op, Total(weight * r.right, *indices))
        return self._theorem(summed, signs, theorem)

    @rule("instance")
    def at(self, theorem: Theorem, images: Mapping[Any, Any], using: Using = ()) -> Theorem:
        """The theorem at other values of its symbols, indices and families; their kinds must agree."""
        signs = self._signs(using)
        speaks_of = theorem.relation.free | theorem.fixed
        provided = any(isinstance(s.label if isinstance(s, IndexedBase) else s, Fixed) for s in speaks_of)
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
        return Theorem(
            theorem.relation.at(images), hypotheses.union(*(t.hypotheses for t in signs.used)), _KERNEL
        )

    def _require_kind(self, symbol: Symbol, image: Expr, signs: Signs) -> None:
        if isinstance(symbol, Fixed):
            raise Rejected(f"{symbol} is a constant that a lemma provided")
        if symbol.is_integer:
            if not (image.is_integer and (image.is_nonnegative or not symbol.is_nonnegative)):
                raise Rejected(f"{image} is not known to be an integer like {symbol}")
        elif symbol.is_positive or symbol.is_nonnegative:
            signs.require(image, POSITIVE if symbol.is_positive else NONNEGATIVE, f"image of {symbol}")
        signs.require_defined(image)

    @rule("cut")
    def cut(self, theorem: Theorem, *shown: Theorem, using: Using = ()) -> Theorem:
        """Drop hypotheses that are shown, by theorems or by their signs."""
        signs, premises, kept = self._signs(using), [], []
        for h in theorem.hypotheses:
            proof = next((t for t in shown if _settles(t, h)), None)
            if proof is not None:
                premises.append(Theorem(proof.relation, proof.hypotheses, _KERNEL))
            elif any(t.relation.same(h) for t in self.facts) or h.forall or not _by_sign(signs, h):
                kept.append(h)
        used = (t.hypotheses for t in (*premises, *signs.used))
        return Theorem(theorem.relation, frozenset(kept).union(*used), _KERNEL)

    @rule("cases")
    def cases(self, one: Theorem, other: Theorem) -> Theorem:
        """What follows from a relation and from its opposite follows."""
        if not one.relation.same(other.relation):
            raise Rejected("the cases conclude different things")
        for h in one.hypotheses:
            for k in other.hypotheses:
                if (h.op, k.op) in OPPOSITE and _opposite(h, k):
                    kept = (one.hypotheses - {h}) | (other.hypotheses - {k})
                    return Theorem(one.relation, kept, _KERNEL)
        raise Rejected("the cases do not exhaust all possibilities")

    @rule("induction")
    def induction(self, n: Index | Symbol, start: Theorem, step: Theorem, statement: Relation) -> Theorem:
        """`statement` for all n ≥ 0 from `statement` at 0 and `statement ⊢ statement at n+1`."""
        if not start.relation.same(statement.at({n: Integer(0)})):
            raise Rejected("the induction does not start at 0")
        if not step.relation.same(statement.at({n: n + 1})):
            raise Rejected("the step does not conclude the next case")
        others = frozenset(h for h in step.hypotheses if not h.same(statement))
        if any(n in h.free for h in others | start.hypotheses) or not n.is_nonnegative or not n.is_integer:
            raise Rejected(f"a hypothesis speaks of this {n}")
        return Theorem(statement, others | start.hypotheses, _KERNEL)

    @rule("antisymmetry")
    def antisymmetry(self, one: Theorem, other: Theorem) -> Theorem:
        """`x ≤ y` and `y ≤ x` give `x = y`."""
        if not (
            one.relation.op == other.relation.op == "<=" and is_zero(one.relation.gap + other.relation.gap)
        ):
            raise Rejected("the inequalities do not oppose each other")
        return self._theorem(eq(one.left, one.right), self._signs(()), one, other)


def _supposed(h: Relation) -> Theorem:
    return Theorem(Relation(h.left, h.op, h.right), frozenset((h,)), _KERNEL)


def _require_index(i: Index, image: Expr) -> None:
    if isinstance(i, Time):
        if not (image.is_integer and image.is_nonnegative):
            raise Rejected(f"{image} is not known to be a time")
    elif not (isinstance(image, Index) and image.total == i.total):
        raise Rejected(f"{image} does not range over the same set as {i}")


def _settles(shown: Theorem, h: Relation) -> bool:
    """Whether the theorem shows the hypothesis, for all values of what the hypothesis quantifies."""
    r = shown.relation
    return not set(h.forall) & shown.fixed and Relation(r.left, r.op, r.right, h.forall).same(h)


def _by_sign(signs: Signs, h: Relation) -> bool:
    allowed = {"<=": NONNEGATIVE, "<": POSITIVE, "=": frozenset((0,)), "!=": frozenset((-1, 1))}
    return signs.of(h.gap) <= allowed[h.op]


def _opposite(h: Relation, k: Relation) -> bool:
    if h.forall or k.forall:
        return False
    return is_zero(h.gap + k.gap) or (h.op in ("=", "!=") and is_zero(h.gap - k.gap))

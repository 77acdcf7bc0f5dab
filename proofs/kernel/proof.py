"""Proofs: goals with their arguments, and the check that each argument reaches its goal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympy import Symbol, sympify

from proofs.kernel.lemmas import Kernel
from proofs.kernel.rules import rule
from proofs.kernel.terms import Fixed, Rejected
from proofs.kernel.theorem import _KERNEL, Relation, Theorem


@dataclass(frozen=True)
class Goal:
    """A proposition, `given ⊢ shows`, and the argument that derives it.

    Args:
        name: what other proofs cite it by.
        shows: the relations shown; where `exists` is set, of some value of that symbol.
        argument: derives `shows` by the rules of the kernel; returns one theorem per relation, where `exists`
            is set preceded by the value.
        given: hypotheses.
        asserts: LaTeX statements of the claim's assertions that this proposition is.
        exists: symbol in `shows` that is not arbitrary.
        certified: the argument rests on interval arithmetic.
    """

    name: str
    shows: tuple[Relation, ...]
    argument: Callable[[Argument], Any]
    given: tuple[Relation, ...] = ()
    asserts: tuple[str, ...] = ()
    exists: Symbol | None = None


@dataclass(frozen=True)
class Proof:
    """The proof of a claim: its goals, and what of the claim they do not cover."""

    claim: str
    goals: tuple[Goal, ...]
    missing: str = ""
    counterexample: Callable[[], Mapping[str, object]] | None = None


@dataclass
class Argument(Kernel):
    """The kernel within one goal of one proof, with access to the goals shown before."""

    cite_goal: Callable[[str, str], Goal] = field(default=lambda claim, name: _unknown(claim, name))
    cited: list[str] = field(default_factory=list)

    @rule("cited result")
    def cite(
        self,
        claim: str,
        name: str,
        images: Mapping[Any, Any] | None = None,
        shown: Sequence[Theorem] = (),
        using: Sequence[Theorem] = (),
    ) -> Any:
        """The proposition `name` of a claim, at other values; its hypotheses must be shown, or be given here."""
        goal = self.cite_goal(claim, name)
        self.cited.append(claim)
        theorems = [Theorem(r, frozenset(goal.given), _KERNEL) for r in goal.shows]
        value = None
        if goal.exists is not None:
            if goal.exists in (images or {}):
                raise Rejected(f"{goal.exists} is not arbitrary")
            self._provided += 1
        theorems = [self.at.__wrapped__(self, t, images or {}, using) for t in theorems]  # type: ignore[attr-defined]
        if goal.exists is not None:
            value = Fixed(f"xi{self._provided}", real=True)
            theorems = [Theorem(t.relation.at({goal.exists: value}), t.hypotheses, _KERNEL) for t in theorems]
        theorems = [self.cut.__wrapped__(self, t, *shown, using=using) for t in theorems]  # type: ignore[attr-defined]
        for t in theorems:
            for h in t.hypotheses:
                if not any(h.same(g) for g in self.given) and not any(
                    h in s.hypotheses for s in (*shown, *using)
                ):
                    raise Rejected(f"a condition of {claim} is not shown: {h}")
        out = tuple(theorems) if value is None else (value, *theorems)
        return out if len(out) > 1 else out[0]


def by_identity(kernel: Argument) -> tuple[Theorem, ...]:
    """The argument of a goal whose relations are identities."""
    return tuple(kernel.identity(relation.left, relation.right) for relation in kernel.goal)


def _unknown(claim: str, name: str) -> Goal:
    raise Rejected(f"nothing is known of {claim}, {name}")


def conclude(goal: Goal, kernel: Argument) -> None:
    """Run the argument of the goal and reject unless it derives the goal from what is given."""
    derived = goal.argument(kernel)
    derived = derived if isinstance(derived, tuple) else (derived,)
    images: dict[Any, Any] = {}
    if goal.exists is not None:
        images, derived = {goal.exists: sympify(derived[0])}, derived[1:]
        if any(goal.exists in h.free for h in goal.given):
            raise Rejected(f"{goal.exists} is bound by `exists`")
    if len(derived) != len(goal.shows):
        raise Rejected(f"{len(goal.shows)} relations to show, {len(derived)} derived")
    for theorem, relation in zip(derived, goal.shows, strict=True):
        if not isinstance(theorem, Theorem):
            raise Rejected("the argument does not end with a theorem")
        if not theorem.relation.same(relation.at(images)):
            raise Rejected(f"what is derived is not the goal: {theorem.relation}")
        for h in theorem.hypotheses:
            if not any(h.same(g) for g in goal.given):
                raise Rejected(f"the derivation supposes what is not given: {h}")

"""Proofs: goals with their arguments, and the check that each argument reaches its goal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec

from sympy import Symbol, sympify

from proofs.kernel.analysis import Analysis
from proofs.kernel.terms import Rejected
from proofs.kernel.theorem import _KERNEL, Relation, Theorem
from proofs.refutation import Neighbour, refute, sides_at

P = ParamSpec("P")


@dataclass(frozen=True)
class Goal:
    """A proposition, `given ⊢ shows`, and the argument that derives it.

    Args:
        name: what other proofs cite it by.
        shows: the relations shown; where `exists` is set, of some value of that symbol.
        argument: derives `shows` by the rules of the kernel; returns one theorem per relation, where `exists`
            is set preceded by the value.
        given: hypotheses.
        exists: symbol in `shows` that is not arbitrary.
    """

    name: str
    shows: tuple[Relation, ...]
    argument: Callable[[Any], Any]
    given: tuple[Relation, ...] = ()
    exists: Symbol | None = None


@dataclass(frozen=True)
class Proof:
    """The proof of a claim.

    Args:
        claim: id.
        goals: propositions, each with its argument.
        asserts: for every assertion of the claim, by its LaTeX statement, the names of all goals that together are it.
        domain: where these goals show it: for which logits, orders and constants.
        beyond: what the claim asserts outside that domain; empty where it asserts nothing more.
        missing: what is not shown within it; empty where all of it is.
        neighbour: what refutes the false neighbour.
    """

    claim: str
    goals: tuple[Goal, ...]
    asserts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    domain: str = ""
    beyond: str = ""
    missing: str = ""
    neighbour: Neighbour | None = None

    def counterexample(self) -> dict[str, object] | None:
        """The exact counterexample to the false neighbour, or None if the file has none.

        Raises:
            Rejected: the instance does not refute it.
        """
        if self.neighbour is None:
            return None
        return refute(self.neighbour, self._sharpened.given, self._sharpened.shows)

    def tightness(self) -> tuple[str, str, float] | None:
        """Both sides of what the proof does show at that instance, and their ratio; None if hypotheses differ."""
        if self.neighbour is None or self.neighbour.given is not None:
            return None
        return sides_at(self.neighbour, self._sharpened.shows[-1])

    @property
    def _sharpened(self) -> Goal:
        assert self.neighbour is not None
        name = self.neighbour.goal
        return next(goal for goal in self.goals if goal.name == name)


@dataclass(frozen=True)
class Step:
    """One application of a rule: what was derived, by which rule, how the check went, and towards which goal."""

    number: int
    relations: tuple[Relation, ...]
    rule: str
    result: str
    goal: str = ""


def rule(name: str) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Mark a method as a rule, so that each use of it is one numbered step; a rule used within it is not one.

    The name may speak of the arguments, as a format.
    """

    def decorate(method: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(method)
        def applied(*args: P.args, **kwargs: P.kwargs) -> Any:
            steps: list[Step] = args[0].steps  # type: ignore[attr-defined]
            before, result = len(steps), "checked"
            relations: tuple[Relation, ...] = ()
            try:
                derived = method(*args, **kwargs)
                parts = derived if isinstance(derived, tuple) else (derived,)
                relations = tuple(t.relation for t in parts if isinstance(t, Theorem))
                return derived
            except Rejected as error:
                result = f"rejected: {error}"
                raise
            finally:
                steps[before:] = [Step(before + 1, relations, name.format(*args[1:]), result)]

        return applied

    return decorate


NAMES = {
    "suppose": "hypothesis",
    "combine": "combination",
    "sum_over": "sum over an index",
    "at": "instance",
    "cut": "cut",
    "cases": "cases",
    "induction": "induction",
    "antisymmetry": "antisymmetry",
    "congruence": "congruence",
    "resolve": "value at a known sign",
    "taylor": "Taylor with Lagrange's remainder",
    "terms_of_sum": "terms of a sum",
    "telescope": "telescope",
    "differentiate": "derivative of an identity",
    "interval": "interval",
}
"""The rules of the kernel, as the record of a proof calls them."""


def _unknown(claim: str, name: str) -> Goal:
    raise Rejected(f"nothing is known of {claim}, {name}")


@dataclass
class Kernel(Analysis):
    """The rules within one goal of one proof, each use a step, with access to the goals shown before."""

    goal: tuple[Relation, ...] = ()
    steps: list[Step] = field(default_factory=list)
    cite_goal: Callable[[str, str], Goal] = field(default=_unknown)

    @rule("{}: {}")
    def cite(
        self,
        claim: str,
        name: str,
        images: Mapping[Any, Any] | None = None,
        shown: Sequence[Theorem] = (),
        using: Sequence[Theorem] = (),
    ) -> Any:
        """The proposition `name` of a claim, at other values; its hypotheses must be shown, or be given here."""
        goal, images = self.cite_goal(claim, name), images or {}
        if goal.exists in images:
            raise Rejected(f"{goal.exists} is not arbitrary")
        value: tuple[Any, ...] = ()
        if goal.exists is not None:
            names = frozenset().union(*(r.at(images).free for r in (*goal.shows, *goal.given)))
            value = (self._provide(goal.exists, names),)
            images = {**images, goal.exists: value[0]}
        shows = [Theorem(r, frozenset(goal.given), _KERNEL) for r in goal.shows]
        out = [self.cut(self.at(t, images, using), *shown, using=using) for t in shows]
        for h in frozenset().union(*(t.hypotheses for t in out)):
            if not any(h.same(g) for g in self.given) and not any(
                h in s.hypotheses for s in (*shown, *using)
            ):
                raise Rejected(f"a condition of {claim} is not shown: {h}")
        return (*value, *out) if len(out) > 1 or value else out[0]


for _method, _name in NAMES.items():
    setattr(Kernel, _method, rule(_name)(getattr(Analysis, _method)))


def conclude(goal: Goal, kernel: Kernel) -> None:
    """Run the argument of the goal and reject unless it derives the goal from what is given."""
    derived = goal.argument(kernel)
    derived = derived if isinstance(derived, tuple) else (derived,)
    images: dict[Any, Any] = {}
    if goal.exists is not None:
        images, derived = {goal.exists: sympify(derived[0])}, derived[1:]
        if any(goal.exists in h.free for h in goal.given):
            raise Rejected(f"{goal.exists} must be bound by `exists` only")
        kernel._require_kind(goal.exists, images[goal.exists], kernel._signs(()))
    if len(derived) != len(goal.shows):
        raise Rejected(f"{len(goal.shows)} relations to show, {len(derived)} derived")
    for theorem, relation in zip(derived, goal.shows, strict=True):
        if not isinstance(theorem, Theorem):
            raise Rejected("the argument does not end with a theorem")
        if images or theorem.relation != relation:  # equal normal forms need not be defined alike
            for side in (relation.left, relation.right):
                kernel._signs(()).require_defined(side, at=images)
        if not theorem.relation.same(relation.at(images)):
            raise Rejected(f"what is derived is not the goal: {theorem.relation}")
        for h in theorem.hypotheses:
            if not any(h.same(g) for g in goal.given):
                raise Rejected(f"the derivation supposes what is not given: {h}")

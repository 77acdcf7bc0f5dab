"""What a seeded wrong proof is: the proof, the reason for which it must fail, and the right one beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sympy import Symbol

from convergence.claims.verdict import Status
from proofs.goals import Goal, Proof
from proofs.kernel import Index, Relation, ne
from proofs.library import check
from proofs.notation import alpha, i

x, y, z = (Symbol(name, real=True) for name in "xyz")
u, v = Symbol("u", positive=True), Symbol("v", nonnegative=True)
C = i.total
two = Index("two", 2)
NOT_ONE = (ne(alpha, 1),)


class Attempt(NamedTuple):
    """`given ⊢ shows` by an argument; `exists` is the symbol in `shows` whose value the argument provides.

    The argument may cite the goals `before` it, as results of the claim `attempt`.
    """

    shows: Relation | tuple[Relation, ...]
    argument: Callable[[Any], Any]
    given: tuple[Relation, ...] = ()
    exists: Any = None
    before: tuple[Goal, ...] = ()

    def proof(self) -> Proof:
        shows = self.shows if isinstance(self.shows, tuple) else (self.shows,)
        it = Goal("it", shows, self.argument, self.given, exists=self.exists)
        return Proof("attempt", (*self.before, it))


class Attack(NamedTuple):
    """`wrong` must be rejected, and the rejection must say `reason`; `right`, the repaired form, must be accepted."""

    kind: str
    name: str
    wrong: Attempt
    reason: str
    right: Attempt


def judge(attack: Attack) -> None:
    """Assert that the wrong proof fails for the right reason, at a numbered step, and that the right one stands."""
    refused = check(attack.wrong.proof())
    assert refused.status is Status.FAILED, f"accepted: {attack.wrong.shows}"
    assert attack.reason in refused.missing
    assert refused.failed_step == len(refused.steps)
    assert refused.steps[-1].result.startswith("rejected: ")
    accepted = check(attack.right.proof())
    assert accepted.status in (Status.PROVED, Status.CERTIFIED), accepted.missing

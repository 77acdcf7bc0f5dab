"""Finding proofs and checking them: goal by goal, through everything that they cite."""

from __future__ import annotations

import importlib
import importlib.util
import time
from dataclasses import dataclass, field, replace

from convergence.claims import SECTIONS
from convergence.claims.verdict import Status
from proofs.goals import Goal, Proof, Step, conclude
from proofs.kernel import Rejected
from proofs.lemmas import Argument


@dataclass(frozen=True)
class Checked:
    """What the check of a proof found.

    Args:
        claim: id.
        status: `PROVED`; `CERTIFIED` where a step is a rigorous enclosure; `ASSUMED` where something is missing;
            `FAILED` where a step does not check.
        steps: every step that was taken, numbered through all goals.
        missing: what is not shown; empty where the claim is proved or certified.
        failed_step: number of the step that does not check, else None.
        cites: ids of other claims whose results were used.
        seconds: time that the check took.
    """

    claim: str
    status: Status
    steps: tuple[Step, ...]
    missing: str = ""
    failed_step: int | None = None
    cites: frozenset[str] = frozenset()
    seconds: float = 0.0


@dataclass
class _Outcome:
    """What came of one goal; `error` is None where it is shown."""

    steps: list[Step] = field(default_factory=list)
    cites: set[str] = field(default_factory=set)
    certified: bool = False
    error: str | None = None


_registered: dict[str, Proof] = {}
_outcomes: dict[int, tuple[Goal, _Outcome]] = {}
_open: list[tuple[str, str]] = []


def register(proof: Proof) -> None:
    """Make a proof that lives outside this package known, under the id of its claim.

    Raises:
        ValueError: if this package has a proof of that id.
    """
    if _module(proof.claim) is not None:
        raise ValueError(f"the id {proof.claim} is taken by another claim")
    _registered[proof.claim] = proof


def load(claim_id: str) -> Proof | None:
    """The proof of a claim: `PROOF` of the file named after it, or None if there is no such file.

    Raises:
        ValueError: if the file holds no `PROOF`, or the proof of another claim.
    """
    name = _module(claim_id)
    if name is None:
        return _registered.get(claim_id)
    proof = getattr(importlib.import_module(name), "PROOF", None)
    if not isinstance(proof, Proof) or proof.claim != claim_id:
        raise ValueError(f"{name} does not hold a PROOF of {claim_id}")
    return proof


def _module(claim_id: str) -> str | None:
    """The module of this package that is named after the claim, if any."""
    names = (f"proofs.{group}.{claim_id.replace('-', '_')}" for group in SECTIONS)
    return next((name for name in names if importlib.util.find_spec(name) is not None), None)


def check(proof: Proof) -> Checked:
    """Derive every goal of `proof` by the kernel, and what they cite in turn."""
    begun = time.perf_counter()
    steps: list[Step] = []
    cites: set[str] = set()
    certified, failed, missing = False, None, proof.missing
    for goal in proof.goals:
        outcome = _outcome(proof, goal)
        for step in outcome.steps:
            steps.append(replace(step, number=len(steps) + 1, goal=goal.name))
        cites |= outcome.cites
        certified |= outcome.certified
        if outcome.error is not None:
            failed = len(steps)
            missing = f"step {failed} of goal {goal.name}: {outcome.error}"
            break
    status = Status.CERTIFIED if certified else Status.PROVED
    if failed is not None or missing or not proof.goals:
        status = Status.FAILED if failed is not None else Status.ASSUMED
    return Checked(
        claim=proof.claim,
        status=status,
        steps=tuple(steps),
        missing=missing or ("" if proof.goals else "everything"),
        failed_step=failed,
        cites=frozenset(cites - {proof.claim}),
        seconds=time.perf_counter() - begun,
    )


def _outcome(proof: Proof, goal: Goal) -> _Outcome:
    if id(goal) in _outcomes:
        return _outcomes[id(goal)][1]
    outcome = _Outcome()

    def cited(claim: str, name: str) -> Goal:
        other = proof if claim == proof.claim else load(claim)
        found = next((g for g in other.goals if g.name == name), None) if other else None
        if other is None or found is None:
            raise Rejected(f"there is no proof of {claim}, {name}")
        if (claim, name) in _open:
            circle = [*_open[_open.index((claim, name)) :], (claim, name)]
            raise Rejected("circular: " + " → ".join(f"{c}/{g}" for c, g in circle))
        result = _outcome(other, found)
        if result.error is not None:
            raise Rejected(f"{claim}, {name} is not proved: {result.error}")
        outcome.cites.add(claim)
        outcome.certified |= result.certified
        return found

    _open.append((proof.claim, goal.name))
    try:
        kernel = Argument(goal.given, goal=goal.shows, steps=outcome.steps, cite_goal=cited)
        conclude(goal, kernel)
        outcome.certified |= kernel.certified
    except Rejected as error:
        outcome.error = str(error)
        if not outcome.steps or not outcome.steps[-1].result.startswith("rejected"):
            outcome.steps.append(Step(len(outcome.steps) + 1, (), "conclusion", f"rejected: {error}"))
    except Exception as error:  # a proof file is code, and code breaks
        outcome.error = f"{type(error).__name__}: {error}"
        outcome.steps.append(Step(len(outcome.steps) + 1, (), "argument", f"rejected: {outcome.error}"))
    finally:
        _open.pop()
    if "circular" not in (outcome.error or ""):
        _outcomes[id(goal)] = (goal, outcome)
    return outcome

"""Everything that is known of a claim without numbers: its proof step by step, its place among the claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import proofs
from convergence.claims import load_claims
from convergence.claims.claim import Claim
from convergence.claims.verdict import Refutation, Verdict
from proofs.goals import Goal, Proof, Step


@dataclass(frozen=True)
class Account:
    """A claim, the verdict on its proof and all that stands behind it.

    Args:
        claim: as declared.
        verdict: of the symbolic witness.
        used_by: ids of the claims that rest on this one.
        proof: None if there is no proof file.
        steps: of the proof, by goal.
        counterexample: to the false neighbour, in closed form; None if the proof file has none.
    """

    claim: Claim
    verdict: Verdict
    used_by: tuple[str, ...]
    proof: Proof | None
    steps: tuple[tuple[Goal, tuple[Step, ...]], ...]
    counterexample: dict[str, object] | None

    @property
    def tightness(self) -> tuple[str, str, float] | None:
        """Both sides of the claim's own bound at the counterexample, and their ratio."""
        return None if self.proof is None or self.counterexample is None else self.proof.tightness()


def accounts(claims: Sequence[Claim]) -> list[Account]:
    """One account a claim, after its proof and everything that it rests on has been checked."""
    found = list(proofs.witness(claims, seed=0, full=False, progress=lambda _: None))
    verdicts = {v.claim: v for v in found if isinstance(v, Verdict)}
    refutations = {r.claim: r.counterexample for r in found if isinstance(r, Refutation)}
    everything = load_claims().values()
    return [
        Account(
            claim=claim,
            verdict=verdicts[claim.id],
            used_by=tuple(other.id for other in everything if claim.id in other.depends_on),
            proof=(proof := _proof(claim)),
            steps=_steps(proof),
            counterexample=refutations.get(claim.id),
        )
        for claim in claims
    ]


def _proof(claim: Claim) -> Proof | None:
    try:
        return proofs.load(claim.id)
    except Exception:  # a broken proof file: the verdict says so
        return None


def _steps(proof: Proof | None) -> tuple[tuple[Goal, tuple[Step, ...]], ...]:
    if proof is None:
        return ()
    goals = {goal.name: goal for goal in proof.goals}
    taken = groupby(proofs.check(proof).steps, key=lambda step: step.goal)
    return tuple((goals[name], tuple(steps)) for name, steps in taken)

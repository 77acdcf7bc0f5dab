"""The symbolic witness: what a claim's proof is worth, given what the proof rests on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from convergence.claims import load_claims
from convergence.claims.claim import Claim
from convergence.claims.verdict import Finding, Refutation, Status, Verdict
from proofs.goals import Proof
from proofs.library import Checked, check, load

SHOWN = (Status.PROVED, Status.CERTIFIED)


def witness(
    claims: Sequence[Claim], *, seed: int, full: bool, progress: Callable[[str], None]
) -> Iterator[Finding]:
    """One verdict a claim, and the exact counterexample to its false neighbour where the proof file has one.

    A claim is proved where the kernel derives every assertion of it and everything it depends on is proved too.
    Neither `seed` nor `full` matters: nothing is sampled.
    """
    known = {claim.id: claim for claim in claims}
    known = {**{id: claim for id, claim in load_claims().items() if id not in known}, **known}
    judged: dict[str, Verdict] = {}
    for claim in claims:
        progress(claim.id)
        begun = time.perf_counter()
        verdict = _judge(claim.id, known, judged, ())
        seconds = time.perf_counter() - begun
        yield Verdict(**{**vars(verdict), "seconds": seconds})
        counterexample = exact_counterexample(claim)
        if counterexample is not None:
            yield Refutation(claim.id, "symbolic", counterexample or None)


def exact_counterexample(claim: Claim) -> dict[str, object] | None:
    """The proof file's counterexample to the false neighbour: empty where it does not refute it, None without one."""
    if claim.false_neighbour is None:
        return None
    try:
        proof = load(claim.id)
        found = None if proof is None else proof.counterexample()
    except Exception:  # the claim's own verdict tells what is broken
        return {}
    return None if found is None else {"assertion": claim.false_neighbour.statement, **found}


def _judge(
    claim_id: str, known: Mapping[str, Claim], judged: dict[str, Verdict], above: tuple[str, ...]
) -> Verdict:
    """The verdict on one claim, after those that it depends on; `above` are the claims that depend on it."""
    if claim_id in judged:
        return judged[claim_id]
    try:
        status, evidence = _worth(claim_id, known, judged, above)
    except (
        Exception
    ) as error:  # a broken proof file stands for nothing; the other claims are judged all the same
        status, evidence = Status.FAILED, f"{type(error).__name__}: {error}"
    judged[claim_id] = Verdict(claim_id, "symbolic", status, None, evidence)
    return judged[claim_id]


def _worth(
    claim_id: str, known: Mapping[str, Claim], judged: dict[str, Verdict], above: tuple[str, ...]
) -> tuple[Status, str]:
    claim, proof = known[claim_id], load(claim_id)
    if proof is None:
        return Status.ASSUMED, "there is no proof file"
    checked = check(proof)
    if checked.status not in SHOWN:
        return checked.status, checked.missing
    trouble = unstated(claim, proof) or _unfounded(claim, checked, known, judged, (*above, claim_id))
    if trouble:
        return Status.ASSUMED, trouble
    return checked.status, f"{_counted(checked)}, for {shown_for(proof)}"


def _counted(checked: Checked) -> str:
    count = len(checked.steps)
    return f"{count} step{'s' * (count != 1)} checked"


def shown_for(proof: Proof) -> str:
    """Where the goals show what the claim asserts, and where it asserts more than they show."""
    return proof.domain + (f". Not proved, only checked numerically: {proof.beyond}" if proof.beyond else "")


def unstated(claim: Claim, proof: Proof) -> str:
    """Where the goals that the proof declares for the claim's assertions are not all there; empty where they are."""
    names, stated = {goal.name for goal in proof.goals}, {a.statement for a in claim.assertions}
    for statement in (a.statement for a in claim.assertions):
        parts = proof.asserts.get(statement, ())
        absent = [part for part in parts if part not in names]
        if not parts or absent:
            which = f", part {absent[0]}" if absent else ""
            return f"no proposition for {statement}{which}"
    for statement in proof.asserts:
        if statement not in stated:
            return f"the proof declares an assertion that the claim does not make: {statement}"
    return "" if proof.domain else "the proof does not say where it holds"


def _unfounded(
    claim: Claim,
    checked: Checked,
    known: Mapping[str, Claim],
    judged: dict[str, Verdict],
    above: tuple[str, ...],
) -> str:
    """Which dependency of the claim does not carry it; empty where all do."""
    undeclared = checked.cites - set(claim.depends_on)
    if undeclared:
        return f"rests on {', '.join(sorted(undeclared))}, which depends_on does not name"
    for used in claim.depends_on:
        if used not in known:
            return f"depends on {used}, which does not exist"
        if used in above:
            return "depends on itself: " + " → ".join((*above[above.index(used) :], used))
        verdict = _judge(used, known, judged, above)
        if verdict.status not in SHOWN:
            return f"depends on {used}, which is {verdict.status}: {verdict.evidence}"
    return ""

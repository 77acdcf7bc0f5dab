"""The symbolic witness: what a claim's proof is worth, given what the proof rests on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from convergence.claims import load_claims
from convergence.claims.claim import Claim
from convergence.claims.verdict import Finding, Refutation, Status, Verdict
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
        checked = _checked(claim_id)
    except (
        Exception
    ) as error:  # a broken proof file stands for nothing; the other claims are judged all the same
        failed = Verdict(claim_id, "symbolic", Status.FAILED, None, f"{type(error).__name__}: {error}")
        judged[claim_id] = failed
        return failed
    trouble = checked.missing if checked else "there is no proof file"
    status = checked.status if checked else Status.ASSUMED
    if checked and status in SHOWN:
        trouble = _gaps(known[claim_id], checked, known, judged, (*above, claim_id))
        status = Status.ASSUMED if trouble else _weakest(known[claim_id], status, judged)
    count = len(checked.steps) if checked else 0
    evidence = trouble or f"{count} step{'s' * (count != 1)} checked"
    verdict = Verdict(claim_id, "symbolic", status, None, evidence)
    judged[claim_id] = verdict
    return verdict


def _checked(claim_id: str) -> Checked | None:
    proof = load(claim_id)
    return None if proof is None else check(proof)


def _gaps(
    claim: Claim,
    checked: Checked,
    known: Mapping[str, Claim],
    judged: dict[str, Verdict],
    above: tuple[str, ...],
) -> str:
    """Why the claim is not shown although its proof checks; empty where it is."""
    uncovered = [a.statement for a in claim.assertions if a.statement not in checked.covers]
    if uncovered:
        return f"no proposition for {uncovered[0]}"
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


def _weakest(claim: Claim, status: Status, judged: Mapping[str, Verdict]) -> Status:
    used = [judged[name].status for name in claim.depends_on]
    return Status.CERTIFIED if Status.CERTIFIED in (status, *used) else status

"""The symbolic witness on every claim, as one run: nothing is merely assumed, and no exact refutation fails."""

from dataclasses import replace

import pytest

from convergence.claims import load_claims
from convergence.claims.verdict import Refutation, Status, Verdict
from proofs import check, load, verdicts, witness

CERTIFIED = {"pinsker-best", "self-bounding-best", "self-limiting"}
"""Claims that rest on rigorous intervals; all others are proved."""


@pytest.fixture(scope="module")
def findings():
    return list(witness(list(load_claims().values()), seed=0, full=False, progress=lambda _: None))


def test_every_claim_is_proved_or_certified(findings):
    verdicts = [finding for finding in findings if isinstance(finding, Verdict)]
    assert [verdict.claim for verdict in verdicts] == list(load_claims())
    expected = {v.claim: Status.CERTIFIED if v.claim in CERTIFIED else Status.PROVED for v in verdicts}
    assert {v.claim: v.status for v in verdicts} == expected, [v.evidence for v in verdicts]


def test_every_exact_counterexample_refutes_its_false_neighbour(findings):
    refutations = [finding for finding in findings if isinstance(finding, Refutation)]
    assert len(refutations) >= 30
    assert [refutation.claim for refutation in refutations if refutation.counterexample is None] == []


BESIDES = {("skew-pair", "no other")}
"""Goals that say more than their claim does."""


def test_every_goal_is_part_of_an_assertion_or_is_cited_or_refuted_when_sharpened(findings):
    """None may be left out unnoticed: a part is missed by its assertion, and what is cited by who cites it."""
    proofs = {claim: load(claim) for claim in load_claims()}
    cited = {step.rule for proof in proofs.values() for step in check(proof).steps}
    idle = {
        (claim, goal.name)
        for claim, proof in proofs.items()
        for goal in proof.goals
        if not any(goal.name in parts for parts in proof.asserts.values())
        and f"{claim}: {goal.name}" not in cited
        and (proof.neighbour is None or proof.neighbour.goal != goal.name)
    }
    assert idle == BESIDES


@pytest.mark.parametrize("claim", load_claims())
def test_a_claim_is_not_proved_without_any_one_of_its_goals(findings, claim, monkeypatch):
    """Goals that were derived already are not derived again, so this costs no proofs."""
    proof = load(claim)
    parts = {part for parts in proof.asserts.values() for part in parts}
    assert parts
    for part in parts:
        left = replace(proof, goals=tuple(g for g in proof.goals if g.name != part), neighbour=None)
        monkeypatch.setattr(verdicts, "load", lambda id, left=left: left if id == claim else load(id))
        found = next(iter(witness([load_claims()[claim]], seed=0, full=False, progress=lambda _: None)))
        assert found.status is Status.ASSUMED, part
        assert found.evidence.endswith(f", part {part}") or (
            found.evidence == "everything" and not left.goals
        )

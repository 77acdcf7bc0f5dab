"""The symbolic witness on every claim, as one run: nothing is merely assumed, and no exact refutation fails."""

import pytest

from convergence.claims import load_claims
from convergence.claims.verdict import Refutation, Status, Verdict
from proofs import witness

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

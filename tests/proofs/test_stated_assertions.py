"""What is called proved is all of the claim: every goal of every assertion, and where they hold said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from convergence.claims import load_claims
from convergence.claims.verdict import Status, Verdict
from proofs import verdicts
from proofs.goals import Proof
from proofs.library import load
from proofs.verdicts import unstated, witness

CLAIMS = load_claims()


def proof_of(claim: str) -> Proof:
    proof = load(claim)
    assert proof is not None
    return proof


def verdict_on(proof: Proof, monkeypatch: pytest.MonkeyPatch) -> Verdict:
    """The witness's word on the claim, were this its proof."""
    monkeypatch.setattr(verdicts, "load", lambda id: proof if id == proof.claim else load(id))
    found = witness([CLAIMS[proof.claim]], seed=0, full=False, progress=lambda _: None)
    return next(finding for finding in found if isinstance(finding, Verdict))


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_assertion_names_its_goals_and_the_proof_says_where_they_hold(claim: str) -> None:
    assert unstated(CLAIMS[claim], proof_of(claim)) == ""


def test_an_assertion_that_the_claim_does_not_make_is_none() -> None:
    proof = proof_of("chi2")
    more = replace(proof, asserts={**proof.asserts, "1 = 1": ("chi-squared",)})
    assert (
        unstated(CLAIMS["chi2"], more)
        == "the proof declares an assertion that the claim does not make: 1 = 1"
    )
    none = replace(proof, asserts=dict.fromkeys(proof.asserts, ()))
    assert unstated(CLAIMS["chi2"], none).startswith("no proposition for D_2")


def test_a_proof_says_where_it_holds_or_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = replace(proof_of("chi2"), domain="")
    found = verdict_on(silent, monkeypatch)
    assert (found.status, found.evidence) == (Status.ASSUMED, "the proof does not say where it holds")


def test_the_verdict_says_what_is_proved_and_what_is_only_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = replace(proof_of("chi2"), domain="finite logits", beyond="masks")
    evidence = "1 step checked, for finite logits. Not proved, only checked numerically: masks"
    assert verdict_on(narrow, monkeypatch).evidence == evidence


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_a_claim_assumes_of_orders_and_masks_its_proof_speaks_of(claim: str) -> None:
    """A claim for all orders or any masks has a proof for them, or a verdict that says it has not."""
    assumed, proof = " ".join(CLAIMS[claim].assumptions), proof_of(claim)
    said = f"{proof.domain} {proof.beyond}"
    for words, answer in (
        ("−∞", "masks"),
        ("p ≪ q", "masks"),
        ("∞]", "∞"),
        ("same support", "common support"),
    ):
        assert words not in assumed or answer in said


@pytest.mark.parametrize("claim", CLAIMS)
def test_both_sides_of_a_bound_have_a_value_where_its_false_neighbour_fails(claim: str) -> None:
    found = proof_of(claim).tightness()
    assert found is None or 0 <= found[2] <= 1

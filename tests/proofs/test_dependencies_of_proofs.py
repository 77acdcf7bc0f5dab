"""Circles, undeclared and unproved dependencies, uncovered assertions: nothing rests on them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sympy import Symbol

from convergence.claims import find
from convergence.claims.verdict import Status, Verdict
from proofs.goals import Goal, Proof
from proofs.kernel import le
from proofs.library import check, load, register
from proofs.verdicts import witness

x, y = (Symbol(name, real=True) for name in "xy")


def loop(*names: str) -> Proof:
    """Goals that each cite the next, the last one the first."""
    following = dict(zip(names, (*names[1:], names[0]), strict=True))
    goals = (
        Goal(name, (le(x, y),), lambda kernel, name=name: kernel.cite("loop", following[name]))
        for name in names
    )
    return Proof("loop", tuple(goals))


@pytest.mark.parametrize("names", [("one",), ("one", "two"), ("one", "two", "three")])
def test_goals_that_cite_each_other_in_a_circle_prove_nothing(names: tuple[str, ...]) -> None:
    refused = check(loop(*names))
    circle = " → ".join(f"loop/{name}" for name in (*names, names[0]))
    assert refused.status is Status.FAILED
    assert f"circular: {circle}" in refused.missing


def test_goals_that_cite_those_before_them_stand() -> None:
    first = Goal("first", (le(2 * x * y, x**2 + y**2),), lambda kernel: kernel.sign(le(0, (x - y) ** 2)))
    again = Goal("again", first.shows, lambda kernel: kernel.cite("chain", "first"))
    assert check(Proof("chain", (first, again))).status is Status.PROVED


def test_claims_that_cite_each_other_in_a_circle_prove_nothing() -> None:
    for one, other in (("hen", "egg"), ("egg", "hen")):
        goal = Goal("it", (le(x, y),), lambda kernel, other=other: kernel.cite(other, "it"))
        register(Proof(one, (goal,)))
    refused = check(Proof("hen", (Goal("it", (le(x, y),), lambda kernel: kernel.cite("egg", "it")),)))
    assert refused.status is Status.FAILED
    assert "circular: " in refused.missing


def verdict_on(*claims, proofs=()) -> dict[str, Verdict]:
    for proof in proofs:
        register(proof)
    found = witness(claims, seed=0, full=False, progress=lambda _: None)
    return {v.claim: v for v in found if isinstance(v, Verdict)}


def copy_of(claim: str, id: str, **changes):
    """A claim and its proof under another id."""
    proof = load(claim)
    assert proof is not None
    return replace(find(claim), id=id, **changes), replace(proof, claim=id)


def test_a_claim_is_not_proved_while_what_it_depends_on_is_not() -> None:
    claim, proof = copy_of("chi2", "mine", depends_on=("loose",))
    loose, _ = copy_of("chi2", "loose")
    empty = Proof("loose", (), missing="the bound above order 3")
    found = verdict_on(claim, loose, proofs=(proof, empty))
    assert found["loose"].status is Status.ASSUMED
    assert found["mine"].status is Status.ASSUMED
    assert found["mine"].evidence == "depends on loose, which is assumed: the bound above order 3"
    right, proof = copy_of("chi2", "mine", depends_on=("skew",))
    assert verdict_on(right, proofs=(proof,))["mine"].status is Status.PROVED


def test_a_claim_that_depends_on_itself_is_not_proved() -> None:
    claim, proof = copy_of("chi2", "round", depends_on=("round",))
    found = verdict_on(claim, proofs=(proof,))["round"]
    assert found.status is Status.ASSUMED
    assert "depends on itself: round → round" in found.evidence


def test_a_dependency_that_is_used_must_be_declared() -> None:
    claim, proof = copy_of("peer-direction", "mine", depends_on=("skew",))
    found = verdict_on(claim, proofs=(proof,))["mine"]
    assert found.status is Status.ASSUMED
    assert "rests on order-lipschitz, which depends_on does not name" in found.evidence


def test_an_assertion_that_no_goal_states_leaves_the_claim_unproved() -> None:
    claim, proof = copy_of("chi2", "mine")
    claim = replace(claim, assertions=(*claim.assertions, find("nonneg").assertions[0]))
    found = verdict_on(claim, proofs=(proof,))["mine"]
    assert found.status is Status.ASSUMED
    assert "no proposition for" in found.evidence

"""The network witness stands for true claims, and refutes them where the training is not right."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
import torch
from torch import nn

from convergence.claims import load_claims
from convergence.claims.claim import Assertion, Sides
from convergence.claims.verdict import Picture, Status, Verdict
from convergence.estimators import mutual as mutual_module
from simulations.networks import cohort, witness

TRIALS = (*witness.QUICK, *witness.FULL)
NEEDED = (
    "ledger",
    "pathwise",
    "grad-own",
    "grad-own-bounded",
    "self-bounding",
    "grad-theta",
    "self-limiting",
)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(witness, "QUICK", (witness.Trial(1.5, steps=3),))
    monkeypatch.setattr(witness, "ROWS", slice(None, None, 50))
    monkeypatch.setattr(witness, "SUBSAMPLE", 4)


def findings(claims=None, **settings):
    claims = list(load_claims().values()) if claims is None else claims
    return list(witness.witness(claims, seed=0, full=False, progress=lambda words: None, **settings))


def verdicts(found):
    return {f.claim: f for f in found if isinstance(f, Verdict)}


def test_it_stands_for_the_claims_it_speaks_of():
    found = findings()
    judged = verdicts(found)
    assert set(NEEDED) <= set(judged)
    assert {v.status for v in judged.values()} == {Status.CHECKED}
    assert all(v.witness == "network" for v in judged.values())
    assert judged["ledger"].margin > -1e-12
    pictures = [f for f in found if isinstance(f, Picture)]
    assert [p.name for p in pictures] == ["digits-ledger", "self-bounding"]
    for picture in pictures:  # a witness in a process of its own hands them on
        assert len(pickle.loads(pickle.dumps(picture)).figure.axes) == len(picture.figure.axes) > 0
    again = verdicts(findings())
    for name, verdict in judged.items():
        assert replace(again[name], seconds=0) == replace(verdict, seconds=0)


def test_quick_and_full_runs_record_at_least_twenty_steps():
    assert min(trial.steps for trial in TRIALS) >= 20


def test_claims_that_it_cannot_speak_of_are_passed_over():
    claims = load_claims()
    assert findings([claims["skew"], claims["stationarity"]]) == []
    assert list(verdicts(findings([claims["ledger"]]))) == ["ledger"]


class OffByOnePercent(torch.optim.SGD):
    """Says η and takes 1.01η."""

    def step(self, closure=None):
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.grad *= 1.01
        return super().step(closure)


def test_an_optimiser_that_takes_more_than_its_step():
    judged = verdicts(
        findings(optimizer_of=lambda m, step_size: OffByOnePercent(m.parameters(), lr=step_size))
    )
    assert judged["ledger"].status == Status.REFUTED
    assert judged["ledger"].margin < -1e-3
    assert judged["ledger"].counterexample["margin"] < -1e-3
    assert judged["self-bounding"].status == Status.CHECKED


def test_a_target_that_is_not_detached(monkeypatch):
    def attached(logits, labels, mutual):
        losses = []
        for k, own in enumerate(logits):
            terms = [
                mutual_module.renyi_divergence(z, own, alpha=mutual.alpha).mean()
                for j, z in enumerate(logits)
                if j != k
            ]
            losses.append(nn.functional.cross_entropy(own, labels) + mutual.beta * sum(terms) / len(terms))
        return torch.stack(losses)

    monkeypatch.setattr(cohort, "cohort_losses", attached)
    assert verdicts(findings())["ledger"].status == Status.REFUTED


def test_a_batch_gradient_of_the_wrong_scale(monkeypatch):
    right = cohort.cohort_losses
    monkeypatch.setattr(
        cohort,
        "cohort_losses",
        lambda logits, labels, mutual: 2 * right(logits, labels, mutual),
    )
    assert verdicts(findings())["ledger"].status == Status.REFUTED


def test_a_wrong_divergence(monkeypatch):
    """Targets and own exchanged: automatic differentiation parts from the closed form."""
    right = mutual_module.renyi_divergence
    monkeypatch.setattr(
        mutual_module, "renyi_divergence", lambda target, own, alpha: right(own, target, alpha=alpha)
    )
    assert verdicts(findings())["grad-own"].status == Status.REFUTED


def test_a_wrong_closed_form(monkeypatch):
    """The gradient in the logits with its sign swapped: the ledger parts from the training."""
    right = mutual_module.own_gradient
    monkeypatch.setattr(mutual_module, "own_gradient", lambda *arguments: -right(*arguments))
    assert verdicts(findings())["ledger"].status == Status.REFUTED


@pytest.mark.parametrize(
    "name", ["self-bounding", "grad-theta", "self-limiting", "grad-own-bounded", "pathwise"]
)
def test_a_claim_that_is_false_is_refuted(name):
    """Both sides exchanged: runs are not at equality, so this fails wherever the claim says something."""
    claim = load_claims()[name]
    first = claim.assertions[0]

    def exchanged(**quantities):
        left, right, scale = first.sides(**quantities)
        return Sides(right, left, scale)

    false = Assertion("exchanged", "<=", exchanged, first.tolerance)
    object.__setattr__(false, "needs", first.needs)
    judged = verdicts(findings([replace(claim, assertions=(false,))]))
    assert judged[name].status == Status.REFUTED
    assert judged[name].counterexample["assertion"] == "exchanged"


def test_a_claim_that_breaks_is_failed():
    claim = load_claims()["self-bounding"]

    def broken(target):
        raise ArithmeticError("no")

    judged = verdicts(findings([replace(claim, assertions=(Assertion("x", "<=", broken),))]))
    assert judged["self-bounding"].status == Status.FAILED
    assert "ArithmeticError: no" in judged["self-bounding"].evidence

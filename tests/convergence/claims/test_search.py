"""The numeric witness: agrees with what is true, refutes what is false, and says so when it breaks."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from convergence.claims import load_claims
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.search import QUICK, judge, refute, search, witness
from convergence.claims.verdict import Refutation, Status, Verdict

CLAIMS = load_claims()


def circle(coordinates: Coordinates) -> dict[str, torch.Tensor]:
    return {"x": 3 * coordinates.take(), "y": 3 * coordinates.take()}


def claim_of(*assertions: Assertion, name: str = "circle") -> Claim:
    return Claim(name, assertions, ("none",), "a test", Sampler(circle))


def needle(depth: float) -> Assertion:
    """True but for a hole of radius 0.05 at (1, 2), towards which it slopes."""

    def sides(x: torch.Tensor, y: torch.Tensor) -> Sides:
        distance = ((x - 1).square() + (y - 2).square()).sqrt()
        return Sides(torch.full_like(x, depth), distance, scale=torch.ones_like(x))

    return Assertion("depth <= distance", "<=", sides)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_the_claim_stands_and_its_false_neighbour_falls(claim) -> None:
    verdict, refutation = witness([claim], seed=0, full=False, progress=lambda _: None)
    assert verdict.status == Status.CHECKED, verdict.evidence
    assert "instances" in verdict.evidence
    example = refutation.counterexample
    assert example is not None
    json.dumps(example, allow_nan=False)
    assert float(example["margin"]) < -claim.false_neighbour.tolerance
    quantities = {name: values for name, values in example.items() if name not in ("assertion", "margin")}
    instance = {name: as_tensor(values) for name, values in quantities.items()}
    again = claim.false_neighbour.margin(instance)
    assert again.item() == pytest.approx(float(example["margin"]), rel=1e-6), "not what was printed"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_every_false_neighbour_falls_at_every_seed(seed) -> None:
    for claim in CLAIMS.values():
        assert refute(claim, claim.false_neighbour, seed=seed).counterexample is not None, claim.id


def as_tensor(values: object) -> torch.Tensor:
    def numbers(value: object) -> object:
        return [numbers(v) for v in value] if isinstance(value, list) else float(value)  # type: ignore[arg-type]

    return torch.tensor(numbers(values), dtype=torch.float64).unsqueeze(0)


def test_the_optimisers_find_what_random_points_miss() -> None:
    claim = claim_of(needle(0.001))
    verdict = judge(claim, seed=1)
    assert verdict.status == Status.REFUTED
    assert verdict.margin == pytest.approx(-0.001, abs=1e-4)
    assert verdict.counterexample["x"] == pytest.approx(1, abs=0.001)
    assert verdict.counterexample["y"] == pytest.approx(2, abs=0.001)
    points = np.random.default_rng(0).uniform(-1, 1, (QUICK.points, 2))
    assert needle(0.001).margin(claim.instances(torch.from_numpy(points))).min() > 0


def test_a_true_claim_is_checked_with_its_worst_margin() -> None:
    verdict = judge(claim_of(needle(-0.5), needle(-0.25)), seed=1)
    assert verdict.status == Status.CHECKED
    assert verdict.margin == pytest.approx(0.25, abs=1e-3)
    assert refute(claim_of(needle(-0.5)), needle(-0.5), seed=0).counterexample is None


def test_a_claim_that_breaks_is_a_failure_and_spares_the_others() -> None:
    def broken(x: torch.Tensor) -> Sides:
        raise ZeroDivisionError("no such luck")

    bad = claim_of(Assertion("", "<=", broken), name="bad")
    bad = replace(bad, false_neighbour=Assertion("", "<=", broken))
    findings = list(witness([bad, CLAIMS["pinsker"]], seed=0, full=False, progress=lambda _: None))
    assert findings[0].status == Status.FAILED
    assert findings[0].evidence == "ZeroDivisionError: no such luck"
    assert findings[1] == Refutation("bad", "numeric", None)
    assert findings[2].status == Status.CHECKED


def test_a_margin_that_cannot_be_computed_refutes() -> None:
    def undefined(x: torch.Tensor, y: torch.Tensor) -> Sides:
        return Sides((x - 2).sqrt(), x)

    verdict = judge(claim_of(Assertion("", "<=", undefined)), seed=0)
    assert verdict.status == Status.REFUTED
    assert verdict.margin == -np.inf
    assert verdict.counterexample["margin"] == "-inf"


def test_the_seed_settles_everything_and_company_nothing() -> None:
    chosen = [CLAIMS[name] for name in ("skew", "pinsker", "ledger")]

    def run(claims: list[Claim], seed: int) -> dict[str, Verdict]:
        findings = witness(claims, seed=seed, full=False, progress=lambda _: None)
        return {f.claim: replace(f, seconds=0.0) for f in findings if isinstance(f, Verdict)}

    alone, together = run(chosen[1:2], 3), run(chosen, 3)
    assert alone["pinsker"] == together["pinsker"]
    assert run(chosen[1:2], 4)["pinsker"].margin != alone["pinsker"].margin


def test_searching_stops_at_the_first_stage_that_refutes() -> None:
    found = search(claim_of(), needle(2.0), seed=(0, 0), effort=QUICK, enough=True)
    assert found.instances == QUICK.points


def test_progress_is_told_and_threads_are_given_back() -> None:
    told, threads = [], torch.get_num_threads()
    list(witness([CLAIMS["chi2"]], seed=0, full=False, progress=told.append))
    assert told == ["chi2"]
    assert torch.get_num_threads() == threads

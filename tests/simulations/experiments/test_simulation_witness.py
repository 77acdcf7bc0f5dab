import dataclasses

import pytest
import torch

from convergence.bounds.stationarity import noise_floor
from convergence.claims import load_claims
from convergence.claims.claim import Assertion, Sides
from convergence.claims.verdict import Picture, Refutation, Status, Verdict
from simulations.ensemble.run import simulate
from simulations.experiments import evidence as kind
from simulations.experiments import witness as module
from simulations.experiments.evidence import Evidence, judge, margins, refute
from simulations.experiments.sources import averages
from simulations.experiments.witness import stages, witness

CLAIMS = load_claims()


def found(claims, seed=0):
    return list(witness(claims, seed=seed, full=False, progress=lambda _: None))


@pytest.fixture(scope="module")
def runs():
    """Every stage with its evidence, run once."""
    return [(stage, stage.source()) for stage in stages(3, full=False)]


@pytest.fixture
def ran(runs, monkeypatch):
    cached = [stage._replace(source=lambda evidence=evidence: evidence) for stage, evidence in runs]
    monkeypatch.setattr(module, "stages", lambda seed, full: cached)
    monkeypatch.setattr(module, "pictures", lambda *_: iter(()))


@pytest.fixture(scope="module")
def findings(runs):
    with pytest.MonkeyPatch.context() as patch:
        cached = [stage._replace(source=lambda evidence=evidence: evidence) for stage, evidence in runs]
        patch.setattr(module, "stages", lambda seed, full: cached)
        patch.setattr(module, "pictures", lambda *_: iter(()))
        return found(list(CLAIMS.values()))


def test_no_claim_is_refuted(findings):
    verdicts = [f for f in findings if isinstance(f, Verdict)]
    assert verdicts
    assert {v.status for v in verdicts} == {Status.CHECKED}
    assert len({v.claim for v in verdicts}) == len(verdicts)


def test_every_statement_on_convergence_has_a_verdict(findings):
    from convergence.claims.stationarity import ORDER

    spoken = {f.claim for f in findings if isinstance(f, Verdict)}
    there = [name.replace("_", "-") for name in ORDER if name.replace("_", "-") in CLAIMS]
    assert [name for name in there if name not in spoken] == []


def test_false_neighbours_are_refuted_with_a_counterexample(findings):
    refuted = {f.claim for f in findings if isinstance(f, Refutation)}
    assert all(f.counterexample for f in findings if isinstance(f, Refutation))
    tight = {"stationarity-sharp", "bias-floor-tight", "noise-floor", "quadratic-floor", "potential-half"}
    assert tight <= refuted


@pytest.mark.slow
def test_pictures_are_drawn():
    drawn = [f for f in found([CLAIMS["stationarity"]]) if isinstance(f, Picture)]
    assert [f.name for f in drawn] == ["stationarity", "floor"]
    assert all(f.description for f in drawn)


def test_only_the_stages_that_are_needed_run(ran):
    told = []
    findings = list(witness([CLAIMS["ledger"]], seed=0, full=False, progress=told.append))
    assert told == ["whole paths"]
    assert {f.claim for f in findings} == {"ledger"}


def test_stages_say_what_they_speak_of(runs):
    for stage, evidence in runs:
        assert {id for one in evidence for id in one.claims} <= set(stage.claims)


def test_the_same_seed_gives_the_same_evidence():
    one, two = (averages.diminishing(seed=5, replicas=4) for _ in range(2))
    for first, second in zip(one, two, strict=True):
        assert first.words == second.words
        for name in first.instance:
            assert torch.equal(first.instance[name], second.instance[name])


def test_a_smaller_bias_bound_is_refuted(ran):
    """ζ shrunk by 1 %: the worst case of the plane exceeds the bound."""
    claim = CLAIMS["noise-floor"]

    def sides(extremal_floor, step_size, smoothness, noise_variance, noise_growth, bias_bound):
        bound = noise_floor(
            step_size=step_size,
            smoothness=smoothness,
            noise_variance=noise_variance,
            noise_growth=noise_growth,
            bias_bound=0.99 * bias_bound,
        )
        return Sides(extremal_floor, bound)

    wrong = dataclasses.replace(claim, assertions=(Assertion("shrunk", "==", sides),))
    verdicts = [f for f in found([wrong]) if isinstance(f, Verdict)]
    assert verdicts[0].status is Status.REFUTED
    assert verdicts[0].counterexample["bias_bound"] > 0
    assert verdicts[0].margin < -1e-3


def test_a_claim_that_breaks_is_failed_and_the_others_go_on(ran):
    def sides(objective):
        raise RuntimeError("broken")

    broken = dataclasses.replace(CLAIMS["ledger"], assertions=(Assertion("", "==", sides),))
    verdicts = {f.claim: f for f in found([broken, CLAIMS["pathwise"]]) if isinstance(f, Verdict)}
    assert verdicts["ledger"].status is Status.FAILED
    assert "broken" in verdicts["ledger"].evidence
    assert verdicts["pathwise"].status is Status.CHECKED


MEASURED = Evidence(
    ("any",),
    {"floor": torch.tensor([1.0], dtype=torch.float64)},
    "a run",
    {"floor": torch.tensor([0.9], dtype=torch.float64)},
    {"floor": torch.tensor([1.1], dtype=torch.float64)},
)


@pytest.mark.parametrize(
    ("relation", "right", "status"),
    [
        ("<=", 1.2, Status.CHECKED),
        ("<=", 1.05, Status.CHECKED),
        ("<=", 0.95, Status.CHECKED),
        ("<=", 0.89, Status.REFUTED),
        ("==", 1.05, Status.CHECKED),
        ("==", 0.89, Status.REFUTED),
        ("==", 1.11, Status.REFUTED),
    ],
)
def test_a_measured_quantity_refutes_only_by_its_whole_interval(relation, right, status):
    def sides(floor):
        return Sides(floor, torch.full_like(floor, right))

    claim = dataclasses.replace(
        CLAIMS["ledger"],
        assertions=(Assertion("", relation, sides),),
        false_neighbour=Assertion("", relation, sides),
    )
    verdict = judge(claim, [MEASURED], 0.0)
    assert verdict.status is status
    assert (refute(claim, [MEASURED]) is not None) == (status is Status.REFUTED)
    if relation == "<=" and right > 1.1:
        assert verdict.margin == pytest.approx(1 - 1.1 / right)


def test_margins_of_an_exact_quantity_are_plain():
    exact = dataclasses.replace(MEASURED, low={}, high={})
    best, worst = margins(Assertion("", "<=", lambda floor: Sides(floor, 2 * floor)), exact)
    assert best == worst == 0.5


def test_evidence_that_lacks_a_quantity_does_not_speak():
    claim = dataclasses.replace(
        CLAIMS["ledger"], assertions=(Assertion("", "<=", lambda bound: Sides(bound, bound)),)
    )
    assert judge(claim, [MEASURED], 0.0) is None
    assert module.NAME == kind.NAME == "simulation"


def test_few_replicas_give_wide_intervals_not_negative_squares():
    run = simulate("rdml-logits", step_size=0.4, steps=200, replicas=8)
    found = averages.path_average(run, "8 replicas")
    assert all(bool((end >= 0).all()) for ends in (found.low, found.high) for end in ends.values())
    assert judge(CLAIMS["stationarity"], [found], 0.0).status == Status.CHECKED

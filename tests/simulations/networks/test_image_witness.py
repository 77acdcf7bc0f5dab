"""The witness of `rdml verify --device cuda`, small and on the CPU."""

from __future__ import annotations

import pytest
import torch

from convergence.claims import load_claims
from convergence.claims.verdict import Status, Verdict
from simulations.networks.image_witness import Trial, images, run, witness

TINY = Trial("resnet20", samples=10, side=8, alphas=(1.5,), steps=2, subsample=1, chunk=4)


def test_claims_stand_on_residual_networks() -> None:
    said: list[str] = []
    claims = list(load_claims().values())
    found = list(witness(claims, seed=0, full=False, progress=said.append, device="cpu", trial=TINY))
    assert said == ["resnet20 on cpu, RDML α=1.5"]
    verdicts = {v.claim: v for v in found if isinstance(v, Verdict)}
    assert {"ledger", "pathwise", "self-bounding", "grad-theta", "self-limiting"} <= set(verdicts)
    assert {v.status for v in verdicts.values()} == {Status.CHECKED}
    assert "10 made-up images 8×8" in verdicts["ledger"].evidence


def test_a_step_of_another_size_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    step = torch.optim.SGD.step

    def longer(self: torch.optim.SGD) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.grad *= 1.01
        step(self)

    monkeypatch.setattr(torch.optim.SGD, "step", longer)
    claims = [load_claims()["ledger"]]
    assert any(v.status == Status.REFUTED for v in run(TINY, 1.5, claims, seed=0, device=torch.device("cpu")))


def test_images_follow_the_seed() -> None:
    one, other = images(12, 8, seed=1), images(12, 8, seed=2)
    assert one.features == (3, 8, 8)
    assert torch.equal(one.train_inputs, images(12, 8, seed=1).train_inputs)
    assert not torch.equal(one.train_inputs, other.train_inputs)

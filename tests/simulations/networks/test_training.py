"""Training runs from settings to result: the ledger closes, a resumed run is the same, bad input is named."""

from __future__ import annotations

import json
import math
import os
import re
import resource
import signal
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from convergence.claims.verdict import Status
from simulations.networks import assembly, training
from simulations.networks.path import stationarity_verdict
from simulations.networks.settings import Settings
from simulations.networks.training import train

SHORT = Settings(steps=6, ledger_every=2, subsample=2, hidden=(8,), batch_size=32)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(assembly, "MONITORED", 20)


def weights(result):
    return [p for m in result.models for p in m.state_dict().values()]


def assert_same(one, other):
    """Both runs came to the same bits."""
    assert all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))
    assert one.run.ledger == other.run.ledger
    assert one.run.losses == other.run.losses
    assert one.run.orders == other.run.orders
    for k, verdicts in one.verdicts.items():
        for a, b in zip(verdicts, other.verdicts[k], strict=True):
            assert replace(a, seconds=0) == replace(b, seconds=0)


def test_a_run_and_its_json():
    told = []
    result = train(SHORT, progress=told.append)
    assert result.holds
    assert told[-1].startswith("step 6 of 6: loss ")
    plain = json.loads(json.dumps(result.to_json()))
    assert [(e["step"], e["learner"]) for e in plain["ledger"]] == [(s, k) for s in (0, 2, 4) for k in (0, 1)]
    fields = {"step", "learner", "gradient_norm_squared", "bias_norm_squared", "noise_norm_squared",
              "directional_smoothness", "closure_error"}  # fmt: skip
    assert fields <= set(plain["ledger"][0])
    assert max(e["closure_error"] for e in plain["ledger"]) < 1e-9
    judged = {(v["learner"], v["claim"]): v for v in plain["verdicts"]}
    for claim in ("grad-own-bounded", "self-bounding", "grad-theta", "self-limiting", "ledger", "pathwise"):
        for learner in (0, 1):
            assert judged[learner, claim]["status"] == "checked"
            assert judged[learner, claim]["witness"] == "network"
    account = plain["learners"][0]["account"]
    assert sum(account["shares"].values()) == pytest.approx(1)
    assert account["sandwich"]["lower"] <= account["sandwich"]["root_mean_square_gradient"]
    assert account["sandwich"]["root_mean_square_gradient"] <= account["sandwich"]["upper"]
    assert len(plain["losses"]) == 6
    assert [p.name for p in result.pictures()] == [
        "learner-0-stationarity", "learner-0-ledger", "learner-1-stationarity", "learner-1-ledger",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"momentum": 0.9, "nesterov": True, "weight_decay": 1e-3},
        {"updates": "sequential", "learners": 3},
        {"schedule": "cosine"},
        {"alpha_end": 3.0},
        {"alpha_step_size": 0.1},
        {"alpha": ((0.0, 0.5), (2.0, 0.0))},
        {"temperature": 2.0, "batch_size": None},
        {"alpha": 0.0},
        {"alpha": 1.0},
        {"alpha": math.inf, "beta": 0.1},
        {"models": ("mlp", "softmax")},
        {"beta": 0.0, "learners": 1},
        {"data": "mnist1d", "models": ("conv",), "batch_size": 8, "steps": 2},
    ],
    ids=str,
)
def test_every_kind_of_run_closes(change):
    result = train(replace(SHORT, **{"steps": 3} | change))
    assert result.holds
    assert result.run.ledger
    assert max(e.closure_error for e in result.run.ledger) < 1e-9
    assert max(e.step_error for e in result.run.ledger) < 1e-9


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_lower_precision_closes_to_its_rounding(precision):
    result = train(replace(SHORT, precision=precision))
    assert result.holds
    assert 1e-12 < max(e.closure_error for e in result.run.ledger) < 1e-4
    assert result.models[0][1].weight.dtype == torch.float32
    exact = train(replace(SHORT, precision="float32"))
    size = exact.run.ledger[-1].gradient_norm_squared
    assert result.run.ledger[-1].gradient_norm_squared == pytest.approx(size, rel=0.1)


def test_a_step_into_overflow_is_a_failure_to_judge_and_no_refutation():
    result = train(replace(SHORT, step_size=1e300, steps=1, ledger_every=1))
    assert result.run.trouble == "step 1: learner 0 has diverged: test loss nan nats"
    assert not result.holds
    failed = {v.claim: v.evidence for v in result.verdicts[0] if v.status == Status.FAILED}
    assert set(failed) == {"ledger", "pathwise", "stationarity"}
    assert all("step 0 left the finite numbers" in evidence for evidence in failed.values())
    assert Status.REFUTED not in {v.status for v in result.verdicts[0]}
    json.dumps(result.to_json())
    assert result.pictures()


def test_a_run_that_goes_astray_refutes_nothing():
    far = train(replace(SHORT, step_size=1e6, steps=12, ledger_every=1))  # logits in the millions
    assert far.run.losses[-1][0] > 1e4
    assert {v.status for own in far.verdicts.values() for v in own} <= {Status.CHECKED, Status.ASSUMED}
    lost = train(replace(SHORT, step_size=1e300, ledger_every=1))
    assert lost.run.trouble == "step 1: learner 0 has loss nan"
    assert lost.run.steps == 1
    assert Status.REFUTED not in {v.status for own in lost.verdicts.values() for v in own}


class Hungry(nn.Sequential):
    """A perceptron that runs out of memory in training at its second step, and on more than 16 samples always."""

    calls = 0

    def forward(self, inputs):
        self.calls += self.training
        if len(inputs) > 16 or (self.training and self.calls == 2):
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
        return super().forward(inputs)


def test_a_run_that_ran_out_of_memory_is_scored(monkeypatch):
    right = assembly.build
    monkeypatch.setattr(assembly, "build", lambda *a, **k: Hungry(*right(*a, **k)))
    result = train(replace(SHORT, batch_size=16, ledger_every=0))
    assert result.run.trouble == "step 1: out of memory; lower the batch size (now 16)"
    assert result.run.steps == 1
    assert 0 < result.scores.learners[0].test_accuracy < 1


def test_equal_seeds_equal_runs():
    one, two = (train(replace(SHORT, deterministic=True)) for _ in range(2))
    other = train(replace(SHORT, seed=1))
    assert all(torch.equal(a, b) for a, b in zip(weights(one), weights(two), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("change", [{}, {"alpha_step_size": 0.1, "momentum": 0.9}], ids=str)
def test_a_resumed_run_is_the_run_to_the_bit(tmp_path, change, monkeypatch):
    settings, path = replace(SHORT, **change), tmp_path / "run.safetensors"
    whole = train(settings)
    right = training.train_cohort

    def killed(*arguments, after_step, **rest):
        def stop(run):
            after_step(run)
            if run.steps == 5:
                raise MemoryError("as if the process had been killed")

        return right(*arguments, after_step=stop, **rest)

    with monkeypatch.context() as patched:
        patched.setattr(training, "train_cohort", killed)
        with pytest.raises(MemoryError):
            train(settings, checkpoint=path, checkpoint_every=3)
    assert_same(train(settings, checkpoint=path, resume=True), whole)
    if not change:
        longer = train(replace(settings, steps=8), checkpoint=path, resume=True)
        assert longer.run.losses[:6] == whole.run.losses
        with pytest.raises(ValueError, match=r"beta is 0\.5; the run in .* has 1\.0"):
            train(replace(settings, beta=0.5), checkpoint=path, resume=True)


def test_weights_are_plain_state_dicts(tmp_path):
    result = train(replace(SHORT, steps=1, ledger_every=0))
    paths = result.write_weights(tmp_path / "weights")
    assert [p.name for p in paths] == ["learner-0.safetensors", "learner-1.safetensors"]
    for path, model in zip(paths, result.models, strict=True):
        found = load_file(path)
        assert set(found) == set(model.state_dict())
        assert all(torch.equal(found[name], tensor) for name, tensor in model.state_dict().items())


def interrupt_within_step(monkeypatch, step, times=1):
    """Send Ctrl-C while step number `step`, one that is recorded, is under way."""
    right = training.Monitor.observe

    def observe(self, models, mutual):
        if self._steps == step // SHORT.ledger_every:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)
        right(self, models, mutual)

    monkeypatch.setattr(training.Monitor, "observe", observe)


@pytest.mark.parametrize("change", [{}, {"alpha_step_size": 0.1, "momentum": 0.9}], ids=str)
def test_an_interrupt_ends_the_run_after_its_step(tmp_path, change, monkeypatch):
    settings, path = replace(SHORT, **change), tmp_path / "run.safetensors"
    whole = train(settings)
    with monkeypatch.context() as patched:
        interrupt_within_step(patched, 2)
        stopped = train(settings, checkpoint=path)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert (stopped.run.steps, stopped.run.trouble, stopped.run.interrupted) == (
        3,
        "step 3: interrupted",
        True,
    )
    assert not stopped.holds
    assert stopped.run.losses == whole.run.losses[:3]
    assert stopped.run.ledger == whole.run.ledger[:4]
    assert_same(train(settings, checkpoint=path, resume=True), whole)


def test_a_second_interrupt_ends_the_run_within_its_step(tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    whole = train(SHORT)
    with monkeypatch.context() as patched:
        interrupt_within_step(patched, 4, times=2)
        stopped = train(SHORT, checkpoint=path, checkpoint_every=3)
    assert (stopped.run.steps, stopped.run.trouble) == (4, "step 4: interrupted")
    assert len(stopped.run.ledger) == 4
    resumed = train(SHORT, checkpoint=path, resume=True)  # from step 3: within step 4 nothing is consistent
    assert_same(resumed, whole)


def test_an_interrupt_in_the_last_step_changes_nothing(tmp_path, monkeypatch):
    interrupt_within_step(monkeypatch, 4)
    result = train(replace(SHORT, steps=5))
    assert result.holds
    assert result.run.steps == 5


def test_divergence_is_a_value_in_the_result():
    result = train(replace(SHORT, step_size=1e160, ledger_every=0, steps=20))
    assert "loss" in result.run.trouble
    assert result.run.steps < 20
    assert not result.holds


def test_tensorboard_reads_what_was_logged(tmp_path):
    result = train(replace(SHORT, steps=3), tensorboard=tmp_path)
    log = EventAccumulator(str(tmp_path)).Reload()
    losses = log.Scalars("loss/1")
    assert [event.step for event in losses] == [0, 1, 2]
    assert losses[-1].value == pytest.approx(result.run.losses[-1][1])
    recorded = [entry.step for entry in result.run.ledger if entry.learner == 0]
    assert [event.step for event in log.Scalars("gradient/0")] == recorded


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step_size": 0.0}, r"step_size is 0\.0"),
        ({"steps": 0}, "steps is 0"),
        ({"learners": 1}, "1 learner with beta"),
        ({"alpha": -1.0}, r"alpha is -1\.0"),
        ({"alpha": math.nan}, "alpha is nan"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"ledger_every": -1}, "ledger_every is -1"),
        ({"models": ("mlp",) * 3}, "3 models for 2 learners"),
        ({"schedule": "step"}, "schedule is 'step'"),
        ({"momentum": 1.0}, r"momentum is 1\.0"),
        ({"momentum": -0.1}, r"momentum is -0\.1"),
        ({"nesterov": True}, "nesterov is True with momentum 0"),
        ({"weight_decay": -1.0}, r"weight_decay is -1\.0"),
        ({"hidden": (8, 0)}, r"hidden is \(8, 0\)"),
        ({"norm": "layer"}, "norm is 'layer'"),
        ({"updates": "random"}, "updates is 'random'"),
        ({"alpha_end": -1.0}, r"alpha_end is -1\.0"),
        ({"alpha_end": math.inf}, "alpha_end is inf"),
        ({"alpha": math.inf, "alpha_end": 2.0}, "alpha is inf"),
        ({"alpha_step_size": math.nan}, "alpha_step_size is nan"),
        ({"alpha_end": 1.0, "alpha_step_size": 0.1}, "either scheduled or trained"),
        ({"alpha": ((0.0, 1.0), (1.0, 0.0)), "alpha_end": 1.0}, "neither scheduled nor trained"),
    ],
    ids=str,
)
def test_settings_that_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SHORT, **change)


def test_a_checkpoint_that_cannot_be_written_costs_no_training(tmp_path):
    path = tmp_path / "run.safetensors"
    train(replace(SHORT, steps=2), checkpoint=path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as a full disk does
    try:
        result = train(SHORT, checkpoint=path, checkpoint_every=3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert re.match(r"step 3: checkpoint .*run.safetensors was not written: .*too large", result.run.trouble)
    assert not result.holds
    assert result.run.losses == train(SHORT).run.losses
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]
    assert train(SHORT, checkpoint=path, resume=True).holds


def test_runs_that_are_refused():
    with pytest.raises(ValueError, match="batch_size is 1438; 1 to the 1437 training samples"):
        train(replace(SHORT, batch_size=1438))
    with pytest.raises(ValueError, match="use GroupNorm"):
        train(replace(SHORT, models=("conv",), norm="batch"))
    assert train(replace(SHORT, models=("conv",), norm="batch", ledger_every=0, steps=1)).holds
    with pytest.raises(ValueError, match="constant settings only"):
        train(replace(SHORT, schedule="cosine", momentum=0.9))
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="device is 'cuda'"):
            train(replace(SHORT, device="cuda"))


def test_what_a_checkpoint_lacks_is_said_before_data_are_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(assembly, "load", None)
    with pytest.raises(ValueError, match=r"resume needs .*; checkpoint is None"):
        train(SHORT, resume=True)
    with pytest.raises(ValueError, match=r"resume needs .*nothing does not exist"):
        train(SHORT, resume=True, checkpoint=tmp_path / "nothing")
    with pytest.raises(ValueError, match="checkpoint_every is -1"):
        train(SHORT, checkpoint=tmp_path / "run", checkpoint_every=-1)
    with pytest.raises(ValueError, match=r"the folder .*nowhere does not exist"):
        train(SHORT, checkpoint=tmp_path / "nowhere" / "run")


def test_a_checkpoint_of_another_run_is_named_by_the_setting(tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    train(replace(SHORT, steps=2), checkpoint=path)
    monkeypatch.setattr(assembly, "load", None)  # before data are loaded
    for change, words in (
        ({"hidden": (9,)}, r"hidden is \[9\]; the run in .* has \[8\]"),
        ({"learners": 3}, "learners is 3; the run in .* has 2"),
        ({"updates": "sequential"}, "updates is sequential; the run in .* has simultaneous"),
        ({"steps": 1}, "steps is 1; the run in .* has taken 2"),
    ):
        with pytest.raises(ValueError, match=words):
            train(replace(SHORT, **change), checkpoint=path, resume=True)


def test_stationarity_on_a_path():
    entries = train(SHORT).entries(0)
    verdict = stationarity_verdict(entries, "run")
    assert verdict.status == Status.CHECKED
    steep = [replace(e, directional_smoothness=11.0) for e in entries]
    assert stationarity_verdict(steep, "run").status == Status.ASSUMED
    false = [replace(e, gradient_norm_squared=100.0) for e in entries]
    assert stationarity_verdict(false, "run").status == Status.REFUTED

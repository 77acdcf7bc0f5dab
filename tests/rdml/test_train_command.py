"""`rdml train`: what its options reach, what it writes, and how it names bad input."""

import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file
from typer.testing import CliRunner

from rdml.cli import app, spread
from rdml.commands.train import orders
from simulations.networks import assembly, training
from simulations.networks.settings import Settings

SHORT = ("train", "--steps", "2")
SMALL = (*SHORT, "--hidden", "4")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "MONITORED", 20)


def start(arguments: tuple[str, ...]) -> tuple[str, ...]:
    return SHORT if "--model" in arguments else SMALL


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, spread([*start(arguments), *arguments]))
    assert done.exit_code == code, done.output
    return done.output


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(app, spread([*start(arguments), *arguments]))
    assert isinstance(done.exception, ValueError), done.output
    return str(done.exception)


def test_options_reach_the_run_and_files_are_written(tmp_path: Path) -> None:
    output = run(
        "--hidden", "3", "--alpha", "0.5", "2", "--ledger-every", "1", "--ledger-chunk", "500",
        "--subsample", "2", "--out", str(tmp_path), "--json", str(tmp_path / "run.json"),
        "--weights", str(tmp_path / "weights"),
    )  # fmt: skip
    assert "2 samples at 2 steps" in output
    result = json.loads((tmp_path / "run.json").read_text())
    made = result["settings"]
    assert (made["hidden"], made["ledger_chunk"], made["subsample"]) == ([4, 3], 500, 2)
    assert made["alpha"] == [[0.0, 0.5], [2.0, 0.0]]
    entries = result["ledger"]
    assert [(e["step"], e["learner"]) for e in entries] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert max(e["closure_error"] for e in entries) < 1e-9
    assert {v["status"] for v in result["verdicts"]} <= {"checked", "assumed"}
    weights = load_file(tmp_path / "weights" / "learner-1.safetensors")
    assert sorted(tuple(tensor.shape) for tensor in weights.values()) == [
        (3,),
        (3, 4),
        (4,),
        (4, 64),
        (10,),
        (10, 3),
    ]
    assert (tmp_path / "learner-1-ledger.svg").is_file()


def test_batch_normalisation_trains_without_a_ledger(tmp_path: Path) -> None:
    conv = ("--model", "conv", "--norm", "batch", "--out", str(tmp_path))
    assert run(*conv).count(": test accuracy") == 2
    assert "use GroupNorm" in refused(*conv, "--ledger-every", "1")


def test_orders_for_all_by_learner_and_by_pair() -> None:
    assert orders([1.5], 3) == 1.5
    assert orders([math.inf], 1) == math.inf
    assert orders([0.5, 2.0], 2) == ((0.0, 0.5), (2.0, 0.0))
    assert orders([1, 2, 3], 3) == ((0, 1, 1), (2, 0, 2), (3, 3, 0))
    assert orders([1, 2, 3, 4, 5, 6], 3) == ((0, 1, 2), (3, 0, 4), (5, 6, 0))
    with pytest.raises(ValueError, match="alpha holds 4 orders for 3 learners; 1 or 3 or 6 are needed"):
        orders([1, 2, 3, 4], 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--learners", "1"), "1 learner with beta 1.0"),
        (("--alpha", "-1"), "alpha is -1.0"),
        (("--alpha", "0.5", "1", "2"), "alpha holds 3 orders for 2 learners; 1 or 2 are needed"),
        (("--hidden", "0"), "hidden is (4, 0)"),
        (("--batch-size", "1438"), "batch_size is 1438; 1 to the 1437 training samples"),
        (("--hidden", "100000000000"), "mlp, mlp: there is no memory for learner 0"),
        (("--data", "mnist"), "data is 'mnist'; it must be digits"),
        (("--data", "nowhere.npz"), "nowhere.npz does not exist"),
        (("--data", "cifar10"), "needs the path"),
        (("--data", "cifar10", "--path", "nowhere"), "nowhere does not exist"),
        (("--model", "transformer"), "model is 'transformer'"),
        (("--model", "softmax", "--hidden", "4"), "hidden is [4] for softmax; mlp alone has hidden layers"),
        (("--model", "resnet20", "--data", "mnist1d"), "resnet20 takes images"),
        (("--momentum", "0.9", "--schedule", "cosine", "--ledger-every", "1"), "constant settings only"),
        (("--resume",), "resume needs"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_named(arguments: tuple[str, ...], words: str) -> None:
    assert words in refused(*arguments)


def test_an_interrupted_command_loses_nothing(tmp_path: Path) -> None:
    command = ["train", "--hidden", "4", "--steps", "1000000", "--json", "run.json"]
    command += ["--checkpoint", "run.safetensors"]
    process = subprocess.Popen(
        [sys.executable, "-m", "rdml", *command], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith("step "):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 130, errors
    found = json.loads((tmp_path / "run.json").read_text())
    assert found["interrupted"] is True
    assert f"Trouble at step {found['steps']}: interrupted" in errors

    settings = Settings(steps=found["steps"] + 2, hidden=(4,))
    resumed = training.train(settings, checkpoint=tmp_path / "run.safetensors", resume=True)
    whole = training.train(settings)
    assert resumed.run.losses[:-2] == found["losses"]
    assert resumed.run.losses == whole.run.losses


def test_a_run_that_ends_with_an_absurd_loss_has_diverged(tmp_path: Path) -> None:
    output = run("--step-size", "1e10", "--json", str(tmp_path / "run.json"), "--out", str(tmp_path), code=1)
    assert "learner 0 has diverged: test loss" in output
    assert "has diverged" in json.loads((tmp_path / "run.json").read_text())["trouble"]

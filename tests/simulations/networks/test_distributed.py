"""Two processes against one: the same run up to rounding, and what becomes of it when one of them is killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from rdml import train as command
from simulations.networks.distributed import (
    Job,
    LostProcess,
    check_devices,
    current_job,
    naming_lost_processes,
)
from simulations.networks.settings import Settings
from simulations.networks.training import train

TORCHRUN = [
    sys.executable,
    "-m",
    "torch.distributed.run",
    "--standalone",
    "--nproc-per-node",
    "2",
    "-m",
    "rdml.train",
]


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*TORCHRUN, "--device", "cpu", "--out", str(folder / "out"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )


@pytest.mark.slow
@pytest.mark.parametrize("updates", ["simultaneous", "sequential"])
def test_two_processes_are_one_up_to_rounding(tmp_path: Path, updates: str) -> None:
    settings = Settings(
        steps=12,
        batch_size=30,
        ledger_every=4,
        momentum=0.5,
        alpha_step_size=0.01,
        updates=updates,
        device="cpu",
    )
    options = [
        "--steps",
        "12",
        "--batch-size",
        "30",
        "--ledger-every",
        "4",
        "--momentum",
        "0.5",
        "--alpha-step-size",
        "0.01",
    ]
    job = start(tmp_path, *options, "--updates", updates, "--json", "two.json")
    alone = train(settings)
    _, errors = job.communicate(timeout=240)
    assert job.returncode == 0, errors
    two = json.loads((tmp_path / "two.json").read_text())
    torch.testing.assert_close(
        torch.tensor(two["losses"]), torch.tensor(alone.run.losses), rtol=1e-12, atol=0
    )
    torch.testing.assert_close(
        torch.tensor(two["orders"]), torch.tensor(alone.run.orders), rtol=1e-12, atol=0
    )
    assert len(two["ledger"]) == len(alone.run.ledger) == 6
    for found, expected in zip(two["ledger"], alone.run.ledger, strict=True):
        assert found["closure_error"] < 1e-13
        assert found["step_error"] < 1e-12
        for name in ("objective", "gradient_norm_squared", "bias_norm_squared", "noise_norm_squared"):
            assert found[name] == pytest.approx(getattr(expected, name), rel=1e-10)
    assert [v["status"] for v in two["verdicts"]] == [
        v.status for own in alone.verdicts.values() for v in own
    ]


@pytest.mark.slow
def test_a_killed_process_ends_the_job_which_resumes(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    options = ["--steps", "1000000", "--batch-size", "32", "--checkpoint-every", "5", "--checkpoint"]
    job = start(tmp_path, *options, str(path))
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline and job.poll() is None:
        time.sleep(0.02)
    workers = [p for p in psutil.Process(job.pid).children() if "RANK" in p.environ()]
    next(p for p in workers if p.environ()["RANK"] == "1").send_signal(signal.SIGKILL)
    _, errors = job.communicate(timeout=120)
    assert job.returncode != 0
    assert "process 0: another process of the job has ended" in errors
    assert f"add --resume to go on from {path}" in errors

    from safetensors import safe_open

    with safe_open(path, "pt") as archive:
        taken = json.loads(archive.metadata()["content"])["step"]
    assert taken >= 5
    settings = Settings(steps=taken + 5, batch_size=32, device="cpu")
    resumed = train(settings, checkpoint=path, resume=True).run
    assert resumed.steps == taken + 5
    whole = train(settings).run
    torch.testing.assert_close(torch.tensor(resumed.losses), torch.tensor(whole.losses), rtol=1e-9, atol=0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--norm", "layer"], "Error: --norm is layer; "),
        (["--nonsense"], "Error: No such option: --nonsense"),
        (["--steps", "0"], "Error: steps is 0; a positive number is needed"),
    ],
    ids=str,
)
def test_bad_options_are_refused_in_one_line(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rdml.train", *arguments])
    with pytest.raises(SystemExit) as end:
        command.main()
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(words)


def test_a_job_of_one() -> None:
    job = current_job()
    assert (job.leads, job.processes) == (True, 1)
    rows, model = torch.arange(7), torch.nn.Linear(2, 2)
    assert torch.equal(job.share(rows), rows)
    assert job.wrap([model]) == [model]
    job.check(7)


def test_shares_of_two() -> None:
    parts = [Job(rank, 2).share(torch.arange(6)) for rank in (0, 1)]
    assert sorted(torch.cat(parts).tolist()) == list(range(6))
    with pytest.raises(ValueError, match="7 samples for 2 processes"):
        Job(0, 2).check(7)
    with pytest.raises(ValueError, match="batch"):
        Job(0, 2).wrap([torch.nn.BatchNorm1d(3)])


def test_one_device_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(
        ValueError, match=r"3 processes for 2 CUDA devices; .* --nproc-per-node 2, or --device cpu"
    ):
        check_devices(torch.device("cuda"))
    check_devices(torch.device("cpu"))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    check_devices(torch.device("cuda"))


@pytest.mark.parametrize(
    ("exists", "words"),
    [(None, "there is no checkpoint"), (False, "had been written"), (True, "add --resume")],
)
def test_what_is_said_of_a_lost_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool | None, words: str
) -> None:
    monkeypatch.setattr("simulations.networks.distributed.current_job", lambda: Job(1, 2))
    path = tmp_path / "run.safetensors"
    if exists:
        path.touch()
    with pytest.raises(LostProcess, match=words), naming_lost_processes(None if exists is None else path):
        raise RuntimeError("[gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:4242")
    with pytest.raises(RuntimeError, match="something else"), naming_lost_processes(path):
        raise RuntimeError("something else")

"""What is said of a device that is not there, too old, or of no use for the precision asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from rdml import cli
from simulations import device
from simulations.device import chosen_device, cuda_trouble, fallback_note


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    cuda_trouble.cache_clear()
    yield
    cuda_trouble.cache_clear()


def pretend(monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], triton: str | None = None) -> None:
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.cuda, "init", lambda: None)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "A device")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    monkeypatch.setattr(device, "kernel_trouble", lambda: triton)


def test_a_build_without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(ValueError, match=r"device is 'cuda': PyTorch .* is a build without CUDA; install"):
        chosen_device("cuda")
    assert chosen_device("auto") == chosen_device("cpu") == torch.device("cpu")
    note = fallback_note("auto")
    assert note is not None
    assert note.startswith("device: cpu, as PyTorch")
    assert fallback_note("cpu") is None


def test_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, (9, 0))

    def fail() -> None:
        raise RuntimeError(
            "Found no NVIDIA driver on your system. Please check that you have a GPU. And so on"
        )

    monkeypatch.setattr(torch.cuda, "init", fail)
    with pytest.raises(ValueError, match=r"Found no NVIDIA driver on your system; see what nvidia-smi says"):
        chosen_device("cuda")


def test_a_device_too_old_for_the_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, (7, 5))
    with pytest.raises(
        ValueError, match=r"A device has compute capability 7.5, and bf16 needs 8.0; use --prec"
    ):
        chosen_device("cuda", "bf16")
    assert chosen_device("cuda", "float32") == chosen_device("auto", "float64") == torch.device("cuda")


def test_triton_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, (9, 0), triton="Triton is 2.1.0; the fused kernel needs 3.3 or later")
    with pytest.raises(ValueError, match=r"Triton is 2.1.0"):
        chosen_device("cuda")
    assert chosen_device("auto") == torch.device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize(
    "command",
    [
        ["train", "--device", "cuda", "--steps", "1"],
        ["verify", "nonneg", "--device", "cuda"],
        ["compare", "--device", "cuda", "--steps", "1"],
    ],
    ids=lambda command: command[0],
)
def test_commands_refuse_it_in_one_line(
    command: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["rdml", *command])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    lines = capfd.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("Error: device is 'cuda': PyTorch")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_auto_says_once_that_it_is_the_cpu(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["train", "--steps", "2", "--out", str(tmp_path)])
    assert result.exit_code == 0
    assert result.stderr.count("device: cpu, as PyTorch") == 1

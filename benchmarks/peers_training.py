"""The training loop and its peers: the same networks, the same batch, plain SGD."""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median

import torch
from torch import Tensor, nn
from training import BATCH, STEP_SIZE, joint_step, published_step, seconds, stacked_step

from simulations.networks.cohort import train_cohort
from simulations.networks.models import mlp

STEPS = 20
ROUNDS = 9


def pytorch_dml_epoch(
    models: list[nn.Module], inputs: Tensor, labels: Tensor, steps: int
) -> Callable[[], object]:
    """pytorch-dml's trainer at temperature 1, which is RDML at α = β = 1."""
    from pydml import DMLConfig, DMLTrainer

    optimizers = [torch.optim.SGD(model.parameters(), lr=STEP_SIZE) for model in models]
    with contextlib.redirect_stderr(io.StringIO()):
        trainer = DMLTrainer(models, DMLConfig(temperature=1.0), device="cpu", optimizers=optimizers)
    batches = [(inputs, labels)] * steps

    def epoch() -> None:
        with contextlib.redirect_stderr(io.StringIO()):
            trainer.train_epoch(batches, 0)  # type: ignore[arg-type]

    return epoch


def training_rows() -> tuple[list[str], list[list[object]]]:
    """Milliseconds a step, the ratio to ours, and the distance of the parameters from ours."""
    torch.manual_seed(0)
    inputs, labels = torch.randn(BATCH, 64), torch.randint(10, (BATCH,))

    def cohort() -> list[nn.Module]:
        return [mlp(64, 10) for _ in range(2)]

    sides: dict[str, tuple[Callable[[], object], int]] = {
        "ours, modules": (joint_step(cohort(), inputs, labels), 5),
        "ours, stacked": (stacked_step([cohort()], inputs, labels), 1),
        "published loop": (published_step(cohort(), inputs, labels), 1),
    }
    if find_spec("pydml"):
        sides["pytorch-dml (α = 1)"] = (pytorch_dml_epoch(cohort(), inputs, labels, STEPS), STEPS)
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(ROUNDS + 1):
        for name, (step, steps) in sides.items():
            took = seconds(step, max(1, STEPS // steps)) / steps  # type: ignore[arg-type]
            if number > 0:
                times[name].append(took)
    rows: list[list[object]] = []
    for name in sides:
        ratio = median(a / b for a, b in zip(times[name], times["ours, modules"], strict=True))
        rows.append(
            [name, f"{1e3 * median(times[name]):.2f}", f"{ratio:.2f}", _distance(name, inputs, labels)]
        )
    if not find_spec("pydml"):
        rows.append(["pytorch-dml", "skipped: not installed"])
    return ["", "ms a step", "over ours, modules", "parameters from ours"], rows


def _distance(name: str, inputs: Tensor, labels: Tensor) -> str:
    """Largest difference of a parameter from ours after some steps of the same descent from the same start."""
    if name.startswith("ours"):
        return "–"
    torch.manual_seed(1)
    theirs = [mlp(64, 10) for _ in range(2)]
    mine = copy.deepcopy(theirs)
    alpha = 1.0 if name.startswith("pytorch-dml") else 1.5
    optimizers = [torch.optim.SGD(model.parameters(), lr=STEP_SIZE) for model in mine]
    train_cohort(mine, optimizers, [(inputs, labels)], steps=STEPS, alpha=alpha, beta=1.0)
    if alpha == 1:
        pytorch_dml_epoch(theirs, inputs, labels, STEPS)()
    else:
        step = published_step(theirs, inputs, labels)
        for _ in range(STEPS):
            step()
    pairs = zip(_parameters(theirs), _parameters(mine), strict=True)
    return f"{max((a - b).abs().max().item() for a, b in pairs):.0e}"


def _parameters(models: list[nn.Module]) -> list[Tensor]:
    return [p for model in models for p in model.parameters()]

"""The network witness on a device: residual networks trained by RDML on images of CIFAR's shape, claims judged on it.

Everything is in float64, with full-batch gradients, so that the ledger must close to rounding. The images are
made up: a smooth pattern a class and noise, since a verification must not depend on a download.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import interpolate

from convergence.claims.claim import Claim
from convergence.claims.verdict import Finding, Verdict
from convergence.estimators import Ledger
from simulations.device import chosen_device
from simulations.networks.cohort import train_cohort
from simulations.networks.data import Dataset
from simulations.networks.models import build
from simulations.networks.monitor import Monitor
from simulations.networks.sampling import learner_seed
from simulations.networks.witness import SPEAKS_OF, worse


@dataclass(frozen=True)
class Trial:
    """What to train: model, training images and their side; η and steps, all recorded; Jacobians a step."""

    model: str = "resnet18"
    samples: int = 512
    side: int = 32
    alphas: tuple[float, ...] = (1.5, 0.5)
    step_size: float = 0.05
    steps: int = 8
    subsample: int = 2
    chunk: int = 128


QUICK = Trial()
FULL = Trial(samples=2048, alphas=(0.5, 1.0, 1.5, 2.0), steps=30)


def witness(
    claims: Sequence[Claim],
    *,
    seed: int,
    full: bool,
    progress: Callable[[str], None],
    device: str = "cuda",
    trial: Trial | None = None,
) -> Iterator[Finding]:
    """Train two ResNet-18 (group normalisation) at each order; a verdict a claim, its worst over them."""
    chosen = [claim for claim in claims if claim.id in SPEAKS_OF]
    trial = trial or (FULL if full else QUICK)
    where = chosen_device(device)
    found: dict[str, Verdict] = {}
    for alpha in trial.alphas if chosen else ():
        progress(f"{trial.model} on {where.type}, RDML α={alpha:g}")
        for verdict in run(trial, alpha, chosen, seed=seed, device=where):
            found[verdict.claim] = worse(found.get(verdict.claim), verdict)
    yield from (found[claim.id] for claim in chosen if claim.id in found)


def run(
    trial: Trial, alpha: float, claims: Sequence[Claim], *, seed: int, device: torch.device
) -> list[Verdict]:
    """Train one cohort of two and judge the claims on it."""
    data = images(trial.samples, trial.side, seed).to(device)
    batch = (data.train_inputs, data.train_labels)
    chunks = list(zip(*(part.split(trial.chunk) for part in batch), strict=True))
    models: list[nn.Module] = [
        build(trial.model, data, seed=learner_seed(seed, k)).to(device) for k in range(2)
    ]
    optimizers = [torch.optim.SGD(model.parameters(), lr=trial.step_size) for model in models]
    monitor = Monitor(claims, data.train_inputs[: trial.chunk], subsample=trial.subsample)
    trained = train_cohort(
        models,
        optimizers,
        [batch],
        steps=trial.steps,
        alpha=alpha,
        ledger=Ledger(models, optimizers, batches=chunks, alpha=alpha),
        before_step=lambda step, mutual: monitor.observe(models, mutual),
    )
    if trained.trouble:
        raise RuntimeError(trained.trouble)
    name = f"2 {trial.model} on {trial.samples} made-up images {trial.side}×{trial.side}, {device.type}, α={alpha:g}"
    return [verdict for own in monitor.verdicts(trained.ledger, name).values() for verdict in own]


def images(samples: int, side: int, seed: int) -> Dataset:
    """Ten classes of images `(N, 3, side, side)` in float64: a smooth pattern each, and as much noise."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(10, 3, 4, 4, generator=generator, dtype=torch.float64)
    patterns = interpolate(coarse, size=(side, side), mode="bilinear")
    labels = torch.arange(samples) % 10
    noise = torch.randn(samples, 3, side, side, generator=generator, dtype=torch.float64)
    inputs = patterns[labels] + noise
    return Dataset("made-up images", inputs, labels, inputs, labels, 10, "generated from the seed")

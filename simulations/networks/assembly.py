"""What a training run is put together from, as its settings say: data, learners, batches, ledger and monitor."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from convergence.claims import load_claims
from convergence.estimators import Ledger
from simulations.device import chosen_device
from simulations.networks.cohort import is_out_of_memory
from simulations.networks.data import Dataset, load
from simulations.networks.distributed import current_job
from simulations.networks.models import build
from simulations.networks.monitor import Monitor
from simulations.networks.sampling import BatchOrder, learner_seed
from simulations.networks.settings import CLOSURE, Settings

MONITORED = 256
"""At most so many training samples stand for the set where claims on single samples are judged."""


def samples(settings: Settings) -> Dataset:
    """The data of a run, on its device and in its precision."""
    dtype = torch.float64 if settings.precision == "float64" else torch.float32
    device = chosen_device(settings.device, settings.precision)
    return load(settings.data, path=settings.path, dtype=dtype).to(device)


def learners(settings: Settings, data: Dataset) -> tuple[list[nn.Module], list[torch.optim.Optimizer]]:
    """Models and optimisers as they are before the first step."""
    names = settings.models * (settings.learners if len(settings.models) == 1 else 1)
    models: list[nn.Module] = []
    for k, name in enumerate(names):
        seed = learner_seed(settings.seed, k)
        try:
            model = build(name, data, seed=seed, hidden=settings.hidden, norm=settings.norm)
            models.append(model.to(data.train_inputs.device))
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise ValueError(f"{', '.join(names)}: there is no memory for learner {k}") from error
    # One optimiser for all steps them in one call; sequential updates need one for each.
    parameters = [list(model.parameters()) for model in models]
    groups = [list(itertools.chain(*parameters))] if settings.updates == "simultaneous" else parameters
    return models, [
        torch.optim.SGD(
            group,
            lr=settings.step_size,
            momentum=settings.momentum,
            nesterov=settings.nesterov,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        for group in groups
    ]


def batches(settings: Settings, data: Dataset, first: int) -> Iterator[tuple[Tensor, Tensor]]:
    """What the steps from `first` on see."""
    count = len(data.train_labels)
    job, batch_size = current_job(), settings.batch_size or count
    order = BatchOrder(count, batch_size, settings.seed)
    job.check(batch_size)
    for step in range(first, settings.steps):
        rows = job.share(order.rows(step)).to(data.train_labels.device)
        yield data.train_inputs[rows], data.train_labels[rows]


def ledger_of(
    settings: Settings,
    data: Dataset,
    models: Sequence[nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
    first: int,
) -> Ledger:
    """The ledger of the steps from `first` on."""
    job, chunk = current_job(), settings.ledger_chunk
    inputs, labels = job.share(data.train_inputs), job.share(data.train_labels)
    return Ledger(
        models,
        optimizers,
        batches=list(zip(inputs.split(chunk), labels.split(chunk), strict=True)),
        alpha=settings.alpha,
        beta=settings.beta,
        temperature=settings.temperature,
        every=settings.ledger_every,
        first_step=first,
        updates=settings.updates,
        total=job.total,
    )


def monitor_of(settings: Settings, data: Dataset, met: dict[str, object] | None) -> Monitor:
    """What holds the claims against the run; it goes on from what an earlier part of the run met."""
    stride = math.ceil(len(data.train_inputs) / MONITORED)
    monitor = Monitor(
        list(load_claims().values()),
        data.train_inputs[::stride],
        subsample=settings.subsample,
        tolerance=CLOSURE[settings.precision],
    )
    if met:
        monitor.resume(met)
    return monitor

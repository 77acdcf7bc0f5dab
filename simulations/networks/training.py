"""One training run from settings to result: data, learners, ledger, claims, checkpoints."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from convergence.claims import load_claims
from convergence.claims.verdict import Verdict
from convergence.estimators import Ledger, LedgerEntry, Mutual
from convergence.threads import one_thread
from simulations.device import chosen_device
from simulations.networks.checkpoint import check_checkpoint, contents, restore, save
from simulations.networks.cohort import CohortRun, train_cohort
from simulations.networks.data import Dataset, load
from simulations.networks.distributed import check_devices, current_job, naming_lost_processes
from simulations.networks.models import PERCEPTRONS, build
from simulations.networks.monitor import Monitor
from simulations.networks.reporter import Reporter
from simulations.networks.result import CHUNK, DIVERGED, TrainingResult, score
from simulations.networks.sampling import BatchOrder, learner_seed
from simulations.networks.settings import CLOSURE, Settings, check_same, plain
from simulations.networks.tensorboard import log_run
from simulations.networks.trained_order import TrainedOrder

MONITORED = 256
"""At most so many training samples stand for the set where claims on single samples are judged."""


def train(
    settings: Settings,
    *,
    checkpoint: Path | None = None,
    checkpoint_every: int = 0,
    resume: bool = False,
    tensorboard: Path | None = None,
    progress: Callable[[str], None] = lambda words: None,
) -> TrainingResult:
    """Train a cohort and measure it.

    Args:
        settings: what to train.
        checkpoint: file (safetensors) written every `checkpoint_every` steps, at the end, and on Ctrl-C.
        checkpoint_every: steps between checkpoints; 0 for none between.
        resume: go on from `checkpoint`, to the bit as if the run had not stopped.
        tensorboard: directory of a TensorBoard log.
        progress: told step, losses, gradient norm and time left about once a second.

    Raises:
        ValueError: settings, data or a checkpoint that cannot be used. Trouble during the run (NaN, lack of
            memory) ends it, is named in the result, and leaves the last checkpoint; so is a checkpoint that
            cannot be written, but the run goes on. Ctrl-C ends it after the step under way, a second one at
            once, without a checkpoint of its own.
    """
    check_checkpoint(checkpoint, checkpoint_every, resume)
    if resume and checkpoint is not None:
        _check_goes_on(settings, checkpoint)
    device = chosen_device(settings.device, settings.precision)
    check_devices(device)
    # Threads only wait for each other on perceptrons.
    alone = one_thread() if set(settings.models) <= set(PERCEPTRONS) else contextlib.nullcontext()
    with alone, _reproducible(settings.deterministic):
        dtype = torch.float64 if settings.precision == "float64" else torch.float32
        data = load(settings.data, path=settings.path, dtype=dtype).to(device)
        learners = _Learners(settings, data)
        record: dict[str, Any] = {"losses": [], "orders": [], "ledger": []}
        first = 0
        if resume and checkpoint is not None:
            first, record = restore(checkpoint, learners.models, learners.optimizers)
        with naming_lost_processes(checkpoint):
            return _run(
                settings, data, learners, record, first, checkpoint, checkpoint_every, tensorboard, progress
            )


def _check_goes_on(settings: Settings, checkpoint: Path) -> None:
    found = contents(checkpoint)
    check_same(settings, found["record"].get("settings", {}), checkpoint)
    if found["step"] > settings.steps:
        raise ValueError(f"steps is {settings.steps}; the run in {checkpoint} has taken {found['step']}")


class _Learners:
    """Models and optimisers of a run."""

    def __init__(self, settings: Settings, data: Dataset) -> None:
        names = settings.models * (settings.learners if len(settings.models) == 1 else 1)
        self.models: list[nn.Module] = [
            build(
                name, data, seed=learner_seed(settings.seed, k), hidden=settings.hidden, norm=settings.norm
            ).to(data.train_inputs.device)
            for k, name in enumerate(names)
        ]
        # One optimiser for all steps them in one call; sequential updates need one for each.
        together = settings.updates == "simultaneous"
        parameters = [list(model.parameters()) for model in self.models]
        groups = [list(itertools.chain(*parameters))] if together else parameters
        self.optimizers: list[torch.optim.Optimizer] = [
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


def _run(
    settings: Settings,
    data: Dataset,
    learners: _Learners,
    record: dict[str, Any],
    first: int,
    checkpoint: Path | None,
    checkpoint_every: int,
    tensorboard: Path | None,
    progress: Callable[[str], None],
) -> TrainingResult:
    job = current_job()
    past = [LedgerEntry.from_json(entry) for entry in record["ledger"]]
    ledger, monitor = _attach(settings, data, learners, first, record)
    alpha = settings.order
    if isinstance(alpha, TrainedOrder) and first:
        alpha = replace(alpha, initial=record["next_order"])

    run = CohortRun(steps=first)
    within_a_step = False

    def before(step: int, mutual: Mutual) -> None:
        nonlocal within_a_step
        within_a_step = True
        if job.leads and monitor is not None and ledger is not None and ledger.records_next:
            monitor.observe(learners.models, mutual)

    def write() -> None:
        if not job.leads or checkpoint is None:
            return
        state = _record(settings, record, past, run, monitor)
        try:
            save(checkpoint, learners.models, learners.optimizers, step=run.steps, record=state)
        except OSError as error:  # a full disk must not cost the training
            words = f"step {run.steps}: checkpoint {checkpoint} was not written: {error}"
            run.trouble = f"{run.trouble}; {words}" if run.interrupted else run.trouble or words

    report = Reporter(settings, ledger, progress)
    with log_run(tensorboard if job.leads else None, ledger) as log:

        def after(current: CohortRun) -> None:
            nonlocal run, within_a_step
            run, within_a_step = current, False
            report(run)
            log(run)
            if run.steps == settings.steps or (checkpoint_every > 0 and run.steps % checkpoint_every == 0):
                write()

        try:
            run = train_cohort(
                job.wrap(learners.models),
                learners.optimizers,
                _batches(settings, data, first),
                steps=settings.steps,
                alpha=alpha,
                beta=settings.beta,
                temperature=settings.temperature,
                updates=settings.updates,
                first_step=first,
                step_size=None if settings.schedule == "constant" else settings.step_size_at,
                ledger=ledger,
                autocast=torch.bfloat16 if settings.precision == "bf16" else None,
                mean=job.mean,
                before_step=before,
                after_step=after,
            )
        except KeyboardInterrupt:
            if run.steps < settings.steps:
                run.interrupted, run.trouble = True, f"step {run.steps}: interrupted"
                if run.losses and not within_a_step:
                    write()
    run.ledger = past + run.ledger
    run.losses = record["losses"] + run.losses
    run.orders = record["orders"] + run.orders
    verdicts: dict[int, list[Verdict]] = {}
    if monitor is not None and run.ledger:
        verdicts = monitor.verdicts(run.ledger, f"{settings.data}, {run.steps} steps")
    # No more samples at once than training took, so that a run which ran out of memory is still scored.
    chunk = CHUNK if settings.batch_size is None else min(CHUNK, settings.batch_size)
    scores = score(learners.models, data, chunk=chunk)
    for k, one in enumerate(scores.learners):
        if run.trouble is None and not one.test_loss <= DIVERGED:
            run.trouble = f"step {run.steps}: learner {k} has diverged: test loss {one.test_loss:.3g} nats"
    return TrainingResult(settings, run, scores, verdicts, learners.models)


def _record(
    settings: Settings,
    before: dict[str, Any],
    past: list[LedgerEntry],
    run: CohortRun,
    monitor: Monitor | None,
) -> dict[str, Any]:
    """What a checkpoint keeps besides the learners."""
    return {
        "settings": plain(settings),
        "losses": before["losses"] + run.losses,
        "orders": before["orders"] + run.orders,
        "next_order": run.next_order,
        "ledger": [entry.to_json() for entry in past + run.ledger],
        "monitor": None if monitor is None else monitor.record(),
    }


def _attach(
    settings: Settings, data: Dataset, learners: _Learners, first: int, record: dict[str, Any]
) -> tuple[Ledger | None, Monitor | None]:
    if settings.ledger_every == 0:
        return None, None
    job, chunk = current_job(), settings.ledger_chunk
    inputs, labels = job.share(data.train_inputs), job.share(data.train_labels)
    batches = list(zip(inputs.split(chunk), labels.split(chunk), strict=True))
    ledger = Ledger(
        learners.models,
        learners.optimizers,
        batches=batches,
        alpha=settings.alpha,
        beta=settings.beta,
        temperature=settings.temperature,
        every=settings.ledger_every,
        first_step=first,
        updates=settings.updates,
        total=job.total,
    )
    stride = math.ceil(len(data.train_inputs) / MONITORED)
    monitor = Monitor(
        list(load_claims().values()),
        data.train_inputs[::stride],
        subsample=settings.subsample,
        tolerance=CLOSURE[settings.precision],
    )
    if record.get("monitor"):
        monitor.resume(record["monitor"])
    return ledger, monitor


def _batches(settings: Settings, data: Dataset, first: int) -> Iterator[tuple[Tensor, Tensor]]:
    count = len(data.train_labels)
    if settings.batch_size is not None and settings.batch_size > count:
        raise ValueError(f"batch_size is {settings.batch_size}; {data.name} has {count} training samples")
    job, batch_size = current_job(), settings.batch_size or count
    job.check(batch_size)
    order = BatchOrder(count, batch_size, settings.seed)
    for step in range(first, settings.steps):
        rows = job.share(order.rows(step)).to(data.train_labels.device)
        yield data.train_inputs[rows], data.train_labels[rows]


@contextlib.contextmanager
def _reproducible(wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what CUDA's matrix products need for it
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        with one_thread():
            yield
    finally:
        torch.use_deterministic_algorithms(before)

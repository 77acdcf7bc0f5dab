"""One training run from settings to result: data, learners, ledger, claims, checkpoints."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from convergence.claims.verdict import Verdict
from convergence.estimators import LedgerEntry, Mutual
from convergence.threads import one_thread
from simulations.device import chosen_device
from simulations.networks.assembly import batches, learners, ledger_of, monitor_of, samples
from simulations.networks.checkpoint import check_checkpoint, contents, restore, save
from simulations.networks.cohort import CohortRun, train_cohort
from simulations.networks.data import Dataset
from simulations.networks.distributed import check_devices, current_job, naming_lost_processes
from simulations.networks.models import PERCEPTRONS
from simulations.networks.monitor import Monitor
from simulations.networks.reporter import Reporter
from simulations.networks.result import TrainingResult, final_scores
from simulations.networks.settings import Settings, check_same, plain
from simulations.networks.tensorboard import log_run
from simulations.networks.trained_order import TrainedOrder


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
    check_devices(chosen_device(settings.device, settings.precision))
    # Threads only wait for each other on perceptrons.
    alone = one_thread() if set(settings.models) <= set(PERCEPTRONS) else contextlib.nullcontext()
    with alone, _reproducible(settings.deterministic):
        data = samples(settings)
        models, optimizers = learners(settings, data)
        record: dict[str, Any] = {"losses": [], "orders": [], "ledger": [], "monitor": None}
        first = 0
        if resume and checkpoint is not None:
            first, record = restore(checkpoint, models, optimizers)
        with naming_lost_processes(checkpoint):
            return _run(
                settings,
                data,
                models,
                optimizers,
                record,
                first,
                checkpoint,
                checkpoint_every,
                tensorboard,
                progress,
            )


def _check_goes_on(settings: Settings, checkpoint: Path) -> None:
    found = contents(checkpoint)
    check_same(settings, found["record"].get("settings", {}), checkpoint)
    if found["step"] > settings.steps:
        raise ValueError(f"steps is {settings.steps}; the run in {checkpoint} has taken {found['step']}")


def _run(
    settings: Settings,
    data: Dataset,
    models: list[nn.Module],
    optimizers: list[torch.optim.Optimizer],
    record: dict[str, Any],
    first: int,
    checkpoint: Path | None,
    checkpoint_every: int,
    tensorboard: Path | None,
    progress: Callable[[str], None],
) -> TrainingResult:
    job = current_job()
    past = [LedgerEntry.from_json(entry) for entry in record["ledger"]]
    ledger = monitor = None
    if settings.ledger_every:
        ledger = ledger_of(settings, data, models, optimizers, first)
        monitor = monitor_of(settings, data, record["monitor"])
    alpha = settings.order
    if isinstance(alpha, TrainedOrder) and first:
        alpha = replace(alpha, initial=record["next_order"])

    run = CohortRun(steps=first)
    within_a_step = False

    def before(step: int, mutual: Mutual) -> None:
        nonlocal within_a_step
        within_a_step = True
        if job.leads and monitor is not None and ledger is not None and ledger.records_next:
            monitor.observe(models, mutual)

    def write() -> None:
        if not job.leads or checkpoint is None:
            return
        state = _record(settings, record, past, run, monitor)
        try:
            save(checkpoint, models, optimizers, step=run.steps, record=state)
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
                job.wrap(models),
                optimizers,
                batches(settings, data, first),
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
    scores, diverged = final_scores(models, data, settings, run.steps)
    run.trouble = run.trouble or diverged
    return TrainingResult(settings, run, scores, verdicts, models)


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

"""`rdml train`: a cohort on real data, with the ledger and the claims held against every recorded step."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rdml.options import Device, JsonFile, OutDir, Seed, writable_directory, writable_file


class Schedule(StrEnum):
    """Step sizes over the run."""

    CONSTANT = "constant"
    COSINE = "cosine"


class Updates(StrEnum):
    """Whether learners step together or in turn."""

    SIMULTANEOUS = "simultaneous"
    SEQUENTIAL = "sequential"


class Precision(StrEnum):
    """Arithmetic of the training; the ledger is in float64 always."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"
    BF16 = "bf16"


class Norm(StrEnum):
    """Normalisation of convolutional models; with batch normalisation there is no ledger."""

    GROUP = "group"
    BATCH = "batch"


def train(
    data: Annotated[
        str, typer.Option(help="digits, mnist1d, cifar10, cifar100, or an .npz file.")
    ] = "digits",
    path: Annotated[Path | None, typer.Option(help="Of the CIFAR archive or folder.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="One for all (mlp), or repeated: one per learner.")
    ] = None,
    learners: Annotated[int, typer.Option(help="K.")] = 2,
    hidden: Annotated[
        list[int] | None,
        typer.Option(metavar="N...", help="Widths of the perceptron's hidden layers; 128 by default."),
    ] = None,
    norm: Annotated[Norm, typer.Option(help="Of convolutional models.")] = Norm.GROUP,
    alpha: Annotated[
        list[float] | None,
        typer.Option(
            metavar="A...",
            help="Order in [0, inf], 1.5 by default: one for all, K (one per learner), or K(K−1): those of "
            "learner 0 towards its peers in turn, then of learner 1, and so on.",
        ),
    ] = None,
    alpha_end: Annotated[float | None, typer.Option(help="Let the order go there linearly.")] = None,
    alpha_step_size: Annotated[
        float | None, typer.Option(help="Train the order with this step size.")
    ] = None,
    beta: Annotated[float, typer.Option(help="Weight of the mutual term.")] = 1.0,
    temperature: Annotated[float, typer.Option(help="Of the mutual term.")] = 1.0,
    step_size: Annotated[float, typer.Option(help="η.")] = 0.1,
    schedule: Annotated[Schedule, typer.Option(help="Of the step size.")] = Schedule.CONSTANT,
    momentum: Annotated[float, typer.Option(help="γ of SGD.")] = 0.0,
    nesterov: Annotated[bool, typer.Option("--nesterov", help="Nesterov's momentum.")] = False,
    weight_decay: Annotated[float, typer.Option(help="Coupled.")] = 0.0,
    batch_size: Annotated[int, typer.Option(min=0, help="0: the full set at every step.")] = 64,
    steps: Annotated[int, typer.Option(help="T.")] = 500,
    updates: Annotated[Updates, typer.Option(help="Together, or in turn.")] = Updates.SIMULTANEOUS,
    ledger_every: Annotated[int, typer.Option(help="Record every so many steps; 0 for no ledger.")] = 0,
    ledger_chunk: Annotated[
        int, typer.Option(help="Samples that the ledger holds in memory at once.")
    ] = 2048,
    subsample: Annotated[int, typer.Option(help="Samples whose Jacobians recorded steps take.")] = 16,
    precision: Annotated[Precision, typer.Option(help="Of the training.")] = Precision.FLOAT64,
    device: Annotated[Device, typer.Option(help="auto: CUDA where there is one.")] = Device.AUTO,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="The same bits on every run.")
    ] = False,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", callback=writable_file, help="Write checkpoints to this safetensors file."
        ),
    ] = None,
    checkpoint_every: Annotated[
        int, typer.Option(min=0, help="Steps between checkpoints; 0: none before the end, or Ctrl-C.")
    ] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            callback=writable_directory,
            help="Write every learner's state_dict (safetensors) here.",
        ),
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="DIR", callback=writable_directory, help="Write a TensorBoard log here."),
    ] = None,
    seed: Seed = 0,
    json: JsonFile = None,
    out: OutDir = Path("out"),
) -> None:
    """Train a cohort by RDML; with a ledger, say where the remaining gradient comes from and what holds.

    Exit code 0: all holds. 1: trouble in the run, or a claim was refuted. 2: bad usage. 130: interrupted.
    """
    from rdml.figures import save_figure
    from rdml.files import write_json
    from rdml.progress import working
    from simulations.device import fallback_note
    from simulations.networks.distributed import current_job
    from simulations.networks.settings import Settings
    from simulations.networks.training import train as run

    settings = Settings(
        data=data,
        path=path,
        models=tuple(model or ("mlp",)),
        learners=learners,
        alpha=orders(alpha or [1.5], learners),
        alpha_end=alpha_end,
        alpha_step_size=alpha_step_size,
        beta=beta,
        temperature=temperature,
        step_size=step_size,
        schedule=schedule.value,
        momentum=momentum,
        nesterov=nesterov,
        weight_decay=weight_decay,
        batch_size=batch_size or None,
        steps=steps,
        seed=seed,
        updates=updates.value,
        ledger_every=ledger_every,
        ledger_chunk=ledger_chunk,
        subsample=subsample,
        precision=precision.value,
        norm=norm.value,
        hidden=tuple(hidden or (128,)),
        device=device.value,
        deterministic=deterministic,
    )
    note = fallback_note(settings.device, settings.precision)
    if note is not None and current_job().leads:
        typer.echo(note, err=True)
    with working() as progress:
        result = run(
            settings,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            resume=resume,
            tensorboard=tensorboard,
            progress=progress,
        )
    if not current_job().leads:
        raise typer.Exit(0 if result.holds else 1)
    if weights is not None:
        result.write_weights(weights)
    if json is not None:
        write_json(json, result.to_json())
    for picture in result.pictures():
        save_figure(picture.figure, out, picture.name)
    for k, score in enumerate(result.scores.learners):
        typer.echo(
            f"learner {k}: test accuracy {score.test_accuracy:.4f}, test loss {score.test_loss:.5g} nats, "
            f"calibration error {score.calibration_error:.4f}"
        )
        for verdict in result.verdicts.get(k, []):
            typer.echo(f"  {verdict.claim}: {verdict.status}: {verdict.evidence}")
    if result.run.trouble:
        typer.echo(f"Trouble at {result.run.trouble}", err=True)
    if result.run.interrupted:
        raise typer.Exit(130)
    if not result.holds:
        raise typer.Exit(1)


def orders(given: Sequence[float], learners: int) -> float | tuple[tuple[float, ...], ...]:
    """One order for all, or `alpha[k][j]` from one order a learner or one an ordered pair."""
    if len(given) == 1:
        return given[0]
    peers = learners - 1
    if len(given) == learners:
        given = [alpha for alpha in given for _ in range(peers)]
    if len(given) != learners * peers:
        counts = " or ".join(str(count) for count in sorted({1, learners, learners * peers}))
        raise ValueError(f"alpha holds {len(given)} orders for {learners} learners; {counts} are needed")
    rows = [list(given[k * peers : (k + 1) * peers]) for k in range(learners)]
    return tuple((*row[:k], 0.0, *row[k:]) for k, row in enumerate(rows))

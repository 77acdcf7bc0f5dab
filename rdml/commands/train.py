"""`rdml train`: a cohort on real data, with the ledger and the claims held against every recorded step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rdml.options import JsonFile, OutDir, Seed, writable_directory, writable_file
from simulations.networks.settings import Device, Norm, Precision, Schedule, Settings, Updates


def train(
    data: Annotated[
        str, typer.Option(help="digits, mnist1d, cifar10, cifar100, or an .npz file.")
    ] = Settings.data,
    path: Annotated[Path | None, typer.Option(help="Of the CIFAR archive or folder.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="One for all (mlp), or repeated: one per learner.")
    ] = None,
    learners: Annotated[int, typer.Option(help="K.")] = Settings.learners,
    hidden: Annotated[
        list[int] | None,
        typer.Option(
            metavar="N...", help=f"Widths of the perceptron's hidden layers; {Settings.hidden[0]} by default."
        ),
    ] = None,
    norm: Annotated[Norm, typer.Option(help="Of convolutional models.")] = Settings.norm,
    alpha: Annotated[
        list[float] | None,
        typer.Option(
            metavar="A...",
            help=f"Order in [0, inf], {Settings.alpha} by default: one for all, K (one per learner), or "
            "K(K−1): those of learner 0 towards its peers in turn, then of learner 1, and so on.",
        ),
    ] = None,
    alpha_end: Annotated[float | None, typer.Option(help="Let the order go there linearly.")] = None,
    alpha_step_size: Annotated[
        float | None, typer.Option(help="Train the order with this step size.")
    ] = None,
    beta: Annotated[float, typer.Option(help="Weight of the mutual term.")] = Settings.beta,
    temperature: Annotated[float, typer.Option(help="Of the mutual term.")] = Settings.temperature,
    step_size: Annotated[float, typer.Option(help="η.")] = Settings.step_size,
    schedule: Annotated[Schedule, typer.Option(help="Of the step size.")] = Settings.schedule,
    momentum: Annotated[float, typer.Option(help="γ of SGD.")] = Settings.momentum,
    nesterov: Annotated[bool, typer.Option("--nesterov", help="Nesterov's momentum.")] = False,
    weight_decay: Annotated[float, typer.Option(help="Coupled.")] = Settings.weight_decay,
    batch_size: Annotated[
        int, typer.Option(min=0, help="0: the full set at every step.")
    ] = Settings.batch_size or 0,
    steps: Annotated[int, typer.Option(help="T.")] = Settings.steps,
    updates: Annotated[Updates, typer.Option(help="Together, or in turn.")] = Settings.updates,
    ledger_every: Annotated[
        int, typer.Option(help="Record every so many steps; 0 for no ledger.")
    ] = Settings.ledger_every,
    ledger_chunk: Annotated[
        int, typer.Option(help="Samples that the ledger holds in memory at once.")
    ] = Settings.ledger_chunk,
    subsample: Annotated[
        int, typer.Option(help="Samples whose Jacobians recorded steps take.")
    ] = Settings.subsample,
    precision: Annotated[Precision, typer.Option(help="Of the training.")] = Settings.precision,
    device: Annotated[Device, typer.Option(help="auto: CUDA where there is one.")] = Settings.device,
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
    from simulations.networks.training import train as run

    models = tuple(model or Settings.models)
    if hidden and "mlp" not in models:
        raise ValueError(f"hidden is {hidden} for {', '.join(models)}; mlp alone has hidden layers to choose")
    settings = Settings(
        data=data,
        path=path,
        models=models,
        learners=learners,
        alpha=orders(alpha, learners) if alpha else Settings.alpha,
        alpha_end=alpha_end,
        alpha_step_size=alpha_step_size,
        beta=beta,
        temperature=temperature,
        step_size=step_size,
        schedule=schedule,
        momentum=momentum,
        nesterov=nesterov,
        weight_decay=weight_decay,
        batch_size=batch_size or None,
        steps=steps,
        seed=seed,
        updates=updates,
        ledger_every=ledger_every,
        ledger_chunk=ledger_chunk,
        subsample=subsample,
        precision=precision,
        norm=norm,
        hidden=tuple(hidden or Settings.hidden),
        device=device,
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

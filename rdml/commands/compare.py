"""`rdml compare`: independent learners, DML, RDML, and DML at the weight that an order amounts to, paired by seed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rdml.options import JsonFile, OutDir, Seed
from simulations.networks.settings import Device


def compare(
    data: Annotated[
        str, typer.Option(help="digits, mnist1d, cifar10, cifar100, or an .npz file.")
    ] = "digits",
    path: Annotated[Path | None, typer.Option(help="Of the CIFAR archive or folder.")] = None,
    model: Annotated[str, typer.Option(help="Of every learner.")] = "mlp",
    learners: Annotated[int, typer.Option(help="K ≥ 2.")] = 2,
    seeds: Annotated[int, typer.Option(help="Runs of every arm, at least 2.")] = 10,
    alpha: Annotated[
        list[float] | None, typer.Option(metavar="A...", help="Orders; 0.5 1.5 2 by default.")
    ] = None,
    beta: Annotated[float, typer.Option(help="Weight at which orders are compared.")] = 1.0,
    weight: Annotated[
        list[float] | None, typer.Option(metavar="W...", help="Grid of αβ, from which validation chooses.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Of every run; 600 on digits, 1500 on others.")] = None,
    batch_size: Annotated[int, typer.Option(help="Of every run.")] = 64,
    step_size: Annotated[float, typer.Option(help="η.")] = 0.05,
    momentum: Annotated[float, typer.Option(help="γ.")] = 0.9,
    device: Annotated[Device, typer.Option(help="Where to train.")] = "cpu",
    seed: Seed = 0,
    json: JsonFile = None,
    out: OutDir = Path("out"),
) -> None:
    """Try the published claims with equal budgets, and say in plain words what the data support.

    Exit code 0: all runs ended. 1: some diverged; which is said. 2: bad usage.
    """
    from rdml.figures import save_figure
    from rdml.files import write_json
    from rdml.progress import working
    from simulations.experiments.generalisation import compare as run

    with working() as progress:
        result = run(
            data=data,
            path=path,
            model=model,
            learners=learners,
            seeds=seeds,
            orders=tuple(alpha or (0.5, 1.5, 2.0)),
            beta=beta,
            weights=tuple(weight or (0.5, 1.0, 2.0, 4.0, 8.0)),
            steps=steps,
            batch_size=batch_size,
            step_size=step_size,
            momentum=momentum,
            seed=seed,
            device=device,
            progress=progress,
        )
    if json is not None:
        write_json(json, result.to_json())
    for picture in result.pictures():
        save_figure(picture.figure, out, picture.name)
    typer.echo(result.sentence())
    typer.echo(result.cost_sentence())
    if result.diverged:
        raise typer.Exit(1)

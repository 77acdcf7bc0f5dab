"""`rdml worst-case`: the exact worst case of constant-step SGD, with certificates on both sides."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from rdml.options import JsonFile


class Metric(StrEnum):
    """What is measured of the gradients along a run."""

    AVERAGE = "average"
    MINIMUM = "minimum"
    LAST = "last"


def worst_case(
    steps: Annotated[int, typer.Option(help="T, at least 1.")],
    step_size: Annotated[float, typer.Option(help="η > 0.")],
    smoothness: Annotated[float, typer.Option(help="L > 0.")] = 1.0,
    bias_bound: Annotated[float, typer.Option(help="ζ ≥ 0.")] = 0.0,
    relative_bias: Annotated[float, typer.Option(help="m in [0, 1).")] = 0.0,
    noise_variance: Annotated[float, typer.Option(help="σ² ≥ 0.")] = 0.0,
    initial_gap: Annotated[float, typer.Option(help="F(x₀) − F* > 0.")] = 1.0,
    metric: Annotated[Metric, typer.Option(help="Of ‖∇F(x_t)‖², t < T.")] = Metric.AVERAGE,
    json: JsonFile = None,
) -> None:
    """Bound the worst case over all smooth functions by a semidefinite programme, checked in exact arithmetic.

    Exit code 0: certified. 1: the solver failed. 2: bad usage.
    """
    from convergence.claims.verdict import Status
    from proofs.performance.record import to_record
    from proofs.performance.worst_case import worst_case as solve
    from rdml.files import write_json

    result = solve(
        steps, step_size, smoothness, bias_bound, relative_bias, noise_variance, initial_gap, metric.value
    )
    if json is not None:
        write_json(json, to_record(result))
    if result.upper is not None:
        typer.echo(f"no run is worse than   {result.upper:.12g}   (dual certificate in rational arithmetic)")
    if result.lower is not None:
        typer.echo(f"this run is as bad as  {result.lower:.12g}   (explicit function, start and biases)")
    if result.upper is None or result.lower is None:
        typer.echo(f"{result.status}; the solver said: {result.solver_status}")
    else:
        typer.echo(f"{result.status}; relative gap {result.gap:.1e}; {result.seconds:.1f} s")
    if result.status == Status.FAILED:
        raise typer.Exit(1)

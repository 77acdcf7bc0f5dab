"""`rdml problems` and `rdml simulate`: what there is to run SGD on, and one ensemble of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rdml.options import JsonFile, OutDir, Seed
from rdml.problem_options import Parameters, ProblemName, Replicas, domain, make_problem
from rdml.tables import print_table

if TYPE_CHECKING:
    from simulations.ensemble.run import Ensemble
    from simulations.problems import Problem


def problems(json: JsonFile = None) -> None:
    """List the problems with their constants."""
    from rdml.files import write_json
    from simulations.problems import PROBLEMS, problem

    made = [problem(name) for name in PROBLEMS]
    if json is not None:
        write_json(json, {"problems": [describe(one) for one in made]})
    print_table(
        ("problem", "d", "L", "L holds for", "F*", "σ²", "M", "ζ", "m"),
        (
            (
                one.name, one.dimension, one.smoothness, domain(one), one.minimum, one.noise_variance,
                one.noise_growth, one.bias_bound, one.relative_bias,
            )
            for one in made
        ),
    )  # fmt: skip


def simulate(
    problem: ProblemName,
    step_size: Annotated[float | None, typer.Option(help="η; a quarter of 1/((M+1)L) by default.")] = None,
    steps: Annotated[int, typer.Option(help="T.")] = 2000,
    replicas: Replicas = 256,
    momentum: Annotated[float, typer.Option(help="Heavy-ball momentum in [0, 1).")] = 0.0,
    parameters: Parameters = None,
    seed: Seed = 0,
    json: JsonFile = None,
    out: OutDir = Path("out"),
) -> None:
    """Run an ensemble, print its summary and draw stationarity over iterations.

    Exit code 0: all replicas ended. 1: some diverged. 2: bad usage. 130: interrupted; nothing is written.
    """
    from rdml.figures import save_figure
    from rdml.files import write_json
    from rdml.progress import working
    from simulations.ensemble.run import simulate as run
    from simulations.plots.stationarity import stationarity
    from simulations.plots.style import new_figure

    chosen = make_problem(problem, parameters)
    try:
        with working() as progress:
            ensemble = run(
                chosen,
                step_size=chosen.largest_step_size / 4 if step_size is None else step_size,
                steps=steps,
                replicas=replicas,
                momentum=momentum,
                seed=seed,
                progress=lambda iteration: progress(f"{chosen.name}: iteration {iteration} of {steps}"),
            )
    except KeyboardInterrupt:
        typer.echo(f"Interrupted before step {steps}: there is no result, and nothing is written.", err=True)
        raise typer.Exit(130) from None
    result = summary(ensemble)
    if json is not None:
        write_json(json, result)
    figure, axes = new_figure()
    stationarity(axes, ensemble)
    save_figure(figure, out, f"{chosen.name}-stationarity")
    print_values(result)
    if ensemble.diverged:
        raise typer.Exit(1)


def summary(run: Ensemble) -> dict[str, object]:
    """What the run came to, JSON-ready: mean of `‖∇F‖²` against its bound, where one holds, and who diverged."""
    from convergence.statistics.intervals import mean_interval
    from simulations.experiments.tightness import path_bounds

    average = mean_interval(run.average_gradient_norm_squared)
    return {
        "problem": run.problem.name,
        "step_size": run.step_size,
        "momentum": run.momentum,
        "steps": run.steps,
        "replicas": run.replicas,
        "seed": run.seed,
        "mean_gradient_norm_squared": average.value,
        "low": average.low,
        "high": average.high,
        "bound": path_bounds(run).get("stationarity"),
        "diverged": run.diverged,
        "first_divergence_step": int(run.diverged_at[run.diverged_at >= 0].min()) if run.diverged else None,
    }


def describe(problem: Problem) -> dict[str, object]:
    """Constants of a problem, JSON-ready."""
    return {
        "name": problem.name,
        "dimension": problem.dimension,
        "smoothness": problem.smoothness,
        "minimum": problem.minimum,
        "noise_variance": problem.noise_variance,
        "noise_growth": problem.noise_growth,
        "bias_bound": problem.bias_bound,
        "relative_bias": problem.relative_bias,
        "domain": domain(problem),
        "parameters": dict(problem.parameters),
        "sources": dict(problem.sources),
    }


def print_values(values: dict[str, object]) -> None:
    """Names and values, one a line."""
    for name, value in values.items():
        typer.echo(f"{name}: {value:.6g}" if isinstance(value, float) else f"{name}: {value}")

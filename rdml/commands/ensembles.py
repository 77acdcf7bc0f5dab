"""`rdml problems`, `simulate`, `floor`: SGD ensembles on problems with known constants."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rdml.options import JsonFile, OutDir, Seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulations.ensemble.run import Ensemble
    from simulations.experiments.floor import Floor
    from simulations.problems import Problem

ProblemName = Annotated[str, typer.Argument(metavar="PROBLEM", help="See `rdml problems`.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A parameter of the problem; may be repeated."),
]
Alphas = Annotated[
    list[float] | None, typer.Option("--alpha", metavar="A...", help="Orders of the divergence.")
]
Betas = Annotated[
    list[float] | None, typer.Option("--beta", metavar="B...", help="Weights of the mutual term.")
]
StepSizes = Annotated[
    list[float] | None,
    typer.Option("--step-size", metavar="H...", help="Step sizes; a geometric grid by default."),
]
Replicas = Annotated[int, typer.Option("--replicas", help="Independent copies of the run.")]


def problems(json: JsonFile = None) -> None:
    """List the problems with their constants."""
    from rich.console import Console
    from rich.table import Table

    from rdml.files import write_json
    from simulations.problems import PROBLEMS, problem

    made = [problem(name) for name in PROBLEMS]
    table = Table("problem", "d", "L", "F*", "σ²", "M", "ζ", "m", "minimisers", "L holds for")
    for one in made:
        numbers = (
            one.smoothness,
            one.minimum,
            one.noise_variance,
            one.noise_growth,
            one.bias_bound,
            one.relative_bias,
        )
        cells = ["–" if number is None else f"{number:.4g}" for number in numbers]
        table.add_row(one.name, str(one.dimension), *cells, str(len(one.minimisers)), domain(one))
    Console().print(table)
    if json is not None:
        write_json(json, {"problems": [describe(one) for one in made]})


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
    """Run an ensemble, print its summary and draw stationarity over iterations."""
    from rdml.figures import save_figure
    from rdml.files import write_json
    from rdml.progress import working
    from simulations.ensemble.run import simulate as run
    from simulations.plots.stationarity import stationarity
    from simulations.plots.style import new_figure

    chosen = make_problem(problem, parameters)
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
    result = summary(ensemble)
    print_values(result)
    if json is not None:
        write_json(json, result)
    figure, axes = new_figure()
    stationarity(axes, ensemble)
    save_figure(figure, out, f"{chosen.name}-stationarity")
    if ensemble.diverged:
        raise typer.Exit(1)


def floor(
    problem: ProblemName = "double-well",
    step_size: StepSizes = None,
    alpha: Alphas = None,
    beta: Betas = None,
    replicas: Replicas = 256,
    parameters: Parameters = None,
    seed: Seed = 0,
    json: JsonFile = None,
    out: OutDir = Path("out"),
) -> None:
    """Measure the floor of E‖∇F‖² over step sizes and extrapolate it to step size 0: the O(1) bias."""
    from rdml.figures import save_figure
    from rdml.files import write_json
    from rdml.progress import working
    from simulations.experiments.floor import floor as measure
    from simulations.plots.floor import floor_extrapolation
    from simulations.plots.style import new_figure, series

    variants = variants_of(problem, parameters, alpha, beta)
    with working() as progress:
        results = [
            measure(variant, step_size or None, replicas=replicas, seed=seed, progress=progress)
            for variant in variants.values()
        ]
    for label, result in zip(variants, results, strict=True):
        print_floor(label, result)
    if json is not None:
        values = [result.to_json() for result in results]
        write_json(json, values[0] if len(values) == 1 else {"floors": values})
    figure, axes = new_figure()
    for (label, result), (colour, marker) in zip(
        zip(variants, results, strict=True), series(len(results)), strict=True
    ):
        floor_extrapolation(
            axes, result, label=label or "measured", colour=colour, marker=marker, theory=len(results) == 1
        )
    save_figure(figure, out, f"{problem}-floor")
    if any(point.diverged for result in results for point in result.points):
        raise typer.Exit(1)


def summary(run: Ensemble) -> dict[str, object]:
    """What the run came to, JSON-ready: root mean square gradient against the bound, and who diverged."""
    from convergence.bounds.stationarity import stationarity
    from convergence.statistics.intervals import mean_interval

    problem = run.problem
    average = mean_interval(run.average_gradient_norm_squared)
    bound = None
    if problem.minimum is not None and run.step_size <= problem.largest_step_size:
        bound = stationarity(
            initial_gap=float(run.moments.column("objective")[0][0]) - problem.minimum,
            step_size=run.step_size,
            smoothness=problem.smoothness,
            steps=run.steps,
            noise_variance=problem.noise_variance,
            noise_growth=problem.noise_growth,
            bias_bound=problem.bias_bound,
            relative_bias=problem.relative_bias,
        )
    return {
        "problem": problem.name,
        "step_size": run.step_size,
        "steps": run.steps,
        "replicas": run.replicas,
        "seed": run.seed,
        "mean_gradient_norm_squared": average.value,
        "low": average.low,
        "high": average.high,
        "bound": bound,
        "diverged": run.diverged,
        "first_divergence_step": int(run.diverged_at[run.diverged_at >= 0].min()) if run.diverged else None,
    }


def make_problem(name: str, parameters: Sequence[str] | None, **more: Any) -> Problem:
    """The problem of that name with `KEY=VALUE` parameters and `more` of them."""
    from simulations.problems import problem

    given: dict[str, Any] = {}
    for item in parameters or ():
        key, equals, text = item.partition("=")
        if not (key and equals and text):
            raise ValueError(f"--set is {item!r}; KEY=VALUE is needed")
        given[key.replace("-", "_")] = number_or_text(text)
    return problem(name, **(given | more))


def variants_of(
    name: str, parameters: Sequence[str] | None, alphas: Sequence[float] | None, betas: Sequence[float] | None
) -> dict[str, Problem]:
    """The problem for every pair of the orders and weights given, by a label that tells them apart."""
    from itertools import product

    axes = [(key, values) for key, values in (("alpha", alphas), ("beta", betas)) if values]
    variants = {}
    for choice in product(*(values for _, values in axes)):
        chosen = dict(zip((key for key, _ in axes), choice, strict=True))
        label = ", ".join(f"{key} = {value:g}" for key, value in chosen.items())
        variants[label] = make_problem(name, parameters, **chosen)
    return variants


def number_or_text(text: str) -> object:
    """`3` is an int, `0.5` and `inf` are floats, anything else stays text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


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


def domain(problem: Problem) -> str:
    """Where the smoothness constant holds."""
    return f"‖x‖ ≤ {problem.radius:g}" if math.isfinite(problem.radius) else "every x"


def print_floor(label: str, result: Floor) -> None:
    """One table of points, then intercept and slope."""
    from rich.console import Console
    from rich.table import Table

    title = result.problem.name + (f", {label}" if label else "")
    table = Table(
        "step size", "floor", "95 % interval", "bound", "exact", "steps", title=title, title_justify="left"
    )
    for point in result.points:
        level, low, high = point.floor
        bound, exact = ("–" if x is None else f"{x:.5g}" for x in (point.bound, point.exact))
        steps = f"{point.steps}" + ("" if point.settled else " (not settled)")
        steps += f" ({point.diverged} diverged)" if point.diverged else ""
        table.add_row(
            f"{point.step_size:.4g}", f"{level:.5g}", f"[{low:.5g}, {high:.5g}]", bound, exact, steps
        )
    console = Console()
    console.print(table, markup=False)
    for name, interval, truth in (
        ("intercept (floor at step size 0)", result.fit and result.fit.intercept, result.exact_intercept),
        ("slope", result.fit and result.fit.slope, result.exact_slope),
    ):
        if interval is not None:
            value, low, high = interval
            known = "" if truth is None else f", exact {truth:.5g}"
            console.print(
                f"{name}: {value:.5g} [{low:.5g}, {high:.5g}]{known}", markup=False, highlight=False
            )


def print_values(values: dict[str, object]) -> None:
    """Names and values, one a line."""
    for name, value in values.items():
        typer.echo(f"{name}: {value:.6g}" if isinstance(value, float) else f"{name}: {value}")

"""`rdml floor`: the O(1) bias, measured over step sizes and extrapolated to 0."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rdml.options import JsonFile, OutDir, Seed
from rdml.problem_options import Alphas, Betas, Parameters, ProblemName, Replicas, StepSizes, variants_of

if TYPE_CHECKING:
    from simulations.experiments.floor import Floor


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

"""`rdml floor`: the O(1) bias, measured over step sizes and extrapolated to 0."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rdml.options import JsonFile, OutDir, Seed
from rdml.problem_options import Alphas, Betas, Parameters, ProblemName, Replicas, StepSizes, variants_of
from rdml.tables import cell, print_table

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
    """Measure the floor of E‖∇F‖² over step sizes and extrapolate it to step size 0: the O(1) bias.

    Exit code 0: all runs settled. 1: replicas diverged or a run did not settle. 2: bad usage. 130: interrupted;
    what was measured is kept.
    """
    from rdml.figures import save_figure
    from rdml.measuring import end, measured, warn_of_few
    from simulations.experiments.floor import floor as measure
    from simulations.plots.floor import floor_extrapolation
    from simulations.plots.style import new_figure, series

    variants = variants_of(problem, parameters, alpha, beta)
    results, interrupted = measured(
        variants,
        lambda variant, progress: measure(
            variant, step_size or None, replicas=replicas, seed=seed, progress=progress
        ),
        json,
        "floors",
    )
    figure, axes = new_figure()
    for (label, result), (colour, marker) in zip(results.items(), series(len(results)), strict=True):
        floor_extrapolation(
            axes, result, label=label or "measured", colour=colour, marker=marker, theory=len(variants) == 1
        )
    save_figure(figure, out, f"{problem}-floor")
    for label, result in results.items():
        print_floor(label, result)
    warn_of_few(replicas)
    settled = all(point.settled for result in results.values() for point in result.points)
    end(interrupted=interrupted, trouble=not settled)


def print_floor(label: str, result: Floor) -> None:
    """One table of points, then intercept and slope."""
    from rdml.measuring import steps_in_words

    print_table(
        ("step size", "floor", "95 % interval", "bound", "exact", "steps"),
        (
            (
                point.step_size,
                point.floor.value,
                point.floor[1:],
                point.bound,
                point.exact,
                steps_in_words(point),
            )
            for point in result.points
        ),
        title=result.problem.name + (f", {label}" if label else ""),
    )
    if result.fit is None:
        typer.echo(
            "no extrapolation: fewer than three step sizes settled with an error that can be estimated"
        )
        return
    for name, interval, truth in (
        ("intercept (floor at step size 0)", result.fit.intercept, result.exact_intercept),
        ("slope", result.fit.slope, result.exact_slope),
    ):
        known = "" if truth is None else f", exact {truth:.5g}"
        typer.echo(f"{name}: {cell(interval.value)} {cell(interval[1:])}{known}")
    if result.fit.misfit is not None:
        unfit = "" if result.fit.fits else "; no such curve, take smaller step sizes"
        typer.echo(f"misfit: p = {result.fit.misfit:.2g}{unfit}")

"""`rdml scope`, `basins`, `tightness`, `phase`: the bounded scope, the search within it, what bounds give away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rdml.options import JsonFile, OutDir, Seed
from rdml.problem_options import (
    Alphas,
    Betas,
    Parameters,
    ProblemName,
    Replicas,
    StepSizes,
    make_problem,
    variants_of,
)
from rdml.tables import print_table


def scope(
    problem: ProblemName = "double-well",
    step_size: StepSizes = None,
    replicas: Replicas = 256,
    parameters: Parameters = None,
    seed: Seed = 0,
    json: JsonFile = None,
    out: OutDir = Path("out"),
) -> None:
    """Measure the radius of the stationary cloud over step sizes against the bounded scope of the theory.

    Exit code 0: all runs settled. 1: replicas diverged or a run did not settle. 2: bad usage. 130: interrupted;
    what was measured is kept.
    """
    from rdml.figures import save_figure
    from rdml.measuring import end, measured, steps_in_words, warn_of_few
    from simulations.experiments.scope import scope as measure
    from simulations.plots.scope import scope_radius
    from simulations.plots.style import new_figure

    results, interrupted = measured(
        {"": make_problem(problem, parameters)},
        lambda made, progress: measure(
            made, step_size or None, replicas=replicas, seed=seed, progress=progress
        ),
        json,
        "scopes",
    )
    result = results[""]
    figure, axes = new_figure()
    scope_radius(axes, result)
    save_figure(figure, out, f"{problem}-scope")
    print_table(
        ("step size", "E‖x‖²", "95 % interval", "bound", "sharp bound", "steps"),
        (
            (
                p.step_size,
                p.mean_square_radius.value,
                p.mean_square_radius[1:],
                p.bound,
                p.sharp_bound,
                steps_in_words(p),
            )
            for p in result.points
        ),
    )
    warn_of_few(replicas)
    end(interrupted=interrupted, trouble=not all(point.settled for point in result.points))


def basins(
    problem: ProblemName = "double-well",
    step_size: StepSizes = None,
    alpha: Alphas = None,
    beta: Betas = None,
    time: Annotated[float, typer.Option(help="Length of a run: step size times steps.")] = 200.0,
    replicas: Replicas = 256,
    parameters: Parameters = None,
    seed: Seed = 0,
    json: JsonFile = None,
    out: OutDir = Path("out"),
) -> None:
    """Measure how fast SGD leaves a basin ("goes on searching"), with survival curves.

    Exit code 0: all runs ended. 1: replicas diverged. 2: bad usage. 130: interrupted; what was measured is kept.
    """
    from rdml.figures import save_figure
    from rdml.measuring import end, measured
    from simulations.experiments.basins import basins as measure
    from simulations.plots.basins import survival
    from simulations.plots.style import new_figure, series

    results, interrupted = measured(
        variants_of(problem, parameters, alpha, beta),
        lambda variant, progress: measure(
            variant, step_size or None, time=time, replicas=replicas, seed=seed, progress=progress
        ),
        json,
        "basins",
    )
    figure, axes = new_figure(height=3.7 + 0.15 * sum(len(result.curves) for result in results.values()))
    for (label, result), (colour, marker) in zip(results.items(), series(len(results)), strict=True):
        survival(axes, result, label=label, colour=colour, marker=marker)
    save_figure(figure, out, f"{problem}-basins")
    print_table(
        ("variant", "step size", "left", "of", "rate", "95 % interval", "diverged"),
        (
            (label or problem, c.step_size, c.exits, replicas, c.rate.value, c.rate[1:], c.diverged)
            for label, result in results.items()
            for c in result.curves
        ),
    )
    diverged = any(curve.diverged for result in results.values() for curve in result.curves)
    end(interrupted=interrupted, trouble=diverged)


def tightness(
    problems: Annotated[
        list[str] | None, typer.Argument(metavar="[PROBLEM]...", help="All by default.")
    ] = None,
    replicas: Replicas = 64,
    seed: Seed = 0,
    json: JsonFile = None,
    out: OutDir = Path("out"),
) -> None:
    """Measure how much of each convergence bound each problem uses."""
    from rdml.figures import save_figure
    from rdml.files import write_json
    from rdml.progress import working
    from simulations.experiments.tightness import tightness as measure
    from simulations.plots.style import new_figure
    from simulations.plots.tightness import usage
    from simulations.problems import PROBLEMS

    chosen = [make_problem(name, None) for name in problems or PROBLEMS]
    with working() as progress:
        usages = measure(chosen, replicas=replicas, seed=seed, progress=progress)
    if json is not None:
        write_json(json, {"usages": [one.to_json() for one in usages]})
    if usages:
        figure, axes = new_figure(height=1.5 + 0.22 * len(usages))
        usage(axes, usages)
        save_figure(figure, out, "tightness")
    print_table(
        ("problem", "bound", "measured", "allowed", "share", "95 % interval"),
        ((u.problem, u.bound, u.measured.value, u.allowed, u.share.value, u.share[1:]) for u in usages),
    )
    for name in sorted({one.name for one in chosen} - {u.problem for u in usages}):
        typer.echo(f"{name}: no bound applies; its minimum is unknown, or L holds only locally")


def phase(
    alpha: Alphas = None,
    beta: Betas = None,
    parameters: Parameters = None,
    json: JsonFile = None,
    out: OutDir = Path("out"),
) -> None:
    """Draw the bias floor of an RDML cohort over orders and weights, and of the joint potential at order ½.

    Exit code 0: every cohort came to rest. 1: some did not. 2: bad usage.
    """
    from rdml.figures import save_figure
    from rdml.files import write_json
    from rdml.problem_options import key_values
    from rdml.progress import working
    from simulations.experiments.phase import phase as measure
    from simulations.plots.phase import phase_diagram
    from simulations.plots.style import new_figure

    alphas, betas = alpha or [0.25, 0.5, 1.0, 1.5, 2.0, 4.0], beta or [0.0, 0.25, 0.5, 1.0, 2.0]
    with working() as progress:
        result = measure(
            alphas, betas, progress=progress, **key_values(parameters, ("alpha", "beta", "noise_variance"))
        )
    if json is not None:
        write_json(json, result.to_json())
    figure, axes = new_figure()
    phase_diagram(axes, result)
    save_figure(figure, out, "phase")
    print_table(
        ("alpha", "beta", "floor of each learner", "‖∇F‖²", "‖∇Φ‖²", "disagreement"),
        (
            (c.alpha, c.beta, c.learner_floors, c.joint_floor, c.potential_floor, c.disagreement)
            for c in result.cells
        ),
    )
    restless = [cell for cell in result.cells if not cell.at_rest]
    for c in restless:
        typer.echo(
            f"alpha = {c.alpha:g}, beta = {c.beta:g}: not at rest after {c.steps} steps, ‖∇F + b‖ = {c.residual:.3g}"
        )
    if restless:
        raise typer.Exit(1)

"""The floor over step sizes, with its extrapolation to 0."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from simulations.experiments.floor import Floor
from simulations.plots.style import BOUND, COLOURS, say_instead


def floor_extrapolation(
    axes: Axes,
    result: Floor,
    *,
    label: str = "measured",
    colour: str = COLOURS[0],
    marker: str = "o",
    theory: bool = True,
) -> Axes:
    """Draw measured floors with intervals, the fit down to η = 0 with its intercept's interval, the theory.

    Args:
        axes: to draw on; several results may share it.
        result: to draw.
        label: of this result.
        colour: of this result.
        marker: of its points.
        theory: whether to draw the bound and the exact law too.
    """
    points = [p for p in result.points if np.isfinite(p.floor.value)]
    sizes = np.array([p.step_size for p in points])
    values = np.array([p.floor.value for p in points])
    errors = np.array([[p.floor.value - p.floor.low, p.floor.high - p.floor.value] for p in points]).T
    if points:
        axes.errorbar(sizes, values, errors, fmt=marker, color=colour, capsize=3, markersize=5, label=label)
    else:
        say_instead(axes, "no floor: replicas diverge at every step size")
    diverged = [p.step_size for p in result.points if p.diverged]
    if diverged:
        top = axes.get_xaxis_transform()  # at the upper edge, whatever the scale of the floors
        axes.plot(diverged, [1.0] * len(diverged), "x", color=colour, transform=top, clip_on=False)
        axes.plot([], [], "x", color=colour, label=f"{label}: replicas diverge")
    if result.fit:
        line = np.linspace(0, sizes.max(), 200)
        axes.plot(line, result.fit(line), color=colour, linewidth=1)
        value, low, high = result.fit.intercept
        axes.errorbar(
            [0], [value], [[value - low], [high - value]], fmt=marker, color=colour, capsize=3, mfc="white",
            label=f"{label}, η → 0: {value:.3g} [{low:.3g}, {high:.3g}]", zorder=3, clip_on=False,
        )  # fmt: skip
    if theory:
        bounded = [(p.step_size, p.bound) for p in points if p.bound is not None]
        if bounded:
            axes.plot(*zip(*bounded, strict=True), color=BOUND, linestyle="--", label="bound")
        if result.problem.floor and points:
            line = np.linspace(sizes.max() / 500, sizes.max(), 200)
            exact = [result.problem.floor(float(eta)) for eta in line]
            axes.plot(line, exact, color=BOUND, linestyle=":", label="exact law")
    axes.set(
        xlabel="step size η (distance per unit of gradient)",
        ylabel=r"floor of $E\|\nabla F\|^2$  (squared gradient norm)",
    )
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    axes.set_title(f"{result.problem.name}: floor over step sizes")
    axes.legend()
    return axes

"""The floor over step sizes, with its extrapolation to 0."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from simulations.experiments.floor import Floor
from simulations.plots.levels import draw_bound, draw_levels
from simulations.plots.style import BOUND, COLOURS, begin_at_zero, legend_below


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

    Points that did not settle are half filled, and a fit that misses its points is a broken line.

    Args:
        axes: to draw on; several results may share it.
        result: to draw.
        label: of this result.
        colour: of this result.
        marker: of its points.
        theory: whether to draw the bound and the exact law too.
    """
    fit, words = result.fit, label
    if fit:
        value, low, high = fit.intercept
        words += f"; open: η → 0, {value:.4g} [{low:.4g}, {high:.4g}]"
        line = np.linspace(0, max(p.step_size for p in result.points if p.settled), 200)
        axes.plot(
            line, fit(line), color=colour, linewidth=1, linestyle="-" if fit.fits else "-.",
            label=None if fit.fits else f"{label}: this curve misses the points (p = {fit.misfit:.1g})",
        )  # fmt: skip
        axes.errorbar(
            [0], [value], [[value - low], [high - value]], fmt=marker, color=colour, capsize=3, markersize=6,
            markerfacecolor="white", zorder=3, clip_on=False,
        )  # fmt: skip
    levels = [p.floor for p in result.points]
    largest = draw_levels(axes, result.points, levels, label=label, words=words, colour=colour, marker=marker)
    if theory:
        finite = [p for p in result.points if np.isfinite(p.floor.value)]
        draw_bound(axes, finite, [p.bound for p in finite], largest, label="bound", style="--")
        if result.problem.floor and finite:
            line = np.linspace(1 / 500, 1, 200) * max(p.step_size for p in finite)
            exact = np.array([result.problem.floor(float(eta)) for eta in line], dtype=float)  # None is NaN
            axes.plot(line, exact, color=BOUND, linestyle=":", label="exact law")
    axes.set(
        xlabel="step size η (distance per unit of gradient)",
        ylabel=r"floor of $E\|\nabla F\|^2$  (squared gradient norm)",
        title=f"{result.problem.name}: floor over step sizes",
    )
    axes.set_xlim(left=0, auto=None)  # None: what is drawn later still widens the limits
    begin_at_zero(axes)
    legend_below(axes)
    return axes

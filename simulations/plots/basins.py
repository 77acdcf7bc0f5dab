"""How long replicas stay in the basin of their start."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from simulations.experiments.basins import Basins
from simulations.plots.style import COLOURS, legend_below, styles


def survival(
    axes: Axes, result: Basins, *, label: str = "", colour: str = COLOURS[0], marker: str = "o"
) -> Axes:
    """Draw the share of replicas still in their first basin over time, a style of line for each step size.

    Args:
        axes: to draw on; several results may share it.
        result: to draw.
        label: of this result, put before each step size.
        colour: of this result.
        marker: of this result, sparsely on its curves.
    """
    for curve, style in zip(result.curves, styles(len(result.curves)), strict=True):
        times = np.concatenate(([0.0], curve.times, [result.time]))
        share = np.concatenate(([1.0], curve.surviving, curve.surviving[-1:] if curve.exits else [1.0]))
        rate, low, high = curve.rate
        text = f"{label}, " if label else ""
        text += f"η = {curve.step_size:.3g}: {rate:.2g} [{low:.2g}, {high:.2g}]"
        text += f" ({curve.diverged} diverged)" if curve.diverged else ""
        axes.plot(
            times, share, drawstyle="steps-post", color=colour, linestyle=style, label=text,
            marker=marker, markevery=0.12, markersize=4,
        )  # fmt: skip
        axes.fill_between(
            curve.times, curve.low, curve.high, step="post", color=colour, alpha=0.15, linewidth=0
        )
    axes.set(
        xlabel="time η·t (step size times steps)",
        ylabel="still in the first basin (share of replicas)",
        ylim=(0, 1.02),
        title=f"{result.problem.name}: leaving the basin of the start",
    )
    legend_below(axes, title="exits per unit of time [95 % interval]")
    return axes

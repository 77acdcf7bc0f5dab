"""How long replicas stay in the basin of their start."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from simulations.experiments.basins import Basins
from simulations.plots.style import series


def survival(axes: Axes, result: Basins, *, label: str = "") -> Axes:
    """Draw the share of replicas still in their first basin over time, one curve for each step size.

    Args:
        axes: to draw on.
        result: to draw.
        label: put before each step size.
    """
    for curve, (colour, _), style in zip(
        result.curves, series(len(result.curves)), _styles(len(result.curves)), strict=True
    ):
        times = np.concatenate(([0.0], curve.times, [result.time]))
        share = np.concatenate(([1.0], curve.surviving, curve.surviving[-1:] if curve.exits else [1.0]))
        rate, low, high = curve.rate
        text = f"{label}, " if label else ""
        text += f"η = {curve.step_size:.3g}: {rate:.2g} [{low:.2g}, {high:.2g}] exits per unit of time"
        text += f" ({curve.diverged} diverged)" if curve.diverged else ""
        axes.step(times, share, where="post", color=colour, linestyle=style, label=text)
        axes.fill_between(
            curve.times, curve.low, curve.high, step="post", color=colour, alpha=0.2, linewidth=0
        )
    axes.set(
        xlabel="time η·t (step size times steps)",
        ylabel="still in the first basin (share of replicas)",
        ylim=(0, 1.02),
        title=f"{result.problem.name}: leaving the basin of the start",
    )
    axes.legend(loc="best", fontsize="small")
    return axes


def _styles(count: int) -> list[str]:
    return (["-", "--", "-.", ":"] * (count // 4 + 1))[:count]

"""Stationarity over iterations."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from scipy import stats

from simulations.ensemble.run import Ensemble
from simulations.plots.style import BOUND, COLOURS


def stationarity(
    axes: Axes,
    run: Ensemble,
    *,
    bound: np.ndarray | None = None,
    floor: float | None = None,
    label: str = "measured",
    colour: str = COLOURS[0],
    confidence: float = 0.95,
) -> Axes:
    """Draw the path average of `E‖∇F‖²` over iterations with its interval over replicas.

    Where replicas diverge the curve ends, and a line says how many.

    Args:
        axes: to draw on.
        run: whose moments are drawn.
        bound: what the theory allows for the path average up to each recorded iteration.
        floor: exact level for T → ∞, where it is known.
        label: of the measured curve.
        colour: of the measured curve.
        confidence: of the band, pointwise.
    """
    moments = run.moments
    shown = np.isfinite(moments.mean[:, 0])
    count = moments.iterations[shown] + 1
    average, variance = (v[shown] for v in moments.column("average_gradient_norm_squared"))
    now = moments.mean[shown, 0]
    half = stats.t.ppf((1 + confidence) / 2, run.replicas - 1) * np.sqrt(variance / run.replicas)
    axes.plot(count, now, color=colour, linewidth=0.8, alpha=0.6, label=f"{label}, at the iteration")
    axes.plot(count, average, color=colour, label=f"{label}, path average")
    axes.fill_between(count, average - half, average + half, color=colour, alpha=0.25, linewidth=0)
    if bound is not None:
        axes.plot(
            moments.iterations + 1, bound, color=BOUND, linestyle="--", label="bound on the path average"
        )
    if floor is not None:
        axes.axhline(floor, color=BOUND, linestyle=":", label="exact floor for T → ∞")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="iterations T (steps)",
        ylabel=r"$E\|\nabla F\|^2$  (squared gradient norm)",
    )
    axes.set_title(f"{run.problem.name}, η = {run.step_size:.3g}, {run.replicas} replicas")
    if run.diverged:
        first = int(run.diverged_at[run.diverged_at >= 0].min())
        text = f"{run.diverged} of {run.replicas} replicas diverge, from here on"
        axes.axvline(first + 1, color=COLOURS[1], linestyle="-.", label=text)
    axes.legend()
    return axes

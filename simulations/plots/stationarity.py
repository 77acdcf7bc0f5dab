"""Stationarity over iterations."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from scipy import stats

from simulations.ensemble.run import Ensemble
from simulations.plots.style import BOUND, COLOURS, draw_line, legend_below, say_instead


def stationarity(
    axes: Axes, run: Ensemble, *, bound: np.ndarray | None = None, floor: float | None = None
) -> Axes:
    """Draw the path average of `E‖∇F‖²` over iterations with its pointwise 95 % interval over replicas.

    Where replicas diverge the curve ends, and a line says how many.

    Args:
        axes: to draw on.
        run: whose moments are drawn.
        bound: what the theory allows for the path average up to each recorded iteration.
        floor: exact level for T → ∞, where it is known.
    """
    moments, colour = run.moments, COLOURS[0]
    shown = np.isfinite(moments.mean[:, 0])
    count = moments.iterations[shown] + 1
    average, variance = (v[shown] for v in moments.column("average_gradient_norm_squared"))
    now = moments.mean[shown, 0]
    half = stats.t.ppf(0.975, run.replicas - 1) * np.sqrt(variance / run.replicas)
    for values, words, look in (
        (now, "measured, at the iteration", {"linewidth": 0.8, "alpha": 0.6}),
        (average, "measured, path average", {"linewidth": 1.5}),
    ):
        if (np.isfinite(values) & (values > 0)).any():
            draw_line(axes, count, values, color=colour, label=words, **look)
    axes.fill_between(count, average - half, average + half, color=colour, alpha=0.25, linewidth=0)
    seen = bool((now > 0).any())
    if not seen:
        say_instead(axes, "0 at every iteration" if shown.any() else "not finite at any iteration")
    if bound is not None:
        draw_line(
            axes,
            moments.iterations + 1,
            bound,
            color=BOUND,
            linestyle="--",
            label="bound on the path average",
        )
    if floor is not None:
        axes.axhline(floor, color=BOUND, linestyle=":", label="exact floor for T → ∞")
    axes.set(
        xscale="log",
        yscale="log" if seen else "linear",
        xlabel="iterations T (steps)",
        ylabel=r"$E\|\nabla F\|^2$  (squared gradient norm)",
    )
    axes.set_title(f"{run.problem.name}, η = {run.step_size:.3g}, {run.replicas} replicas")
    if run.diverged:
        first = int(run.diverged_at[run.diverged_at >= 0].min())
        text = f"{run.diverged} of {run.replicas} replicas diverge, from here on"
        axes.axvline(first + 1, color=COLOURS[1], linestyle="-.", label=text)
    legend_below(axes)
    return axes

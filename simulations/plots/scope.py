"""The radius of the stationary cloud over step sizes."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from convergence.statistics.intervals import Interval
from simulations.experiments.scope import Scope
from simulations.plots.levels import draw_bound, draw_levels
from simulations.plots.style import COLOURS, begin_at_zero, legend_below


def scope_radius(axes: Axes, result: Scope) -> Axes:
    """Draw `√E‖x‖²` with intervals over step sizes, and both bounds of `scope` where they hold.

    Args:
        axes: to draw on.
        result: to draw.
    """
    points = result.points
    radii = [Interval(*(math.sqrt(max(end, 0.0)) for end in p.mean_square_radius)) for p in points]
    largest = draw_levels(
        axes, points, radii, label="measured", words="measured", colour=COLOURS[0], marker="o"
    )
    for label, style, bounds in (
        ("bound", "--", [p.bound for p in points]),
        ("sharper bound", ":", [p.sharp_bound for p in points]),
    ):
        roots = [None if bound is None else math.sqrt(bound) for bound in bounds]
        draw_bound(axes, points, roots, largest, label=label, style=style)
    axes.set(
        xscale="log",
        xlabel="step size η (distance per unit of gradient)",
        ylabel=r"radius $\sqrt{E\|x\|^2}$ (distance from the origin)",
        title=f"{result.problem.name}: the scope of the stationary cloud",
    )
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    begin_at_zero(axes)
    legend_below(axes)
    return axes

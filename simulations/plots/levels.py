"""Measured levels over step sizes, and bounds on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from convergence.statistics.intervals import Interval
from simulations.experiments.floor import FloorPoint
from simulations.experiments.scope import ScopePoint
from simulations.plots.style import BOUND, FAR, draw_line, say_instead

Points = Sequence[FloorPoint | ScopePoint]


def draw_levels(
    axes: Axes,
    points: Points,
    levels: Sequence[Interval],
    *,
    label: str,
    words: str,
    colour: str,
    marker: str,
) -> float:
    """Draw the level of each point with its interval, and give the largest.

    Points that did not settle are half filled; where replicas diverge a cross is at the upper edge.

    Args:
        axes: to draw on.
        points: whose step sizes they are.
        levels: to draw, those that are finite.
        label: put before what is said of points that did not settle, and of those where replicas diverge.
        words: in the legend for the others.
        colour: of all.
        marker: of the points.
    """
    finite = [(point, level) for point, level in zip(points, levels, strict=True) if np.isfinite(level.value)]
    for settled, text, fill in ((True, words, "full"), (False, f"{label}: not settled", "left")):
        chosen = [(point.step_size, *level) for point, level in finite if point.settled == settled]
        if chosen:
            sizes, value, low, high = np.array(chosen).T
            axes.errorbar(
                sizes, value, (value - low, high - value), fmt=marker, color=colour, capsize=3, markersize=6,
                fillstyle=fill, markerfacecoloralt="white", label=text,
            )  # fmt: skip
    if not finite:
        say_instead(axes, "nothing to show: replicas diverge at every step size")
    diverged = [point.step_size for point in points if point.diverged]
    if diverged:
        above = axes.get_xaxis_transform()  # at the upper edge, whatever the scale of the levels
        axes.plot(
            diverged, [1.0] * len(diverged), "x", color=colour, transform=above, clip_on=False,
            label=f"{label}: replicas diverge",
        )  # fmt: skip
    return max((level.value for _, level in finite), default=0.0)


def draw_bound(
    axes: Axes, points: Points, bounds: Sequence[float | None], largest: float, *, label: str, style: str
) -> None:
    """Draw a bound on levels where it is known; one that is far above the `largest` of them is named only."""
    known = [(p.step_size, bound) for p, bound in zip(points, bounds, strict=True) if bound is not None]
    if not known:
        return
    sizes, values = zip(*known, strict=True)
    if max(values) > FAR * largest > 0:
        span = " to ".join(dict.fromkeys(f"{end:.3g}" for end in (min(values), max(values))))
        axes.plot([], [], " ", label=f"{label}: {span}, far above")
    else:
        draw_line(axes, sizes, values, color=BOUND, linestyle=style, label=label)

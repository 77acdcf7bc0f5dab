"""The radius of the stationary cloud over step sizes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from simulations.experiments.scope import Scope
from simulations.plots.style import BOUND, COLOURS, say_instead


def scope_radius(axes: Axes, result: Scope, *, colour: str = COLOURS[0], marker: str = "o") -> Axes:
    """Draw `√E‖x‖²` with intervals over step sizes, and both bounds of `scope` where they hold.

    Args:
        axes: to draw on.
        result: to draw.
        colour: of the measured points.
        marker: of the measured points.
    """
    points = [p for p in result.points if np.isfinite(p.mean_square_radius.value)]
    sizes = [p.step_size for p in points]
    if points:
        value, low, high = np.sqrt(np.array([p.mean_square_radius for p in points]).clip(min=0).T)
        axes.errorbar(
            sizes, value, (value - low, high - value), fmt=marker, color=colour, capsize=3, label="measured"
        )
    else:
        say_instead(axes, "no stationary cloud: replicas diverge at every step size")
    for label, style, bounds in (
        ("bound", "--", [p.bound for p in points]),
        ("sharper bound", ":", [p.sharp_bound for p in points]),
    ):
        known = [(size, bound**0.5) for size, bound in zip(sizes, bounds, strict=True) if bound is not None]
        if known:
            axes.plot(*zip(*known, strict=True), color=BOUND, linestyle=style, label=label)
    axes.set(
        xscale="log",
        xlabel="step size η (distance per unit of gradient)",
        ylabel=r"radius $\sqrt{E\|x\|^2}$ (distance from the origin)",
        title=f"{result.problem.name}: the scope of the stationary cloud",
    )
    axes.set_ylim(bottom=0)
    diverged = [p.step_size for p in result.points if p.diverged]
    if diverged:
        top = axes.get_xaxis_transform()
        axes.plot(
            diverged, [1.0] * len(diverged), "x", color=colour, transform=top, clip_on=False,
            label="replicas diverge",
        )  # fmt: skip
    axes.legend()
    return axes

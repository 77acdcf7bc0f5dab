"""How much of each bound runs use."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from simulations.experiments.tightness import Usage
from simulations.plots.style import BOUND, legend_below, series


def usage(axes: Axes, usages: Sequence[Usage]) -> Axes:
    """Draw, for each problem, the share of each bound that its run used, with its interval.

    Args:
        axes: to draw on.
        usages: of `tightness`.
    """
    problems = list(dict.fromkeys(one.problem for one in usages))
    bounds = list(dict.fromkeys(one.bound for one in usages))
    for index, (bound, (colour, marker)) in enumerate(zip(bounds, series(len(bounds)), strict=True)):
        chosen = [one for one in usages if one.bound == bound]
        rows = [problems.index(one.problem) + 0.15 * (index - (len(bounds) - 1) / 2) for one in chosen]
        shares = [one.share.value for one in chosen]
        spread = [[s.value - s.low for s in (one.share for one in chosen)]]
        spread.append([s.high - s.value for s in (one.share for one in chosen)])
        axes.errorbar(shares, rows, xerr=spread, fmt=marker, color=colour, capsize=2, label=bound)
    axes.axvline(1, color=BOUND, linestyle="--")
    axes.set_yticks(range(len(problems)), problems)
    axes.invert_yaxis()
    axes.set(
        xscale="log",
        xlabel="path average of E‖∇F‖² over its bound (share used)",
        ylabel="problem",
        title="How much of each bound is used",
    )
    legend_below(axes)
    return axes

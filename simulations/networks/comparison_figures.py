"""Pictures of a comparison of orders and weights: functions that take an Axes, draw on it and return it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from convergence.statistics.intervals import Interval
from simulations.networks.arms import Arm, Outcome
from simulations.plots.style import BOUND, series


def accuracy_against_weight(axes: Axes, outcomes: Mapping[Arm, Sequence[Outcome]]) -> Axes:
    """Mean test accuracy against αβ, one curve an order; if the order were a weight, the curves would be one."""
    orders = sorted({arm.alpha for arm in outcomes if arm.beta > 0})
    for alpha, (colour, marker) in zip(orders, series(len(orders)), strict=True):
        arms = sorted((arm for arm in outcomes if arm.alpha == alpha and arm.beta > 0), key=lambda a: a.beta)
        samples = [np.array([100 * outcome.accuracy for outcome in outcomes[arm]]) for arm in arms]
        axes.errorbar(
            [arm.alpha * arm.beta for arm in arms],
            [sample.mean() for sample in samples],
            [sample.std(ddof=1) / np.sqrt(len(sample)) for sample in samples],
            color=colour,
            marker=marker,
            capsize=2,
            linewidth=1.2,
            label="DML (α = 1)" if alpha == 1 else f"RDML α = {alpha:g}",
        )
    independent = [arm for arm in outcomes if arm.beta == 0]
    for arm in independent:
        level = 100 * float(np.mean([outcome.accuracy for outcome in outcomes[arm]]))
        axes.axhline(level, color=BOUND, linestyle=":", label="independent")
    weights = sorted({arm.alpha * arm.beta for arm in outcomes if arm.beta > 0})
    axes.set_xscale("log")
    axes.set_xticks(weights, [f"{weight:.3g}" for weight in weights])
    axes.minorticks_off()
    axes.set(xlabel="weight αβ of the mutual term near agreement", ylabel="test accuracy (%), mean ± s.e.")
    axes.legend(fontsize="small")
    return axes


def differences(axes: Axes, rows: Sequence[tuple[str, Interval, Interval]], *, unit: str) -> Axes:
    """Paired differences, one row each: the thick bar is the interval by itself, the thin one simultaneous."""
    for place, (_, interval, simultaneous) in enumerate(reversed(rows)):
        axes.plot(simultaneous[1:], [place, place], color=series(1)[0][0], linewidth=1)
        axes.plot(interval[1:], [place, place], color=series(1)[0][0], linewidth=4, alpha=0.5)
        axes.plot(interval.value, place, marker="o", color=series(1)[0][0], markersize=5)
    axes.axvline(0, color=BOUND, linewidth=0.8)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in reversed(rows)])
    axes.set_xlabel(unit)
    return axes

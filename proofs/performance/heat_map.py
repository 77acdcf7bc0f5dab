"""The picture of `comparison`: how many times the exact worst case each bound is, over the whole grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from proofs.performance.comparison import Comparison

FORMS = ("stationarity", "stationarity-sharp", "relative-bias", "tangent", "biased-programme")
COLOURS = "YlOrRd"
DESCRIPTION = (
    "Heat maps of bound divided by exact worst average, for each form (columns) and relative bias (rows); "
    "within a panel, rows are bias bound and step size, columns numbers of steps. The palest cells are exact."
)
"""The sentence for those who cannot see it."""


def heat_map(comparisons: Sequence[Comparison]) -> Figure:
    """One panel for each form and relative bias: bound over exact worst average, on a logarithmic scale."""
    biases = sorted({each.relative_bias for each in comparisons})
    ratios = [ratio for each in comparisons for form in FORMS if (ratio := each.ratio(form)) is not None]
    largest = max(*ratios, 1.1)
    norm = LogNorm(1.0, largest)
    figure = Figure(figsize=(15, 5.5 * len(biases)), layout="constrained")
    grid = figure.subplots(len(biases), len(FORMS), squeeze=False, sharey=True)
    for axes_row, relative_bias in zip(grid, biases, strict=True):
        chosen = [each for each in comparisons if each.relative_bias == relative_bias]
        for axes, form in zip(axes_row, FORMS, strict=True):
            _panel(axes, chosen, form, norm)
            axes.set_title(f"{form}, m = {relative_bias}", fontsize=10)
        axes_row[0].set_ylabel("bias bound ζ, step size h = ηL")
    for axes in grid[-1]:
        axes.set_xlabel("steps T")
    bar = figure.colorbar(
        ScalarMappable(norm, COLOURS), ax=grid, shrink=0.6, label="bound / exact worst case"
    )
    ticks = [tick for tick in (1, 1.1, 1.25, 1.5, 2, 3, 5, 10, 20) if tick <= largest]
    bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks], minor=False)
    bar.ax.minorticks_off()
    return figure


def _panel(axes: Axes, comparisons: Sequence[Comparison], form: str, norm: LogNorm) -> None:
    rows = sorted({(each.bias_bound, each.step_size) for each in comparisons})
    columns = sorted({each.steps for each in comparisons})
    values = np.full((len(rows), len(columns)), np.nan)
    for each in comparisons:
        ratio = each.ratio(form)
        if ratio is not None:
            values[rows.index((each.bias_bound, each.step_size)), columns.index(each.steps)] = ratio
    if np.isnan(values).all():
        axes.text(0.5, 0.5, "does not apply", ha="center", va="center", transform=axes.transAxes)
    axes.imshow(np.maximum(values, 1.0), norm=norm, cmap=COLOURS, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            shade = "white" if norm(value) > 0.6 else "black"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=shade)
    axes.set_xticks(range(len(columns)), [str(steps) for steps in columns])
    axes.set_yticks(range(len(rows)), [f"ζ={zeta}, h={h}" for zeta, h in rows], fontsize=7)

"""Colours and marks that colour-blind people and black-and-white printers keep apart."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike

# Okabe & Ito's palette ("Color universal design", 2008), its yellow left out: too faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
STYLES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (8, 3)), (0, (3, 1, 1, 1, 1, 1)))
BOUND = "#000000"

FAR = 5
"""A bound that is more than this many times what was measured would press it flat: it is named, not drawn."""

SETTINGS: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "figure.constrained_layout.use": True,
}


def series(count: int) -> list[tuple[str, str]]:
    """`count` pairs of colour and marker, the first 36 of them different."""
    return [(COLOURS[k % 6], MARKERS[(k + k // 6) % 6]) for k in range(count)]


def styles(count: int) -> list[Any]:
    """`count` styles of lines, the first 6 of them different."""
    return [STYLES[k % 6] for k in range(count)]


def new_figure(width: float = 6.4, height: float = 4.2) -> tuple[Figure, Axes]:
    """A figure with one Axes in this style, made without a window."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(width, height))
        return figure, figure.subplots()


def say_instead(axes: Axes, words: str) -> Axes:
    """Write on a figure why it shows no data."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", wrap=True)
    return axes


def draw_line(axes: Axes, x: ArrayLike, y: ArrayLike, **look: Any) -> None:
    """Draw a line; where one point of it is finite, a mark, since a line through one point cannot be seen."""
    alone = np.isfinite(np.asarray(y, dtype=float)).sum() == 1
    axes.plot(x, y, marker="o" if alone else "", **look)


def begin_at_zero(axes: Axes) -> None:
    """Let the upward axis begin at 0 if nothing lies below; what is drawn later still widens the limits."""
    low, high = axes.dataLim.intervaly
    if 0 <= low <= high < np.inf and high > 0:
        axes.set_ylim(0, 1.05 * high, auto=None)


def legend_below(axes: Axes, *, title: str = "") -> None:
    """Put the legend under the axis's name, where it covers no data."""
    handles, labels = axes.get_legend_handles_labels()
    if not handles:
        return
    longest, inches = max(map(len, labels)), axes.figure.dpi_scale_trans
    axes.legend(
        handles, labels, title=title, loc="upper center", borderaxespad=0, frameon=False, handlelength=4,
        fontsize="small", title_fontsize="small", ncols=3 if longest < 24 else 2 if longest < 40 else 1,
        bbox_to_anchor=(0.5, 0), bbox_transform=axes.transAxes + ScaledTranslation(0, -0.5, inches),
    )  # fmt: skip

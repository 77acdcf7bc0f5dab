"""Colours and marks that colour-blind people and black-and-white printers keep apart."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe & Ito's palette ("Color universal design", 2008), its yellow left out: too faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
BOUND = "#000000"

SETTINGS: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def series(count: int) -> list[tuple[str, str]]:
    """`count` pairs of colour and marker."""
    return list(islice(zip(cycle(COLOURS), cycle(MARKERS), strict=False), count))


def new_figure(width: float = 6.4, height: float = 4.2) -> tuple[Figure, Axes]:
    """A figure with one Axes in this style, made without a window."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(width, height))
        return figure, figure.subplots()


def say_instead(axes: Axes, words: str) -> Axes:
    """Write on a figure why it shows no data."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", wrap=True)
    return axes

"""The phase diagram of a cohort over order and weight."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes

from simulations.experiments.phase import Phase

LABELS = {
    "joint_floor": r"bias floor $\|\nabla F\|^2$ at rest (squared gradient norm)",
    "disagreement": r"disagreement, mean of $D_\alpha(p_j\|p_k)$ (nats)",
}


def phase_diagram(
    axes: Axes, result: Phase, *, quantity: Literal["joint_floor", "disagreement"] = "joint_floor"
) -> Axes:
    """Draw a quantity of every cell, in colour and as a number; orders to the right, weights upwards.

    Args:
        axes: to draw on.
        result: to draw.
        quantity: which.
    """
    values = np.array([getattr(cell, quantity) for cell in result.cells])
    grid = values.reshape(len(result.alphas), len(result.betas)).T
    image = axes.imshow(grid, origin="lower", aspect="auto", cmap="cividis")
    middle = (grid.max() + grid.min()) / 2
    for (row, column), value in np.ndenumerate(grid):
        colour = "black" if value > middle else "white"
        text = "0" if value < 1e-15 else f"{value:.2g}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize="small")
    axes.set_xticks(range(len(result.alphas)), [f"{alpha:g}" for alpha in result.alphas])
    axes.set_yticks(range(len(result.betas)), [f"{beta:g}" for beta in result.betas])
    axes.grid(visible=False)
    axes.set(xlabel="order α (dimensionless)", ylabel="weight β (dimensionless)", title="A cohort at rest")
    axes.figure.colorbar(image, ax=axes, label=LABELS[quantity])
    return axes

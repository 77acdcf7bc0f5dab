"""The phase diagram of a cohort over order and weight."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from simulations.experiments.phase import Phase


def phase_diagram(axes: Axes, result: Phase) -> Axes:
    """Draw the bias floor of every cell, in colour and as a number; orders to the right, weights upwards.

    A cohort that did not come to rest has a star.

    Args:
        axes: to draw on.
        result: to draw.
    """
    values = np.array([cell.joint_floor for cell in result.cells])
    grid = values.reshape(len(result.alphas), len(result.betas)).T
    restless = ~np.array([cell.at_rest for cell in result.cells]).reshape(len(result.alphas), -1).T
    image = axes.imshow(grid, origin="lower", aspect="auto", cmap="cividis")
    middle = (grid.max() + grid.min()) / 2
    for (row, column), value in np.ndenumerate(grid):
        colour = "black" if value > middle else "white"
        text = ("0" if value < 1e-15 else f"{value:.2g}") + ("*" if restless[row, column] else "")
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize="small")
    axes.set_xticks(range(len(result.alphas)), [f"{alpha:g}" for alpha in result.alphas])
    axes.set_yticks(range(len(result.betas)), [f"{beta:g}" for beta in result.betas])
    axes.grid(visible=False)
    title = "A cohort at rest (*: not yet)" if restless.any() else "A cohort at rest"
    axes.set(xlabel="order α (dimensionless)", ylabel="weight β (dimensionless)", title=title)
    axes.figure.colorbar(image, ax=axes, label=r"bias floor $\|\nabla F\|^2$ at rest (squared gradient norm)")
    return axes

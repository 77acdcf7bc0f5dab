"""The ensemble in the plane: its cloud on contour lines, and how it moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.animation import FuncAnimation
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from numpy.typing import NDArray

from simulations.ensemble.engine import init, step
from simulations.plots.style import COLOURS, new_figure
from simulations.problems.problem import Problem


def cloud(axes: Axes, problem: Problem, points: NDArray[np.float64], *, title: str = "") -> Axes:
    """Draw points `(R, 2)` on the contour lines of F, with the known minimisers.

    Args:
        axes: to draw on.
        problem: of dimension 2.
        points: to draw.
        title: of the drawing.

    Raises:
        ValueError: the problem is not of dimension 2.
    """
    _contours(axes, problem, points)
    axes.plot(*points.T, ".", color=COLOURS[1], markersize=3, alpha=0.6, label=f"{len(points)} replicas")
    axes.set_title(title or problem.name)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
    return axes


def animation(
    problem: Problem,
    *,
    step_size: float,
    frames: int = 60,
    steps_per_frame: int = 1,
    replicas: int = 300,
    seed: int = 0,
) -> FuncAnimation:
    """The ensemble moving from its start; save it by `.save("cloud.gif", writer="pillow")`.

    Args:
        problem: of dimension 2.
        step_size: η.
        frames: of the film.
        steps_per_frame: SGD steps between frames.
        replicas: R.
        seed: of all streams.

    Raises:
        ValueError: the problem is not of dimension 2.
    """
    figure, axes = new_figure(5.0, 4.6)
    positions = _positions(problem, step_size, frames, steps_per_frame, replicas, seed)
    _contours(axes, problem, np.concatenate(positions))
    (dots,) = axes.plot(*positions[0].T, ".", color=COLOURS[1], markersize=4, alpha=0.7)

    def draw(frame: int) -> Sequence[Artist]:
        dots.set_data(*positions[frame].T)
        axes.set_title(f"{problem.name}, η = {step_size:.3g}, iteration {frame * steps_per_frame}")
        return (dots,)

    FigureCanvasAgg(figure)
    return FuncAnimation(figure, draw, frames=frames, interval=80, blit=False)


def _positions(
    problem: Problem, step_size: float, frames: int, steps_per_frame: int, replicas: int, seed: int
) -> list[NDArray[np.float64]]:
    state, positions = init(problem, replicas=replicas, seed=seed), []
    for _ in range(frames):
        positions.append(state.x.numpy().copy())
        for _ in range(steps_per_frame):
            state, _ = step(problem, state, step_size=step_size)
    return positions


def _contours(axes: Axes, problem: Problem, points: NDArray[np.float64]) -> None:
    if problem.dimension != 2:
        raise ValueError(f"problem is {problem.name!r} of dimension {problem.dimension}; 2 is needed")
    minimisers = np.array(problem.minimisers).reshape(-1, 2)
    seen = np.concatenate((points[np.isfinite(points).all(1)], minimisers))
    low, high = seen.min(0), seen.max(0)
    margin = 0.15 * max((high - low).max(), 1e-3)
    x, y = (np.linspace(low[i] - margin, high[i] + margin, 160) for i in range(2))
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), axis=2).reshape(-1, 2))
    values = problem.objective(grid).reshape(len(y), len(x)).numpy()
    # levels that lie close near the minimum, where the cloud is
    levels = values.min() + (values.max() - values.min()) * np.linspace(0, 1, 15)[1:] ** 2
    lines = axes.contour(x, y, values, levels=levels, colors="#777777", linewidths=0.7)
    axes.clabel(lines, levels[::2], fontsize=7, fmt="%.2g")
    axes.plot(*minimisers.T, "+", color="black", markersize=10, label="minimisers")
    axes.grid(visible=False)
    axes.set(xlabel="$x_1$ (parameter); lines: objective F", ylabel="$x_2$ (parameter)")

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
from simulations.ensemble.record import DIVERGED
from simulations.plots.style import COLOURS, legend_below, new_figure, say_instead
from simulations.problems.problem import Problem


def cloud(axes: Axes, problem: Problem, points: NDArray[np.float64]) -> Axes:
    """Draw points `(R, 2)` on the contour lines of F, with the known minimisers.

    Replicas that have diverged, as `simulate` counts it, are left out, and the legend says how many.

    Args:
        axes: to draw on.
        problem: of dimension 2.
        points: to draw.

    Raises:
        ValueError: the problem is not of dimension 2.
    """
    _check(problem)
    shown = points[~_diverged(problem, points)]
    _contours(axes, problem, shown)
    gone = len(points) - len(shown)
    text = (
        f"{len(shown)} of {len(points)} replicas; the others diverged" if gone else f"{len(points)} replicas"
    )
    axes.plot(*shown.T, ".", color=COLOURS[1], markersize=3, alpha=0.6, label=text)
    axes.set_title(problem.name)
    legend_below(axes)
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

    Replicas that diverge leave the picture, and the title says how many.

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
    _check(problem)
    figure, axes = new_figure(5.0, 4.6)
    positions = _positions(problem, step_size, frames, steps_per_frame, replicas, seed)
    gone = _diverged(problem, positions.reshape(-1, 2)).reshape(frames, replicas)
    _contours(axes, problem, positions[~gone])
    (dots,) = axes.plot(
        *positions[0].T, ".", color=COLOURS[1], markersize=4, alpha=0.7, label=f"{replicas} replicas"
    )
    legend_below(axes)

    def draw(frame: int) -> Sequence[Artist]:
        dots.set_data(*positions[frame][~gone[frame]].T)
        lost = f", {gone[frame].sum()} diverged" if gone[frame].any() else ""
        axes.set_title(f"{problem.name}, η = {step_size:.3g}, iteration {frame * steps_per_frame}{lost}")
        return (dots,)

    FigureCanvasAgg(figure)
    return FuncAnimation(figure, draw, frames=frames, interval=80, blit=False)


def _check(problem: Problem) -> None:
    if problem.dimension != 2:
        raise ValueError(f"problem is {problem.name!r} of dimension {problem.dimension}; 2 is needed")


def _positions(
    problem: Problem, step_size: float, frames: int, steps_per_frame: int, replicas: int, seed: int
) -> NDArray[np.float64]:
    state, positions = init(problem, replicas=replicas, seed=seed), []
    for _ in range(frames):
        positions.append(state.x.numpy().copy())
        for _ in range(steps_per_frame):
            state, _ = step(problem, state, step_size=step_size)
    return np.stack(positions)


def _diverged(problem: Problem, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points have a gradient that `simulate` counts as infinite (see `record.DIVERGED`)."""
    start = torch.tensor([problem.start], dtype=torch.float64)
    start_squared, squared = (
        problem.gradient(x).square().sum(1).numpy() for x in (start, torch.from_numpy(points))
    )
    limit = DIVERGED * (start_squared + problem.noise_variance + problem.bias_bound**2)
    return np.asarray(~(squared < np.where(limit, limit, np.inf)))  # NaN is not below it


def _contours(axes: Axes, problem: Problem, points: NDArray[np.float64]) -> None:
    axes.set(xlabel="$x_1$ (parameter); lines: objective F", ylabel="$x_2$ (parameter)")
    axes.grid(visible=False)
    minimisers = np.array(problem.minimisers).reshape(-1, 2)
    seen = np.concatenate((points, minimisers))
    if not len(seen):
        say_instead(axes, "all replicas diverged; no minimiser is known")
        return
    low, high = seen.min(0), seen.max(0)
    margin = 0.15 * max((high - low).max(), 1e-3)
    x, y = (np.linspace(low[i] - margin, high[i] + margin, 160) for i in range(2))
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), axis=2).reshape(-1, 2))
    values = problem.objective(grid).reshape(len(y), len(x)).numpy()
    # levels that lie close near the minimum, where the cloud is
    levels = values.min() + (values.max() - values.min()) * np.linspace(0, 1, 15)[1:] ** 2
    lines = axes.contour(x, y, values, levels=levels, colors="#777777", linewidths=0.7)
    axes.clabel(lines, levels[::2], fontsize=7, fmt="%.2g")
    axes.locator_params(nbins=5)
    axes.plot(*minimisers.T, "+", color="black", markersize=10, label="minimisers")

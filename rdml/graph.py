"""The dependency graph of the claims as a figure: what rests on what, and with which status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import networkx
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from convergence.claims.claim import Claim
from convergence.claims.verdict import Status

# Okabe–Ito colours, each with a line style of its own, so that the figure reads without colour too.
STYLE: Mapping[Status, tuple[str, Any]] = {
    Status.PROVED: ("#009E73", "-"),
    Status.CERTIFIED: ("#0072B2", "--"),
    Status.CHECKED: ("#CC79A7", "-."),
    Status.ASSUMED: ("#E69F00", ":"),
    Status.REFUTED: ("#D55E00", (0, (1, 1))),
    Status.FAILED: ("#D55E00", (0, (4, 2, 1, 2))),
}
WIDTH, HEIGHT = 0.8, 0.62
"""Of a box, in columns and rows."""

SWEEPS = 8
Position = dict[str, tuple[float, float]]


def dependency_graph(claims: Sequence[Claim], statuses: Mapping[str, Status]) -> Figure:
    """Claims in columns, each to the right of everything it rests on; below, those that stand alone.

    Raises:
        ValueError: if the dependencies form a cycle.
    """
    graph = networkx.DiGraph()
    graph.add_nodes_from(claim.id for claim in claims)
    graph.add_edges_from((used, claim.id) for claim in claims for used in claim.depends_on if used in graph)
    if not networkx.is_directed_acyclic_graph(graph):
        cycle = " → ".join(edge[0] for edge in networkx.find_cycle(graph))
        raise ValueError(f"depends_on of the claims forms a cycle: {cycle}")
    alone = [claim for claim in graph if graph.degree(claim) == 0]
    connected = graph.subgraph(claim for claim in graph if claim not in alone)
    position = _layers(connected)
    columns = int(max((x for x, _ in position.values()), default=3)) + 1
    bottom = min((y for _, y in position.values()), default=0)
    position |= {claim: (n % columns, bottom - 1.4 - n // columns) for n, claim in enumerate(alone)}
    figure = Figure(figsize=(2.0 * columns, 0.31 * (_rows(position) + 2)))
    axes = figure.add_subplot()
    axes.set_axis_off()
    for used, user in connected.edges:
        _arrow(axes, position[used], position[user])
    for claim, at in position.items():
        _box(axes, claim, at, statuses[claim])
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(min(y for _, y in position.values()) - 0.6, max(y for _, y in position.values()) + 0.6)
    _legend(axes, [status for status in STYLE if status in statuses.values()])
    return figure


def _rows(position: Position) -> float:
    """How many rows the positions span."""
    rows = [y for _, y in position.values()]
    return max(rows) - min(rows) + 1


def _layers(graph: networkx.DiGraph) -> Position:
    """Column = longest chain of dependencies; in each, rows near those of the neighbours, centred on 0."""
    generations = [sorted(generation) for generation in networkx.topological_generations(graph)]
    row = {claim: _centred(n, len(column)) for column in generations for n, claim in enumerate(column)}

    def near(claim: str) -> float:
        neighbours = [*graph.predecessors(claim), *graph.successors(claim)]
        return sum(row[other] for other in neighbours) / len(neighbours)

    for sweep in range(SWEEPS):
        for column in generations if sweep % 2 == 0 else reversed(generations):
            column.sort(key=lambda claim: (near(claim), claim))
            row.update({claim: _centred(n, len(column)) for n, claim in enumerate(column)})
    return {claim: (float(x), -row[claim]) for x, column in enumerate(generations) for claim in column}


def _centred(n: int, count: int) -> float:
    return n - (count - 1) / 2


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A curve that leaves a box to the right and arrives at another from the left."""
    (x0, y0), (x1, y1) = (start[0] + WIDTH / 2, start[1]), (end[0] - WIDTH / 2, end[1])
    bend = (x1 - x0) / 2
    curve = Path(
        [(x0, y0), (x0 + bend, y0), (x1 - bend, y1), (x1, y1)],
        [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4],
    )
    axes.add_patch(
        FancyArrowPatch(path=curve, arrowstyle="->", mutation_scale=7, color="#8c959f", lw=0.7, zorder=1)
    )


def _box(axes: Axes, claim: str, at: tuple[float, float], status: Status) -> None:
    colour, line = STYLE[status]
    corner = (at[0] - WIDTH / 2, at[1] - HEIGHT / 2)
    box = FancyBboxPatch(
        corner,
        WIDTH,
        HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor="white",
        edgecolor=colour,
        linestyle=line,
        linewidth=1.4,
        zorder=2,
    )
    axes.add_patch(box)
    axes.text(*at, claim, ha="center", va="center_baseline", fontsize=7.2, zorder=3)


def _legend(axes: Axes, present: Sequence[Status]) -> None:
    lines = [Line2D([], [], color=STYLE[s][0], linestyle=STYLE[s][1], label=str(s)) for s in present]
    axes.legend(
        handles=lines,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        ncols=len(lines),
        frameon=False,
        fontsize=8,
    )

"""The dependency graph of the claims as a figure: what rests on what, and with which status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import networkx
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from convergence.claims.claim import Claim
from convergence.claims.verdict import Status

# Okabe–Ito colours, each with a marker of its own, so that the figure reads without colour too.
STYLE: Mapping[Status, tuple[str, str]] = {
    Status.PROVED: ("#009E73", "o"),
    Status.CERTIFIED: ("#56B4E9", "s"),
    Status.CHECKED: ("#F0E442", "D"),
    Status.ASSUMED: ("#E69F00", "^"),
    Status.REFUTED: ("#D55E00", "X"),
    Status.FAILED: ("#D55E00", "P"),
}


def dependency_graph(claims: Sequence[Claim], statuses: Mapping[str, Status]) -> Figure:
    """Claims in columns, each to the right of everything it depends on; an arrow points to what uses a claim.

    Raises:
        ValueError: if the dependencies form a cycle.
    """
    graph = networkx.DiGraph()
    graph.add_nodes_from(claim.id for claim in claims)
    graph.add_edges_from((used, claim.id) for claim in claims for used in claim.depends_on if used in graph)
    if not networkx.is_directed_acyclic_graph(graph):
        cycle = " → ".join(edge[0] for edge in networkx.find_cycle(graph))
        raise ValueError(f"depends_on of the claims forms a cycle: {cycle}")
    position = _layers(graph)
    rows = max(-y for _, y in position.values()) + 1
    figure = Figure(figsize=(3.1 * (1 + max(x for x, _ in position.values())), 0.42 * rows + 1.2))
    axes = figure.add_subplot()
    axes.set_axis_off()
    for used, user in graph.edges:
        (x0, y0), (x1, y1) = position[used], position[user]
        axes.annotate(
            "",
            xy=(x1 - 0.04, y1),
            xytext=(x0 + 0.04, y0),
            arrowprops={
                "arrowstyle": "->",
                "color": "#8c959f",
                "lw": 0.8,
                "connectionstyle": "arc3,rad=0.06",
            },
        )
    for claim, (x, y) in position.items():
        colour, marker = STYLE[statuses[claim]]
        axes.plot(x, y, marker, color=colour, markeredgecolor="black", markersize=8, zorder=3)
        axes.text(x, y - 0.28, claim, ha="center", va="top", fontsize=8, zorder=4)
    present = dict.fromkeys(statuses[claim.id] for claim in claims)
    handles = [
        Line2D(
            [], [], linestyle="", marker=STYLE[s][1], color=STYLE[s][0], markeredgecolor="black", label=str(s)
        )
        for s in present
    ]
    axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=len(handles), frameon=False
    )
    axes.margins(x=0.08, y=0.04)
    return figure


def _layers(graph: networkx.DiGraph) -> dict[str, tuple[float, float]]:
    """Column = longest chain of dependencies; rows ordered by the mean row of what a claim rests on."""
    position: dict[str, tuple[float, float]] = {}
    for column, generation in enumerate(networkx.topological_generations(graph)):

        def mean_row(claim: str) -> float:
            rows = [position[used][1] for used in graph.predecessors(claim)]
            return -sum(rows) / len(rows) if rows else float("inf")

        for row, claim in enumerate(sorted(generation, key=lambda claim: (mean_row(claim), claim))):
            position[claim] = (float(column), -float(row))
    return position

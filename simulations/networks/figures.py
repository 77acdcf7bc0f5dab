"""Pictures of a run: functions that take an Axes, draw on it and return it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from convergence.estimators.ledger import LedgerEntry
from simulations.plots.style import BOUND, COLOURS

BLUE, _, GREEN, PURPLE, ORANGE, _ = COLOURS
BLACK = BOUND
TERMS = {
    "descent": (BLUE, "", r"descent $(F_t-F_{t+1})/\eta$"),
    "bias": (ORANGE, "//", r"bias $-\langle\nabla F_t,b_t\rangle$"),
    "noise": (PURPLE, "..", r"noise $-\langle\nabla F_t,n_t\rangle$"),
    "curvature": (GREEN, r"\\", r"curvature $\frac{\eta}{2}L_t\|g_t\|^2$"),
}
"""Colour, hatch and label of every term of the ledger."""


def stacked_ledger(axes: Axes, entries: Sequence[LedgerEntry]) -> Axes:
    """The terms that add up to `‖∇F_t‖²`, stacked with their signs over iterations.

    Drawn as shares of their magnitudes, since the terms fall by orders of magnitude along a run. The black
    line is `‖∇F_t‖²` on the same scale: what the stacks above and below 0 leave.
    """
    steps = np.array([entry.step for entry in entries])
    width = float(np.diff(steps).min()) if len(steps) > 1 else 1.0
    values = {name: np.array([entry.terms[name] for entry in entries]) for name in TERMS}
    magnitude = np.sum([np.abs(value) for value in values.values()], axis=0)
    magnitude = np.where(magnitude == 0, 1.0, magnitude)
    above, below = np.zeros(len(steps)), np.zeros(len(steps))
    for name, (colour, hatch, label) in TERMS.items():
        share = values[name] / magnitude
        if not share.any():
            continue
        for sign, floor in ((1, above), (-1, below)):
            part = np.clip(share * sign, 0, None) * sign
            axes.bar(
                steps,
                part,
                width,
                bottom=floor,
                color=colour,
                alpha=0.8,
                hatch=hatch,
                edgecolor="white",
                linewidth=0.3,
                label=label if sign > 0 else None,
            )
            floor += part
    gradient = np.array([entry.gradient_norm_squared for entry in entries]) / magnitude
    axes.step(steps, gradient, where="mid", color=BLACK, linewidth=1.6, label=r"$\|\nabla F_t\|^2$")
    axes.axhline(0, color=BLACK, linewidth=0.6)
    axes.set_xlabel("iteration t")
    axes.set_ylabel("signed share of the terms' magnitudes")
    axes.set_ylim(min(-0.1, 1.15 * float(below.min())), 1.05)
    axes.margins(x=0)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, fontsize="small", frameon=False)
    return axes


def stationarity(axes: Axes, entries: Sequence[LedgerEntry]) -> Axes:
    """`‖∇F_t‖²`, `‖b_t‖²` and `‖n_t‖²` of one learner over iterations, on a log scale."""
    steps = [entry.step for entry in entries]
    for field, colour, style, label in (
        ("gradient_norm_squared", BLUE, "-", r"gradient $\|\nabla F_t\|^2$"),
        ("bias_norm_squared", ORANGE, "--", r"bias $\|b_t\|^2$"),
        ("noise_norm_squared", PURPLE, ":", r"noise $\|n_t\|^2$"),
    ):
        values = np.array([getattr(entry, field) for entry in entries])
        if (values > 1e-24).any():
            axes.plot(steps, values, color=colour, linestyle=style, label=label)
    axes.set_yscale("log")
    axes.set_xlabel("iteration t")
    axes.set_ylabel(r"squared norm (nats$^2$)")
    axes.legend(fontsize="small")
    return axes


def self_bounding_scatter(
    axes: Axes, divergence: Tensor, gradient_norm_squared: Tensor, *, alpha: float, constant: float
) -> Axes:
    r"""`‖q − r‖₂²` of single samples against `D_α(p‖q)`, with the line `constant·D` that none may cross."""
    positive = divergence > 0
    x, y = divergence[positive].numpy(), gradient_norm_squared[positive].numpy()
    axes.scatter(
        x, y, s=5, color=BLUE, alpha=0.4, linewidth=0, rasterized=True, label="one sample at one step"
    )
    ends = np.array([x.min(), x.max()])
    axes.plot(
        ends, constant * ends, color=BLACK, linewidth=1.2, label=rf"$\max(1,\alpha)\,D={constant:g}\,D$"
    )
    axes.axhline(2, color=ORANGE, linestyle="--", linewidth=1.2, label=r"$\|q-r\|_2^2\leq 2$")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(rf"divergence $D_{{{alpha:g}}}(p\|q)$ (nats)")
    axes.set_ylabel(r"mutual gradient $\|q-r\|_2^2$")
    axes.legend(loc="lower right", fontsize="small")
    return axes

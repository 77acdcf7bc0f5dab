"""The picture of the documentation: errors over the logit range for four implementations."""

from __future__ import annotations

from pathlib import Path

import torch
from divergence_accuracy import TABLE, Arithmetic, Case, errors
from divergence_rivals import log_sum_exp, published
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D

from convergence.divergence.exact import exact

ALPHA = 1.5
CLASSES = 10
RANGES = torch.logspace(-6, 4, 31, dtype=torch.float64).tolist()
PAIRS = 12  # per range
TOP = 3.0  # errors beyond, infinities and NaN are drawn here

_, FLOAT32, _, FAST, *_ = TABLE
IMPLEMENTATIONS = {
    "published (softmax, clamp, pow, log)": (published, "#d55e00", "o"),
    "log-sum-exp": (log_sum_exp, "#cc79a7", "s"),
    "this project, float32 arithmetic": (FAST.divergence, "#56b4e9", "^"),
    "this project, float64 arithmetic (default)": (FLOAT32.divergence, "#0072b2", "v"),
}


def draw(path: Path) -> None:
    """Median (line) and worst (dot) relative error of D and of the gradients, float32 logits in ℝ¹⁰, α = 1.5."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True, layout="constrained")
    for name, (function, colour, marker) in IMPLEMENTATIONS.items():
        line = Arithmetic(name, torch.float32, function, lambda _: None, 2.0**-126)
        found = torch.tensor([[errors(line, *pair) for pair in pairs(scale)] for scale in RANGES])
        found = found.nan_to_num(torch.inf).clamp(1e-9, TOP)
        for part, axis in enumerate(axes):
            axis.loglog(RANGES, found[..., part].median(1).values, color=colour, lw=1.8)
            axis.loglog(RANGES, found[..., part].amax(1), marker, color=colour, ms=3.5, alpha=0.8)
    for axis, title in zip(axes, ("divergence", "gradients (to their largest entry)"), strict=True):
        axis.axhline(2.0**-24, color="0.5", lw=0.8, ls=":")
        axis.text(RANGES[0], 1.7e-9, "dotted: one rounding of float32", fontsize=8, color="0.35")
        axis.axhline(TOP, color="0.8", lw=0.8)
        axis.set(title=title, xlabel="range of the logits", ylim=(1e-9, 2.2 * TOP))
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("relative error")
    axes[1].text(
        3e-5, TOP * 0.45, "top line: wrong in every digit, infinite or NaN", fontsize=8, color="0.35"
    )
    handles = [
        Line2D([], [], color=colour, marker=marker, ms=4, label=name)
        for name, (_, colour, marker) in IMPLEMENTATIONS.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(
        f"float32 logits, C = {CLASSES}, α = {ALPHA}: median (line) and worst of {PAIRS} pairs (mark)"
    )
    figure.savefig(path, dpi=150)
    plt.close(figure)


def pairs(scale: float) -> list:
    """Independent pairs of logits of this range with their exact values."""
    generator = torch.Generator().manual_seed(1)
    made = []
    for _ in range(PAIRS):
        target, own = (torch.rand(2, CLASSES, generator=generator, dtype=torch.float64) * scale).float()
        true = exact(target.tolist(), own.tolist(), alpha=ALPHA)
        made.append((Case(target, own, ALPHA, scale), true))
    return made

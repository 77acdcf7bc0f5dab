"""Peers side by side, on the same work in one run: `python benchmarks/peers.py` writes `benchmarks/peers.md`.

The published loss and loop (written afresh), `F.kl_div`, pytorch-dml, dit, PEPit and ensembles in JAX. Each is
optional: what is not installed is skipped, and the page says so. Ratios are of this run; both sides took turns.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from peers_divergence import accuracy_rows, memory_rows, speed_rows
from peers_features import FEATURES, PEERS
from peers_training import training_rows

DISTRIBUTIONS = ("torch", "pytorch-dml", "dit", "PEPit", "jax")

Table = tuple[Sequence[str], Iterable[Sequence[object]]]


def installed(package: str) -> bool:
    """Whether a package is there, without importing it."""
    return find_spec(package) is not None


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def worst_cases() -> Table:
    """Exact worst averages of constant-step SGD: PEPit in floating point against intervals proved on both sides."""
    head = ["ζ", "h", "T", "ours, certified", "PEPit", "difference", "ours s", "PEPit s", "ratio"]
    if not installed("PEPit"):
        return head, [["skipped: PEPit is not installed (pip install PEPit)"]]
    from performance import against_pepit

    keys = (
        "bias_bound",
        "step_size",
        "steps",
        "upper",
        "pepit",
        "relative_difference",
        "seconds",
        "pepit_seconds",
    )
    rows = [
        [f"{row[k]:.7g}" if k != "relative_difference" else f"{row[k]:.0e}" for k in keys]
        for row in against_pepit()
    ]
    return head, [
        [*row[:6], f"{float(row[6]):.3f}", f"{float(row[7]):.2f}", f"{float(row[7]) / float(row[6]):.0f}"]
        for row in rows
    ]


def ensembles() -> Table:
    """Coordinates moved a second of processor time, all threads together; ours in one thread."""
    import ensembles as benchmark

    head = ["problem", "R", "ours, M/s", "NumPy", "JAX, vmap of scan", "JAX, scan of a batch"]
    rows = []
    for name in ("double well, d=1", "quadratic, d=100", "RDML in logits, K=2, C=10"):
        made, replicas, dtype = benchmark.PROBLEMS[name], 4096, "float64"
        steps = max(2, round(benchmark.RIVALS / replicas / made.dimension))
        work = float(replicas * made.dimension * steps)
        runs = {
            "ours": benchmark.our_run(made, replicas, dtype),
            "NumPy": (benchmark.numpy_run(made, replicas, steps, dtype), work),
            **benchmark.jax_runs(made, replicas, dtype),
        }
        found = {side: rate[:, 1] for side, rate in benchmark.rates(runs, 5).items()}
        ratios = [
            f"{np.median(found['ours'] / found[side]):.3g}×"
            if side in found
            else "skipped: jax is not installed"
            for side in ("NumPy", "JAX", "JAX batched")
        ]
        rows.append([name, f"{replicas:,}", f"{np.median(found['ours']) / 1e6:.0f}", *ratios])
    return head, rows


SECTIONS: dict[str, tuple[str, Callable[[], Table]]] = {
    "accuracy": (
        "Accuracy and failures of the divergence\n\nRandom pairs of logits: ranges to 1e4, differences to 1e-12, "
        "shifts, masks, orders 0 to ∞, each against multiple precision. *Failed*: NaN, a wrong infinity, a negative "
        "value or an exception. A peer is asked for the orders it has; dit gives values only, and gets probabilities.",
        accuracy_rows,
    ),
    "speed": (
        "Speed of the divergence\n\nForward and backward of all ordered pairs of a cohort in float32 "
        "(dit: the values, in float64), milliseconds of processor time.",
        speed_rows,
    ),
    "memory": (
        "Memory of the divergence\n\nMiB that one step adds in a fresh process, two learners.",
        memory_rows,
    ),
    "training": (
        "Training loops\n\nTwo networks on 64 images; milliseconds of processor time a step, and how far the "
        "parameters are from ours after 20 steps.",
        training_rows,
    ),
    "worst cases": ("Exact worst cases\n\nOf the class L = Δ = 1, with the same solver.", worst_cases),
    "ensembles": (
        "Ensembles of SGD\n\nCoordinates moved a second of processor time in float64: ours, and ours over theirs.",
        ensembles,
    ),
    "features": ("Features", lambda: (["", *PEERS], FEATURES)),
}


def head() -> str:
    """What the page says first."""
    versions = ", ".join(f"{name} {version(name)}" for name in DISTRIBUTIONS if _has(name))
    return (
        "# Peers side by side\n\nWritten by `python benchmarks/peers.py`; do not edit. Each peer does something else "
        "well; here are the places where they do the same work. "
        f"Python {platform.python_version()}, {versions}; {os.cpu_count()} cores, torch with one thread, "
        f"load {os.getloadavg()[0]:.1f} at the start."
    )


def _has(distribution: str) -> bool:
    return installed({"pytorch-dml": "pydml"}.get(distribution, distribution))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("peers.md"))
    parser.add_argument(
        "--only", choices=SECTIONS, action="append", help="print these sections, write nothing"
    )
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    parts = [head()]
    for name in chosen.only or SECTIONS:
        title, make = SECTIONS[name]
        parts.append(f"## {title}\n\n{markdown(*make())}")
        print(parts[-1], end="\n\n", flush=True)
    if not chosen.only:
        chosen.out.write_text("\n\n".join(parts) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

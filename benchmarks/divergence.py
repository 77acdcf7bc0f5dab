"""How accurate, how fast and how large the divergence is: `python benchmarks/divergence.py`.

Prints tables with their bars and exits with 1 if a bar is missed. `--figure FILE` draws the error over the logit range
of four implementations instead.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from divergence_accuracy import LARGE, RIVALS, TABLE, cases, errors
from divergence_speed import SHAPES, peak_memory, ratios
from rich.console import Console
from rich.table import Table

from convergence.divergence.exact import exact

BARS = {"fast against published": 2.0, "accurate against published": 0.7, "α=1 against F.kl_div": 0.7}
MEMORY_BAR = 1 / 3
console = Console()


def verdict(passed: bool) -> str:
    return "[green]pass[/green]" if passed else "[red]FAIL[/red]"


def accuracy(count: int) -> bool:
    """Every line of the accuracy table, and how often the rivals miss the same bars."""
    table = Table(title="Errors relative to multiple precision (gradients: to their largest entry)")
    for column in ("arithmetic", "cases", "worst D", "worst gradient", "beyond the bar", ""):
        table.add_column(column)
    passed = True
    for dtype in dict.fromkeys(line.dtype for line in TABLE):
        lines = [line for line in (*TABLE, *RIVALS) if line.dtype == dtype]
        seen: dict[str, list[tuple[float, float, bool]]] = {line.name: [] for line in lines}
        for case in cases(count, dtype, LARGE):
            bars = [line.bar(case) for line in lines]
            if not any(bars):
                continue
            true = exact(case.target.tolist(), case.own.tolist(), alpha=case.alpha)
            for line, bar in zip(lines, bars, strict=True):
                if bar is not None:
                    of_value, of_gradient = errors(line, case, true)
                    missed = not (of_value <= bar[0] and of_gradient <= bar[1])
                    seen[line.name].append((of_value, of_gradient, missed))
        for line in lines:
            of_values, of_gradients, misses = zip(*seen[line.name], strict=True)
            fails = sum(misses)
            passed &= line not in TABLE or not fails
            table.add_row(
                line.name,
                str(len(misses)),
                f"{max(of_values):.1e}",
                f"{max(of_gradients):.1e}",
                str(fails),
                verdict(not fails) if line in TABLE else "rival",
            )
    console.print(table)
    return passed


def speed() -> bool:
    """Ratios of times, the rival's over ours."""
    table = Table(
        title=f"Forward and backward, all ordered pairs, float32, {torch.get_num_threads()} threads"
    )
    for column in ("(K, B, C)", "comparison", "rival ms", "ours ms", "ratio", "bar", ""):
        table.add_column(column)
    passed = True
    for shape in SHAPES:
        rounds = 300 if shape[2] == 10 else 60 if shape[2] <= 1000 else 4 if shape[0] == 2 else 2
        for name, (ratio, rival, ours) in ratios(shape, rounds).items():
            passed &= ratio >= BARS[name]
            row = (str(shape), name, f"{rival:.2f}", f"{ours:.2f}", f"{ratio:.2f}", f"≥ {BARS[name]}")
            table.add_row(*row, verdict(ratio >= BARS[name]))
    console.print(table)
    return passed


def memory() -> bool:
    """Peak resident memory of one step at 32,000 classes, ours over the published form's."""
    table = Table(title="Peak memory added by one step, MiB")
    for column in ("(K, B, C)", "published", "ours", "ratio", "bar", ""):
        table.add_column(column)
    passed = True
    for shape in (shape for shape in SHAPES if shape[2] == 32000):
        rival, ours = (peak_memory(shape, name) for name in ("published", "accurate"))
        passed &= ours <= MEMORY_BAR * rival
        row = (str(shape), f"{rival:.0f}", f"{ours:.0f}", f"{ours / rival:.2f}", "≤ 1/3")
        table.add_row(*row, verdict(ours <= MEMORY_BAR * rival))
    console.print(table)
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "tables", nargs="*", choices=["accuracy", "speed", "memory", []], help="all by default"
    )
    parser.add_argument("--cases", type=int, default=600, help="random cases per dtype (default 600)")
    parser.add_argument("--figure", type=Path, help="draw errors over the logit range to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    if arguments.figure:
        from divergence_figure import draw

        draw(arguments.figure)
        return 0
    makers = {"accuracy": lambda: accuracy(arguments.cases), "speed": speed, "memory": memory}
    passed = [makers[name]() for name in arguments.tables or makers]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())

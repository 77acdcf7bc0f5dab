"""Exact worst cases: time against PEPit on the same instances, share of building, and how time grows with T.

`python benchmarks/performance.py` prints one table; `--json FILE` writes it too. Both sides run in this
process, one after the other, with the same solver; ratios, not seconds, are the result. PEPit is an optional
dependency.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from proofs.performance.inequality import consecutive_inequalities
from proofs.performance.problem import scaled_problem
from proofs.performance.semidefinite import solve
from proofs.performance.worst_case import worst_case

INSTANCES = [(0.5, 0.5, steps) for steps in (4, 8, 16)] + [(0.0, 0.5, 16), (1.0, 1.0, 16)]
LONG = [(0.5, 0.5, 16, "average"), (0.5, 0.5, 32, "average"), (0.5, 0.5, 16, "last"), (0.5, 0.5, 32, "last")]


def pepit(zeta: float, h: float, steps: int) -> float:
    """The worst average of the class with L = Δ = 1 as PEPit's users state it: all pairs, floating point."""
    from PEPit import PEP, Expression, Point
    from PEPit.functions import SmoothFunction

    problem = PEP()
    function = problem.declare_function(SmoothFunction, L=1.0)
    lowest = Expression()
    x = problem.set_initial_point()
    total = Expression(is_leaf=False, decomposition_dict={})
    for t in range(steps):
        gradient, value = function.oracle(x)
        problem.add_constraint(value - lowest >= gradient**2 / 2)
        if t == 0:
            problem.set_initial_condition(value - lowest <= 1)
        total = total + gradient**2 / steps
        if t < steps - 1:
            bias = Point()
            problem.add_constraint(bias**2 <= zeta**2)
            x = x - h * (gradient + bias)
    problem.set_performance_metric(total)
    return float(problem.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0))


def against_pepit() -> list[dict[str, object]]:
    rows = []
    pepit(0.5, 0.5, 2), worst_case(2, 0.5, 1, 0.5)  # imports and first calls
    for zeta, h, steps in INSTANCES:
        began = time.perf_counter()
        worst = worst_case(steps, h, 1, zeta)
        ours = time.perf_counter() - began
        began = time.perf_counter()
        value = pepit(zeta, h, steps)
        theirs = time.perf_counter() - began
        rows.append(
            {
                "bias_bound": zeta,
                "step_size": h,
                "steps": steps,
                "seconds": ours,
                "pepit_seconds": theirs,
                "ratio": theirs / ours,
                "lower": worst.lower,
                "upper": worst.upper,
                "pepit": value,
                "relative_difference": abs(value / worst.upper - 1),
            }
        )
        print(
            f"ζ={zeta} h={h} T={steps:2}: {ours:.3f} s certified [{worst.lower:.9f}, {worst.upper:.9f}], "
            f"PEPit {theirs:.2f} s {value:.9f}: {theirs / ours:.0f}×"
        )
    return rows


def building() -> list[dict[str, object]]:
    rows = []
    for steps in (16, 32):
        problem, _ = scaled_problem(steps=steps, step_size=0.5, smoothness=1, bias_bound=0.5)
        built, solved = [], []
        for _ in range(9):
            began = time.perf_counter()
            solution = solve(problem, consecutive_inequalities(problem), margin=1e-10)
            built.append(time.perf_counter() - began - solution.seconds)
            solved.append(solution.seconds)
        rows.append({"steps": steps, "building": min(built), "solving": min(solved)})
        print(f"T={steps}: building {1e3 * min(built):.1f} ms, solving {1e3 * min(solved):.1f} ms")
    return rows


def long_runs() -> list[dict[str, object]]:
    rows = []
    for zeta, h, steps, metric in LONG:
        worst = worst_case(steps, h, 1, zeta, metric=metric)
        rows.append({"steps": steps, "metric": metric, "seconds": worst.seconds, "gap": worst.gap})
        print(
            f"T={steps} {metric}: solved and certified in {worst.seconds:.1f} s, relative gap {worst.gap:.1e}"
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results: dict[str, object] = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "building": building()}
    if find_spec("PEPit") is None:
        results["pepit"] = "skipped: PEPit is not installed (pip install PEPit)"
        print(results["pepit"], file=sys.stderr)
    else:
        results["pepit"] = against_pepit()
    results["long"] = long_runs()
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()

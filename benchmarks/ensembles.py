"""Speed of the compiled ensemble engine, as ratios of sides that run in turns in one process.

`python benchmarks/ensembles.py` prints every table; `--only PART` one of them (`rivals`, `small`, `threads`, `users`,
`memory`, `cold`, `precision`); `--json FILE` writes them. Ours uses one thread unless said otherwise, each rival
as many as it likes. A ratio is the median over rounds of the ratios within a round. On a machine that others
use too, threads that wait for each other suffer most; so ratios of work per second of processor time, all threads
together, stand beside those of wall time. A rival that used T threads perfectly would have T times less. JAX is
optional.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ensemble_promises as promises
import numpy as np
from ensemble_rivals import JAX_GENERATORS, STEP_SIZE, jax_run, numpy_run

from simulations.ensemble.compiled.compile import compiled
from simulations.ensemble.compiled.engine import advance, open_blocks
from simulations.ensemble.compiled.normals import fill_rows
from simulations.problems import problem
from simulations.problems.problem import Problem

Row = dict[str, Any]
Run = Callable[[], Any]

PROBLEMS = {
    "double well, d=1": problem("double-well"),
    "quadratic, d=10": problem("quadratic", dimension=10),
    "quadratic, d=100": problem("quadratic", dimension=100),
    "Rastrigin, d=10": problem("rastrigin", dimension=10),
    "RDML in logits, K=2, C=10": problem("rdml-logits", alpha=0.5),
}
REPLICAS = (4096, 262_144)
DTYPES = ("float64", "float32")
OURS, RIVALS, RAW = 40e6, 4e6, 10e6  # coordinates moved in a round, or normals made, unless R·d asks for more
STRETCH = 16  # least steps of ours in a round; a run of 2,000 steps returns to Python about that often


@compiled
def fill(normals, states, rounds):  # type: ignore[no-untyped-def]
    for _ in range(rounds):
        fill_rows(states, normals, True)


def raw_run(dtype: str) -> tuple[Run, float]:
    """Normals of the engine's generator, written to a buffer that stays in cache."""
    blocks = open_blocks([0.0] * 4, 256, seed=0, dtype=dtype)
    rounds = math.ceil(RAW / blocks.points.size)
    return lambda: fill(blocks.points[0], blocks.states[0], rounds), float(blocks.points.size * rounds)


def our_run(made: Problem, replicas: int, dtype: str, threads: int = 1) -> tuple[Run, float]:
    """The stepping loop of `simulate`, from where the last call left the ensemble."""
    steps = max(STRETCH, round(OURS / replicas / made.dimension))
    blocks = open_blocks(made.start, replicas, seed=0, dtype=dtype)
    sizes = np.full(steps, STEP_SIZE)
    assert made.kernel is not None
    run = lambda: advance(made.kernel, blocks, sizes, first=0, threads=threads)  # noqa: E731
    return run, float(blocks.points.size * steps)


def rates(runs: dict[str, tuple[Run, float]], rounds: int) -> dict[str, np.ndarray]:
    """Work a second of wall time and of processor time `(rounds, 2)` of each side; the sides take turns."""
    for run, _ in runs.values():
        run()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, (run, work) in runs.items():
            began = time.perf_counter(), time.process_time()
            run()
            took = time.perf_counter() - began[0], time.process_time() - began[1]
            found[name].append((work / took[0], work / took[1]))
    return {name: np.array(values) for name, values in found.items()}


def jax_runs(made: Problem, replicas: int, dtype: str) -> dict[str, tuple[Run, float]]:
    """`jit(vmap(scan))` and one scan over steps of the whole batch, each with its fastest generator here."""
    if not find_spec("jax"):
        return {}
    import jax

    jax.config.update("jax_enable_x64", True)
    steps = max(2, round(RIVALS / replicas / made.dimension))
    work, found = float(replicas * made.dimension * steps), {}
    for name, batched in (("JAX", False), ("JAX batched", True)):
        ways = [jax_run(made, replicas, steps, dtype, keys, batched) for keys in JAX_GENERATORS]
        found[name] = min(ways, key=lambda run: (run(), min(_seconds(run) for _ in range(2)))[1]), work
    return found


def _seconds(run: Run) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def rivals(rounds: int, replicas: tuple[int, ...] = REPLICAS) -> Iterator[Row]:
    """Ours against JAX, NumPy and the rate at which the engine's generator makes normals."""
    for name, made in PROBLEMS.items():
        for dtype in DTYPES:
            for count in replicas:
                steps = max(2, round(RIVALS / count / made.dimension))
                numpy = numpy_run(made, count, steps, dtype), float(count * made.dimension * steps)
                runs = {"ours": our_run(made, count, dtype), "raw": raw_run(dtype), "NumPy": numpy}
                found = rates(runs | jax_runs(made, count, dtype), rounds)
                row: Row = {"problem": name, "dtype": dtype, "R": count}
                row["M/s"] = round(float(np.median(found["ours"][:, 1])) / 1e6)
                for side in ("JAX", "JAX batched", "NumPy"):
                    if side in found:
                        row[f"× {side} (by CPU)"] = f"{_ratio(found, side, 0)} ({_ratio(found, side, 1)})"
                row["of raw"] = _ratio(found, "raw", 1)
                if "JAX" not in found:
                    row["JAX"] = "skipped: not installed"
                yield row


def _ratio(found: dict[str, np.ndarray], side: str, clock: int) -> float:
    return float(f"{np.median((found['ours'] / found[side])[:, clock]):.3g}")


def small(rounds: int) -> Iterator[Row]:
    """R = 64: overhead counts."""
    yield from rivals(rounds, (64,))


def threads(rounds: int) -> Iterator[Row]:
    """Two threads against one, beside two processes that each do the work of one."""
    for name in ("double well, d=1", "quadratic, d=10"):
        made = PROBLEMS[name]
        runs = {"one": our_run(made, 262_144, "float64"), "two": our_run(made, 262_144, "float64", threads=2)}
        found = rates(runs, rounds)
        two = float(np.median((found["two"] / found["one"])[:, 0]))
        yield {"problem": name, "two threads": round(two, 2), "two processes": promises.two_processes(rounds)}


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "rivals": rivals,
    "small": small,
    "threads": threads,
    "users": promises.users,
    "memory": promises.memory,
    "cold": promises.cold,
    "precision": promises.precision,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=PARTS, nargs="*", default=list(PARTS))
    parser.add_argument("--problems", choices=PROBLEMS, nargs="*", help="of the rivals; all by default")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    for name in set(PROBLEMS) - set(arguments.problems or PROBLEMS):
        del PROBLEMS[name]
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    tables: dict[str, list[Row]] = {}
    for part in arguments.only:
        print(f"\n{part}")
        tables[part] = []
        for row in PARTS[part](arguments.rounds):
            print("  " + ", ".join(f"{key}: {value}" for key, value in row.items()), flush=True)
            tables[part].append(row)
    if arguments.json:
        arguments.json.write_text(json.dumps(tables, indent=1))


if __name__ == "__main__":
    main()

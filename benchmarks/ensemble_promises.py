"""What `ensembles.py` measures besides rivals: users' problems, threads, memory, cold start, precision."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from convergence.threads import one_thread
from simulations.ensemble.compiled.compile import compiled, inlined
from simulations.ensemble.compiled.descent import block_step, descend, point_step
from simulations.ensemble.compiled.engine import advance, open_blocks
from simulations.ensemble.compiled.kernel import Kernel
from simulations.ensemble.engine import init, step
from simulations.ensemble.record import MomentRecorder
from simulations.ensemble.run import simulate
from simulations.experiments.precision import controlled_floor, floor_slope
from simulations.problems import problem
from simulations.problems.problem import Problem

Row = dict[str, Any]


# --- a user's double well and quadratic, written in four ways


@inlined
def well_block(x, parameters, direction, sums):  # type: ignore[no-untyped-def]
    for j in range(len(x)):
        for i in range(x.shape[1]):
            inside = min(max(x[j, i], parameters[0, 0]), parameters[0, 1])
            slope = inside * inside * inside - inside + parameters[0, 2] * (x[j, i] - inside)
            direction[j, i] = slope
            sums[0, i] += slope * slope


@inlined
def well_point(x, parameters, direction):  # type: ignore[no-untyped-def]
    for j in range(len(x)):
        inside = min(max(x[j], parameters[0, 0]), parameters[0, 1])
        direction[j] = inside * inside * inside - inside + parameters[0, 2] * (x[j] - inside)


@compiled
def well_blocks(blocks, steps):  # type: ignore[no-untyped-def]
    descend(block_step, well_block, blocks, steps)


@compiled
def well_points(blocks, steps):  # type: ignore[no-untyped-def]
    descend(point_step, well_point, blocks, steps)


def well_numpy(x):  # type: ignore[no-untyped-def]
    inside = np.clip(x, -1.5, 1.5)
    return inside * inside * inside - inside + 5.75 * (x - inside)


def users(rounds: int) -> Iterator[Row]:
    """How many times slower a user's problem is than the built-in, in processor time."""
    for dimension in (1, 10):
        made = problem("double-well", dimension=dimension)
        assert made.kernel is not None
        rows = [[-1.5, 1.5, 5.75]]
        for dtype in ("float64", "float32"):
            sides = {
                "built-in": _compiled_side(made, made.kernel, dtype),
                "block": _compiled_side(made, Kernel(well_blocks, made.kernel.noise_scale, rows), dtype),
                "point": _compiled_side(made, Kernel(well_points, made.kernel.noise_scale, rows), dtype),
                "NumPy batch": _general_side(_with_numpy(made), dtype),
                "NumPy batch, recorded": _general_side(_with_numpy(made), dtype, recorded=True),
                "torch batch": _general_side(made, dtype),
            }
            rates: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(rounds + 1):  # the first warms up
                for name, (run, work) in sides.items():
                    began = time.process_time()
                    run()
                    rates[name].append(work / (time.process_time() - began))
            ours = np.array(rates.pop("built-in")[1:])
            times = {f"{n}, times slower": round(float(np.median(ours / v[1:])), 1) for n, v in rates.items()}
            yield {"problem": f"double well, d={dimension}", "dtype": dtype, "R": 4096, **times}


def _compiled_side(made: Problem, kernel: Kernel, dtype: str) -> tuple[Any, float]:
    blocks, steps = open_blocks(made.start, 4096, seed=0, dtype=dtype), np.full(2000 // made.dimension, 0.02)
    return lambda: advance(kernel, blocks, steps, first=0), float(blocks.points.size * len(steps))


def _general_side(made: Problem, dtype: str, recorded: bool = False) -> tuple[Any, float]:
    state, steps = init(made, replicas=4096, seed=0, dtype=getattr(torch, dtype)), 64
    recorder = MomentRecorder(made, 10_000, 1, state.x)

    def run() -> None:
        nonlocal state
        with torch.no_grad(), one_thread():
            for _ in range(steps):
                state, seen = step(made, state, step_size=0.02)
                if recorded:
                    recorder.update(1, seen, 0.02)  # as nearly every step: none of the logarithmic grid
                else:
                    seen.gradient.square().sum(1)

    return run, float(state.x.numel() * steps)


def _with_numpy(made: Problem) -> Problem:
    return dataclasses.replace(made, gradient=lambda x: torch.from_numpy(well_numpy(x.numpy())))


# --- threads, memory, cold start: each side in a process of its own


def _python(code: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


LOOP = """
import sys, time
from simulations.ensemble.compiled.engine import advance, open_blocks
from simulations.problems import problem
made = problem("quadratic", dimension=10)
blocks = open_blocks(made.start, 16384, seed=0)
advance(made.kernel, blocks, [0.1] * 2, first=0)
for line in sys.stdin:
    began = time.perf_counter()
    advance(made.kernel, blocks, [0.1] * 1000, first=0)
    print(time.perf_counter() - began, flush=True)
"""


def two_processes(rounds: int) -> float:
    """How much more two processes of one thread get done than one of them: what the machine has to give."""
    first, second = _python(LOOP), _python(LOOP)
    ratios = []

    def start(process: subprocess.Popen[str]) -> None:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()

    def wait(process: subprocess.Popen[str]) -> float:
        assert process.stdout
        return float(process.stdout.readline())

    for _ in range(rounds + 1):
        start(first)
        alone = wait(first)
        start(first)
        start(second)
        ratios.append(2 * alone / max(wait(first), wait(second)))
    for process in (first, second):
        process.communicate()
    return round(float(np.median(ratios[1:])), 2)


# Not getrusage: there a process inherits the mark of the one that started it.
PEAK = """
import sys
from pathlib import Path
import simulations
simulations.simulate("quadratic", step_size=0.1, steps=int(sys.argv[1]), replicas=4096)
lines = Path("/proc/self/status").read_text().splitlines()
print(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024)
"""


def memory(rounds: int) -> Iterator[Row]:
    """Peak memory of a whole process over the number of steps, in MiB."""
    for steps in (1000, 10_000, 100_000):
        yield {
            "R": 4096,
            "d": 10,
            "T": steps,
            "peak MiB": round(float(_python(PEAK, steps).communicate()[0])),
        }


COLD = """
import sys, time
began = time.process_time()
import simulations
made = simulations.problem(sys.argv[1])
imported = time.process_time()
simulations.simulate(made, step_size=0.01, steps=10, replicas=64, engine="compiled")
first = time.process_time()
simulations.simulate(made, step_size=0.01, steps=10, replicas=64, engine="compiled")
print(imported - began, first - imported, time.process_time() - first)
"""


def cold(rounds: int) -> Iterator[Row]:
    """Processor seconds to import, of the first run of ten steps and of the second; nothing compiled, and after."""
    for name in ("double-well", "rdml-logits"):
        with tempfile.TemporaryDirectory() as folder:
            for cache in ("empty", "filled"):
                times = _python(COLD, name, NUMBA_CACHE_DIR=folder).communicate()[0].split()
                row = dict(
                    zip(
                        ("import", "first run", "second run"),
                        (round(float(t), 2) for t in times),
                        strict=True,
                    )
                )
                yield {"problem": name, "cache": cache, **row}


# --- precision


def precision(rounds: int) -> Iterator[Row]:
    """Less variance from control variates and common random numbers, and what is left of it after their cost."""
    for sigma in (0.3, 1.0):
        for step_size in (0.05, 0.0125):
            made = problem("double-well", noise_variance=sigma**2)
            options: dict[str, Any] = {
                "step_size": step_size,
                "steps": round(400 / step_size),
                "replicas": 2048,
            }
            twin = simulate(made, twin=True, **options)
            seconds: dict[bool, list[float]] = {True: [], False: []}
            for _ in range(3):
                for with_twin in (True, False):
                    began = time.process_time()
                    simulate(made, twin=with_twin, **options)
                    seconds[with_twin].append(time.process_time() - began)
            cost = float(np.median(np.array(seconds[True]) / np.array(seconds[False])))
            gain = controlled_floor(twin).gain
            slopes = [floor_slope(made, step_size, common=common, replicas=1024) for common in (False, True)]
            widths = [slope.high - slope.low for slope in slopes]
            yield {
                "problem": f"double well, σ = {sigma}",
                "η": step_size,
                "twin: variance": f"{gain:.1f} × less",
                "time": f"{cost:.2f} ×",
                "gain per second": f"{gain / cost:.1f} ×",
                "common numbers, variance of the slope": f"{(widths[0] / widths[1]) ** 2:.0f} × less",
            }

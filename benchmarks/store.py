"""What the run store costs: overhead of a run, listing, loading, resuming, two workers against one, and scale.

`python benchmarks/store.py` prints a table with pass or fail; `--json FILE` writes it too; `--scale 1000000`
adds the costs for each run of listing, planning and scheduling at that many runs (it writes as many files:
about 8 kB and 0.2 ms each). Times depend on the disk: a plain flush to it is measured beside them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import rdml.execute
import rdml.store
import rdml.sweep
import simulations
from rdml import cli, find_runs
from rdml.config import StudyFile, validate
from rdml.engines import GivenExecutor
from rdml.execute import Task, compute
from rdml.files import compact_json, write_atomically
from rdml.kinds import KINDS
from rdml.kinds.kind import Conclusion, Configuration, Kind, Row, State
from rdml.schedule import Scheduler
from rdml.store import address, make_store
from simulations.studies.files import run_folder

for module in (rdml.execute, rdml.store, rdml.sweep):  # the source may change while this runs
    module.code_version = lambda: "benchmark"  # type: ignore[assignment]

ROWS = 60


class SpinSettings(Configuration):
    """A run that keeps a core busy for a while."""

    kind: Literal["spin"]
    rounds: int = 0
    steps: int = ROWS
    x: float = 0.0


class Spin:
    """Counts, and adds up in `computing` how long all of them took in this process."""

    computing = 0.0

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.steps = settings["steps"]

    def start(self) -> State:
        """Nothing counted."""
        return State(0, {}, {"total": 0.0})

    def advance(self, state: State, until: int) -> tuple[State, list[Row]]:
        """Count on."""
        began = time.perf_counter()
        total, rows = state.values["total"], []
        for step in range(state.step, until):
            for _ in range(self.settings["rounds"]):
                total = (total * 1.000001 + 0.1) % 7.0
            rows.append({"iteration": step, **{f"quantity_{k}": total + k for k in range(12)}})
        Spin.computing += time.perf_counter() - began
        return State(until, {}, {"total": total}), rows

    def conclude(self, state: State, rows: list[Row]) -> Conclusion:
        """The count."""
        return Conclusion({"total": state.values["total"], "total_low": 0.0, "total_high": 1.0})


def memory(settings: Mapping[str, Any]) -> float:
    return 1e6


KIND = Kind(SpinSettings, f"{__name__}:Spin", memory)


class Here(Executor):
    """Computes in this process, at once."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """The result is there when this returns."""
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **options))
        return future


def study(runs: int, name: str = "spin", **run: Any) -> StudyFile:
    sweep = {"design": "grid", "seeds": runs // 10, "grid": {"x": [float(k) for k in range(10)]}}
    return validate(StudyFile, {"name": name, "run": {"kind": "spin", **run}, "sweep": sweep}, "benchmark")


def filled(store: Path, runs: int) -> float:
    """Compute so many runs in this process; seconds spent outside the runs themselves."""
    plan = rdml.sweep.plan(study(runs), make_store(store), {"spin": KIND})
    Spin.computing = 0.0
    began = time.perf_counter()
    scheduler = Scheduler(plan, store)
    scheduler.look()
    scheduler.run(GivenExecutor(Here(), capacity=1))
    return time.perf_counter() - began - Spin.computing


def flush_milliseconds(folder: Path) -> float:
    """A small file written, flushed and renamed: what any durable store pays at least."""
    times = []
    for k in range(50):
        began = time.perf_counter()
        write_atomically(folder / f"flush{k}", b"x" * 1000)
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times)


def seconds_of(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def as_rdml(*arguments: object) -> list[str]:
    return [sys.executable, __file__, "rdml", *map(str, arguments)]


def write_study(path: Path, runs: int, **run: Any) -> Path:
    lines = ['name = "spin"\n[run]\nkind = "spin"'] + [f"{k} = {v}" for k, v in run.items()]
    lines += [f'[sweep]\ndesign = "grid"\nseeds = {max(1, runs // 10)}']
    lines += [f"grid.x = {[float(k) for k in range(min(runs, 10))]}"]
    path.write_text("\n".join(lines))
    return path


def spin_for(rounds: int, times: int) -> None:
    computation = Spin({"rounds": rounds, "steps": ROWS})
    for _ in range(times):
        computation.advance(computation.start(), ROWS)


def two_workers(folder: Path) -> tuple[float, float]:
    """Speed-up of `-j 2` over `-j 1`, and that of two bare processes over one, on the same work."""
    rounds, runs = 400_000, 10
    began = time.perf_counter()
    spin_for(rounds // 20, 1)
    rounds = int(rounds / 20 * 1.5 / (time.perf_counter() - began))  # 1.5 s a run
    sweeps = []
    for jobs in (1, 2):
        file = write_study(folder / "spin.toml", runs, rounds=rounds)
        sweeps.append(seconds_of(as_rdml("sweep", file, "--store", folder / f"j{jobs}", "-j", jobs, "-q")))
    context = multiprocessing.get_context("spawn")
    bare = []
    for count in (1, 2):
        processes = [context.Process(target=spin_for, args=(rounds, runs // count)) for _ in range(count)]
        began = time.perf_counter()
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        bare.append(time.perf_counter() - began)
    return sweeps[0] / sweeps[1], bare[0] / bare[1]


def long_run_share(folder: Path) -> float:
    """Share of a run of ten seconds that is spent outside of it, checkpoints included."""
    store = make_store(folder / "long")
    began = time.perf_counter()
    spin_for(20_000, 1)
    rounds = int(20_000 * 10 / (time.perf_counter() - began))
    settings = {"seed": 0, "kind": "spin", "rounds": rounds, "steps": ROWS, "x": 0.0}
    Spin.computing = 0.0
    began = time.perf_counter()
    compute(Task(store, address(settings, "benchmark"), settings, "benchmark", KIND))
    whole = time.perf_counter() - began
    return (whole - Spin.computing) / whole


def scale(folder: Path, runs: int) -> dict[str, tuple[float, float]]:
    """Microseconds of processor and of the clock for each run.

    `plan`: expanding, checking, hashing. `look`: what of the study is there. `list`: `rdml runs --where`.
    `schedule`: handing every run to an executor that finds it present, under its lock.
    """
    store = make_store(folder / f"scale{runs}")
    costs: dict[str, tuple[float, float]] = {}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        began = time.process_time(), time.perf_counter()
        yield
        ended = time.process_time(), time.perf_counter()
        costs[name] = tuple(1e6 * (b - a) / runs for a, b in zip(began, ended, strict=True))  # type: ignore[assignment]

    with timed("plan"):
        plan = rdml.sweep.plan(study(runs, name="scale"), store, {"spin": KIND})
    for run, (_, _, settings) in zip(plan.runs, plan.settings(), strict=True):
        record = {
            "format": 1, "id": run, "status": "finished", "configuration": settings, "code": "benchmark",
            "summary": {"total": 1.0, "total_low": 0.0, "total_high": 2.0}, "timings": {"seconds": 1.0},
        }  # fmt: skip
        path = run_folder(store, run)
        path.mkdir(parents=True)
        (path / "run.json").write_text(compact_json(record))
    with timed("look"):
        Scheduler(plan, store).look()
    with timed("list"):
        assert len(find_runs.find(store, ["x=5"])) == runs // 10
    scheduler = Scheduler(plan, store)
    scheduler.pending = set(plan.runs)
    with timed("schedule"):
        scheduler.run(GivenExecutor(Here(), capacity=4))
    assert scheduler.progress.finished == runs
    shutil.rmtree(store)
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--scale", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="on the disk to measure; a temporary one by default")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    rows: list[dict[str, Any]] = []

    def row(what: str, value: float, bar: float, unit: str, *, least: bool = False) -> None:
        passed = value >= bar if least else value < bar
        rows.append({"what": what, "value": value, "bar": bar, "unit": unit, "passed": passed})
        sign = "≥" if least else "<"
        print(f"{what:58} {value:9.3f} {unit:6} {sign} {bar:<6g} {'pass' if passed else 'FAIL'}", flush=True)

    try:
        print(f"a file written, flushed and renamed on this disk: {flush_milliseconds(folder):.2f} ms")
        store = folder / "store"
        row("overhead of the store", 1e3 * filled(store, options.runs) / options.runs, 5, "ms/run")
        row("overhead of a run of 10 seconds", 100 * long_run_share(folder), 1, "%")
        listed = min(seconds_of(as_rdml("runs", "--store", store, "--where", "x>=5")) for _ in range(3))
        row(f"{options.runs:,} finished runs listed (rdml runs, whole command)", listed, 1, "s")
        began = time.perf_counter()
        data = simulations.load("spin", store=store)
        row(f"{options.runs:,} runs loaded as a Dataset", time.perf_counter() - began, 10, "s")
        assert data.sizes["row"] == ROWS
        file = write_study(folder / "spin.toml", options.runs)
        resumed = min(seconds_of(as_rdml("sweep", file, "--store", store, "-q")) for _ in range(3))
        row(f"a finished study of {options.runs:,} runs gone on with", resumed, 2, "s")
        ours, bare = two_workers(folder)
        row("sweep with -j 2 against -j 1", ours, 1.8, "×", least=True)
        print(f"  (two bare processes against one, on the same work: {bare:.2f} ×)")
        sizes = [n for n in (1000, 10_000, 100_000, 1_000_000) if n <= options.scale]
        scaling = {n: scale(folder, n) for n in sizes}
        for n, costs in scaling.items():
            words = ", ".join(f"{k} {cpu:.0f} ({wall:.0f})" for k, (cpu, wall) in costs.items())
            print(f"{n:>9,} runs, µs of processor (and clock) a run: {words}", flush=True)
        if options.json:
            options.json.write_text(json.dumps({"rows": rows, "scale": scaling, "bare": bare}, indent=2))
    finally:
        shutil.rmtree(folder)
    sys.exit(0 if all(r["passed"] for r in rows) else 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["rdml"]:
        KINDS["spin"] = KIND  # type: ignore[index]
        sys.argv = ["rdml", *sys.argv[2:]]
        cli.main()
    else:
        main()

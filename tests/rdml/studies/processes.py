"""Real processes: the command line with the counting runs added, and what a store holds afterwards."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import counting
import pytest

from rdml.cli import main
from rdml.config import load_study
from rdml.engines import GivenExecutor
from rdml.kinds import KINDS
from rdml.schedule import Scheduler
from rdml.store import make_store
from rdml.sweep import plan

HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {
    "COLUMNS": "200",
    "NO_COLOR": "1",
    "PYTHONPATH": str(HERE),
    "COUNTING_CODE": "test",
}


def command(*arguments: object) -> list[str]:
    return [sys.executable, str(HERE / "rdml_counting.py"), *map(str, arguments)]


def rdml(*arguments: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def here(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The same command in this process: for commands that only read, a second faster."""
    words = [str(argument) for argument in arguments]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["rdml", *words])
        patch.setattr(sys, "stdin", io.StringIO())
        patch.setitem(KINDS, "counting", counting.KIND)  # type: ignore[arg-type]
        patch.setenv("COLUMNS", "200")
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def fill(file: Path, store: Path) -> None:
    """Compute a study in this process: for tests of what comes after, a second faster than a sweep."""
    sweep = Scheduler(plan(load_study(file), make_store(store), {"counting": counting.KIND}), store)
    sweep.look()
    with ThreadPoolExecutor(1) as executor:
        sweep.run(GivenExecutor(executor))


def start(*arguments: object) -> subprocess.Popen[str]:
    """In a process group of its own."""
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    )


def kill_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(condition: Callable[[], object], *working: subprocess.Popen[str], seconds: float = 60) -> None:
    """Wait for a condition that the working processes bring about."""
    limit = time.monotonic() + seconds
    while not condition():
        for process in working:
            assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.02)


def records(store: Path) -> dict[str, dict]:
    return {path.parent.name: json.loads(path.read_text()) for path in store.glob("??/*/run.json")}


def finished(store: Path) -> int:
    return sum(1 for _ in store.glob("??/*/metrics.parquet"))


def contents(store: Path) -> dict[str, tuple[bytes, object, object]]:
    """What must be equal however a study came about: metrics to the byte, settings, summary and verdicts."""
    return {
        run: (
            (store / run[:2] / run / "metrics.parquet").read_bytes(),
            record["configuration"],
            (record["summary"], record["verdicts"], record["status"]),
        )
        for run, record in records(store).items()
    }


def study(path: Path, *, name: str = "count", run: str = "", sweep: str = "") -> Path:
    path.write_text(f'name = "{name}"\n[run]\nkind = "counting"\n{run}\n[sweep]\ndesign = "grid"\n{sweep}\n')
    return path

"""Trying a mutant at little cost, for `mutation.py`.

A trial is a fork of a process that has imported all heavy packages (none of this project's), in a copy of the sources
whose byte code and machine code are there. It runs the tests that execute the changed statement, the quickest first,
and ends with the first that fails.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
from collections import defaultdict
from math import inf
from pathlib import Path

import pytest
from coverage import CoverageData

HEAVY = (
    "clarabel cosmic_ray.mutating flint hypothesis.strategies matplotlib.pyplot mpmath networkx numba numpy pandas "
    "pyarrow.parquet pydantic rich scipy.optimize sympy torch torch.utils.data typer"
)


def import_heavy() -> None:
    """Import what every trial needs and no trial changes."""
    sys.dont_write_bytecode = False  # so that a trial compiles nothing but what was changed
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("TRITON_INTERPRET", "1")  # as the tests do; read when Triton is imported
    for name in HEAVY.split():
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or every trial would look through what is imported for garbage, longer than it runs tests


class Stopwatch:
    """A plugin of pytest that writes how many seconds each test takes, or ends tests that compute for far longer."""

    def __init__(self, path: Path, limited: bool) -> None:
        self.path = path
        self.usual: dict[str, float] = json.loads(path.read_text()) if limited and path.exists() else {}
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Let the system kill the process after so much computing: a change can make a test endless."""
        if item.nodeid in self.usual:
            signal.setitimer(signal.ITIMER_PROF, 20 + 4 * self.usual[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a setup, a call or a teardown."""
        self.seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write what was measured first."""
        if not self.path.exists():
            self.path.write_text(json.dumps(self.seconds))


def run_tests(folder: Path, arguments: list[str], seconds: float = inf, *, interpret: bool = False) -> int:
    """Exit code of pytest on the sources in `folder`; that of failed tests where it takes longer than `seconds`.

    With `interpret` compiled functions run as Python, so that their lines are seen.
    """
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(folder)
        output = os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.path.insert(0, str(folder))
        os.environ["PYTHONPATH"] = str(folder)  # before the installed package, for processes that tests start
        importlib.import_module("numba").config.DISABLE_JIT = interpret
        watch = Stopwatch(folder / "seconds.json", limited=not interpret)
        stop = [] if interpret else ["-x"]
        os._exit(
            pytest.main(["-p", "no:cacheprovider", "-m", "not slow", *stop, *arguments], plugins=[watch])
        )
    descriptor = os.pidfd_open(child)
    ended, waited = [], 0
    while not ended and waited < seconds:  # one at a time: others may halt the whole machine for a while
        ended, _, _ = select.select([descriptor], [], [], 1)
        waited += 1
    os.close(descriptor)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # and what it started
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if ended else int(pytest.ExitCode.TESTS_FAILED)


class Watched:
    """Which tests execute a line, and how long they take."""

    def __init__(self, folder: Path, tests: list[str], source: str) -> None:
        self.folder = folder
        self.seconds: dict[str, float] = json.loads((folder / "seconds.json").read_text())
        # interpreted, some tests of compiled functions fail: what they ran is known all the same
        package = source if (folder / source).is_dir() else str(Path(source).parent)
        run_tests(folder, [f"--cov={package}", "--cov-context=test", "--cov-report=", *tests], interpret=True)
        self.data = CoverageData(str(folder / ".coverage"))
        self.data.read()

    def tests_of(self, path: Path, line: int) -> tuple[list[str], bool]:
        """Tests that execute the statement at a line, the quickest first, and whether no others can notice it.

        What is executed when tests are collected, or in processes that they start, belongs to no test.
        """
        found: dict[int, set[str]] = defaultdict(set)
        for seen, contexts in self.data.contexts_by_lineno(str(self.folder / path)).items():
            found[seen] |= {context.rpartition("|")[0] for context in contexts}
        statement = _statement(ast.parse((self.folder / path).read_text()), line)
        tests = set().union(*(found[seen] for seen in statement))
        known = tests & self.seconds.keys()
        return sorted(known, key=self.seconds.__getitem__), bool(known) and "" not in tests

    def limit(self, tests: list[str]) -> float:
        """Seconds after which a change makes these tests or files of tests too slow."""
        return 30 + 4 * sum(self.seconds.get(test, sum(self.seconds.values())) for test in tests)


def _statement(tree: ast.Module, line: int) -> range:
    """Lines of the innermost statement at a line: a function with its body, of others that have one only the head."""
    spans = [range(0)]
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            last = node.end_lineno or node.lineno
            if isinstance(node, ast.If | ast.For | ast.While | ast.With):
                last = node.body[0].lineno - 1
            first = min([node.lineno, *(mark.lineno for mark in getattr(node, "decorator_list", []))])
            spans.append(range(first, last + 1))
    return min((span for span in spans if line in span), key=len, default=range(0))

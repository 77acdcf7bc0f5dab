import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import processes
import pytest


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a process that does not outlive the test."""
    started = []

    def begin(*arguments: object) -> subprocess.Popen[str]:
        started.append(processes.start(*arguments))
        return started[-1]

    yield begin
    for process in started:
        processes.kill_group(process)

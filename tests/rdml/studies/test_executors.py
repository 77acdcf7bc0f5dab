"""Runs on other executors: threads, and a real Dask cluster of which a worker is killed."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import distributed
import pytest
from counting import KIND
from processes import ENVIRONMENT, contents, finished, here, rdml, records, study, wait_until
from test_sweep_command import Start

from rdml.config import load_study
from rdml.engines import GivenExecutor, worker_count
from rdml.execute import Outcome
from rdml.schedule import Scheduler
from rdml.store import make_store
from rdml.sweep import plan


def test_any_executor_will_do(tmp_path: Path, store: Path) -> None:
    file = study(tmp_path / "s.toml", sweep="seeds = 10")
    one = plan(load_study(file), make_store(store), {"counting": KIND})
    sweep = Scheduler(one, store)
    assert sweep.look()
    with ThreadPoolExecutor(4) as executor:
        progress = sweep.run(GivenExecutor(executor))
    assert progress.counts == {Outcome.FINISHED: 10}
    again = Scheduler(one, store)
    assert not again.look()
    assert again.progress.counts == {Outcome.PRESENT: 10}


def test_workers_are_fewer_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    from rdml import engines

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(16))
    monkeypatch.setattr(engines, "free_memory", lambda: 10e9)
    assert worker_count(None, 1e6) == 16
    assert worker_count(None, 1.6e9) == 5
    assert worker_count(None, 1e12) == 1
    assert worker_count(7, 1e12) == 7  # what is asked for is done


@pytest.fixture
def cluster() -> Iterator[tuple[str, Callable[[], subprocess.Popen[bytes]]]]:
    """A Dask scheduler in a process of its own, and a function that starts a worker of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    started: list[subprocess.Popen[bytes]] = []

    def dask(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    def worker() -> subprocess.Popen[bytes]:
        return dask("worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard")

    dask("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    yield address, worker
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_study_on_dask_survives_the_death_of_a_worker(
    tmp_path: Path, store: Path, start: Start, cluster: tuple[str, Callable[[], subprocess.Popen[bytes]]]
) -> None:
    address, worker = cluster
    file = study(tmp_path / "s.toml", run="pause = 0.02", sweep="seeds = 24")
    assert rdml("sweep", file, "--store", tmp_path / "calm", "-j", 2).returncode == 0
    workers = [worker(), worker()]
    options = ("--scheduler", address, "--checkpoint-every", 0.1, "--json", tmp_path / "o.json")
    process = start("sweep", file, "--store", store, *options)
    wait_until(lambda: finished(store) >= 6, process)
    workers[0].send_signal(signal.SIGKILL)
    output, _ = process.communicate(timeout=90)
    assert process.returncode == 0, output
    result = json.loads((tmp_path / "o.json").read_text())
    assert result["finished"] == 24
    assert sum(result["counts"].values()) == 24  # each run counted once
    assert len(records(store)) == 24
    assert contents(store) == contents(tmp_path / "calm")
    assert workers[0].poll() == -signal.SIGKILL
    assert workers[1].poll() is None


@pytest.mark.slow
def test_a_cluster_started_by_the_flag(tmp_path: Path, store: Path) -> None:
    file = study(tmp_path / "s.toml", sweep="seeds = 6")
    done = rdml("sweep", file, "--store", store, "--scheduler", "local", "-j", 2)
    assert done.returncode == 0, done.stderr
    assert finished(store) == 6


@pytest.mark.slow
def test_an_interrupt_stops_a_study_on_dask_at_checkpoints(tmp_path: Path, store: Path, start: Start) -> None:
    file = study(tmp_path / "s.toml", run="steps = 600\npause = 0.02", sweep="seeds = 4")
    process = start("sweep", file, "--store", store, "--scheduler", "local", "-j", 2)
    wait_until(lambda: len(list(store.glob("??/*/lock"))) >= 2, process)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "the same command goes on" in output
    assert {record["status"] for record in records(store).values()} == {"unfinished"}


def test_no_scheduler_is_one_line(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = partial(distributed.Client, timeout=0.2)
    monkeypatch.setattr(distributed, "Client", lambda address, timeout: impatient(address))
    done = here("sweep", study(tmp_path / "s.toml"), "--store", store, "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "no Dask scheduler answers at 'tcp://127.0.0.1:9'" in done.stderr
    assert "Traceback" not in done.stderr

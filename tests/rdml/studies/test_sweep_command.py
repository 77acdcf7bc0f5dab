"""`rdml sweep` as a user meets it: real processes, signals, exit codes."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from processes import contents, finished, here, kill_group, rdml, records, study, wait_until

Start = Callable[..., subprocess.Popen[str]]


def locks(store: Path) -> int:
    return len(list(store.glob("??/*/lock")))


def test_a_study_is_computed_once(tmp_path: Path, store: Path) -> None:
    file = study(tmp_path / "s.toml", sweep="seeds = 2\ngrid.x = [0.0, 1.5]")
    done = rdml("sweep", file, "--store", store, "-j", 2, "--json", tmp_path / "first.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "first.json").read_text())["counts"] == {"finished": 4}
    before = {path: path.stat().st_mtime_ns for path in store.glob("??/*/*")}
    done = rdml("sweep", file, "--store", store, "-j", 2, "--json", tmp_path / "second.json")
    assert done.returncode == 0
    assert json.loads((tmp_path / "second.json").read_text())["counts"] == {"present": 4}
    assert before == {path: path.stat().st_mtime_ns for path in store.glob("??/*/*")}


@pytest.mark.slow
def test_a_study_that_grows_keeps_its_runs(tmp_path: Path, store: Path) -> None:
    file = tmp_path / "s.toml"
    study(file, sweep="seeds = 2\ngrid.x = [0.0, 1.5]")
    assert rdml("sweep", file, "--store", store, "-j", 1).returncode == 0
    kept = set(records(store))
    study(file, sweep="seeds = 3\ngrid.x = [-1.0, 0.0, 1.5]\ngrid.steps = [20, 21]")
    done = rdml("sweep", file, "--store", store, "-j", 2, "--json", tmp_path / "o.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "o.json").read_text())["counts"] == {"present": 4, "finished": 14}
    assert kept < set(records(store))


def test_jobs_and_interruptions_do_not_change_a_bit(tmp_path: Path, start: Start) -> None:
    slow = tmp_path / "slow"
    file = study(
        tmp_path / "s.toml",
        run=f'steps = 30\npause = 0.02\nslow_while = "{slow}"',
        sweep="seeds = 4\ngrid.x = [1.0]",
    )
    assert rdml("sweep", file, "--store", tmp_path / "a", "-j", 1).returncode == 0
    slow.touch()
    process = start("sweep", file, "--store", tmp_path / "b", "-j", 2, "--checkpoint-every", 0.1)
    wait_until(lambda: any((tmp_path / "b").glob("??/*/checkpoint.safetensors")), process)
    kill_group(process)
    slow.unlink()
    assert records(tmp_path / "b")
    assert any(record["status"] == "unfinished" for record in records(tmp_path / "b").values())
    assert rdml("sweep", file, "--store", tmp_path / "b", "-j", 2).returncode == 0
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert any(record["attempts"] > 1 for record in records(tmp_path / "b").values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_at_checkpoints_and_says_how_to_go_on(
    tmp_path: Path, store: Path, start: Start, number: signal.Signals
) -> None:
    slow = tmp_path / "slow"
    slow.touch()
    file = study(
        tmp_path / "s.toml", run=f'steps = 400\npause = 0.01\nslow_while = "{slow}"', sweep="seeds = 5"
    )
    process = start("sweep", file, "--store", store, "-j", 2)
    wait_until(lambda: locks(store) == 2, process)
    os.killpg(process.pid, number)  # as a terminal does: parent and workers
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert "the same command goes on" in output
    stopped = records(store)
    assert len(stopped) == 2
    assert all(record["status"] == "unfinished" for record in stopped.values())
    assert not list(store.glob(".stop-*"))
    slow.unlink()
    done = rdml("sweep", file, "--store", store, "-j", 1, "--set", "run.pause=0.01")
    assert done.returncode == 0, done.stderr
    assert len(records(store)) == 5
    assert all(records(store)[run]["attempts"] == 2 for run in stopped)


def test_workers_leave_an_interrupt_to_the_parent_from_their_first_moment(
    tmp_path: Path, store: Path, start: Start
) -> None:
    file = study(tmp_path / "s.toml", run="steps = 400\npause = 0.01", sweep="seeds = 5")
    process = start("sweep", file, "--store", store, "-j", 2)
    parent = psutil.Process(process.pid)

    def workers() -> list[psutil.Process]:
        return [child for child in parent.children() if "spawn_main" in " ".join(child.cmdline())]

    wait_until(lambda: len(workers()) == 2, process)
    first = workers()
    while locks(store) < 2 and process.poll() is None:  # they import what they need: a second
        for worker in first:
            worker.send_signal(signal.SIGINT)
        time.sleep(0.05)
    assert workers() == first
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130, output
    assert "Traceback" not in output


def test_a_second_signal_stops_at_once(tmp_path: Path, store: Path, start: Start) -> None:
    file = study(tmp_path / "s.toml", run="steps = 1\npause = 100.0")  # no checkpoint for a long time
    process = start("sweep", file, "--store", store, "-j", 1)
    wait_until(lambda: locks(store) == 1, process)
    os.kill(process.pid, signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1.5)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=15)
    assert process.returncode == 130, output
    assert "Traceback" not in output
    assert "the same command goes on" in output


@pytest.mark.slow
def test_failures_are_recorded_and_retried_on_request(tmp_path: Path, store: Path) -> None:
    mark = tmp_path / "mark"
    file = study(tmp_path / "s.toml", sweep=f'grid.x = [0.0, 1.0]\ngrid.fail_once = ["{mark}", "{tmp_path}"]')
    done = rdml("sweep", file, "--store", store, "-j", 1)
    assert done.returncode == 1
    assert "RuntimeError: fails once" in done.stderr
    assert "--retry-failed" in done.stderr
    assert finished(store) == 3
    (failed,) = (r for r in records(store).values() if r["status"] == "failed")
    assert "RuntimeError" in failed["error"]["traceback"]
    assert rdml("sweep", file, "--store", store, "-j", 1).returncode == 1
    assert finished(store) == 3
    assert rdml("sweep", file, "--store", store, "-j", 1, "--retry-failed").returncode == 0
    assert finished(store) == 4


def test_a_run_that_kills_its_process_fails_alone(tmp_path: Path, store: Path) -> None:
    file = study(
        tmp_path / "s.toml", run="pause = 0.02", sweep="grid.x = [0.0, 1.0, 2.0]\ngrid.die_at = [-1, 3]"
    )
    done = rdml("sweep", file, "--store", store, "-j", 2)
    assert done.returncode == 1
    statuses = {
        (r["configuration"]["x"], r["configuration"]["die_at"]): r["status"] for r in records(store).values()
    }
    assert statuses == {
        (x, die): "failed" if die == 3 else "finished" for x in (0.0, 1.0, 2.0) for die in (-1, 3)
    }
    assert "process that computed it died" in done.stderr


def test_two_sweeps_at_once_share_the_work(tmp_path: Path, store: Path, start: Start) -> None:
    file = study(tmp_path / "s.toml", run="pause = 0.01", sweep="seeds = 12")
    both = [start("sweep", file, "--store", store, "-j", 2, "--json", tmp_path / f"{k}.json") for k in (0, 1)]
    for process in both:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
    counts = [json.loads((tmp_path / f"{k}.json").read_text())["counts"] for k in (0, 1)]
    assert sum(count.get("finished", 0) for count in counts) == 12
    assert all(sum(count.values()) == 12 for count in counts)
    assert all(record["attempts"] == 1 for record in records(store).values())


@pytest.mark.slow
def test_a_sweep_takes_over_from_one_that_was_killed(tmp_path: Path, store: Path, start: Start) -> None:
    file = study(tmp_path / "s.toml", run="steps = 300\npause = 0.01", sweep="seeds = 2")
    first = start("sweep", file, "--store", store, "-j", 2)
    wait_until(lambda: locks(store) == 2, first)
    second = start("sweep", file, "--store", store, "-j", 2)
    time.sleep(1.5)  # so that it has met the held runs
    kill_group(first)
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 0, output
    assert finished(store) == 2


def test_workers_end_with_a_sweep_that_was_killed(tmp_path: Path, store: Path, start: Start) -> None:
    import psutil

    file = study(tmp_path / "s.toml", run="steps = 2000\npause = 0.01", sweep="seeds = 2")
    process = start("sweep", file, "--store", store, "-j", 2)
    wait_until(lambda: locks(store) == 2, process)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2
    process.kill()  # the parent alone
    process.communicate(timeout=10)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_quiet_says_nothing_and_verbose_says_more(tmp_path: Path, store: Path) -> None:
    file = study(tmp_path / "s.toml", run="fail_at = 2", sweep="seeds = 7")
    quiet = rdml("sweep", file, "--store", store, "-j", 1, "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (1, "", "")
    verbose = rdml("sweep", file, "--store", store, "-j", 1, "--verbose")
    assert verbose.stderr.count("asked to fail at 2") > rdml("sweep", file, "--store", store).stderr.count(
        "asked to fail at 2"
    )


def test_bad_usage_is_one_line_before_anything_starts(tmp_path: Path, store: Path) -> None:
    file = study(tmp_path / "s.toml", run="step = 3")
    done = rdml("sweep", file, "--store", store)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "did you mean 'steps'?" in done.stderr
    assert not list(store.glob("??"))
    assert here("sweep", tmp_path / "none.toml").returncode == 2
    assert here("sweep", file, "--jobs", 0).returncode == 2

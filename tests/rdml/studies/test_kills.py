"""A hundred SIGKILLs at random instants on two sweeps at once: nothing lost, nothing twice, no bit other."""

import contextlib
import random
import subprocess
import threading
import time
from pathlib import Path

import psutil
import pytest
from processes import contents, kill_group, rdml, records, start, study

KILLS = 100


class Lane(threading.Thread):
    """Starts the sweep and kills it, again and again: all of it, its parent, or a worker and then all."""

    def __init__(self, seed: int, file: Path, store: Path, kills: int) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.arguments = ("sweep", file, "--store", store, "-j", 2, "--checkpoint-every", 0.05, "-q")
        self.kills = kills
        self.landed = 0
        self.codes: list[int] = []

    def run(self) -> None:
        for _ in range(self.kills):
            process = start(*self.arguments)
            if self.random.random() < 0.8:
                wait_for_work(process)
            time.sleep(self.random.uniform(0.0, 3.0))
            target = self.random.choice(("group", "group", "parent", "worker"))
            if process.poll() is None:
                self.landed += 1
                if target == "parent":
                    process.kill()
                elif target == "worker":
                    self.kill_a_worker(process.pid)
                    time.sleep(self.random.uniform(0, 0.3))
            kill_group(process)
            self.codes.append(process.returncode)

    def kill_a_worker(self, parent: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess, IndexError):
            self.random.choice(psutil.Process(parent).children()).kill()


def wait_for_work(process: subprocess.Popen[str]) -> None:
    """Until a worker holds a run, so that kills land on more than the start of Python."""
    limit = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < limit:
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(process.pid).children()
            if any(file.path.endswith("/lock") for child in children for file in child.open_files()):
                return
        time.sleep(0.05)


@pytest.mark.slow
def test_a_hundred_kills(tmp_path: Path) -> None:
    file = study(
        tmp_path / "s.toml",
        run="pause = 0.03",
        sweep="seeds = 3\ngrid.x = [0.0, 1.0]\ngrid.steps = [3, 10, 60]",
    )
    assert rdml("sweep", file, "--store", tmp_path / "calm", "-j", 2).returncode == 0
    calm = contents(tmp_path / "calm")
    landed, rounds, interrupted = 0, 0, 0
    while landed < KILLS:
        rounds += 1
        store = tmp_path / f"store{rounds}"
        kills = min(15, (KILLS - landed + 1) // 2 + 1)
        lanes = [Lane(1000 * rounds + k, file, store, kills) for k in range(2)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        landed += sum(lane.landed for lane in lanes)
        assert all(code in (0, -9) for lane in lanes for code in lane.codes), [lane.codes for lane in lanes]
        # what the kills left is each an old or a new state, never half of one
        assert all(record["status"] in ("unfinished", "finished") for record in records(store).values())
        done = rdml("sweep", file, "--store", store, "-j", 2)
        assert done.returncode == 0, done.stderr
        assert contents(store) == calm
        interrupted += sum(record["attempts"] - 1 for record in records(store).values())
    assert interrupted > KILLS / 10  # the kills did not all miss

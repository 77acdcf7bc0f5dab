"""What users see beside the results: progress, time left, completion, help, text made safe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from processes import fill, here, study

from rdml.execute import Outcome, Report
from rdml.printable import printable
from rdml.schedule import Progress
from rdml.store_options import complete_run, complete_study
from rdml.study_progress import ProgressDisplay, duration
from simulations.studies.files import run_folders

READERS = (("runs",), ("runs", "show"), ("runs", "rm"), ("config", "show"), ("config", "schema"), ("doctor",),
           ("plot",), ("report",), ("sweep",))  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (3599.9, "1 h 0 min"), (90_000, "1 d 1 h")],
)
def test_durations_have_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_time_left_counts_only_what_was_computed_now(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    display = ProgressDisplay("s", quiet=True)
    progress = Progress(total=100)
    for k in range(40):
        progress.add(Report(str(k), Outcome.PRESENT))
    display.show(progress)
    assert "left" not in display._words(progress, now)
    for k in range(20):
        progress.add(Report(str(k), Outcome.FINISHED if k else Outcome.FAILED))
    # 20 runs in 50 s; 40 remain
    assert display._words(progress, now + 50) == "1 failed, 1 min 40 s left"


def test_every_command_has_help_and_json() -> None:
    for words in READERS:
        done = here(*words, "--help")
        assert done.returncode == 0
        assert "--json" in done.stdout, words


def test_help_does_not_load_the_heavy_libraries() -> None:
    code = "import sys, rdml.cli; print([m for m in ('torch', 'pyarrow', 'pandas', 'distributed') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(study(tmp_path / "s.toml"), tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    assert complete_study("co") == ["count"]
    assert complete_study("x") == []
    run = next(iter(run_folders(Path("runs")))).name
    assert complete_run(run[:3]) == [run[:12]]
    os.chdir("/")
    assert complete_run("") == complete_study("") == []


def test_text_from_files_is_made_safe() -> None:
    assert printable("a\x1b[2Jb\x07\u202ec\nd é α") == "a\\x1b[2Jb\\x07\\u202ec\nd é α"

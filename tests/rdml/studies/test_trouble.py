"""A store that is full, read-only or damaged, under a real sweep: a clear message, and the rest intact."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from processes import contents, fill, finished, here, rdml, records, study

from rdml.commands.doctor import machine
from simulations.studies.files import run_folders


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 500 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a tmpfs: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.slow
def test_a_full_disk_stops_the_sweep_and_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    file = study(tmp_path / "s.toml", sweep="seeds = 12")
    assert rdml("sweep", file, "--store", tmp_path / "calm", "-j", 2).returncode == 0
    store = small_disk / "store"
    assert rdml("sweep", file, "--store", store, "-j", 1, "--set", "sweep.seeds=3").returncode == 0
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb") as out:
        while True:
            out.write(b"x" * 4096)
            out.flush()
    with filler.open("r+b") as out:
        out.truncate(filler.stat().st_size - 6 * 4096)  # room for one more run or two
    done = rdml("sweep", file, "--store", store, "-j", 2)
    assert done.returncode == 1
    assert "no space left for the run store" in done.stderr
    assert "the same command goes on" in done.stderr
    assert "Traceback" not in done.stderr
    assert 3 <= finished(store) < 12
    assert all(record["status"] != "failed" for record in records(store).values())
    filler.unlink()
    done = rdml("sweep", file, "--store", store, "-j", 2)
    assert done.returncode == 0, done.stderr
    assert contents(store) == contents(tmp_path / "calm")


def test_a_disk_without_room_for_a_store_is_said(small_disk: Path, tmp_path: Path) -> None:
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as out:
        while True:
            out.write(b"x" * 4096)
    done = rdml("sweep", study(tmp_path / "s.toml"), "--store", small_disk / "store", "-j", 1)
    assert done.returncode == 2
    assert "no space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_read_only_store_can_be_read_and_not_swept(small_disk: Path, tmp_path: Path) -> None:
    file = study(tmp_path / "s.toml", sweep="seeds = 3")
    store = small_disk / "store"
    assert rdml("sweep", file, "--store", store, "-j", 1).returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = rdml("sweep", file, "--store", store, "-j", 1, "--set", "sweep.seeds=4")
    assert done.returncode == 2
    assert "is not writable" in done.stderr
    assert "Traceback" not in done.stderr
    listed = here("runs", "--store", store)
    assert listed.returncode == 0
    assert "3 runs" in listed.stdout
    assert here("doctor", "--store", store).returncode == 0
    assert here("report", "count", "--store", store, "--out", tmp_path / "out").returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_store_without_permission_is_said(tmp_path: Path) -> None:
    store = tmp_path / "store"
    file = study(tmp_path / "s.toml")
    assert rdml("sweep", file, "--store", store, "-j", 1).returncode == 0
    store.chmod(0o555)
    done = rdml("sweep", file, "--store", store, "-j", 1, "--set", "run.steps=9")
    store.chmod(0o755)
    assert done.returncode == 2
    assert "is not writable" in done.stderr


Damage = Callable[[Path], None]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["run.json", "metrics.parquet"])
def test_doctor_puts_damaged_runs_aside_and_the_sweep_makes_them_again(
    tmp_path: Path, store: Path, name: str
) -> None:
    file = study(tmp_path / "s.toml", sweep="seeds = 4")
    assert rdml("sweep", file, "--store", store, "-j", 2).returncode == 0
    whole = contents(store)
    victim = next(iter(run_folders(store)))
    cut(victim / name)
    listed = here("runs", "--store", store)
    if name == "run.json":  # listing reads no metrics
        assert listed.returncode == 1
        assert f"{victim / name} is damaged" in listed.stderr
        assert "3 runs" in listed.stdout
        swept = rdml("sweep", file, "--store", store, "-j", 1)
        assert swept.returncode == 1
        assert "is damaged" in swept.stderr
        assert "rdml doctor --repair" in swept.stderr
    told = here("doctor", "--store", store)
    assert told.returncode == 1
    assert f"{victim / name} is damaged" in told.stdout
    mended = here("doctor", "--store", store, "--repair")
    assert mended.returncode == 0, mended.stdout
    assert (store / "damaged" / f"{victim.name}-0" / name).exists()
    assert rdml("sweep", file, "--store", store, "-j", 1).returncode == 0
    assert contents(store) == whole
    assert here("doctor", "--store", store).returncode == 0


@pytest.mark.slow
def test_doctor_deletes_what_killed_processes_left_and_nothing_else(tmp_path: Path, store: Path) -> None:
    assert rdml("sweep", study(tmp_path / "s.toml"), "--store", store, "-j", 1).returncode == 0
    whole = contents(store)
    folder = next(iter(run_folders(store)))
    leftovers = [
        folder / ".run.json.abc123",
        folder / ".metrics.parquet.x",
        folder / ".checkpoint.safetensors.y",
        folder / "checkpoint.safetensors",
        store / "studies" / ".count.parquet.z",
    ]
    for path in leftovers:
        path.write_text("half")
    (folder / "notes.txt").write_text("mine")
    (folder / "figures").mkdir()
    told = here("doctor", "--store", store)
    assert told.returncode == 1
    assert told.stdout.count("left by a process that was killed") == len(leftovers)
    assert all(path.exists() for path in leftovers)
    assert here("doctor", "--store", store, "--repair").returncode == 0
    assert not any(path.exists() for path in leftovers)
    assert (folder / "notes.txt").read_text() == "mine"
    assert contents(store) == whole


def test_doctor_names_strangers_and_newer_files_and_leaves_them(tmp_path: Path, store: Path) -> None:
    fill(study(tmp_path / "s.toml"), store)
    folder = next(iter(run_folders(store)))
    text = (folder / "run.json").read_text().replace('"format": 1', '"format": 9')
    (folder / "run.json").write_text(text)
    (store / "00").mkdir(exist_ok=True)
    (store / "00" / "link").symlink_to("/etc")
    (store / "thesis").mkdir()
    done = here("doctor", "--store", store, "--repair")
    assert done.returncode == 1
    assert "was written by a newer version" in done.stdout
    assert done.stdout.count("does not belong in a store") == 2
    assert (folder / "run.json").read_text() == text
    assert (store / "00" / "link").is_symlink()


def test_doctor_speaks_of_the_machine_without_a_store(tmp_path: Path) -> None:
    done = here("doctor", "--store", tmp_path / "none", "--json", tmp_path / "o.json")
    assert done.returncode == 0
    assert "torch: " in done.stdout
    assert "device: " in done.stdout
    assert '"health": null' in (tmp_path / "o.json").read_text()


def test_doctor_says_what_is_missing_and_whether_it_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"numba", "triton"}

    def version_of(name: str) -> str:
        if name in missing:
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(metadata, "version", version_of)
    assert machine()["numba"].startswith("missing: ")
    assert machine()["triton"].startswith("not installed; ")
    missing.clear()
    assert machine()["triton"] == "1.0"

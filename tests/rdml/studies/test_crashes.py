"""A process that dies at any call of the system: the old state or the new one, never half of one."""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from test_store import ROWS, RUN, task

from rdml import files
from rdml.execute import Outcome, compute
from rdml.store import HeldRun, StoreUnwritable, hold, make_store
from simulations.studies.files import read_metrics, read_record, run_folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return make_store(tmp_path / "store")


CALLS = ("write", "fsync", "replace", "fchmod", "unlink", "close")


def _die_at(call: int, action: Callable[[], object]) -> None:
    """Act, but die at the `call`-th call of the system: a real death, without any clean-up."""
    files._flushers.cache_clear()
    count = 0

    def counting(function: Callable[..., object]) -> Callable[..., object]:
        def called(*arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count == call:
                os._exit(77)
            return function(*arguments, **options)

        return called

    for name in CALLS:
        setattr(os, name, counting(getattr(os, name)))
    action()
    os._exit(0)


def _deaths(action: Callable[[], object], check: Callable[[], None]) -> int:
    """Die at the first, second, … call during an action, and check after each death; how many there were."""
    context = multiprocessing.get_context("fork")
    for call in range(1, 200):
        process = context.Process(target=_die_at, args=(call, action))
        process.start()
        process.join(30)
        check()
        if process.exitcode == 0:
            return call - 1
        assert process.exitcode == 77
    raise AssertionError("no end")


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_dying_at_any_call_leaves_the_old_or_the_new_files(tmp_path: Path) -> None:
    old = {tmp_path / "a": "old a", tmp_path / "b": b"old b"}
    new = {tmp_path / "a": "new a" * 1000, tmp_path / "b": b"new b" * 1000}
    files.write_together(old)
    seen = set()

    def check() -> None:
        found = ((tmp_path / "a").read_text(), (tmp_path / "b").read_bytes())
        states = ["old a", "new a" * 1000].index(found[0]), [b"old b", b"new b" * 1000].index(found[1])
        assert states != (0, 1)  # put in place in their order
        seen.add(states)

    assert _deaths(lambda: files.write_together(new), check) >= 8
    assert seen == {(0, 0), (1, 0), (1, 1)}


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_dying_at_any_call_of_a_run_loses_nothing(store: Path, tmp_path: Path) -> None:
    whole = make_store(tmp_path / "whole")
    compute(task(whole))
    one = task(store)
    folder = run_folder(store, one.run)

    def check() -> None:
        record = read_record(folder) if folder.exists() else None
        if record and record["status"] == "finished":
            assert read_metrics(folder, record).num_rows == 4

    def again() -> None:
        for name in ("run.json", "metrics.parquet"):
            (folder / name).unlink(missing_ok=True)
        compute(one)

    assert _deaths(again, check) >= 8
    assert compute(one).outcome in (Outcome.FINISHED, Outcome.PRESENT)
    expected = (run_folder(whole, one.run) / "metrics.parquet").read_bytes()
    assert (folder / "metrics.parquet").read_bytes() == expected


def test_a_failed_write_leaves_no_temporary_file(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with hold(store, RUN) as held:
        assert isinstance(held, HeldRun)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StoreUnwritable, match="no space left"):
            held.finish(ROWS, {"configuration": {}})
    assert os.listdir(run_folder(store, RUN)) == ["lock"]

"""The run store: whole files or none, one holder, damage named, nothing executed."""

import errno
import fcntl
import json
import os
import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from counting import KIND

from rdml import store as stores
from rdml.execute import Outcome, Task, compute
from rdml.kinds.kind import State
from rdml.store import StoreUnwritable, address, hold, make_store, parquet_bytes, save_study
from simulations.studies.files import (
    NewerFormat,
    StoreError,
    open_store,
    parquet_table,
    read_metrics,
    read_record,
    run_folder,
)

RUN = "ab" * 16
SETTINGS = {
    "seed": 1, "kind": "counting", "steps": 20, "pause": 0.0, "slow_while": "", "fail_at": -1,
    "fail_once": "", "die_at": -1, "x": 0.0, "label": "",
}  # fmt: skip
ROWS = [{"step": 0, "loss": 0.1, "good": True}, {"step": 1, "loss": float("nan"), "good": False}]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return make_store(tmp_path / "store")


def task(store: Path, **settings: object) -> Task:
    chosen = {**SETTINGS, **settings}
    code = stores.code_version()
    return Task(store, address(chosen, code), chosen, code, KIND)


def test_the_address_depends_on_settings_and_code_alone() -> None:
    assert address({"a": 1, "b": 2.0}, "v") == address({"b": 2.0, "a": 1}, "v")
    others = [({"a": 1, "b": 2.5}, "v"), ({"a": 1, "b": 2.0}, "w"), ({"a": 1}, "v")]
    assert len({address({"a": 1, "b": 2.0}, "v"), *(address(s, v) for s, v in others)}) == 4
    with pytest.raises(ValueError, match="not JSON compliant"):
        address({"a": float("nan")}, "v")


def test_equal_runs_give_equal_bytes(store: Path, tmp_path: Path) -> None:
    other = make_store(tmp_path / "other")
    for where in (store, other):
        assert compute(task(where)).outcome is Outcome.FINISHED
    run = task(store).run
    one, two = (run_folder(where, run) / "metrics.parquet" for where in (store, other))
    assert one.read_bytes() == two.read_bytes()
    assert compute(task(store)).outcome is Outcome.PRESENT


def test_metrics_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [*ROWS, {"step": 2, "extra": 7}]
    table = parquet_table(parquet_bytes(rows), tmp_path)
    assert table.column("step").to_pylist() == [0, 1, 2]
    assert str(table.schema.field("step").type) == "int64"
    assert table.column("loss").to_pylist()[0] == 0.1
    assert np.isnan(table.column("loss").to_pylist()[1])
    assert table.column("loss").to_pylist()[2] is None
    assert table.column("extra").to_pylist() == [None, None, 7]
    assert parquet_table(parquet_bytes([]), tmp_path).num_rows == 0


def test_metrics_are_numbers(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="metric 'when'"):
        parquet_bytes([{"when": "today"}])


def test_a_checkpoint_comes_back_to_the_bit(store: Path) -> None:
    arrays = {
        "x": np.array([[0.1, np.nan], [np.inf, 5e-324]]),
        "words": np.array([2**64 - 1], np.uint64),
        "none": np.empty((0, 3), np.float32),
        "number": np.array(2.5),
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "every other": np.arange(10)[::2],
    }
    values = {"total": 0.1 + 0.2, "none": None, "nested": {"list": [1, float("inf")]}}
    with hold(store, RUN) as held:
        assert held
        assert held.load_checkpoint() is None
        held.save_checkpoint(State(7, arrays, values), ROWS, {"status": "unfinished", "configuration": {}})
        found = held.load_checkpoint()
    assert found
    state, rows = found
    assert (state.step, state.values) == (7, values)
    assert set(state.arrays) == set(arrays)
    for name, array in arrays.items():
        assert state.arrays[name].dtype == array.dtype
        assert state.arrays[name].tobytes() == array.tobytes()
    assert repr(rows) == repr(ROWS)


@pytest.mark.parametrize("cuts", [[1], [3, 4, 11], list(range(1, 20))])
def test_a_run_goes_on_to_the_same_bits_wherever_it_is_cut(
    store: Path, tmp_path: Path, cuts: list[int]
) -> None:
    whole = make_store(tmp_path / "whole")
    compute(task(whole))
    computation = KIND.open(SETTINGS)
    state, rows = computation.start(), []
    with hold(store, task(store).run) as held:
        assert held
        for cut in cuts:
            state, new = computation.advance(state, cut)
            held.save_checkpoint(state, [*rows, *new], {"status": "unfinished", "configuration": SETTINGS})
            found = held.load_checkpoint()
            assert found
            state, rows = found
    assert compute(task(store)).outcome is Outcome.FINISHED
    run = task(store).run
    one, two = (run_folder(where, run) / "metrics.parquet" for where in (store, whole))
    assert one.read_bytes() == two.read_bytes()
    assert not (run_folder(store, run) / "checkpoint.safetensors").exists()


def test_a_run_goes_on_from_its_checkpoint_and_does_not_begin_again(store: Path) -> None:
    one = task(store, fail_at=2)  # from the beginning it would fail
    state, rows = KIND.open(SETTINGS).advance(KIND.open(SETTINGS).start(), 5)
    with hold(store, one.run) as held:
        assert held
        held.save_checkpoint(
            state, rows, {"status": "unfinished", "configuration": one.settings, "attempts": 4}
        )
    assert compute(one).outcome is Outcome.FINISHED
    record = read_record(run_folder(store, one.run))
    assert record
    assert record["attempts"] == 5


def test_saving_takes_a_hundredth_of_the_time_at_most(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock of which a step takes 1 s and a checkpoint, asked for every second, 0.5 s."""
    clock, saved = [0.0], []
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr("time.sleep", lambda seconds: clock.append(clock.pop() + seconds))

    def save(self: stores.HeldRun, *_: object) -> None:
        saved.append(clock[0])
        clock[0] += 0.5

    monkeypatch.setattr(stores.HeldRun, "save_checkpoint", save)
    one = replace(task(store, steps=120, pause=1.0), checkpoint_seconds=1.0)
    assert compute(one).outcome is Outcome.FINISHED
    assert saved == [1.0, 51.5, 102.0]


def test_a_run_is_held_by_one(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("waits, though not asked to"))
    with hold(store, RUN) as first, hold(store, RUN) as second:
        assert first
        assert second is None
    with hold(store, RUN) as third:
        assert third


def test_without_locks_of_the_system_nothing_is_written(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(
        fcntl, "flock", absent
    )  # a lock file in its place would outlive a process that is killed
    with pytest.raises(StoreUnwritable, match="can't be written"), hold(store, RUN):
        pass
    with pytest.raises(StoreUnwritable, match="can't be written"):
        save_study(store, "s", {"axes": []}, {"run": []})


def test_a_run_that_is_held_is_busy(store: Path) -> None:
    one = task(store)
    with hold(store, one.run):
        assert compute(one).outcome is Outcome.BUSY
    assert compute(one).outcome is Outcome.FINISHED


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"\x00\xff",
        b"[" * 100_000,
        b'{"format": 1}',
        b'{"format": "1"}',
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_damaged_record_is_named_and_left(store: Path, damage: bytes) -> None:
    one = task(store)
    compute(one)
    path = run_folder(store, one.run) / "run.json"
    path.write_bytes(damage)
    report = compute(one)
    assert report.outcome is Outcome.DAMAGED
    assert str(path) in report.message
    assert path.read_bytes() == damage
    assert compute(task(store, x=2.0)).outcome is Outcome.FINISHED  # the rest is intact


@pytest.mark.parametrize("damage", [lambda b: b[:-5], lambda b: b[:40] + b"x" + b[41:], lambda b: b""])
def test_damaged_metrics_are_named(store: Path, damage: Callable[[bytes], bytes]) -> None:
    one = task(store)
    compute(one)
    folder = run_folder(store, one.run)
    path = folder / "metrics.parquet"
    path.write_bytes(damage(path.read_bytes()))
    record = read_record(folder)
    assert record
    with pytest.raises(StoreError, match=r"metrics\.parquet is damaged"):
        read_metrics(folder, record)
    path.unlink()
    with pytest.raises(StoreError, match=r"metrics\.parquet is missing"):
        read_metrics(folder, record)


def test_a_damaged_checkpoint_is_named(store: Path) -> None:
    one = task(store)
    with hold(store, one.run) as held:
        assert held
        held.save_checkpoint(State(3, {}, {}), ROWS, {"status": "unfinished", "configuration": SETTINGS})
    path = run_folder(store, one.run) / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-3])
    report = compute(one)
    assert report.outcome is Outcome.DAMAGED
    assert "checkpoint.safetensors is damaged" in report.message


def test_what_a_newer_version_wrote_is_refused(store: Path) -> None:
    one = task(store)
    compute(one)
    path = run_folder(store, one.run) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    with pytest.raises(NewerFormat, match=r"newer version \(format 2; this version reads up to 1\)"):
        read_record(path.parent)
    assert compute(one).outcome is Outcome.DAMAGED
    (store / "store.json").write_text('{"format": 3}')
    with pytest.raises(NewerFormat, match="upgrade"):
        make_store(store)


def test_a_store_is_made_with_the_folders_above_it(tmp_path: Path) -> None:
    assert open_store(make_store(tmp_path / "not" / "yet"))


def test_no_store_is_made_where_something_else_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(StoreError, match="is not a run store, and not empty"):
        make_store(tmp_path)
    assert os.listdir(tmp_path) == ["thesis.tex"]
    with pytest.raises(StoreUnwritable, match="can't be written"):
        make_store(tmp_path / "thesis.tex" / "x")
    with pytest.raises(StoreError, match="there is no run store"):
        open_store(tmp_path / "none")


@pytest.mark.parametrize("name", ["../../etc", "AB" * 16, "ab" * 15, "ab" * 17, "ab" * 15 + "/x", ""])
def test_a_run_id_can_not_leave_the_store(store: Path, name: str) -> None:
    with pytest.raises(StoreError, match="is not a run id"):
        run_folder(store, name)


def test_symbolic_links_are_refused(store: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    one = task(store)
    (store / one.run[:2]).symlink_to(outside)
    report = compute(one)
    assert report.outcome is Outcome.DAMAGED
    assert "is a symbolic link" in report.message
    (store / one.run[:2]).unlink()
    (store / one.run[:2]).mkdir()
    (store / one.run[:2] / one.run).symlink_to(outside)
    assert "is a symbolic link" in compute(one).message
    (store / one.run[:2] / one.run).unlink()
    compute(one)
    record = run_folder(store, one.run) / "run.json"
    record.rename(outside / "run.json")
    record.symlink_to(outside / "run.json")
    assert "is a symbolic link" in compute(one).message
    (store / "studies").symlink_to(outside)
    with pytest.raises(StoreError, match="is a symbolic link"):
        stores.save_study(store, "x", {}, {"run": []})
    assert sorted(os.listdir(outside)) == ["run.json"]


class Malicious:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch /tmp/executed-by-a-store",)


def test_a_pickle_in_a_store_is_not_executed(store: Path) -> None:
    one = task(store)
    with hold(store, one.run) as held:
        assert held
        held.save_checkpoint(State(3, {}, {}), ROWS, {"status": "unfinished", "configuration": SETTINGS})
    folder = run_folder(store, one.run)
    for name in ("checkpoint.safetensors", "run.json"):
        (folder / name).write_bytes(pickle.dumps(Malicious()))
        assert compute(one).outcome is Outcome.DAMAGED
    assert not Path("/tmp/executed-by-a-store").exists()


def test_the_clock_may_go_back(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    one, two = task(store), task(store, x=1.0)
    compute(one)
    for path in store.rglob("*"):
        os.utime(path, (4e9, 4e9))  # files from the future
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert compute(one).outcome is Outcome.PRESENT
    with hold(store, two.run) as held:
        assert held
        held.save_record(
            {"status": "unfinished", "configuration": two.settings, "begun": "2999-01-01T00:00:00+00:00"}
        )
    assert compute(two).outcome is Outcome.FINISHED
    record = read_record(run_folder(store, two.run))
    assert record
    assert 0 <= record["timings"]["seconds"] < 60


def test_the_code_version_changes_with_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "rule.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(stores, "CODE", ("some_package",))
    version = stores.code_version.__wrapped__
    before = version()
    assert before == version()
    assert re.fullmatch(r"[\d.]+\+[0-9a-f]{12}", before)
    (package / "rule.py").write_text("x = 2\n")
    changed = version()
    (package / "rule.py").rename(package / "law.py")
    assert len({before, changed, version()}) == 3


def test_another_version_of_the_code_computes_nothing(store: Path) -> None:
    one = task(store)
    other = Task(store, one.run, one.settings, "0.0+other", KIND)
    assert compute(other).outcome is Outcome.OTHER_CODE
    assert not run_folder(store, one.run).exists()

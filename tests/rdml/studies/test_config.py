"""Study files: what is allowed, what is refused, and in which words."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import here

from rdml.config import LARGEST_FILE, load_study

STUDY = """
name = "floor"
[run]
kind = "counting"
steps = 5
[sweep]
design = "grid"
seeds = 2
grid.x = [0.5, 1]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def refused(path: Path, *settings: str) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        load_study(path, settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("nam='x'", "unknown key 'nam'; did you mean 'name'?"),
        ("sweep.seedz=3", "sweep: unknown key 'seedz'; did you mean 'seeds'?"),
        ("sweep.seeds=0", "sweep.seeds: Input should be greater than or equal to 1, got 0"),
        ("sweep.seeds='3'", "sweep.seeds: Input should be a valid integer, got '3'"),
        ("sweep.seeds=true", "sweep.seeds: Input should be a valid integer, got True"),
        ("sweep.design='gird'", "'grid', 'list', 'random', 'latin-hypercube'"),
        ("sweep={seeds=2, grid={x=[1]}}", "sweep: the key 'design' is missing"),
        ("sweep.grid.x=[]", "sweep.grid.x: List should have at least 1 item"),
        ("sweep.grid.x=[[1]]", "sweep.grid.x.0: a number, boolean or string is needed"),
        ("sweep.grid.x=[nan]", "sweep.grid.x is nan; a finite number is needed"),
        ("sweep.grid.seed=[1]", "'seed' is not swept"),
        ("run.x=1979-05-27", "x is a date; numbers, booleans and strings are allowed"),
        ("run=3", "run: Input should be a valid dictionary"),
        ("run.kind.deep=3", "'kind' is a value, not a table"),
        ("no equals sign", "KEY=VALUE is needed"),
        ("=3", "KEY=VALUE is needed"),
        ("sweep={design='list', points=[{a=1}, {b=1}]}", "point 1 has keys ['b']; the first has ['a']"),
        (
            "sweep={design='random', samples=3, ranges={x={low=2, high=1}}}",
            "sweep.ranges.x: low is 2, high is 1; low must be smaller",
        ),
        (
            "sweep={design='random', samples=3, ranges={x={low=0, high=1, scale='log'}}}",
            "a log scale needs a positive one",
        ),
    ],
)
def test_what_is_wrong_is_said_with_key_and_value(file: Path, setting: str, words: str) -> None:
    assert words in refused(file, setting)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/b", "", ".hidden", "x" * 65, "a\\nb", "ä"])
def test_names_that_could_leave_the_store_are_refused(file: Path, name: str) -> None:
    assert "name: String should match pattern" in refused(file, f'name="{name}"')


def test_huge_numbers_deep_tables_and_large_files_are_refused(file: Path, tmp_path: Path) -> None:
    assert "beyond 64 bits" in refused(file, f"run.steps={2**63}")
    assert "beyond 64 bits" in refused(file, "run.steps=" + "9" * 4000)
    assert "nested more than 16 deep" in refused(file, "run.x=" + "[" * 20 + "]" * 20)
    assert "KEY=VALUE is needed" in refused(file, "run" + ".a" * 30 + "=1")
    assert "4001 characters; at most 4000" in refused(file, f"run.x='{'x' * 4001}'")
    deep = tmp_path / "deep.toml"
    deep.write_text("x = " + "[" * 100_000 + "]" * 100_000)
    assert "nested too deeply" in refused(deep)
    deep.write_text(".".join(["a"] * 200_000) + " = 1\n")
    assert "nested too deeply" in refused(deep)
    large = tmp_path / "large.toml"
    large.write_text("#" * (LARGEST_FILE + 1))
    assert "is larger than" in refused(large)
    (tmp_path / "bytes.toml").write_bytes(b"name = \xff")
    assert refused(tmp_path / "bytes.toml")
    assert "can't be read" in refused(tmp_path / "none.toml")


def test_settings_override_and_are_typed_as_in_toml(file: Path) -> None:
    study = load_study(file, ["run.steps=7", "run.label=plain words", 'run.other="3"', "sweep.grid.x=[2]"])
    assert study.run == {"kind": "counting", "steps": 7, "label": "plain words", "other": "3"}
    assert study.sweep is not None
    assert study.sweep.axes == ["x"]


def test_a_setting_can_not_smuggle_in_other_keys(file: Path) -> None:
    study = load_study(file, ["run.label=1\nrun.steps = 99"])
    assert study.run["steps"] == 5


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
            ),
        ),
    )
)
def test_nothing_but_value_errors(data: dict) -> None:
    from rdml.config import StudyFile, check_plain, validate

    try:
        check_plain(data, "x")
        validate(StudyFile, data, "x")
    except ValueError:
        pass


def test_show_prints_a_study_that_is_the_same_study(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(STUDY)
    done = here("config", "show", file, "--json", tmp_path / "o.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# 4 runs\n")
    shown = tomllib.loads(done.stdout)
    assert shown["run"]["pause"] == 0.0  # a default
    assert shown["sweep"]["grid"] == {"x": [0.5, 1]}
    assert json.loads((tmp_path / "o.json").read_text())["runs"] == 4
    (tmp_path / "again.toml").write_text(done.stdout)
    assert here("config", "show", tmp_path / "again.toml").stdout == done.stdout


def test_every_run_is_checked_before_one_starts(file: Path, store: Path) -> None:
    done = here("sweep", file, "--store", store, "--set", "sweep.grid.steps=[5, 6, -1]")
    assert done.returncode == 2
    assert "steps = -1: steps: Input should be greater than or equal to 1, got -1" in done.stderr
    assert not list(store.glob("??"))


def test_a_study_that_is_too_large_is_refused_at_once(file: Path, store: Path) -> None:
    done = here("sweep", file, "--store", store, "--set", "sweep.seeds=9999999")
    assert done.returncode == 2
    assert "has 19,999,998 runs; at most 10,000,000 are allowed" in done.stderr


def test_an_unknown_kind_is_named(file: Path, store: Path) -> None:
    done = here("sweep", file, "--store", store, "--set", "run.kind=simulat")
    assert done.returncode == 2
    assert "unknown kind 'simulat'; did you mean 'simulate'?" in done.stderr


def test_the_schema_speaks_of_every_setting(tmp_path: Path) -> None:
    done = here("config", "schema")
    schema = json.loads(done.stdout)
    counting = next(k for k in schema["properties"]["run"]["oneOf"] if k["title"] == "Counting")
    assert {"kind", "steps", "seed", "x"} <= set(counting["properties"])
    assert counting["additionalProperties"] is False
    simulate = next(k for k in schema["properties"]["run"]["oneOf"] if k["title"] == "Simulate")
    assert simulate["properties"]["step_size"]["exclusiveMinimum"] == 0

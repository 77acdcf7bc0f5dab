"""From a study to its runs: designs, seeds that stay, ids."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting import KIND
from hypothesis import given
from hypothesis import strategies as st

from rdml.config import StudyFile, validate
from rdml.store import make_store
from rdml.sweep import check_size, plan, points
from simulations.studies.files import StoreError, read_study, study_path

KINDS = {"counting": KIND}


def study(sweep: dict[str, Any] | None = None, **run: Any) -> StudyFile:
    data = {"name": "s", "run": {"kind": "counting", **run}}
    return validate(StudyFile, data | ({"sweep": sweep} if sweep else {}), "s")


def runs(tmp_path: Path, one: StudyFile) -> list[str]:
    return plan(one, make_store(tmp_path / "store"), KINDS).runs


def test_a_grid_is_every_combination() -> None:
    grid = study({"design": "grid", "grid": {"x": [0.0, 1.0], "steps": [3, 4, 5]}})
    found = list(points(grid))
    assert found == [{"x": x, "steps": n} for x in (0.0, 1.0) for n in (3, 4, 5)]
    assert check_size(grid) == 6


def test_a_point_that_is_listed_twice_is_one_run(tmp_path: Path) -> None:
    assert len(runs(tmp_path, study({"design": "grid", "grid": {"x": [1, 1.0, 2]}}))) == 2


def test_a_list_is_its_points() -> None:
    listed = [{"x": 1.0, "steps": 3}, {"x": 0.5, "steps": 9}]
    assert list(points(study({"design": "list", "points": listed}))) == listed


def test_a_study_without_a_sweep_is_one_run(tmp_path: Path) -> None:
    assert len(runs(tmp_path, study())) == 1


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**63 - 1))
def test_more_random_samples_keep_those_that_were(few: int, more: int, seed: int) -> None:
    ranges = {
        "x": {"low": -1.0, "high": 1.0},
        "steps": {"low": 2, "high": 500, "scale": "log"},
        "label": ["a", "b"],
    }

    def drawn(samples: int) -> list[dict[str, Any]]:
        sweep = {"design": "random", "samples": samples, "design_seed": seed, "ranges": ranges}
        return list(points(study(sweep)))

    assert drawn(few + more)[:few] == drawn(few)


def test_samples_fill_their_ranges() -> None:
    ranges = {"x": {"low": 0.01, "high": 100.0, "scale": "log"}, "steps": {"low": 2, "high": 4}}
    found = list(points(study({"design": "random", "samples": 4000, "ranges": ranges})))
    x = np.array([p["x"] for p in found])
    assert x.min() >= 0.01
    assert x.max() <= 100
    # uniform in the logarithm: a quarter in each quarter, within 5 standard errors
    shares = np.histogram(np.log10(x), bins=4, range=(-2, 2))[0] / 4000
    assert np.abs(shares - 0.25).max() < 5 * (0.25 * 0.75 / 4000) ** 0.5
    steps = [p["steps"] for p in found]
    assert set(steps) == {2, 3, 4}
    assert all(type(s) is int for s in steps)
    counts = np.array([steps.count(k) for k in (2, 3, 4)]) / 4000
    assert np.abs(counts - 1 / 3).max() < 5 * (2 / 9 / 4000) ** 0.5


def test_a_latin_hypercube_has_one_point_in_every_row_and_column() -> None:
    ranges = {"x": {"low": 0.0, "high": 1.0}, "pause": {"low": 0.0, "high": 2.0}}
    sweep = {"design": "latin-hypercube", "samples": 50, "ranges": ranges}
    found = list(points(study(sweep)))
    assert sorted(int(p["x"] * 50) for p in found) == list(range(50))
    assert sorted(int(p["pause"] * 25) for p in found) == list(range(50))
    assert found == list(points(study(sweep)))
    assert found != list(points(study({**sweep, "design_seed": 1})))


@given(
    st.lists(st.floats(-9, 9), min_size=1, max_size=4, unique=True),
    st.lists(st.floats(-9, 9), min_size=1, max_size=4, unique=True),
    st.integers(1, 4),
    st.booleans(),
)
def test_seeds_stay_when_the_grid_grows(xs: list[float], more: list[float], seeds: int, common: bool) -> None:
    from rdml.sweep import Plan

    def seeded(values: list[float], count: int) -> dict[tuple[float, int], int]:
        one = study({"design": "grid", "grid": {"x": values}, "seeds": count, "common_seeds": common}, seed=5)
        return {(v["x"], k): s["seed"] for v, k, s in Plan(one, KIND, "v").settings()}

    small, large = seeded(xs, seeds), seeded([*more, *xs], seeds + 2)
    assert small.items() <= large.items()
    if common:
        assert all(seed == 5 + k for (_, k), seed in large.items())
    else:
        assert len(set(large.values())) == len(large)


def test_the_base_seed_changes_all_seeds(tmp_path: Path) -> None:
    sweep = {"design": "grid", "grid": {"x": [0.0, 1.0]}, "seeds": 3}
    assert not set(runs(tmp_path, study(sweep, seed=0))) & set(runs(tmp_path, study(sweep, seed=1)))


def test_a_plan_is_kept_and_made_anew_when_it_is_damaged(tmp_path: Path) -> None:
    one = study({"design": "grid", "grid": {"x": [0.0, 1.0]}, "seeds": 2})
    store = make_store(tmp_path / "store")
    first = plan(one, store, KINDS)
    path = study_path(store, "s")
    kept = path.stat().st_mtime_ns
    assert plan(one, store, KINDS).runs == first.runs
    assert path.stat().st_mtime_ns == kept
    found = read_study(store, "s")
    assert found.points.column("run").to_pylist() == first.runs
    assert found.points.column("x").to_pylist() == [0.0, 0.0, 1.0, 1.0]
    assert found.specification["axes"] == ["x"]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(StoreError, match="is damaged"):
        read_study(store, "s")
    assert plan(one, store, KINDS).runs == first.runs
    assert read_study(store, "s").points.num_rows == 4

"""Replicates taken together: intervals that cover, limits at step size 0."""

import numpy as np
import pandas as pd
import pytest

from convergence.statistics.extrapolation import extrapolate
from simulations.studies.aggregate import NORMAL_95, limits, over_replicates, quantities


def frame(generator: np.random.Generator, points: int, replicates: int, *, own: bool) -> pd.DataFrame:
    """Runs whose floor at η is 2 + 3η with a standard error of 0.1 each."""
    lines = []
    for eta in np.linspace(0.1, 0.5, points):
        for k in range(replicates):
            value = 2 + 3 * eta + 0.1 * generator.standard_normal()
            line = {
                "run": f"{eta}{k}",
                "replicate": k,
                "step_size": eta,
                "status": "finished",
                "floor": value,
            }
            if own:
                line |= {"floor_low": value - 0.1 * NORMAL_95, "floor_high": value + 0.1 * NORMAL_95}
            lines.append({**line, "floor_bound": 9.0, "steps_taken": 40 + k})
    return pd.DataFrame(lines)


@pytest.mark.parametrize("own", [True, False])
def test_intervals_over_replicates_cover_the_truth(own: bool) -> None:
    generator = np.random.default_rng(1)
    covered, total = 0, 1000
    for _ in range(total // 5):
        points = over_replicates(frame(generator, 5, 4, own=own), ["step_size"])
        truth = 2 + 3 * points["step_size"]
        covered += int(((points["floor_low"] <= truth) & (truth <= points["floor_high"])).sum())
    assert abs(covered / total - 0.95) < 4 * (0.95 * 0.05 / total) ** 0.5


def test_the_limit_at_step_size_0_is_that_of_the_points_and_their_standard_errors() -> None:
    step_sizes = [0.1, 0.2, 0.3, 0.4]
    values, errors = np.array([2.3, 2.7, 2.8, 3.3]), np.array([0.1, 0.2, 0.1, 0.3])
    points = pd.DataFrame({"step_size": step_sizes, "floor": values})
    points["floor_low"], points["floor_high"] = values - 1.96 * errors, values + 1.96 * errors
    (limit,) = limits(points, ["step_size"], "floor")
    assert limit.where == {}
    for found, expected in zip(limit.fit, extrapolate(step_sizes, values, errors, degree=2), strict=True):
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-9)


def test_what_is_not_finished_is_left_out() -> None:
    runs = frame(np.random.default_rng(3), 2, 3, own=True)
    runs.loc[0, ["status", "floor", "floor_low", "floor_high"]] = ["absent", np.nan, np.nan, np.nan]
    points = over_replicates(runs, ["step_size"])
    assert points["finished"].tolist() == [2, 3]
    assert points["floor"][0] == pytest.approx(runs["floor"][1:3].mean())


def test_references_and_counts_are_no_quantities_with_intervals() -> None:
    runs = frame(np.random.default_rng(4), 2, 3, own=True)
    assert quantities(runs, ["step_size"]) == ["floor", "steps_taken"]
    points = over_replicates(runs, ["step_size"])
    assert "steps_taken_low" not in points
    assert points["floor_bound"].tolist() == [9.0, 9.0]


def test_a_limit_needs_three_step_sizes() -> None:
    points = over_replicates(frame(np.random.default_rng(5), 2, 3, own=True), ["step_size"])
    assert limits(points, ["step_size"], "floor") == []
    assert limits(points, ["x"], "floor") == []

"""`rdml simulate` and what it says of a run."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rdml.cli import app, spread
from rdml.problem_options import make_problem


def simulated(tmp_path: Path, *arguments: str) -> dict[str, float | None]:
    file = tmp_path / "run.json"
    words = ("simulate", *arguments, "--replicas", "8", "--json", str(file), "--out", str(tmp_path))
    CliRunner().invoke(app, spread(list(words)))
    found: dict[str, float | None] = json.loads(file.read_text())
    return found


def test_a_bound_is_said_where_one_holds(tmp_path: Path) -> None:
    found = simulated(tmp_path, "quadratic", "--steps", "500")
    assert found["bound"] is not None
    assert found["mean_gradient_norm_squared"] < found["bound"]  # type: ignore[operator]


@pytest.mark.parametrize(
    "arguments",
    [
        "quadratic --momentum 0.9",
        "rosenbrock --steps 20 --step-size 0.00018 --set noise-variance=1e8",
        "quadratic --step-size 1.5",
        "rdml-logits --steps 20 --set alpha=0.5 --set potential=true",
    ],
    ids=["of momentum", "L is local", "of so large a step", "minimum unknown"],
)
def test_where_no_bound_holds_none_is_said(tmp_path: Path, arguments: str) -> None:
    assert simulated(tmp_path, *arguments.split())["bound"] is None


def test_true_and_false_are_set() -> None:
    joint = make_problem("rdml-logits", ["alpha=0.5", "potential=true"])
    assert joint.bias is None
    assert make_problem("rdml-logits", ["alpha=0.5", "potential=false"]).bias is not None
    with pytest.raises(ValueError, match="learners is True; a whole number"):
        make_problem("rdml-logits", ["learners=true"])

"""`rdml simulate` and what it says of a run."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rdml.cli import app, spread
from rdml.problem_options import make_problem, variants_of


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


def test_orders_that_differ_in_their_last_digits_are_variants_of_their_own() -> None:
    alphas = [0.9999999, 1.0, 1.0000001]
    variants = variants_of("rdml-logits", None, alphas, None)
    assert [one.parameters["alpha"] for one in variants.values()] == alphas


def test_as_many_steps_as_no_run_takes_are_refused() -> None:
    done = CliRunner().invoke(app, ["simulate", "quadratic", "--steps", "99999999999999999999"])
    assert isinstance(done.exception, ValueError)
    assert "steps is 99999999999999999999; a whole number" in str(done.exception)


@pytest.mark.parametrize(
    "command", ["simulate quadratic --step-size", "compare --beta", "phase --alpha 1 --json"]
)
def test_an_option_of_one_value_refuses_a_second(command: str) -> None:
    words = command.split()
    several = CliRunner().invoke(app, spread([*words, "0.1", "0.2"]))
    assert several.exit_code == 2
    assert "unexpected extra argument" in several.output
    with pytest.raises(ValueError, match=f"{words[-1]} is given twice; it takes one value"):
        spread([*words, "0.1", f"{words[-1]}=0.2"])


def test_an_option_takes_several_values_where_its_command_does() -> None:
    assert spread(["floor", "x", "--step-size", "0.1", "0.2", "--set", "a=1", "--set", "b=2", "--seed", "1"]) == [
        "floor", "x", "--step-size", "0.1", "--step-size", "0.2", "--set", "a=1", "--set", "b=2", "--seed", "1",
    ]  # fmt: skip

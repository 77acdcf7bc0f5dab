"""The commands on ensembles, claims and worst cases, in one process: output, files and exit codes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import simulations
from proofs import worst_case
from proofs.performance.worst_function import WorstFunction
from rdml.cli import app, spread
from simulations.problems import Bias, Problem


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, spread(list(arguments)))
    assert done.exit_code == code, done.output
    return done.output


def test_a_numeric_option_takes_several_values() -> None:
    assert spread(["floor", "x", "--alpha", "0.5", "1", "-j", "2"]) == [
        "floor", "x", "--alpha", "0.5", "--alpha", "1", "-j", "2",
    ]  # fmt: skip


def test_problems_lists_their_constants(tmp_path: Path) -> None:
    assert "double-well" in run("problems", "--json", str(tmp_path / "new" / "p.json"))
    rows = {row["name"]: row for row in json.loads((tmp_path / "new" / "p.json").read_text())["problems"]}
    assert rows["quadratic"]["bias_bound"] == 0.5


def test_simulate_prints_a_summary_and_draws(tmp_path: Path) -> None:
    output = run("simulate", "double-well", "--steps", "200", "--replicas", "16", "--out", str(tmp_path))
    assert "mean_gradient_norm_squared" in output
    assert (tmp_path / "double-well-stationarity.svg").read_text().startswith("<?xml")


def test_a_run_that_diverges_says_when_and_exits_with_1(tmp_path: Path) -> None:
    output = run(
        "simulate",
        "quadratic",
        "--step-size",
        "3",
        "--steps",
        "3000",
        "--replicas",
        "4",
        "--out",
        str(tmp_path),
        code=1,
    )
    assert "first_divergence_step" in output


def test_floor_holds_the_exact_value_beside_the_measured(tmp_path: Path) -> None:
    run(
        "floor", "quadratic", "--step-size", "0.2", "0.4", "0.8", "--replicas", "16", "--set", "dimension=2",
        "--json", str(tmp_path / "f.json"), "--out", str(tmp_path),
    )  # fmt: skip
    result = json.loads((tmp_path / "f.json").read_text())
    assert len(result["points"]) == 3
    assert {"step_size", "floor", "low", "high", "bound", "exact"} <= set(result["points"][0])
    assert result["intercept"]["exact"] == 0.25
    assert (tmp_path / "quadratic-floor.svg").exists()


def as_problem(worst: WorstFunction, bias_bound: float) -> Problem:
    """The worst function as a problem for ensembles; the bias at x is that of the nearest planned point."""
    planned = torch.as_tensor(worst.points[: len(worst.biases)])
    biases = torch.as_tensor(worst.biases)
    return Problem(
        name="worst-case",
        dimension=len(worst.start),
        objective=lambda x: torch.tensor([worst.value(row.numpy()) for row in x]),
        gradient=lambda x: torch.as_tensor(np.array([worst.gradient(row.numpy()) for row in x])),
        smoothness=worst.smoothness,
        minimum=0.0,
        start=tuple(worst.start),
        bias=Bias(lambda x, _: biases[torch.cdist(x, planned).argmin(1)], bound=bias_bound),
    )


def test_worst_case_gives_certificates_and_its_function_runs_as_badly(tmp_path: Path) -> None:
    arguments = ("--steps", "4", "--step-size", "0.5", "--bias-bound", "1")
    run("worst-case", *arguments, "--json", str(tmp_path / "w.json"))
    record = json.loads((tmp_path / "w.json").read_text())
    assert record["exact"]
    assert record["upper"] == pytest.approx(1.445293, abs=1e-6)
    worst = worst_case(4, 0.5, 1, 1).worst_function()
    assert np.linalg.norm(worst.biases, axis=1).max() <= 1 + 1e-9
    replay = simulations.simulate(as_problem(worst, 1.0), step_size=0.5, steps=4, replicas=2)
    averages, _ = replay.moments.column("average_gradient_norm_squared")
    assert averages[-1] == pytest.approx(record["upper"], rel=1e-6)


def test_a_claim_is_shown_with_the_steps_of_its_proof() -> None:
    output = run("claims", "show", "jensen-gap")
    assert "proved" in output
    assert "checked" in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("simulate", "quadratik"), "quadratic"),
        (("simulate", "quadratic", "--set", "dimensions=2"), "dimension"),
        (("simulate", "quadratic", "--set", "dimension"), "KEY=VALUE"),
        (("simulate", "quadratic", "--step-size", "0"), "step_size"),
        (("simulate", "quadratic", "--replicas", "1"), "replicas"),
        (("floor", "rdml-logits", "--alpha", "-1"), "alpha"),
        (("worst-case", "--steps", "0", "--step-size", "0.5"), "steps"),
        (("worst-case", "--steps", "2", "--step-size", "0.5", "--relative-bias", "1"), "relative_bias"),
        (("train", "--beta", "-1"), "beta"),
        (("train", "--learners", "1"), "2"),
        (("claims", "show", "pinskr"), "pinsker"),
    ],
)
def test_bad_input_is_named(arguments: tuple[str, ...], words: str) -> None:
    done = CliRunner().invoke(app, list(arguments))
    assert isinstance(done.exception, ValueError)  # `main` turns it into one line and exit code 2
    assert words in str(done.exception)

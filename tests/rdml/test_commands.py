"""The commands on ensembles, claims and worst cases, in one process: output, files and exit codes."""

import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import simulations
from proofs import worst_case
from proofs.performance.worst_function import WorstFunction
from rdml.cli import app, main, spread
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


def test_a_worst_case_too_large_for_floats_is_a_failed_one(tmp_path: Path) -> None:
    file = tmp_path / "w.json"
    for extreme in (("--step-size", "1e300"), ("--step-size", "0.5", "--bias-bound", "1e200")):
        assert "too large" in run("worst-case", "--steps", "2", *extreme, "--json", str(file), code=1)
        assert json.loads(file.read_text())["status"] == "failed"


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
        (("floor", "quadratic", "--step-size", "0"), "step_size is 0.0"),
        (("floor", "quadratic", "--step-size", "nan"), "step_size is nan"),
        (("floor", "quadratic", "--step-size", "1e-300"), "step_size is 1e-300; at least 5.1e-10"),
        (("scope", "--step-size", "-1"), "step_size is -1.0"),
        (("basins", "--step-size", "0"), "step_size is 0.0"),
        (("basins", "--time", "inf"), "time is inf"),
        (("phase", "--set", "alpha=1"), "--set is 'alpha=1'; alpha is set already"),
        (("floor", "rdml-logits", "--alpha", "1", "--set", "alpha=2"), "alpha is set already"),
        (("phase", "--alpha", "1", "--beta", "1e300"), "'beta': 1e+300"),
        (("train", "--path", "nowhere"), "path is nowhere, but data is 'digits'; only cifar10"),
    ],
)
def test_bad_input_is_named(arguments: tuple[str, ...], words: str) -> None:
    done = CliRunner().invoke(app, list(arguments))
    assert isinstance(done.exception, ValueError)  # `main` turns it into one line and exit code 2
    assert words in str(done.exception)


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that `main` says."""
    monkeypatch.setattr("sys.argv", ["rdml", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify", "-j", "0"), "--jobs / -j is 0; Input should be greater than or equal to 1"),
        (("floor", "--step-size", "abc"), "--step-size is abc; Input should be a valid number"),
        (("train", "--precision", "float16"), "--precision is float16; 'float16' is not one of 'float64'"),
        (("simulate", "quadratic", "--replicas", "1000000000"), "replicas is 1000000000; at most"),
        (("claims", "graph", "--out", "x.foo"), "x.foo does not end in .svg"),
        (("claims", "graph", "--out", "/proc/x.svg"), "/proc is not writable"),
        (("problems", "--nope"), "No such option: --nope"),
    ],
)
def test_what_the_parser_refuses_is_one_line_with_name_and_value(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    assert words in refused(monkeypatch, capsys, *arguments)


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        ("simulate quadratic --steps 20 --replicas 4", ["quadratic-stationarity.svg"]),
        ("worst-case --steps 1 --step-size 0.5", []),
        ("problems", []),
        ("floor double-well --replicas 2 --step-size 0.1", ["double-well-floor.svg"]),
        ("scope double-well --replicas 2 --step-size 0.1", ["double-well-scope.svg"]),
        ("basins double-well --replicas 2 --step-size 0.1 --time 2", ["double-well-basins.svg"]),
        ("tightness quadratic --replicas 2", ["tightness.svg"]),
        ("phase --alpha 1 --beta 0", ["phase.svg"]),
    ],
)
def test_a_full_disk_on_stdout_loses_no_file(tmp_path: Path, arguments: str, files: list[str]) -> None:
    out = () if arguments.startswith(("worst", "problems")) else ("--out", str(tmp_path))
    with pytest.MonkeyPatch.context() as patch, open("/dev/full", "w") as full:
        patch.setattr("sys.stdout", full)
        patch.setattr(
            "sys.argv", spread(["rdml", *arguments.split(), "--json", str(tmp_path / "r.json"), *out])
        )
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 1
    assert json.loads((tmp_path / "r.json").read_text())
    assert all((tmp_path / name).is_file() for name in files)


@pytest.mark.parametrize(
    "command", ["floor quadratic --step-size 5", "scope --step-size 9", "basins --step-size 9"]
)
def test_divergence_has_one_exit_code_and_figures_say_it(tmp_path: Path, command: str) -> None:
    output = run(*command.split(), "--replicas", "4", "--out", str(tmp_path), code=1)
    assert "diverged" in output
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("command", "listed"), [("floor quadratic", "points"), ("scope", "points"), ("basins", "curves")]
)
def test_an_interrupted_experiment_keeps_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, listed: str
) -> None:
    def working(after: int) -> object:
        told: list[str] = []

        def progress(words: str) -> None:
            told.append(words)
            if len(told) > after:
                raise KeyboardInterrupt

        return lambda: nullcontext(progress)

    options = ("--replicas", "4", "--step-size", "0.1", "0.08", "0.05", "--json", str(tmp_path / "f.json"))
    words = (*command.split(), *options, "--out", str(tmp_path / "figures"))
    monkeypatch.setattr("rdml.progress.working", working(after=0))
    assert "nothing is written" in run(*words, code=130)
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr("rdml.progress.working", working(after=2))
    assert "Interrupted" in run(*words, code=130)
    found = json.loads((tmp_path / "f.json").read_text())
    assert found["interrupted"] is True
    assert [one["step_size"] for one in found[listed]] == [0.1, 0.08]


def test_a_floor_says_how_far_it_can_be_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = ("--out", str(tmp_path))
    far = run("floor", "quadratic", "--step-size", "1.8", "1.2", "0.6", "--replicas", "32", *out)
    assert "no such curve" in far
    near = run("floor", "quadratic", "--step-size", "0.2", "0.1", "0.05", "--replicas", "4", *out)
    assert "misfit: p = " in near
    assert "no such curve" not in near
    assert "4 replicas: fewer than 16" in near
    monkeypatch.setattr("simulations.experiments.step_sizes.DOUBLINGS", 0)
    slow = (
        "quadratic",
        "--set",
        "condition=1e4",
        "--step-size",
        "0.4",
        "0.3",
        "0.2",
        "--replicas",
        "16",
        *out,
    )
    unsettled = run("floor", *slow, code=1)
    assert "(not settled)" in unsettled
    assert "no extrapolation" in unsettled
    assert "(not settled)" in run("scope", *slow, code=1)


def test_interrupted_variants_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def progress(words: str) -> None:
        if told.append(words) or len(told) > 2:
            raise KeyboardInterrupt

    told: list[str] = []
    monkeypatch.setattr("rdml.progress.working", lambda: nullcontext(progress))
    words = ["floor", "rdml-logits", "--alpha", "0.5", "1", "--replicas", "4", "--step-size", "0.4", "0.2"]
    run(*words, "--json", str(tmp_path / "f.json"), "--out", str(tmp_path), code=130)
    found = json.loads((tmp_path / "f.json").read_text())
    assert found["interrupted"] is True
    assert [one["parameters"]["alpha"] for one in found["floors"]] == [0.5]


def test_cohorts_that_do_not_come_to_rest_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulations.experiments.phase.DOUBLINGS", 0)
    words = ("phase", "--alpha", "0.5", "--beta", "0", "8", "--out", str(tmp_path))
    assert "alpha = 0.5, beta = 8: not at rest after 500 steps" in run(*words, code=1)
    assert "*" in (tmp_path / "phase.svg").read_text()


def test_an_interrupted_simulation_says_that_there_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("simulations.ensemble.run.simulate", interrupted)
    output = run("simulate", "quadratic", "--out", str(tmp_path / "new"), code=130)
    assert "Interrupted before step 2000" in output
    assert not (tmp_path / "new").exists()


def test_no_number_is_lost_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert "matrix-factorisation" in run("problems")
    assert "5.7844" in run("problems")


def test_where_no_bound_applies_none_is_drawn(tmp_path: Path) -> None:
    assert "rosenbrock: no bound applies" in run("tightness", "rosenbrock", "--out", str(tmp_path))
    assert list(tmp_path.iterdir()) == []

"""`rdml scope`, `basins`, `tightness` and `phase`: a small run of each, its table, JSON and picture."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rdml.cli import app, spread


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, spread(list(arguments)), env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize(
    ("arguments", "picture", "words"),
    [
        ("scope double-well --step-size 0.05 0.1 --replicas 16", "double-well-scope", "sharp bound"),
        ("basins double-well --step-size 0.2 --replicas 16 --time 20", "double-well-basins", "95 % interval"),
        ("basins rdml-waves --alpha 0.5 2 --step-size 0.2 --replicas 8 --time 10", "rdml-waves-basins", "alpha = 2"),
        ("tightness quadratic --replicas 8", "tightness", "share"),
        ("phase --alpha 0.5 2 --beta 0 1", "phase", "disagreement"),
    ],
)  # fmt: skip
def test_an_experiment_prints_a_table_and_draws(
    tmp_path: Path, arguments: str, picture: str, words: str
) -> None:
    file = tmp_path / "result.json"
    output = run(*arguments.split(), "--json", str(file), "--out", str(tmp_path))
    assert words in output
    assert (tmp_path / f"{picture}.svg").read_text().startswith("<?xml")
    assert json.loads(file.read_text())


def test_at_beta_0_there_is_no_bias_and_at_order_one_half_the_potential_has_a_floor_of_0(
    tmp_path: Path,
) -> None:
    file = tmp_path / "phase.json"
    run("phase", "--alpha", "0.5", "2", "--beta", "0", "1", "--json", str(file), "--out", str(tmp_path))
    cells = {(c["alpha"], c["beta"]): c for c in json.loads(file.read_text())["cells"]}
    assert cells[0.5, 0.0]["joint_floor"] < 1e-12
    assert cells[2.0, 0.0]["joint_floor"] < 1e-12
    assert cells[0.5, 1.0]["joint_floor"] > 1e-6
    assert cells[0.5, 1.0]["potential_floor"] < 1e-12


def test_too_few_replicas_are_refused_before_anything_is_said() -> None:
    done = CliRunner().invoke(app, ["floor", "double-well", "--replicas", "1"])
    assert isinstance(done.exception, ValueError)
    assert "replicas is 1; at least 2 are needed" in str(done.exception)
    assert done.output == ""

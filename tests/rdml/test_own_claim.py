"""docs/own-claim.md: the file on the page is proved, searched and its false neighbour refuted, in about forty lines."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rdml.cli import app

PAGE = (Path(__file__).parents[2] / "docs" / "own-claim.md").read_text(encoding="utf-8")
(FILE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def claim(tmp_path: Path) -> Path:
    path = tmp_path / "reverse_kl.py"
    path.write_text(FILE)
    return path


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


def test_it_takes_about_forty_lines() -> None:
    assert len([line for line in FILE.splitlines() if line.strip()]) <= 45


def test_it_is_held_against_every_witness_that_has_something_to_say(claim: Path) -> None:
    code, output = run("verify", str(claim), "--jobs", "1")
    assert code == 0, output
    (row,) = [line for line in output.splitlines() if "reverse-kl-bias" in line and "proved" in line]
    assert row.split() == ["reverse-kl-bias", "proved", "checked", "·", "·", "refuted"]


def test_it_is_shown_with_its_exact_counterexample(claim: Path) -> None:
    code, output = run("claims", "show", str(claim))
    assert code == 0, output
    assert "p = (1/4, 3/4)" in output
    assert "right side = 99·log(3)/200" in output


def test_a_step_that_is_left_out_is_named_as_the_page_says(claim: Path) -> None:
    claim.write_text(FILE.replace(", (1, spread))", ")"))
    _, output = run("claims", "show", str(claim))
    assert "reverse-kl-bias: failed, step 4 of goal bound" in output
    assert "by combination: rejected: the combination does not add up to" in output
    code, _ = run("verify", str(claim), "--witness", "symbolic", "--jobs", "1")
    assert code == 1

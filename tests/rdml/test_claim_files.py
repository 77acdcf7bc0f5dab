"""Claims of one's own in files: judged like all others; a bad file is named, and the others still run."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import rdml.verify
from convergence.claims.verdict import WITNESSES
from proofs import load
from proofs.divergence.nonneg import PROOF
from rdml.cli import app

FILE = """
from dataclasses import replace
from convergence.claims.divergence.jensen_gap import CLAIM as BASE
from proofs.divergence.jensen_gap import PROOF as BASE_PROOF
CLAIM = replace(BASE, id="{id}", depends_on={depends_on})
PROOF = replace(BASE_PROOF, claim="{id}")
"""


def write(path: Path, id: str, depends_on: tuple[str, ...] = ()) -> str:
    path.write_text(FILE.format(id=id, depends_on=depends_on))
    return str(path)


def verify(*names: str, jobs: int = 1) -> tuple[int, str]:
    witnesses = ["--witness", "symbolic", "--witness", "numeric", "--jobs", str(jobs)]
    done = CliRunner().invoke(app, ["verify", *names, *witnesses])
    return done.exit_code, done.output


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_is_judged_by_its_proof_and_by_search(tmp_path: Path, jobs: int) -> None:
    code, output = verify(write(tmp_path / "mine.py", "mine"), jobs=jobs)
    assert code == 0, output
    assert "mine" in output
    assert "proved" in output
    assert "checked" in output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nothing_of_that_name", "cannot be imported: ModuleNotFoundError"),
        ("x = (", "cannot be imported: SyntaxError"),
        ("x = 1", "defines no CLAIM"),
        (FILE.format(id="mine", depends_on=()).replace("PROOF =", "LOST ="), "defines no PROOF of mine"),
        (FILE.format(id="mine", depends_on=("pinskr",)), "depends on pinskr, which does not exist"),
        (FILE.format(id="mine", depends_on=("mine",)), "mine depends on itself"),
        (FILE.format(id="nonneg", depends_on=()), "nonneg is taken"),
    ],
)
def test_a_bad_file_is_named_and_the_others_still_run(tmp_path: Path, text: str, words: str) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(text)
    code, output = verify(str(bad), write(tmp_path / "good.py", "good"))
    assert code == 2
    flat = output.replace("\n", "")
    assert f"{bad}" in flat
    assert words in flat
    assert "good" in output
    assert "proved" in output


def test_a_cycle_through_two_files_names_both(tmp_path: Path) -> None:
    code, output = verify(write(tmp_path / "a.py", "a", ("b",)), write(tmp_path / "b.py", "b", ("a",)))
    assert code == 2
    assert "a depends on itself" in output
    assert "b depends on itself" in output


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    code, output = verify(str(tmp_path / "none.py"))
    assert code == 2
    assert output.startswith("Error: ")
    assert "no such file" in output


def test_only_witnesses_that_can_speak_are_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(rdml.verify, "findings", lambda name, *rest: begun.append(name) or iter(()))
    mine = write(tmp_path / "mine.py", "mine")
    for selection, expected in (
        ([str(tmp_path / "none.py")], []),
        ([mine], ["symbolic", "numeric"]),
        ([mine, "nonneg"], list(WITNESSES)),
    ):
        begun.clear()
        rdml.verify.verify(selection)
        assert begun == expected


def test_a_file_cannot_replace_a_proof_of_the_library(tmp_path: Path) -> None:
    code, output = verify(write(tmp_path / "mine.py", "nonneg"), "nonneg")
    assert code == 2
    assert "proved" in output
    assert load("nonneg") is PROOF

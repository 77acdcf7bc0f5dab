"""The scripts of the gallery: short, built on the public API, and each answers its question with a figure."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[1] / "examples" / "gallery").glob("*.py"))


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) >= 10


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_short_and_uses_public_names(script: Path) -> None:
    code = script.read_text(encoding="utf-8")
    tree = ast.parse(code)
    question, rest = (ast.get_docstring(tree) or "").split("\n", 1)
    assert question.endswith("?")
    assert "Figure: " in rest
    docstring = tree.body[0].end_lineno
    assert docstring is not None
    assert len(code.splitlines()) - docstring <= 60
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not any(part.startswith("_") for part in (node.module or "").split("."))
            assert not any(name.name.startswith("_") for name in node.names)
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_")


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_answers_with_a_figure(script: Path, tmp_path: Path) -> None:
    here = {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=here, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer = done.stdout.splitlines()[-1]
    assert answer.startswith("Answer: ")
    assert "nan" not in done.stdout
    assert (tmp_path / f"{script.stem}.svg").stat().st_size > 5000

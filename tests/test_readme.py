"""The README's Python runs as it stands, and its commands exist."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_there_are_snippets() -> None:
    assert len(SNIPPETS) == 3


@pytest.mark.parametrize("snippet", SNIPPETS[:2])
def test_a_snippet_runs(snippet: str) -> None:
    exec(compile(snippet, "README.md", "exec"), {})


def test_the_ensemble_is_printed_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(SNIPPETS[2], "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 10
    assert all(re.fullmatch(r"step +\d+: E‖∇F‖² = \d\.\d{4} ± \d\.\d{4}", line) for line in lines)


def test_every_command_that_is_named_exists() -> None:
    from typer.main import get_command

    from rdml.cli import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"`rdml ([a-z-]+)", README))
    assert named
    assert named <= known


@pytest.mark.slow
def test_the_table_is_what_the_command_prints(tmp_path: Path) -> None:
    [(command, table)] = re.findall(r"```text\n\$ rdml (.*?)\n(.*?)```", README, flags=re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-m", "rdml", *shlex.split(command)],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    printed = [line.rstrip() for line in done.stdout.splitlines() if line.strip()]
    assert table.splitlines() == printed[:-1]  # the last line says how long it took

"""What a closed standard output, and a file named as one, come to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rdml.cli import app

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "arguments", ["claims show jensen-gap", "--help", "problems", "verify jensen-gap --witness symbolic"]
)
def test_a_closed_standard_output_is_no_trouble(arguments: str) -> None:
    command = f"{sys.executable} -m rdml.cli {arguments} >&-"
    done = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr
    assert done.returncode == 0


def test_a_dash_is_refused_as_the_name_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["problems", "--json", "-"])
    assert done.exit_code == 2
    assert "- is no file" in done.output
    assert not Path("-").exists()

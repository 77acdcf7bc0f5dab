"""`rdml verify` as a user meets it: real processes, real files, exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rdml.verify import verify

RDML = [sys.executable, "-m", "rdml"]


def rdml(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        [*RDML, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        timeout=300,
        check=False,
    )


def one_line_error(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_one_claim_with_all_witnesses_writes_json_and_one_page(tmp_path: Path) -> None:
    arguments = ("verify", "pinsker", "--jobs", "1", "--seed", "3", "--json", "out.json", "--out", "report")
    done = rdml(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (claim,) = json.loads((tmp_path / "out.json").read_text())["claims"]
    assert claim["id"] == "pinsker"
    assert {v["witness"] for v in claim["verdicts"]} == {"symbolic", "numeric", "simulation", "network"}
    assert {"witness", "status", "margin", "evidence", "counterexample", "seconds"} <= set(
        claim["verdicts"][0]
    )
    assert claim["false_neighbour"]["refuted_by"]
    assert claim["false_neighbour"]["counterexample"]
    assert os.listdir(tmp_path / "report") == ["report.html"]
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.count("<svg") >= 1
    assert not re.search(
        r"""(src|href)=["']?https?:|@import|url\(https?:""", page
    )  # nothing comes from elsewhere

    # The same seed gives the same JSON: here as there, with fewer witnesses.
    assert without_times(claim) == without_times(in_this_process("pinsker", seed=3))
    assert without_times(claim) != without_times(in_this_process("pinsker", seed=4))


REPEATED = ("symbolic", "numeric")


def in_this_process(claim: str, *, seed: int) -> dict[str, Any]:
    result = verify([claim], witnesses=REPEATED, seed=seed).to_json()
    return json.loads(json.dumps(result))["claims"][0]


def without_times(claim: dict[str, Any]) -> dict[str, Any]:
    verdicts = [v | {"seconds": None} for v in claim["verdicts"] if v["witness"] in REPEATED]
    return claim | {"verdicts": verdicts}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify", "self-bonding"), ("self-bonding", "self-bounding")),
        (("verify", "--witness", "oracle"), ("oracle", "symbolic")),
        (("verify", "--json", "file.txt/out.json"), ("file.txt", "directory")),
        (("verify", "--json", "."), ("directory",)),
        (("verify", "--out", "file.txt"), ("file.txt", "directory")),
        (("verify", "--seed", "-1"), ("-1", "seed")),
        (("verfy",), ("verfy",)),
    ],
)
def test_bad_usage_is_one_clear_message(
    tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    (tmp_path / "file.txt").write_text("kept")
    message = one_line_error(rdml(*arguments, cwd=tmp_path))
    for word in words:
        assert word in message
    assert os.listdir(tmp_path) == ["file.txt"]
    assert (tmp_path / "file.txt").read_text() == "kept"


def test_an_interrupt_keeps_what_is_finished(tmp_path: Path) -> None:
    arguments = [
        *RDML,
        "verify",
        "nonneg",
        "grad-own",
        "jensen-gap",
        "--full",
        "--jobs",
        "1",
        "--witness",
        "symbolic",
        "--witness",
        "numeric",
        "--json",
        "out.json",
    ]
    process = subprocess.Popen(
        arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:  # once the second witness has begun, the first has finished
        if line.startswith("numeric:"):
            break
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=280)
    assert process.returncode == 130, errors
    assert "Interrupted" in output
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["interrupted"] is True
    assert any(claim["verdicts"] for claim in result["claims"])


def test_help_needs_no_torch() -> None:
    code = "import sys, rdml.cli; print(sorted({'torch', 'numpy', 'sympy', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

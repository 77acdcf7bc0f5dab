"""The example runs as it stands and says what its page says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path


def test_the_ledger_closes_on_a_plain_loop(capsys):
    runpy.run_path(str(Path(__file__).parents[3] / "examples" / "ledger.py"))
    first, second = capsys.readouterr().out.splitlines()
    assert float(re.search(r"closes to (\S+) at 20 steps", first)[1]) < 1e-9
    middle, lower, upper = map(float, re.findall(r"\d+\.\d+", second))
    assert lower <= middle <= upper

"""Time of all proofs from cold, against 60 s for all and 10 s for each; `--count` counts the kernel's lines.

Each proof is charged what it derives first: a result that it cites is derived once, for whoever cites it first.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import tokenize
from importlib.util import find_spec
from pathlib import Path

(PROOFS,) = find_spec("proofs").submodule_search_locations  # not imported: that is part of the time
KERNEL = Path(PROOFS) / "kernel"
MOST_SECONDS, MOST_SECONDS_EACH, MOST_LINES = 60.0, 10.0, 800
LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


def code_lines(source: str) -> int:
    """Lines that hold code: not blank, not a comment, not of a docstring."""
    documented = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    spanned = (range(t.start[0], t.end[0] + 1) for t in tokens if t.type not in LAYOUT)
    return len({line for lines in spanned for line in lines} - documented)


def kernel_lines() -> int:
    """Lines of code of the kernel."""
    return sum(code_lines(path.read_text()) for path in sorted(KERNEL.glob("*.py")))


def proofs_from_cold() -> tuple[float, dict[str, float], int]:
    """Seconds of a fresh process that checks all proofs, seconds of each of them, and its exit code."""
    with tempfile.TemporaryDirectory() as directory:
        record = Path(directory) / "verdicts.json"
        words = ("verify", "--witness", "symbolic", "--jobs", "1", "--json", str(record))
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "rdml", *words], capture_output=True, cwd=KERNEL.parents[1]
        )
        total = time.perf_counter() - begun
        claims = json.loads(record.read_text())["claims"]
    return total, {claim["id"]: claim["verdicts"][0]["seconds"] for claim in claims}, done.returncode


def main() -> int:
    """Print the figures; exit code 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", action="store_true", help="only count the kernel's lines of code")
    lines = kernel_lines()
    print(f"kernel: {lines} lines of code (bar: under {MOST_LINES})")
    if parser.parse_args().count:
        return int(lines >= MOST_LINES)
    total, each, code = proofs_from_cold()
    slowest = sorted(each, key=each.__getitem__, reverse=True)[:5]
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = usage.ru_utime + usage.ru_stime
    print(
        f"all {len(each)} proofs, a fresh process with its imports: {total:.1f} s (bar: {MOST_SECONDS:g} s)"
    )
    print(f"  {spent:.1f} s of it on a processor; the rest it waited for one")
    for claim in slowest:
        print(f"  {claim:<22} {each[claim]:6.2f} s (bar: {MOST_SECONDS_EACH:g} s)")
    missed = [
        name
        for name, held in (
            ("verdicts", code == 0),
            ("all", total < MOST_SECONDS),
            ("each", each[slowest[0]] < MOST_SECONDS_EACH),
            ("lines", lines < MOST_LINES),
        )
        if not held
    ]
    print("missed: " + ", ".join(missed) if missed else "all bars held")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())

"""Fuzzing of what reads a user's files and options: `python benchmarks/fuzzing.py --minutes 10`.

Inputs are valid ones with a few parts changed, and their text with a few pieces replaced, drawn and shrunk by
hypothesis. An input may be accepted, or refused by a ValueError, which every command turns into one line; anything
else, a hang or 8 GiB of memory included, is a crash: the smallest input that shows it is printed, and the exit
code is 1.
"""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from fuzzing_inputs import claim_files, options, studies
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

SECONDS = 20
"""Of a processor: an input that takes longer hangs."""

MEMORY = 8 << 30


def read_study(folder: Path, drawn: tuple[bytes, list[str]]) -> None:
    """As `rdml sweep` does before it computes: the file, `--set`, and the settings of the first runs."""
    from itertools import islice

    from rdml.config import load_study
    from rdml.store import address
    from rdml.sweep import Plan, check_size, kind_of

    content, changes = drawn
    path = folder / "study.toml"
    path.write_bytes(content)
    study = load_study(path, changes)
    check_size(study)
    kind = kind_of(study)
    for _, _, run in islice(Plan(study, kind, "code").settings(), 4):
        address(run, "code")
        kind.memory(run)


def read_options(folder: Path, drawn: tuple[str, list[str]]) -> None:
    """As `rdml simulate` does before it computes."""
    from rdml.problem_options import make_problem

    make_problem(*drawn)


def read_claim(folder: Path, content: str) -> None:
    """As `rdml verify` does with a file: load it, and judge the claim by its proof and by search."""
    from rdml.files import json_text
    from rdml.verify import verify

    path = folder / "claim.py"
    path.write_text(content)
    found = verify([str(path)], witnesses=("symbolic", "numeric"))
    json_text(found.to_json())
    if found.errors:
        raise ValueError(found.errors[0])


class Target(NamedTuple):
    """What is fuzzed, and by what."""

    read: Callable[[Path, Any], None]
    inputs: st.SearchStrategy[Any]


TARGETS = {
    "study files": Target(read_study, studies()),
    "options of problems": Target(read_options, options()),
    "claim files": Target(read_claim, claim_files()),
}


class Result(NamedTuple):
    """How many inputs were tried and accepted, and the first crash, shrunk."""

    tried: int
    accepted: int
    crash: str


def fuzz(target: Target, seconds: float, first_seed: int) -> Result:
    """Inputs for that many seconds, or until one crashes."""
    counts = {"tried": 0, "accepted": 0}
    end = time.monotonic() + seconds

    with tempfile.TemporaryDirectory() as folder:

        def attempt(drawn: Any) -> None:
            counts["tried"] += 1
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            try:
                target.read(Path(folder), drawn)
                counts["accepted"] += 1
            except ValueError:
                pass
            except SystemExit as error:
                raise AssertionError(f"the process would have ended: {error!r}") from error
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)

        rounds = first_seed
        while time.monotonic() < end:
            try:
                seed(rounds)(_configured(attempt, target.inputs))()
            except Exception:
                return Result(**counts, crash=traceback.format_exc())
            rounds += 1
    return Result(**counts, crash="")


def _configured(attempt: Callable[[Any], None], inputs: st.SearchStrategy[Any]) -> Callable[[], None]:
    how = settings(
        max_examples=50,
        deadline=None,
        report_multiple_bugs=False,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    return how(given(inputs)(attempt))


def _too_long(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} seconds of processor time")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--target", choices=TARGETS, action="append", help="all by default, in turn")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    signal.signal(signal.SIGPROF, _too_long)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    names = chosen.target or list(TARGETS)
    crashed = False
    for name in names:
        result = fuzz(TARGETS[name], 60 * chosen.minutes / len(names), chosen.seed)
        print(f"{name}: {result.tried:,} inputs, {result.accepted:,} accepted, ", end="")
        print("one crashed:" if result.crash else "no crash", flush=True)
        print(result.crash, end="")
        crashed |= bool(result.crash)
    return 1 if crashed else 0


if __name__ == "__main__":
    sys.exit(main())

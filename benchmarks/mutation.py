"""Mutation testing of the mathematics, the kernel of proofs and the run store: `python benchmarks/mutation.py AREA`.

cosmic-ray changes one place of the source at a time (an operator, a comparison, a constant, …); the area's tests must
notice. Places are drawn at random, and one change of each place; type annotations and code that needs a GPU are left
out. Works on a copy of the last commit. With `--minutes` it stops in time and says how far it got. Exit code 1: the
share that was killed is below `--bar`.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Area(NamedTuple):
    """What is changed, what must notice (the quickest first), and what is left out because it needs a GPU."""

    source: str
    tests: str
    without: str = "-"


STUDIES = "tests/rdml/studies/test_{}.py"
AREAS = {
    "divergence": Area(
        "convergence/divergence",
        "tests/convergence/divergence tests/convergence/test_identities.py",
        "triton_",
    ),
    "bounds": Area("convergence/bounds", "tests/convergence/bounds"),
    "kernel": Area("proofs/kernel", "tests/proofs tests/rdml/test_symbolic_witness.py"),
    "store": Area(
        "rdml/store.py",
        " ".join(map(STUDIES.format, ("store_tables", "store", "trouble", "reading", "crashes"))),
    ),
}


def annotations(path: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Begin and end of every annotation: they are never evaluated, so nothing can notice a change there."""
    found: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            found.append(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign):
            found.append(node.annotation)
    return [((n.lineno, n.col_offset), (n.end_lineno or 0, n.end_col_offset or 0)) for n in found if n]


def mutants(area: Area, root: Path, seed: int) -> list:
    """One mutation of every place, in random order."""
    from cosmic_ray.commands.init import init
    from cosmic_ray.modules import find_modules
    from cosmic_ray.work_db import use_db

    paths = [p for p in find_modules([Path(area.source)]) if area.without not in p.name]
    skipped = {path: annotations(path) for path in paths}
    places: dict[tuple, list] = {}
    with use_db(root / "mutants.sqlite") as database:
        init(paths, database, {})
        items = [item.mutations[0] for item in database.work_items]
    for item in sorted(items, key=lambda m: (m.module_path, m.start_pos, m.operator_name, m.occurrence)):
        if not any(begin <= item.start_pos < end for begin, end in skipped[item.module_path]):
            places.setdefault((item.module_path, item.start_pos, item.end_pos), []).append(item)
    chance = random.Random(seed)
    drawn = [chance.choice(place) for place in places.values()]
    chance.shuffle(drawn)
    return drawn


def outcomes(drawn: list, command: str, timeout: float) -> Iterator[tuple[bool, str]]:
    """Whether each mutant was killed, and its change."""
    from cosmic_ray.mutating import mutate_and_test

    for mutation in drawn:
        result = mutate_and_test([mutation], command, timeout)
        if result.test_outcome is None:
            raise RuntimeError(f"no mutation of {mutation}")
        yield result.is_killed, result.diff or ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("area", choices=AREAS)
    parser.add_argument("--sample", type=int, default=10**6, help="places to change; all by default")
    parser.add_argument("--skip", type=int, default=0, help="so many of the sample, done before")
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bar", type=float, default=0.85)
    chosen = parser.parse_args()
    area = AREAS[chosen.area]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), folder], check=True)
        os.chdir(folder)
        # before the installed package, for the tests and for the processes that they start
        os.environ["PYTHONPATH"] = folder
        command = f"{shlex.quote(sys.executable)} -m pytest -x -p no:cacheprovider -m 'not slow' {area.tests}"
        began = time.monotonic()
        baseline = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False)
        if baseline.returncode != 0:
            print(f"the tests fail without any change:\n{baseline.stdout[-3000:]}")
            return 2
        seconds = time.monotonic() - began
        every = mutants(area, Path(folder), chosen.seed)
        drawn = every[: chosen.sample][chosen.skip :]
        print(f"{chosen.area}: {len(every)} places; the tests take {seconds:.0f} s", flush=True)
        killed, survivors = 0, []
        for is_killed, diff in outcomes(drawn, command, 4 * seconds + 30):
            killed += is_killed
            if not is_killed:
                survivors.append(diff)
                print(diff, flush=True)
            if time.monotonic() - began > 60 * chosen.minutes:
                break
        tried = killed + len(survivors)
        print(f"{chosen.area}: {tried} of {len(drawn)} mutants tried, {killed} killed ({killed / tried:.0%})")
    return 0 if killed >= chosen.bar * tried else 1


if __name__ == "__main__":
    sys.exit(main())

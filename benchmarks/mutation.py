"""Mutation testing of the mathematics, the kernel of proofs and the run store: `python benchmarks/mutation.py AREA`.

cosmic-ray changes one place of the source at a time (an operator, a comparison, a constant, …); the tests that
execute it must notice. Places are drawn at random, one change of each; type annotations and code that needs a GPU are
left out. Works on a copy of the last commit. With `--minutes` it stops in time and says how far it got. Exit code 1:
the share that was killed is below `--bar`.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from mutation_trials import Watched, import_heavy, run_tests

ROOT = Path(__file__).parents[1]


class Area(NamedTuple):
    """What is changed, what must notice (the quickest first), and what is left out because it needs a GPU."""

    source: str
    tests: list[str]
    without: str = "-"


STUDIES = "tests/rdml/studies/test_{}.py"
AREAS = {
    "divergence": Area(
        "convergence/divergence",
        ["tests/convergence/divergence", "tests/convergence/test_identities.py"],
        "triton_",
    ),
    "bounds": Area("convergence/bounds", ["tests/convergence/bounds"]),
    "kernel": Area("proofs/kernel", ["tests/proofs", "tests/rdml/test_symbolic_witness.py"]),
    "store": Area(
        "rdml/store.py",
        [STUDIES.format(name) for name in ("store_tables", "store", "trouble", "reading", "crashes")],
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


def mutants(area: Area, database_path: Path, seed: int) -> list:
    """One mutation of every place, in random order."""
    from cosmic_ray.commands.init import init
    from cosmic_ray.modules import find_modules
    from cosmic_ray.work_db import use_db

    paths = [p for p in find_modules([Path(area.source)]) if area.without not in p.name]
    skipped = {path: annotations(path) for path in paths}
    places: dict[tuple, list] = {}
    with use_db(database_path) as database:
        init(paths, database, {})
        items = [item.mutations[0] for item in database.work_items]
    for item in sorted(items, key=lambda m: (m.module_path, m.start_pos, m.operator_name, m.occurrence)):
        if not any(begin <= item.start_pos < end for begin, end in skipped[item.module_path]):
            places.setdefault((item.module_path, item.start_pos, item.end_pos), []).append(item)
    chance = random.Random(seed)
    drawn = [chance.choice(place) for place in places.values()]
    chance.shuffle(drawn)
    return drawn


def is_killed(mutation, area: Area, watched: Watched) -> tuple[bool, str]:
    """Whether the tests notice a mutant, and its change."""
    from cosmic_ray.mutating import MutationVisitor
    from cosmic_ray.plugins import get_operator

    trial = watched.folder.with_name("trial")
    shutil.copytree(watched.folder, trial)
    operator = get_operator(mutation.operator_name)(**mutation.operator_args)
    before, after = MutationVisitor.mutate_path(trial / mutation.module_path, operator, mutation.occurrence)
    change = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(mutation.module_path), n=1, lineterm=""
    )
    nearest, are_all = watched.tests_of(mutation.module_path, mutation.start_pos[0])
    outcome = run_tests(trial, nearest, watched.limit(nearest)) if nearest else pytest.ExitCode.USAGE_ERROR
    if outcome == pytest.ExitCode.USAGE_ERROR:
        # Not seen to be executed, or the change gives tests other names.
        outcome = run_tests(trial, area.tests, watched.limit(area.tests))
    elif outcome == pytest.ExitCode.OK and not are_all:
        others = [*area.tests, *(f"--deselect={test}" for test in nearest)]
        outcome = run_tests(trial, others, watched.limit(area.tests))
    shutil.rmtree(trial)
    return outcome not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED), "\n".join(change)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("area", choices=AREAS)
    parser.add_argument("--sample", type=int, default=10**6, help="places to change; all by default")
    parser.add_argument("--skip", type=int, default=0, help="so many of the sample, done before")
    parser.add_argument(
        "--only", type=int, nargs="*", help="these numbers of the sample, as survivors are printed"
    )
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bar", type=float, default=0.85)
    chosen = parser.parse_args()
    area = AREAS[chosen.area]
    import_heavy()
    from scipy.stats import binomtest

    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder, "sound")
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(sound)], check=True)
        os.chdir(sound)
        began = time.monotonic()
        if run_tests(sound, area.tests) != 0:
            print(f"the tests fail without any change:\n{(sound / 'output.txt').read_text()[-3000:]}")
            return 2
        watched = Watched(sound, area.tests, area.source)
        every = mutants(area, Path(folder, "mutants.sqlite"), chosen.seed)
        drawn = list(enumerate(every))[: chosen.sample][chosen.skip :]
        if chosen.only is not None:
            drawn = [(number, every[number]) for number in chosen.only]
        print(f"{chosen.area}: {len(every)} places; prepared in {time.monotonic() - began:.0f} s", flush=True)
        tried = killed = 0
        for number, mutation in drawn:
            noticed, change = is_killed(mutation, area, watched)
            tried += 1
            killed += noticed
            if not noticed:
                print(f"survivor {number}, of {tried} tried:\n{change}", flush=True)
            if time.monotonic() - began > 60 * chosen.minutes:
                break
        low, high = binomtest(killed, tried).proportion_ci(method="wilson")
        print(
            f"{chosen.area}: {tried} of {len(drawn)} mutants tried, {killed} killed"
            f" ({killed / tried:.0%}; of all places {low:.0%} to {high:.0%}) in {time.monotonic() - began:.0f} s"
        )
    return 0 if killed >= chosen.bar * tried else 1


if __name__ == "__main__":
    sys.exit(main())

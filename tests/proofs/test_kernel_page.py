"""docs/kernel.md lists the rules and axioms that the code has, no more and no fewer, and counts as the code does."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import test_wrong_algebra
import test_wrong_conditions
import test_wrong_constants
import test_wrong_domains
import test_wrong_lemmas
import test_wrong_values

from proofs import goals
from proofs.goals import NAMES, Kernel
from proofs.kernel.analysis import Analysis
from proofs.kernel.rules import Rules

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "kernel.md").read_text(encoding="utf-8")


def listed(section: str) -> set[str]:
    """First cells of the table of a section."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def public(kind: type) -> set[str]:
    return {name for name, value in vars(kind).items() if inspect.isfunction(value) and name[0] != "_"}


def test_the_rules_on_the_page_are_those_of_the_code() -> None:
    assert listed("Rules") == public(Rules) | {"cite"}
    assert public(Kernel) - set(NAMES) == {"cite", "cite_goal"}  # the second is how the first finds its goal


def test_the_axioms_on_the_page_are_those_of_the_code() -> None:
    assert listed("Axioms") == public(Analysis)


def test_every_rule_is_recorded_as_a_step() -> None:
    assert set(NAMES) == public(Rules) | public(Analysis)


def test_the_page_counts_the_lines_as_the_command_does() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "proving.py"), "--count"]
    counted = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (lines,) = re.findall(r"kernel: (\d+) lines", counted)
    assert f"It is {lines} lines of code" in PAGE
    assert int(lines) < 800


def test_the_page_counts_what_is_trusted_besides() -> None:
    count = "import inspect, textwrap; from proving import code_lines; from proofs import goals;"
    count += "parts = (goals.Kernel.cite, goals.conclude);"
    count += "print(sum(code_lines(textwrap.dedent(inspect.getsource(part))) for part in parts))"
    command = [sys.executable, "-c", count]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT / "benchmarks")
    assert f"`conclude` in `proofs/goals.py` ({done.stdout.strip()} lines)" in PAGE


def test_only_the_library_makes_kernels() -> None:
    root = Path(inspect.getfile(goals)).parent
    makers = ("Argument(", "Kernel(", "Analysis(", "Rules(", "cite_goal=")
    lines = [
        (path.name, line)
        for path in root.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(maker in line for maker in makers) and not line.startswith("class ")
    ]
    assert [name for name, _ in lines] == ["library.py"], lines


def test_the_page_counts_the_attacks() -> None:
    modules = (
        test_wrong_algebra, test_wrong_conditions, test_wrong_constants, test_wrong_domains, test_wrong_lemmas,
        test_wrong_values,
    )  # fmt: skip
    lists = (value for module in modules for name, value in vars(module).items() if name.isupper())
    attacks = [one for found in lists if isinstance(found, list) for one in found if hasattr(one, "reason")]
    assert f"holds {len(attacks)} seeded wrong proofs" in PAGE
    assert len({attack.kind for attack in attacks}) == 15  # circles, the last kind, have tests of their own


def test_nothing_outside_the_kernel_makes_a_theorem_but_what_the_page_says() -> None:
    root = Path(inspect.getfile(goals)).parent
    users = {str(path.relative_to(root)) for path in root.rglob("*.py") if "_KERNEL" in path.read_text()}
    assert users == {"kernel/theorem.py", "kernel/rules.py", "kernel/analysis.py", "goals.py"}

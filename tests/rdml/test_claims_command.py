"""`rdml claims`: the list, the account of one claim, the graph and the pages."""

import json
import re
from pathlib import Path

import pytest
from latex2mathml.converter import convert
from sympy import IndexedBase, Symbol
from typer.testing import CliRunner

from convergence.claims import divergence, find, load_claims
from convergence.claims.verdict import Status
from proofs.kernel import Time, Total, le
from proofs.library import load
from proofs.printing import LATEX, PLAIN
from rdml.claim_account import accounts
from rdml.claim_pages import index, page, write_claim_pages
from rdml.cli import app
from rdml.graph import HEIGHT, WIDTH, dependency_graph

CLAIM_FILE = """
from dataclasses import replace
from convergence.claims.divergence.jensen_gap import CLAIM as BASE
from proofs.divergence.jensen_gap import PROOF as BASE_PROOF
CLAIM = replace(BASE, id="mine", depends_on=("skew",))
PROOF = replace(BASE_PROOF, claim="mine")
"""
FORMULA = re.compile(r"\$\$\n(.*?)\n\$\$|\$([^$\n]+)\$", re.DOTALL)


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["claims", *arguments])
    assert done.exit_code == code, done.output
    return done.output


def formulas(page: str) -> list[str]:
    return [displayed or inline for displayed, inline in FORMULA.findall(page)]


@pytest.mark.slow  # checks every proof
def test_list_gives_status_witnesses_and_dependencies(tmp_path: Path) -> None:
    output = run("list", "--json", str(tmp_path / "claims.json"))
    assert re.search(r"self-bounding +proved +sym num sim net +nonneg", output)
    rows = {row["id"]: row for row in json.loads((tmp_path / "claims.json").read_text())["claims"]}
    assert list(rows) == list(load_claims())
    assert rows["data-processing"]["witnesses"] == ["symbolic", "numeric"]
    assert rows["pinsker-best"]["status"] == "certified"
    assert rows["pinsker"]["depends_on"] == ["order-monotone", "variational"]


def test_show_gives_statement_source_refutation_and_every_step() -> None:
    output = run("show", "pinsker")
    for words in (
        "pinsker: proved, 49 steps checked, for α ∈ [0, ∞] and any masks",
        r"D_\alpha(p\|q) \ge \frac{\min(\alpha, 1)}{2} \|p - q\|_1^2",
        "source: Gilardoni 2010",
        "rests on: order-monotone, variational",
        "used by: pinsker-best",
        "  q = (3/10, 7/10)",
        "left side = 14283/5000 = 2.8566",
        "goal every order: min(1, α)·Σ_i[|p_i - q_i|]^2/2 ≤ D_α(p‖q)",
        "with P, Q, α > 0; C = 1, 2, …; a, b real",
        "given α < 1",
        "by tangent of a convex function: checked",
        "by order-monotone: from 1 on: checked",
    ):
        assert words in output
    assert [int(number) for number in re.findall(r"^ +(\d+)\. ", output, re.M)] == list(range(1, 50))


def test_show_tells_how_near_a_bound_comes_where_its_neighbour_fails() -> None:
    assert re.search(
        r"tightness: the claim has 1 against 1 there, a ratio of 1$", run("show", "last-step"), re.M
    )


def test_show_takes_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CLAIM_FILE)
    assert "mine: proved" in run("show", str(tmp_path / "mine.py"))


@pytest.mark.slow  # checks every proof
def test_graph_is_an_svg(tmp_path: Path) -> None:
    run("graph", "--out", str(tmp_path / "new" / "claims.svg"))
    assert "<svg" in (tmp_path / "new" / "claims.svg").read_text()


def test_the_graph_puts_each_claim_right_of_what_it_rests_on_and_no_box_on_another() -> None:
    claims = list(load_claims().values())
    figure = dependency_graph(claims, dict.fromkeys(load_claims(), Status.PROVED))
    at = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    assert set(at) == set(load_claims())
    assert all(at[used][0] < at[claim.id][0] for claim in claims for used in claim.depends_on)
    boxes = sorted(at.values())
    assert all(
        abs(x - u) >= WIDTH or abs(y - v) >= HEIGHT
        for n, (x, y) in enumerate(boxes)
        for u, v in boxes[n + 1 :]
    )


def test_a_cycle_is_named() -> None:
    one, other = find("nonneg"), find("skew")
    cycle = [type(one)(**{**vars(c), "depends_on": (d.id,)}) for c, d in ((one, other), (other, one))]
    with pytest.raises(ValueError, match=r"nonneg → skew|skew → nonneg"):
        dependency_graph(cycle, {})


def test_a_page_says_what_the_symbols_of_a_goal_stand_for() -> None:
    """Hypotheses that the kinds of symbols make are given like the others."""
    T, L = Symbol("T", integer=True, positive=True), Symbol("L", positive=True)
    zeta, b = Symbol("zeta", nonnegative=True), IndexedBase("b", real=True)
    bound = le(Total(b[t := Time("t", T)] ** 2, t), T * zeta**2 / L)
    assert PLAIN.kinds(bound) == ["L > 0", "ζ ≥ 0", "T = 1, 2, …", "b real"]
    for goal, block in zip(
        load("last-step").goals, page(*accounts([find("last-step")])).split("\n### ")[1:], strict=True
    ):
        (line,) = re.findall(r"^Given:\n\n- (.*)$", block, re.M)
        assert line == "; ".join(f"${kind}$" for kind in LATEX.kinds(*goal.given, *goal.shows))


def test_a_page_holds_what_the_command_shows_in_mathematics_that_converts() -> None:
    found = accounts([find("pinsker"), find("biased-programme")])
    text = page(found[0])
    assert text.startswith("# pinsker\n\n**Proved**: 49 steps checked, for α ∈ [0, ∞] and any masks.")
    assert "[variational](variational.md)" in text
    assert "| q | (3/10, 7/10) |" in text
    assert r"$\alpha < 1$" in text
    assert len(re.findall(r"^(?:<details.*<summary>)?\*\*\d+\*\* ", text, re.M)) == 49
    assert "each checked exactly:" in text
    assert "each checked exactly or, where the row *by hand* says why, argued:" in page(found[1])
    assert r"| by hand | F is C¹, \|F''\| = 1 wherever it exists" in page(found[1])
    for shown in (*map(page, found), index(found)):
        assert formulas(shown)
        assert all(convert(latex) for latex in formulas(shown))
        assert "|" not in "".join(formulas(shown))  # a bar would end a cell


def test_a_claim_that_no_order_names_is_listed_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(divergence, "ORDER", divergence.ORDER[1:])
    text = index(accounts([find("jensen-gap")]))
    assert "[jensen-gap](jensen-gap.md)" in text
    assert list(load_claims(["divergence"]))[-1] == "jensen-gap"


@pytest.mark.slow
def test_all_pages_are_written_and_their_links_lead_somewhere(tmp_path: Path) -> None:
    paths = write_claim_pages(tmp_path)
    assert {path.stem for path in paths} == {"index", "graph", *load_claims()}
    for path in tmp_path.glob("*.md"):
        text = path.read_text()
        assert all((tmp_path / name).exists() for name in re.findall(r"\]\(([^)]+)\)", text))
        assert all(convert(latex) for latex in formulas(text))

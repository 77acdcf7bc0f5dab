"""The reports as pages: what they hold, and (slow, with a browser) accessibility, sorting, keyboard and print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import serious
from matplotlib.figure import Figure

from convergence.claims import load_claims
from convergence.claims.verdict import Picture, Refutation, Status, Verdict
from rdml.report import render_verification
from rdml.verify import Verification

WITNESSES = ("symbolic", "numeric")


def verification() -> Verification:
    """Three claims: one that stands, one refuted, one whose false neighbour survives."""
    claims = [load_claims()[name] for name in ("nonneg", "self-bounding", "pinsker-best")]
    result = Verification(claims, seed=0, full=False, witnesses=WITNESSES, errors=["mine.py: no such file"])
    figures = [Figure(), Figure()]
    for figure in figures:
        figure.subplots().plot([0, 1], [1, 0])
    shown = {"target": [1.0, 0.0], "alpha": 2.0, "margin": -0.5}
    for finding in (
        Verdict("nonneg", "symbolic", Status.PROVED, None, "2 steps checked"),
        Verdict("nonneg", "numeric", Status.CHECKED, 1e-12, "100 instances"),
        Refutation("nonneg", "numeric", shown),
        Verdict("self-bounding", "numeric", Status.REFUTED, -0.5, "fails <b>here</b>", shown),
        Verdict("pinsker-best", "symbolic", Status.CERTIFIED, None, "enclosed"),
        Refutation("pinsker-best", "numeric", None),
        Picture("again", figures[1], "The same line again"),
        Picture("line", figures[0], 'A line that falls from 1 to 0 "slowly" & evenly'),
    ):
        result.add(finding)
    return result


@pytest.fixture(scope="module")
def page() -> str:
    return render_verification(verification())


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    assert not re.search(r'(src|href)="(?!#)', page)
    assert "@import" not in page
    assert "url(http" not in page


def test_every_link_leads_somewhere(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    links = re.findall(r'href="#([^"]+)"', page)
    assert set(links) <= set(ids)
    assert len(ids) == len(set(ids))


def test_a_verdict_leads_to_its_evidence_and_a_refuted_one_to_its_counterexample(page: str) -> None:
    assert '<a class="proved" href="#nonneg-symbolic">proved</a>' in page
    assert '<a href="#self-bounding-numeric-counterexample">counterexample</a>' in page
    assert re.search(
        r'id="self-bounding-numeric-counterexample"[^>]*>target = \[1.0, 0.0\]\nalpha = 2.0', page
    )
    assert '<a class="proved" href="#nonneg-false">refuted (numeric)</a>' in page


def test_each_assertion_has_a_line(page: str) -> None:
    statement = page.split('aria-label="Statement of nonneg"')[1].split("</div>")[0]
    assert statement.count("<p><math") == 2


def test_what_is_wrong_stands_first(page: str) -> None:
    head = page[: page.index("<table>")]
    assert '<a href="#self-bounding">self-bounding</a>: refuted by the numeric witness' in head
    assert '<a href="#pinsker-best">pinsker-best</a>: no witness refuted its false neighbour' in head
    assert "mine.py: no such file" in head


def test_text_is_escaped_and_figures_have_a_text_alternative(page: str) -> None:
    assert "fails &lt;b&gt;here&lt;/b&gt;" in page
    assert re.search(
        r'<svg role="img" aria-label="A line that falls from 1 to 0 &#34;slowly&#34; &amp; evenly"', page
    )


@pytest.fixture(params=["light", "dark"])
def shown(request: pytest.FixtureRequest, browser: Any, page: str, tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    context = browser.new_context(
        color_scheme=request.param, viewport={"width": 390, "height": 844}, offline=True
    )
    tab = context.new_page()
    tab.goto((tmp_path / "report.html").as_uri())
    yield tab
    context.close()


@pytest.mark.slow
def test_axe_finds_nothing_serious(shown: Any) -> None:
    assert serious(shown) == []


@pytest.mark.slow
def test_axe_does_find_what_is_wrong(shown: Any) -> None:
    shown.evaluate("document.querySelector('svg').removeAttribute('aria-label'); document.title = ''")
    assert len(serious(shown)) >= 2


@pytest.mark.slow
def test_the_page_fits_a_phone(shown: Any) -> None:
    assert shown.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.slow
def test_columns_are_sorted_by_keyboard_and_numbers_as_numbers(shown: Any) -> None:
    column = "[...document.querySelectorAll('tbody tr')].map(row => row.cells[0].innerText)"
    shown.focus("th button")
    shown.keyboard.press("Enter")
    assert shown.evaluate(column) == ["nonneg", "pinsker-best", "self-bounding"]
    shown.keyboard.press("Enter")
    assert shown.evaluate(column) == ["self-bounding", "pinsker-best", "nonneg"]
    assert shown.evaluate("document.querySelector('th').getAttribute('aria-sort')") == "descending"
    for row, value in enumerate(("2e-3", "-1", "0.00012")):
        shown.evaluate(f"document.querySelectorAll('tbody tr')[{row}].cells[0].dataset.key = '{value}'")
    shown.keyboard.press("Enter")
    keys = "[...document.querySelectorAll('tbody tr')].map(row => row.cells[0].dataset.key)"
    assert shown.evaluate(keys) == ["-1", "0.00012", "2e-3"]


@pytest.mark.slow
def test_the_first_tab_skips_to_the_table(shown: Any) -> None:
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.innerText") == "To the table"


@pytest.mark.slow
def test_it_prints(shown: Any) -> None:
    assert shown.pdf(format="A4")[:5] == b"%PDF-"

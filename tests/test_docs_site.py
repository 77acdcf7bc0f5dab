"""Every page of the built site in a browser (slow; after `make docs`): accessible, no wider than a phone, offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import serious

SITE = Path(__file__).parents[1] / "out" / "site"
PAGES = sorted(SITE.rglob("*.html"))


@pytest.fixture(scope="module", params=["light-1280", "dark-390"])
def context(request: pytest.FixtureRequest, browser: Any) -> Iterator[Any]:
    scheme, width = request.param.split("-")
    size = {"width": int(width), "height": 844}
    with browser.new_context(color_scheme=scheme, viewport=size, offline=True) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SITE)))
def test_a_page_can_be_read_by_anyone(context: Any, page: Path) -> None:
    asked: list[str] = []
    with context.new_page() as tab:
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page.as_uri())
        assert serious(tab) == []
        assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []

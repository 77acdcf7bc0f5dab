"""Every page of the built site in a browser (slow; after `make docs`): accessible, no wider than a phone, offline."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browsing import serious

SITE = Path(__file__).parents[1] / "out" / "site"
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html"))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The site as a server gives it: some of the theme, its search above all, is not there in plain files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module", params=["light-1280", "dark-390"])
def context(request: pytest.FixtureRequest, browser: Any) -> Iterator[Any]:
    scheme, width = request.param.split("-")
    size = {"width": int(width), "height": 844}
    with browser.new_context(color_scheme=scheme, viewport=size) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_read_by_anyone(context: Any, address: str, page: str) -> None:
    asked: list[str] = []
    with context.new_page() as tab:
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(address + page)
        assert serious(tab) == []
        assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []

"""Cells of tables: words and addresses stay whole where there is room, and nothing is wider than the window."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from chalicelib.portal.assets import FOLDER
from tests.e2e.browser import empty_window

_STYLE = (FOLDER / "portal.css").read_text(encoding="utf-8")
_NUM_LINES = """() => [...document.querySelectorAll('td')].map((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return range.getClientRects().length;
})"""


@pytest.fixture(scope="module")
def window() -> Iterator[Page]:
    with empty_window() as opened:
        yield opened


def _show(window: Page, width: int, *cells: str) -> None:
    window.set_viewport_size({"width": width, "height": 480})
    row = "".join(f"<td>{text}</td>" for text in cells)
    body = f'<tr><th scope="row"><a href="/x">Alderquay Logistics</a></th>{row}</tr>'
    window.set_content(f'<!doctype html><style>{_STYLE}</style><main id="main"><table>{body}</table></main>')


def test_time_zones_and_addresses_are_not_broken(window: Page) -> None:
    _show(
        window, 1024, "Europe/Berlin", "person12@example.com", "missing: time zone, courses, reply-to address", "none"
    )
    zone, address, _, none = window.evaluate(_NUM_LINES)
    assert (zone, address, none) == (1, 1, 1)


@pytest.mark.parametrize("width", [320, 820, 1024, 1440])
def test_words_without_end_are_broken(window: Page, width: int) -> None:
    _show(window, width, "Europe/Berlin", "x" * 200, "y" * 200, "none")
    assert window.evaluate("() => document.documentElement.scrollWidth") <= width

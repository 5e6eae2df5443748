"""Long names and addresses on the pages of people who were invited, on a screen of 320 px (issue 10, 5)."""

import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib.api import invitation_pages
from chalicelib.web import html
from tests.e2e.browser import NARROW, chromium
from tests.harness import World

_FOLDER = Path(invitation_pages.__file__).parent / "templates"
_ORGANIZATION = "Donaudampfschifffahrtsgesellschaftskapit\u00e4nsvereinigung"
_ADDRESS = "maximiliane.von-und-zu-hohenlohe@verwaltung.stadtwerke-alderquay.example"
_LONG: dict[str, Any] = {"organization": _ORGANIZATION, "email": _ADDRESS, "token": "t", "slug": "acme", "errors": {}}
_PAGES: dict[str, dict[str, Any]] = {
    "invitation.html": {},
    "expired.html": {},
    "renewed.html": {},
    "finish.html": {"other_email": f"b{_ADDRESS}", "ticket": "k", "needs_name": False},
    "verify.html": {"request": "r", "error": None},
    "confirm.html": {"sent": False, "registration_id": "r", "request": "r"},
}


def _html(name: str) -> str:
    return html.page(_FOLDER, name, {**_LONG, **_PAGES[name]}).html


def test_long_names_and_addresses_stay_on_the_screen(world: World) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport=NARROW)  # type: ignore[arg-type]
        for name in _PAGES:
            page.set_content(_html(name))
            assert page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"], name


@pytest.mark.parametrize("name", _PAGES)
def test_no_line_begins_with_a_full_stop_and_addresses_break_behind_their_signs(name: str, world: World) -> None:
    text = _html(name)
    assert 'class="address"' in text
    # A line may end behind what stands on a line of its own.
    assert re.findall(r"</strong></span>[.,]", text) == []
    assert "hohenlohe@<wbr>verwaltung.<wbr>stadtwerke-alderquay.<wbr>example" in text


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ann.lee@example.com", "ann.lee@example.com"),
        ("ann@xn--mnchen-3ya.de", "ann@m\u00fcnchen.de"),
        ("o'neil&co@alderquay-logistics.example", "o&#39;neil&amp;co@<wbr>alderquay-logistics.<wbr>example"),
        ("<b>@alderquay-logistics.example", "&lt;b&gt;@<wbr>alderquay-logistics.<wbr>example"),
    ],
)
def test_an_address_is_written_with_places_to_break(address: str, shown: str) -> None:
    assert html.breakable(address) == shown

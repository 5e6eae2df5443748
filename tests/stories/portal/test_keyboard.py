"""The walk by keyboard (keyboard.py, which test_accessibility.py takes through every page) notices what is wrong, and
the style puts nothing in another order than that of the page.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from chalicelib.portal.assets import FOLDER
from tests.e2e.browser import empty_window
from tests.stories.portal import keyboard

_SCRIPT = (FOLDER / "portal.js").read_text(encoding="utf-8")
_STYLE = (FOLDER / "portal.css").read_text(encoding="utf-8")
_SKIP = '<a class="skip" href="#main">Skip to main content</a>'
_SOUND = (
    '<form><input name="a"><input type="date" name="b"><label><input type="radio" name="c" value="1">1</label>'
    '<label><input type="radio" name="c" value="2" checked>2</label></form>'
    '<details><summary>More</summary><a href="/x">Hidden so far</a></details><button>Save</button>'
)


@pytest.fixture(scope="module")
def window() -> Iterator[Page]:
    with empty_window() as opened:
        yield opened


def _findings(window: Page, body: str, style: str = _STYLE) -> list[str]:
    # A new document each time: the walk begins at its start.
    window.goto("about:blank")
    window.set_content(f"<!doctype html><style>{style}</style><body>{body}</body>")
    return keyboard.findings(window)


def test_a_sound_page_is_walked_through(window: Page) -> None:
    assert _findings(window, _SKIP + _SOUND) == []


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        (f'{_SOUND}<main id="main"></main>', "past the menu"),
        (f'{_SKIP}<div role="button">Go</div>', "not for the keyboard"),
        (f'{_SKIP}<div tabindex="0">Go</div>', "not for the keyboard"),
        (f'{_SKIP}<span style="cursor: pointer">Go</span>', "not for the keyboard"),
        (f"{_SKIP}<a>Go</a>", "not for the keyboard"),
        (f'{_SKIP}<button accesskey="s">Save</button>', "not for the keyboard"),
        (f'{_SKIP}<button tabindex="-1">Save</button>', "stop 1 of 2"),
        (f'{_SKIP}<input name="a"><button tabindex="1">Save</button>', "stop 0 of 3"),
        (f'{_SKIP}<input onkeydown="event.preventDefault()"><button>Save</button>', "stop 2 of 3"),
        (f'{_SKIP}<button onkeydown="event.preventDefault()">Save</button>', "does not get out"),
        (f'{_SKIP}<button style="outline: none">Save</button>', "does not show"),
    ],
    ids=range(11),
)
def test_what_a_keyboard_cannot_do_is_noticed(window: Page, spoiled: str, told: str) -> None:
    assert any(told in one for one in _findings(window, spoiled))


def test_the_way_past_the_menu_shows_once_it_has_the_focus(window: Page) -> None:
    without = re.sub(r"\.skip:focus {.*?}", "", _STYLE)
    assert any("does not show" in one for one in _findings(window, _SKIP + _SOUND, without))


def test_nothing_stands_in_another_order_than_it_is_read_in() -> None:
    assert re.findall(r"[;{\s](order:|[\w-]*-reverse|grid-(?:area|row|column):\s*(?!1 / -1)-?\d+ ?/)", _STYLE) == []


def test_no_key_acts_alone_and_one_with_control_goes_to_the_search(window: Page) -> None:
    """Who speaks to the computer presses keys by speaking (WCAG 2.1.4; issue 10)."""
    window.goto("about:blank")
    window.set_content('<button>Save</button><label>Name <input id="search" name="search"></label>')
    window.add_script_tag(content=_SCRIPT)
    window.focus("button")
    for key in "/?sjkg0":
        window.keyboard.press(key)
        assert window.evaluate("() => document.activeElement.tagName") == "BUTTON", key
    window.keyboard.press("Control+/")
    assert window.evaluate("() => document.activeElement.id") == "search"
    assert window.get_attribute("#search", "aria-keyshortcuts") == "Control+/"
    assert window.input_value("#search") == ""

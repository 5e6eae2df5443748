"""Debian's Chromium as people use it who run no scripts, and what every page has to hold to be usable by everybody."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.patience import SILENCE

# The one without a window of its own first: the same pages for two thirds of the CPU time.
_CHROMIUMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
# The last ones keep it from calling home.
_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
_KEEPS_NONE = "--disable-back-forward-cache"
Size = dict[str, int]
PHONE: Size = {"width": 390, "height": 480}
DESKTOP: Size = {"width": 1024, "height": 480}
NARROW: Size = {"width": 320, "height": 480}

# WCAG 2.2, 1.4.3 (AA).
_CONTRAST, _CONTRAST_LARGE = 4.5, 3.0


@contextmanager
def chromium(*, keeps_pages: bool = False) -> Iterator[Browser]:
    """Skips the test where there is none, but for continuous integration, which installs it.

    `keeps_pages`: whole, to go back to, as people's browsers do, which only the one with a window can; Playwright does
    not notice when one comes back.
    """
    path = next((one for one in _CHROMIUMS[keeps_pages:] if one.exists()), None)
    if path is None:
        missing = "Debian's Chromium is not there: apt-get install chromium chromium-headless-shell fonts-dejavu-core"
        if os.environ.get("MUSTER_NO_SKIP"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(path), args=_ARGUMENTS, ignore_default_args=[_KEEPS_NONE] if keeps_pages else None
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def empty_window(size: Size = DESKTOP) -> Iterator[Page]:
    """Of a browser of its own, for pages that a test serves or writes."""
    with chromium() as started:
        page = started.new_context(viewport=size, locale="en-GB").new_page()  # type: ignore[arg-type]
        page.set_default_timeout(SILENCE * 1000)
        yield page


@contextmanager
def window(browser: Browser, source: str) -> Iterator[Page]:
    """A private window on a phone, without scripts. `source` is the address that its requests come from."""
    context = browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        java_script_enabled=False,
        color_scheme="light",
        locale="en-GB",
        extra_http_headers={"X-Forwarded-For": source},
    )
    # Each wait is for the answer to one request.
    context.set_default_timeout(SILENCE * 1000)
    try:
        yield context.new_page()
    finally:
        context.close()


def is_ours(error: object) -> bool:
    """Of an error on a page: a browser that is too busy to fade from one page to the next says so in this way, too."""
    return not str(error).startswith("Transition was")


# ---------------------------------------------------------------- by keyboard


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the field, link or button of this name has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(_FOCUSED) == name:
            return
    raise AssertionError(f"{name} cannot be reached by keyboard")


def type_into(page: Page, name: str, text: str) -> None:
    tab_to(page, name)
    page.keyboard.type(text)


def press_enter(page: Page) -> None:
    """On a field or a button: the form goes off, and the next page comes."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def press(page: Page, button: str) -> None:
    """With a finger; back when the next page has come."""
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


_NAME = "(e => e.id || e.innerText.trim() || e.name)"
_FOCUSED = f"() => {_NAME}(document.activeElement)"
_VISIBLE = "e => e.getClientRects().length > 0 && e.type !== 'hidden'"
_FOCUSABLE = "'a[href], button, input, select, textarea'"


# ---------------------------------------------------------------- what every page holds


def inspect(page: Page) -> None:
    """Labels, headings, order of focus, width and contrast; the window is a phone again afterwards."""
    wrong = [*_unlabelled(page), *_headings(page), *_focus(page)]
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    width = page.evaluate("() => document.documentElement.scrollWidth")
    if width > NARROW["width"]:
        wrong.append(f"scrolls sideways on a narrow phone: {width} px")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        wrong += [f"{scheme}: {one}" for one in _pale(page)]
    if page.evaluate("() => document.scripts.length"):
        wrong.append("has scripts")
    assert wrong == [], f"{page.title()}: {wrong}"


def _unlabelled(page: Page) -> list[str]:
    script = f"""() => [...document.querySelectorAll('input, select, textarea')].filter({_VISIBLE})
        .filter(e => !e.labels.length || !e.labels[0].innerText.trim()).map(e => 'no label: ' + e.name)"""
    return list(page.evaluate(script))


def _headings(page: Page) -> list[str]:
    levels = page.evaluate("() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(e => +e.tagName[1])")
    in_order = all(after <= before + 1 for before, after in pairwise(levels))
    if levels[:1] != [1] or levels.count(1) != 1 or not in_order:
        return [f"headings are not in order: {levels}"]
    return [] if page.title().strip() else ["has no title"]


def _focus(page: Page) -> list[str]:
    """Tab goes through everything in the order of the page, and shows where it is."""
    expected = page.evaluate(f"() => [...document.querySelectorAll({_FOCUSABLE})].filter({_VISIBLE}).map({_NAME})")
    page.evaluate("() => { document.activeElement.blur(); window.getSelection().removeAllRanges(); }")
    page.locator("body").focus()
    met, wrong = [], []
    for _ in expected:
        page.keyboard.press("Tab")
        met.append(page.evaluate(_FOCUSED))
        style, width = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]; }"
        )
        if style == "none" or width == "0px":
            wrong.append(f"focus does not show on {met[-1]}")
    return wrong if met == expected else [f"focus goes {met}, not {expected}"]


_COLORS = f"""() => {{
  const numbers = c => c.match(/[\\d.]+/g).map(Number);
  const behind = e => {{
    for (; e; e = e.parentElement) {{
      const c = numbers(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }}
    return [255, 255, 255];
  }};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node; node = walker.nextNode();) {{
    const e = node.parentElement;
    if (!node.data.trim() || e.tagName === 'STYLE' || !({_VISIBLE})(e)) continue;
    const s = getComputedStyle(e);
    const large = parseFloat(s.fontSize) >= 24 || (parseFloat(s.fontSize) >= 18.66 && +s.fontWeight >= 700);
    found.push([node.data.trim().slice(0, 30), numbers(s.color), behind(e), large]);
  }}
  return found;
}}"""


def _pale(page: Page) -> list[str]:
    """Texts that stand out too little from what is behind them."""
    texts = page.evaluate(_COLORS)
    assert texts, "a page without text"
    return [
        f"{text}: contrast {contrast(ink, ground):.2f}"
        for text, ink, ground, is_large in texts
        if contrast(ink, ground) < (_CONTRAST_LARGE if is_large else _CONTRAST)
    ]


def contrast(one: list[float], other: list[float]) -> float:
    """WCAG's ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: list[float]) -> float:
    parts = [value / 255 for value in color[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

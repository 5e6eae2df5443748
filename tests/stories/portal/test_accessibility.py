"""Every page in a real browser, served from this process: an accessibility checker's zero findings, in light and dark,
a walk by keyboard alone, and no sideways scrolling on the narrowest phone and on a tablet."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.browser import DESKTOP, NARROW, chromium
from tests.harness import World
from tests.patience import SILENCE
from tests.stories.driver import Driver
from tests.stories.portal import keyboard
from tests.stories.portal.browser import Browser
from tests.stories.portal.every_page import everything, pages
from tests.stories.portal.served import Served
from tests.stories.training.certificates.holders import holder

# Anything but `serious` words of its authors: all findings count. Only colours differ between the schemes.
_RULES_BY_SCHEME = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "dark": {"type": "rule", "values": ["color-contrast"]},
}
_VIOLATIONS = """rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"]}).then(
    found => found.violations.map(one => [one.id, one.nodes.slice(0, 3).map(node => node.html.slice(0, 160))]))"""
# The narrowest window in which rows of tables stand as rows.
_TABLET = {"width": 820, "height": 480}


@pytest.fixture(scope="module")
def window() -> Iterator[Page]:
    with chromium() as started:
        context = started.new_context(viewport=DESKTOP, color_scheme="light", locale="en-GB")  # type: ignore[arg-type]
        context.set_default_timeout(SILENCE * 1000)
        yield context.new_page()
        context.close()


class Looked(Served):
    def findings(self) -> list[Any]:
        """Of a page that was just opened: how Tab goes through it, what the checker has to say in both schemes, and how
        wide it is on a narrow phone and on a tablet."""
        found = keyboard.findings(self.window)
        self.window.evaluate(Axe().axe_script)
        for scheme, rules in _RULES_BY_SCHEME.items():
            self.window.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found += [(scheme, *one) for one in self.window.evaluate(_VIOLATIONS, rules)]
        for name, size in (("narrow phone", NARROW), ("tablet", _TABLET)):
            self.window.set_viewport_size(size)  # type: ignore[arg-type]
            width = self.window.evaluate("() => document.documentElement.scrollWidth")
            if width > size["width"]:
                found.append(f"{width} px wide on a {name}")
        self.window.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        return found


def test_every_page_can_be_used_by_everybody(world: World, driver: Driver, course: str, window: Page) -> None:
    made = everything(world, driver, course)
    served = Looked(window, Browser(world).has_session_of(made.admin))
    found: dict[str, list[Any]] = {}
    for page in pages("GET"):
        if "text/html" not in served.browser.request("GET", made.address(page)).headers["content-type"]:
            # A file, which the browser would save.
            continue
        served.open(made.address(page))
        if wrong := served.findings():
            found[page.path] = wrong
    assert found == {}


def test_a_badge_can_be_asked_for_and_copied_by_everybody(world: World, driver: Driver, window: Page) -> None:
    one = holder(driver)
    served = Looked(window, Browser(world).has_session_of(one.account))
    here = f"/me/certificates/{one.certificate['certificate_id']}"
    served.browser.open(here)
    served.browser.press("Get a badge")
    found = {}
    for state in ("being made", "ready"):
        served.open(here)
        found[state] = served.findings()
        driver.work()
    assert "Download the badge" in served.browser.open(here).text
    assert found == {"being made": [], "ready": []}


def test_doors_can_be_used_by_everybody(world: World, window: Page) -> None:
    served = Looked(window, Browser(world))
    found: dict[str, list[Any]] = {}
    for address in ("/login?why=kept", "/register", "/register/confirm?registration_id=x", "/forgot", "/reset", "/no"):
        served.open(address)
        if wrong := served.findings():
            found[address] = wrong
    assert found == {}

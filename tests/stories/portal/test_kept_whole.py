"""Back in browsers that keep pages whole, as they do by now with pages that say `no-store`: what was typed is there,
what is shown is not old, and after the log-out nothing of it is there.

The walk over every page (test_back_and_reload.py) is of browsers that ask again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from tests.e2e.browser import DESKTOP, chromium
from tests.harness import World
from tests.patience import SILENCE, until
from tests.stories.driver import Driver
from tests.stories.portal.site import Site, site

_SHOWN = "() => [location.href, document.readyState, document.body.innerText]"


@dataclass
class Kept:
    site: Site
    window: Page
    org: str

    def open(self, path: str) -> None:
        self.window.goto(self.site.url(path))

    def back(self, address: str, words: str) -> None:
        """Until this is there, which nothing tells Playwright."""

        def is_there(shown: tuple[str, str, str]) -> bool:
            return shown[0].endswith(address) and shown[1] == "complete" and words in shown[2]

        self.window.evaluate("history.back()")
        until(self._shown, is_there, self._shown)

    def back_unasked(self, address: str, words: str) -> None:
        before = len(self.site.asked)
        self.back(address, words)
        assert len(self.site.asked) == before

    def _shown(self) -> Any:
        try:
            return self.window.evaluate(_SHOWN)
        except Error:
            # Between two pages.
            return "", "", ""


@pytest.fixture
def kept(world: World, driver: Driver) -> Iterator[Kept]:
    org = world.org(driver.msp)
    with site(world, bare=True) as served, chromium(keeps_pages=True) as started:
        context = started.new_context(viewport=DESKTOP, locale="en-GB")  # type: ignore[arg-type]
        context.set_default_timeout(SILENCE * 1000)
        served.log_in(context, driver.admin)
        yield Kept(served, context.new_page(), org)
        context.close()


def test_what_was_typed_is_there_and_what_is_shown_is_not_old(world: World, driver: Driver, kept: Kept) -> None:
    window, groups, places = kept.window, f"/orgs/{kept.org}/groups", f"/orgs/{kept.org}/locations"

    def names() -> list[str]:
        return sorted(one["name"] for one in world.get(groups, driver.admin).json["items"])

    def create() -> None:
        with window.expect_navigation():
            window.get_by_label("Name").press("Enter")
        assert "created" in window.url

    # Typed, left and come back to: it is there, and nobody asked the server.
    kept.open(groups)
    window.get_by_label("Name").fill("Finance")
    kept.open(places)
    kept.back_unasked(groups, "Groups")
    assert window.get_by_label("Name").input_value() == "Finance"
    # Sent, gone back from, and sent once more: one group. With another name: another.
    for name, found in (("Finance", ["Finance"]), ("Finance", ["Finance"]), ("Sales", ["Finance", "Sales"])):
        window.get_by_label("Name").fill(name)
        create()
        assert names() == found
        kept.back_unasked(groups, "Groups")
    # Where nothing was typed, the page comes anew.
    kept.open(places)
    kept.open(groups)
    world.location(kept.org, "Kiel")
    kept.back(places, "Kiel")
    # After the log-out, all of them ask who is there.
    kept.open("/account/devices")
    with window.expect_navigation():
        window.get_by_role("button", name="Log out", exact=True).first.click()
    for closed in ("devices", "locations"):
        kept.back(closed, "Log in")
        assert "Kiel" not in window.content()

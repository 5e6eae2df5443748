"""Names of one long word, which stand in headings, tables, labels and buttons: no page gets wider than its window by
them, on phones, tablets and desktops."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.e2e.browser import DESKTOP, NARROW, empty_window
from tests.harness import World
from tests.stories.driver import Driver, refused
from tests.stories.portal.site import site

_LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
_TABLET = {"width": 820, "height": 480}
_WIDTH = "() => document.documentElement.scrollWidth"


@pytest.fixture
def window() -> Iterator[Page]:
    with empty_window(NARROW) as opened:
        yield opened


def test_a_name_of_one_long_word_makes_no_page_wide(world: World, driver: Driver, window: Page) -> None:
    course = world.course(driver.msp, f"{_LONG}1")
    org = world.org(driver.msp, f"{_LONG}2", courses=[course])
    group = world.group(org, f"{_LONG}3", [course])
    member = world.member(org, [group], first_name=_LONG, last_name="Lee", email=f"{_LONG[:60]}@{_LONG[:60]}.example")
    with refused(member):
        (batch,) = driver.launch(org, [course], name=f"{_LONG}4")
    base = f"/orgs/{org}"
    training = world.post(f"{base}/trainings", driver.admin, {"title": f"{_LONG}5"}).json["training_id"]
    wide = []
    with site(world) as served:
        served.log_in(window.context, driver.admin)
        for path in (
            f"{base}/learners", f"{base}/learners/{member}/archive", f"{base}/groups/{group}",
            f"{base}/training/{batch}", f"{base}/trainings/{training}", f"/msp/training/{org}/{batch}",
            f"/msp/organizations/{org}/access", f"/msp/organizations/{org}/close",
        ):  # fmt: skip
            window.goto(served.url(path))
            assert _LONG in window.content(), path
            for size in (NARROW, _TABLET, DESKTOP):
                window.set_viewport_size(size)  # type: ignore[arg-type]
                if (width := window.evaluate(_WIDTH)) > size["width"]:
                    wide.append((path, size["width"], width))
    assert wide == []

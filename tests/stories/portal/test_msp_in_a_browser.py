"""What only a browser shows of the MSP's pages, served from this process: what the stylesheet hides and how it breaks
lines."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from chalicelib.core.ids import new_id
from chalicelib.tenants.access.service import Scope
from chalicelib.training.rollouts.drafts import service as drafts
from chalicelib.training.rollouts.drafts.schemas import DraftForm
from tests.e2e.browser import NARROW, empty_window
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser
from tests.stories.portal.test_accessibility import Served

_PAGES = ("training", "rollouts", "activity", "organizations", "courses", "reports", "admins")
_LINES = """() => new Set([...document.querySelectorAll("nav[aria-label=Main] a")].map(
    (one) => one.getBoundingClientRect().top)).size"""


@pytest.fixture
def window() -> Iterator[Page]:
    with empty_window() as opened:
        yield opened


def test_the_menu_takes_two_lines_on_the_narrowest_phone_and_steps_show_only_what_a_choice_needs(
    world: World, driver: Driver, course: str, window: Page
) -> None:
    served = Served(window, Browser(world).has_session_of(driver.admin))
    orgs = driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    draft = new_id(world.now)
    form = DraftForm(name="Q1 awareness", org_ids=orgs, course_ids=[course])
    drafts.begin(Scope(driver.admin, driver.msp, is_msp_admin=True), draft, form, world.now)

    served.open(f"/msp/training/enrollment/{draft}/schedule")
    first, days, own = window.locator("#start_on"), window.locator("#days_to_complete"), window.locator(".of-own")
    for choice, shown in (
        ("All at once", [False, True, False]),
        ("One each month", [True, True, False]),
        ("Each on its own date", [False, False, True]),
    ):
        window.get_by_label(choice).check()
        assert [one.is_visible() for one in (first, days, own)] == shown, choice
    served.open(f"/msp/training/enrollment/{draft}/recipients")
    names = window.locator("#group_names")
    assert not names.is_visible()
    window.get_by_label("Groups with these names").check()
    assert names.is_visible()
    served.open(f"/msp/organizations/{orgs[0]}/access")
    seats = window.locator(f"#seats_{course}")
    assert seats.is_visible()
    window.get_by_label("Spotting Phishing", exact=True).uncheck()
    assert not seats.is_visible()

    window.set_viewport_size(NARROW)  # type: ignore[arg-type]
    for page in _PAGES:
        served.open(f"/msp/{page}")
        assert window.evaluate(_LINES) == 2, page

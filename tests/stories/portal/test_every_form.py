"""Complaints 4 and 5, for every form of the portal: pressed twice it happens once, and an ended session loses nothing.

Read from the site map: a new form is under these rules at once.
"""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from chalicelib.core.ids import new_id
from chalicelib.portal.site_map import EVERYBODY, PortalPage
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser, Form
from tests.stories.portal.every_page import Everything, everything, pages

_FORMS = sorted((page for page in pages("POST") if page.needs != EVERYBODY), key=lambda page: page.name)

# What is typed into a form so that it does something.
_TYPED: dict[str, dict[str, str]] = {
    "POST /msp/training/enrollment": {"name": "Q2 awareness"},
    "POST /msp/organizations/new": {"name": "Third Ferries", "time_zone": "Europe/London"},
    "POST /msp/admins": {"email": "kim@example.com"},
    "POST /msp/organizations/{org_id}": {"name": "Alderquay Renamed"},
    "POST /orgs/{org_id}/groups": {"name": "New group"},
}
# These do something in this world, so that pressing them twice could do it twice.
_DOES_SOMETHING = {
    "POST /msp/admins", "POST /msp/organizations/new", "POST /msp/organizations/{org_id}",
    "POST /msp/organizations/{org_id}/close", "POST /msp/training/enrollment",
    "POST /msp/training/enrollment/{draft_id}/count", "POST /msp/training/enrollment/{draft_id}/delete",
    "POST /msp/training/enrollment/{draft_id}/schedule", "POST /msp/training/export",
    "POST /msp/training/{org_id}/export", "POST /msp/training/{org_id}/{batch_id}/courses/{course_id}/export",
    "POST /msp/training/{org_id}/{batch_id}/courses/{course_id}/remind",
    "POST /msp/training/{org_id}/{batch_id}/courses/{course_id}/retry",
    "POST /msp/training/{org_id}/{batch_id}/undo", "POST /orgs/{org_id}/groups",
    "POST /orgs/{org_id}/learners/{member_id}/archive",
}  # fmt: skip
# Sends no file here, and its page says so: nothing is kept of files (tests/stories/portal/test_org_uploads.py).
_FILES = {"POST /orgs/{org_id}/imports"}
_ACTION = re.compile(r'action="/dev/portal(/[^"?]+)')
# Ends the session that it is sent with.
_ENDS_THE_SESSION = {"POST /account/devices/everywhere", "POST /account/devices/out"}


def _stored(world: World) -> tuple[object, ...]:
    """Without what says who is logged in, and the form that is kept meanwhile."""
    outbox = [item for item in world.dump("outbox") if not item["pk"].startswith(("SESSIONS#", "KEPT#", "LIMIT#"))]
    return world.dump("core"), outbox, world.dump("enrollments")


# The pages on which forms are, by the forms' addresses: the world is the same in each test.
_shown_on: dict[str, str] = {}


def _form(made: Everything, browser: Browser, page: PortalPage) -> Form:
    """As the page shows it on which it is; made by hand where this world has no such page."""
    if not _shown_on:
        for shown in (one for one in pages("GET") if "{export_id}" not in one.path):
            answer = browser.request("GET", made.address(shown))
            for action in _ACTION.findall(answer.text) if answer.status == 200 else ():
                if action.split("/")[1] == shown.path.split("/")[1]:
                    _shown_on.setdefault(action, made.address(shown))
    address = made.address(page)
    if address in _shown_on:
        for form in browser.open(_shown_on[address]).forms:
            if urlsplit(form.action).path.endswith(f"/portal{address}"):
                return form
    return Form(address, "post", [("form_id", new_id(browser.world.now))])


@pytest.mark.parametrize("page", _FORMS, ids=lambda page: page.name.replace("/", "_"))
def test_an_ended_session_loses_nothing_and_a_second_press_does_nothing(
    world: World, driver: Driver, course: str, page: PortalPage
) -> None:
    if page.name in _FILES:
        pytest.skip("a file")
    made = everything(world, driver, course)
    browser = Browser(world).has_session_of(made.admin)
    form = _form(made, browser, page)
    typed = _TYPED.get(page.name, {})
    form.fields = [(name, typed.get(name, text)) for name, text in form.fields]

    before = _stored(world)
    world.now += timedelta(hours=1)
    shown = browser.send(form)
    assert shown.heading == "Log in"
    assert _stored(world) == before
    browser.has_session_of(made.admin)
    if "What you typed is kept" in shown.text:
        browser.open("/continue")
        shown = browser.press("Send it now")
    else:
        assert not any(text for _, text in form.fields), "a form with something in it was not kept"
        shown = browser.send(form)
    assert shown.status < 500
    if page.name in _ENDS_THE_SESSION:
        return
    assert shown.heading != "Log in"

    after = _stored(world)
    assert page.name not in _DOES_SOMETHING or after != before
    assert browser.send(form).status < 500
    assert _stored(world) == after

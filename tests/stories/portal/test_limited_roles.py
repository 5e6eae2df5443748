"""Admins who may little: wherever they log in there is a page for them, and no link on it leads to what they may not
see.

Somebody who was appointed for the audit, or for inviting, alone came to "You don't have access", and its one link led
there again.
"""

from urllib.parse import urlsplit

import pytest

from chalicelib.portal.site_map import find
from chalicelib.tenants.access.permissions import CHOOSABLE
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser, Page
from tests.stories.portal.every_page import Everything, everything

# Of people who are found by pages that this alone does not open.
_NO_PAGE = {"results"}
# Of the whole organization: limited to departments, they permit nothing.
_WHOLE = {"audit", "settings"}


@pytest.fixture
def made(world: World, driver: Driver, course: str) -> Everything:
    return everything(world, driver, course)


def _dead_ends(browser: Browser) -> list[tuple[str, str, int]]:
    """Links to pages that are not for them; one of each kind of page is followed."""
    found, met, todo = [], set(), [urlsplit(browser.open("/").address).path.partition("/portal")[2]]
    while todo:
        answer = browser.request("GET", todo[0])
        here = todo.pop(0)
        if answer.status != 200 or "text/html" not in answer.headers["content-type"]:
            continue
        for text, href in Page(answer, here).links:
            address = href.partition("/portal")[2]
            page = find("GET", urlsplit(address).path) if address.startswith("/orgs/") else None
            if page is None or page[0].path in met:
                continue
            met.add(page[0].path)
            if (status := browser.request("GET", address).status) >= 400:
                found.append((here, text, status))
            todo.append(address)
    return found


@pytest.mark.parametrize("is_limited", [False, True], ids=["whole", "departments"])
def test_who_may_one_thing_has_a_page_for_it_and_no_dead_ends(
    world: World, made: Everything, *, is_limited: bool
) -> None:
    org = made.ids["org_id"]
    limits = {"department_ids": [made.ids["department_id"]]} if is_limited else {}
    wrong = {}
    for name in sorted(map(str, CHOOSABLE)):
        role = world.org_admin(org, role="custom", permissions=[name], **limits)
        browser = Browser(world).has_session_of(role)
        has_page = name not in _NO_PAGE and not (is_limited and name in _WHOLE)
        start = browser.open("/")
        assert start.status == (200 if has_page else 403), (name, start.address, start.text)
        if not has_page:
            # In words, and with a way to what is theirs all the same.
            assert start.link("My training")
        if found := _dead_ends(browser):
            wrong[name] = found
    assert wrong == {}


def test_an_admin_of_a_department_has_no_dead_ends(world: World, made: Everything) -> None:
    admin = world.org_admin(made.ids["org_id"], role="department_admin", department_ids=[made.ids["department_id"]])
    assert _dead_ends(Browser(world).has_session_of(admin)) == []


def test_what_many_are_asked_about_has_a_button_only_for_who_may(world: World, made: Everything) -> None:
    """The page of a bulk action can be seen by whoever sees the people."""
    org = made.ids["org_id"]
    reader = Browser(world).has_session_of(world.org_admin(org, role="custom", permissions=["members_read"]))
    inviter = Browser(world).has_session_of(
        world.org_admin(org, role="custom", permissions=["members_read", "invites"])
    )
    address = f"/orgs/{org}/actions/{made.ids['action_id']}"
    assert "Your role can't do this." in reader.open(address).text
    assert not [form for form in reader.page.forms if form.action.endswith(address)]
    assert [form for form in inviter.open(address).forms if form.action.endswith(address)]

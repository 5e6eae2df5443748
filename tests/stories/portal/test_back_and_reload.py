"""Complaints 2 and 3 on every page, in a real browser: a page is loaded anew, left, come back to, and opened in a
private window; a form that was sent is not sent again by any of it.

Read from the site map: a new page or form is walked at once. Of forms that look alike one is sent.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser as Chromium

from chalicelib.aws.accounts import Tokens
from chalicelib.people.accounts.login import LoggedIn
from chalicelib.portal.doors import log_in
from chalicelib.portal.site_map import EVERYBODY, PortalPage, find
from tests.e2e.browser import DESKTOP, chromium
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser, Page
from tests.stories.portal.every_page import Everything, everything, pages
from tests.stories.portal.walked import Scene, Walk, stored, walk

# Typed into a form so that it does something.
_GIVEN: dict[str, dict[str, str]] = {
    "POST /msp/organizations/new": {"name": "Third Ferries", "time_zone": "Europe/London"},
    "POST /orgs/{org_id}/admins/roles": {"name": "Keepers", "permission": "audit"},
    "POST /orgs/{org_id}/learners/actions": {"which": "page", "go": "resend"},
    "POST /orgs/{org_id}/learners/add": {"emails": "zed@acme.example"},
    "POST /orgs/{org_id}/trainings/{training_id}/sessions/new": {"ends_at": "2027-02-01T10:00", "place": "Room 2"},
}
# Refused in this world, each in words; sending them again by loading their answer anew is what browsers ask about.
_REFUSED = {
    "POST /me/email/confirm", "POST /msp/training/{org_id}/{batch_id}/courses/{course_id}/cancel",
    "POST /orgs/{org_id}/departments/{department_id}/delete", "POST /orgs/{org_id}/trainings/{training_id}/archive",
    "POST /orgs/{org_id}/groups/{group_id}/delete",
}  # fmt: skip
# Ends the session, or takes a file.
_OTHERWISE = {"POST /account/devices/everywhere", "POST /orgs/{org_id}/imports/new"}
# The start page, whose address is that of none below it, and a page that is all script.
_ALONE = {"/", "/try"}


# The world is the same in each test.
_pages: dict[str, Page] = {}


@pytest.fixture
def made(world: World, driver: Driver, course: str) -> Everything:
    return everything(world, driver, course)


@pytest.fixture(scope="module")
def started() -> Iterator[Chromium]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def walked(world: World, made: Everything, started: Chromium) -> Iterator[Walk]:
    with walk(world, started) as begun:
        yield begun


def _shown(world: World, made: Everything) -> dict[str, Page]:
    """The pages that show themselves at their own addresses, and are no files."""
    if _pages:
        return _pages
    browser = Browser(world).has_session_of(made.admin)
    for page in pages("GET"):
        answer = browser.request("GET", made.address(page))
        if answer.status == 200 and "text/html" in answer.headers["content-type"] and page.path not in _ALONE:
            _pages[made.address(page)] = Page(answer, made.address(page))
    return _pages


def _forms(made: Everything, shown: dict[str, Page]) -> dict[str, tuple[str, PortalPage]]:
    """Which form is sent on which page, by its address: of those with the same last word and fields, the first."""
    by_address = {made.address(page): page for page in pages("POST")}
    found: dict[str, tuple[str, PortalPage]] = {}
    alike: set[object] = set()
    for address, page in shown.items():
        for form in page.forms:
            action = urlsplit(form.action).path.partition("/portal")[2]
            posted = by_address.get(action)
            if form.method != "post" or posted is None or posted.name in _OTHERWISE or posted.needs == EVERYBODY:
                continue
            fields = frozenset(re.sub(r"_[0-9A-Z]{26}$", "", name) for name in form.names()) - {"form_id"}
            word = re.sub(r"{\w+}", "", posted.path).rstrip("/").rpartition("/")[2]
            # Of the buttons that stand alone, one of each page.
            looks = {(word, fields)} if fields else {(word, fields), (address, fields)}
            if action not in found and not looks & alike:
                alike |= looks
                found[action] = (address, posted)
    return found


def _path_of(address: str) -> str:
    found = find("GET", address.partition("?")[0])
    assert found, address
    return found[0].path


def _unlike(addresses: list[str]) -> list[str]:
    words = {address: address.rpartition("/")[2] for address in addresses}
    found = {word if word.isalpha() else address: address for address, word in words.items()}
    return list(found.values())


def test_every_form_that_was_sent_is_sent_once(world: World, made: Everything, walked: Walk) -> None:
    shown = _shown(world, made)
    forms = _forms(made, shown)
    walked.site.log_in(walked.context, made.admin)
    scene, refused, loaded_anew = Scene.of(walked), set(), set()
    for action, (address, posted) in forms.items():
        scene.begin()
        before = walked.open(address)
        given = _GIVEN.get(posted.name, {})
        typed = walked.fill(action, given)
        came = walked.send(action, given.get("go", ""))
        if walked.site.asked[-1][0] == "POST":
            refused.add(posted.name)
            assert came[2] or walked.status() == 409, (posted.name, came)
            continue
        num_posts, after = walked.site.posts(), stored(world)
        assert (walked.status(), came[2]) == (200, ""), (posted.name, came)
        # Loaded anew, it says the same: once for each page to which forms lead.
        if (arrived := _path_of(came[0])) not in loaded_anew:
            loaded_anew.add(arrived)
            assert (walked.reload(), walked.status()) == (came, 200), posted.name
        # Back shows the form, with what was typed, or that it is over with it.
        back = walked.back()
        assert back[2] == "", (posted.name, back)
        if walked.status() == 404:
            assert walked.page.get_by_role("link", name="Go to the page above this one").count() == 1, posted.name
        elif back == before and (fields := walked.typed(action)) is not None:
            assert {name: fields[name] for name in typed or {}} == typed, posted.name
        assert walked.site.posts() == num_posts, posted.name
        assert stored(world) == after, posted.name
    assert len(forms) > 40
    assert refused <= _REFUSED


def test_every_page_is_loaded_anew_and_come_back_to(world: World, made: Everything, walked: Walk) -> None:
    """But for those with forms, which are walked above. An organization's as its own admin, where they can be. Of those
    that end alike, as all pages of activities and reports do, one."""
    shown = _shown(world, made)
    sent = {address for address, _ in _forms(made, shown).values()}
    roles = {"": made.admin, "orgs": world.org_admin(made.ids["org_id"])}
    theirs = Browser(world).has_session_of(roles["orgs"])
    left = _unlike([address for address in shown if address not in sent])
    by_role: dict[str, list[str]] = {account: [] for account in roles.values()}
    for address in left:
        is_org = address.startswith("/orgs/") and theirs.request("GET", address).status == 200
        by_role[roles["orgs" if is_org else ""]].append(address)
    assert all(len(addresses) > 10 for addresses in by_role.values())
    for account, addresses in by_role.items():
        walked.site.log_in(walked.context, account)
        before = stored(world)
        for index, (one, other) in enumerate(zip(addresses[::2], addresses[1::2], strict=False)):
            first, second = walked.open(one), walked.open(other)
            assert second[0].startswith(other), other
            assert (walked.reload(), walked.status()) == (second, 200), other
            assert (walked.back(), walked.status()) == (first, 200), one
            if index % 4 == 0:
                assert (walked.forward(), walked.status()) == (second, 200), other
        assert stored(world) == before
    assert walked.site.posts() == 0


def test_a_private_window_asks_to_log_in_and_leads_to_exactly_that_page(
    world: World, made: Everything, walked: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came of a form, too: its address is that of a page."""
    walked.site.log_in(walked.context, made.admin)
    org = made.ids["org_id"]
    walked.open(f"/orgs/{org}/groups")
    walked.fill(f"/orgs/{org}/groups", {"name": "Sales"})
    came, num_posts = walked.send(f"/orgs/{org}/groups"), walked.site.posts()
    known = LoggedIn(made.admin, "ann@example.com", "Ann", "Lee", Tokens("", "", "", 0))
    monkeypatch.setattr(log_in.login, "log_in", lambda *_: known)
    for address in (came[0], f"/orgs/{org}/learners?status=active&search=a", "/msp/training", "/me/courses"):
        private = walked.context.browser.new_context(viewport=DESKTOP)  # type: ignore[union-attr, arg-type]
        window = private.new_page()
        window.goto(walked.site.url(address))
        assert window.inner_text("h1") == "Log in"
        window.fill("#login", "ann@example.com")
        window.fill("#password", "any")
        with window.expect_navigation():
            window.get_by_role("button", name="Log in", exact=True).click()
        assert window.url == walked.site.url(address)
        private.close()
    assert walked.site.posts() == num_posts + 4


def test_every_page_is_where_a_log_in_leads_that_it_asked_for(world: World, made: Everything) -> None:
    browser = Browser(world)
    logged_in = Browser(world).has_session_of(made.admin)
    for page in pages("GET"):
        if page.needs == EVERYBODY or page.path in ("/", "/continue"):
            continue
        address = f"{made.address(page)}?search=a+b%26c&status=active"
        location = browser.request("GET", address).headers["location"]
        assert parse_qs(urlsplit(location).query)["next"] == [address], page.name
        assert logged_in.request("GET", location).headers["location"] == f"/dev/portal{address}", page.name

"""Sessions attacked, where no other test does: frames, redirects, pages that a browser kept, cookies of a sibling."""

from datetime import timedelta

import pytest

from chalicelib.portal.site_map import EVERYBODY
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser
from tests.stories.portal.every_page import everything, pages


@pytest.fixture
def admin(world: World) -> str:
    return world.msp_admin(world.msp())


def test_nothing_can_be_framed_errors_and_redirects_too(world: World, admin: str) -> None:
    browser = Browser(world).has_session_of(admin)
    for method, address, status in (
        ("GET", "/msp/training", 200), ("GET", "/no/such/page", 404), ("GET", "/msp/organizations/x", 404),
        ("POST", "/msp/organizations/new", 422),
    ):  # fmt: skip
        answer = browser.request(method, address, [("name", "")])
        assert answer.status == status, address
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], address
    assert "frame-ancestors 'none'" in Browser(world).request("GET", "/msp/training").headers["content-security-policy"]


def test_no_page_redirects_to_where_a_query_says(world: World, driver: Driver, course: str) -> None:
    """Whatever a link of a stranger names: the address that follows is one of ours."""
    made = everything(world, driver, course)
    browser = Browser(world).has_session_of(made.admin)
    evil = "//evil.example"
    query = "&".join(f"{name}={evil}" for name in ("next", "url", "to", "done", "n", "msp", "why", "return"))
    for page in pages("GET"):
        for visitor in (browser, Browser(world)):
            answer = visitor.request("GET", f"{made.address(page)}?{query}")
            location = answer.headers.get("location")
            assert location is None or location.startswith("/dev/portal"), page.name
            assert f'href="{evil}' not in answer.text
            assert f'action="{evil}' not in answer.text


def test_after_the_log_out_no_page_of_before_comes_back(world: World, driver: Driver, course: str) -> None:
    """Back asks the server, for nothing of it was kept; and the server knows nobody any more."""
    made = everything(world, driver, course)
    browser = Browser(world).has_session_of(made.admin)
    stolen = dict(browser.cookies)
    closed = [page for page in pages("GET") if page.needs != EVERYBODY]
    for page in closed:
        assert browser.request("GET", made.address(page)).headers["cache-control"] == "no-store", page.name
    browser.open("/account/devices")
    browser.press("Log out")
    # Whose session it was, and no way in.
    assert browser.cookies["__Host-muster"] == f"{made.admin}.ended"
    thief = Browser(world)
    for page in closed:
        # A tab that was open sends the cookie that it had.
        thief.cookies = dict(stolen)
        answer = thief.request("GET", made.address(page))
        assert answer.status == 303, page.name
        assert "/portal/login?" in answer.headers["location"]


def test_a_removed_admin_of_an_organization_is_out_on_the_page_that_was_open(world: World, driver: Driver) -> None:
    """What they typed is kept for them, and does nothing when they log in again."""
    org = world.org(driver.msp)
    removed = world.org_admin(org)
    browser = Browser(world).has_session_of(removed)
    browser.open(f"/orgs/{org}/groups")
    world.now += timedelta(seconds=1)
    assert world.delete(f"/orgs/{org}/admins/{removed}", driver.admin).status == 204
    before = world.dump("core")
    assert browser.press("Create group", name="Mine").heading == "Log in"
    browser.has_session_of(removed)
    browser.open("/continue")
    assert browser.press("Send it now").status in (403, 404)
    assert world.dump("core") == before


def test_cookies_that_a_sibling_could_set_open_nothing(world: World, admin: str) -> None:
    """A sibling's host may set cookies for the parent domain, or for a path, but none with this prefix: browsers take
    `__Host-` only from the host itself. So no cookie without the prefix may count, whatever is in it.
    """
    owner = Browser(world).has_session_of(admin)
    session = owner.cookies["__Host-muster"]
    for name in ("muster", "__Secure-muster", "__host-muster", "Host-muster", "__Host-Muster", "__Host-muster-"):
        browser = Browser(world)
        browser.cookies[name] = session
        assert browser.request("GET", "/account/devices").status == 303, name
    # One of theirs beside ours, before or after it, takes nobody's place.
    for first in (True, False):
        browser = Browser(world)
        planted = {"muster": f"{admin}.{'A' * 43}"}
        browser.cookies = {**planted, "__Host-muster": session} if first else {"__Host-muster": session, **planted}
        assert browser.request("GET", "/account/devices").status == 200


def test_the_cookie_is_one_that_browsers_take_from_this_host_alone(world: World) -> None:
    """`__Host-` is kept by browsers only when it is secure, for all paths, and for no domain."""
    answer = Browser(world).request("POST", "/msp/admins", [("email", "kim@example.com")])
    assert answer.cookies
    for cookie in answer.cookies:
        rules = {rule.strip().split("=")[0].lower() for rule in cookie.split(";")[1:]}
        assert cookie.startswith("__Host-")
        assert {"path", "secure", "httponly", "samesite"} <= rules
        assert "domain" not in rules


def test_a_session_s_pages_are_for_accounts_or_permissions() -> None:
    """What is for everybody shows nothing of anybody: these alone are."""
    assert {page.path.split("/")[1] for page in pages("GET") if page.needs == EVERYBODY} <= {
        "", "components", "try", "first-password", "forgot", "login", "register", "reset",
    }  # fmt: skip

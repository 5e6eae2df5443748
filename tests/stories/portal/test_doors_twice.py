"""Complaint 5 on the doors, which have no session yet: each button pressed twice does one thing, mails once, and shows
the same page after either press. Read from the site map: a new door is under this rule at once.
"""

from collections.abc import Callable

import pytest

from chalicelib.portal.site_map import EVERYBODY
from tests.harness import World
from tests.stories.inbox import code_for, mails_to
from tests.stories.portal.browser import Browser
from tests.stories.portal.every_page import pages
from tests.stories.portal.test_sessions import OTHER, PASSWORD, _account, _log_in

EMAIL = "ann@example.com"

Pressed = tuple[str, dict[str, str]]


def _at_log_in(world: World, browser: Browser) -> Pressed:
    _account(world, EMAIL)
    browser.open("/login")
    return "Log in", {"login": EMAIL, "password": PASSWORD}


def _at_first_password(world: World, browser: Browser) -> Pressed:
    _account(world, EMAIL, first=True)
    _log_in(browser, EMAIL)
    assert browser.page.heading == "Choose your password"
    return "Save and log in", {"new_password": OTHER}


def _logged_in(world: World, browser: Browser) -> Pressed:
    browser.has_session_of(_account(world, EMAIL))
    browser.open("/account/devices")
    return "Log out", {}


def _at_register(world: World, browser: Browser) -> Pressed:
    browser.open("/register")
    return "Create account", {"email": EMAIL, "first_name": "Ann", "password": PASSWORD}


def _at_confirm(world: World, browser: Browser) -> Pressed:
    button, filled = _at_register(world, browser)
    browser.press(button, **filled)
    return "Confirm", {"code": code_for(world, EMAIL)}


def _at_resend(world: World, browser: Browser) -> Pressed:
    _at_confirm(world, browser)
    return "Email me a new code", {}


def _at_forgot(world: World, browser: Browser) -> Pressed:
    _account(world, EMAIL)
    browser.open("/forgot")
    return "Email me a code", {"email": EMAIL}


def _at_reset(world: World, browser: Browser) -> Pressed:
    button, filled = _at_forgot(world, browser)
    browser.press(button, **filled)
    return "Change password", {"code": code_for(world, EMAIL), "new_password": OTHER}


_DOORS: dict[str, Callable[[World, Browser], Pressed]] = {
    "POST /login": _at_log_in,
    "POST /first-password": _at_first_password,
    "POST /logout": _logged_in,
    "POST /register": _at_register,
    "POST /register/confirm": _at_confirm,
    "POST /register/resend": _at_resend,
    "POST /forgot": _at_forgot,
    "POST /reset": _at_reset,
}
# The button on one's own profile mails by the same way; there it has a session.
_MAILS = {"POST /register", "POST /register/resend", "POST /forgot"}


def test_every_door_is_pressed_twice() -> None:
    assert set(_DOORS) == {page.name for page in pages("POST") if page.needs == EVERYBODY}


@pytest.mark.parametrize("door", _DOORS, ids=lambda door: door.replace("/", "_"))
def test_a_door_pressed_twice_opens_once(world: World, door: str) -> None:
    browser = Browser(world)
    button, filled = _DOORS[door](world, browser)
    form, cookies = browser.page.form(button), dict(browser.cookies)
    before = len(mails_to(world.cloud, EMAIL))
    shown = []
    for _ in range(2):
        # The second press goes off before the answer to the first has come.
        browser.cookies = dict(cookies)
        page = browser.send(form, **filled)
        assert page.status == 200
        assert 'role="alert"' not in page.answer.text
        shown.append((page.address, page.heading, "Your session ended" in page.text))
    assert shown[0] == shown[1]
    assert not shown[0][2]
    assert len(mails_to(world.cloud, EMAIL)) - before == (door in _MAILS)


def test_a_code_for_another_password_is_mailed_once_from_ones_profile(world: World) -> None:
    account = _account(world, EMAIL)
    world._email_by_account[account] = EMAIL
    browser = Browser(world).has_session_of(account)
    form = browser.open("/me/profile").form("Email me a code")
    for _ in range(2):
        assert browser.send(form).heading == "Choose a new password"
    assert len(mails_to(world.cloud, EMAIL)) == 1
    # Asked for again, it is another one.
    browser.open("/me/profile")
    browser.press("Email me a code")
    assert len(mails_to(world.cloud, EMAIL)) == 2


def _sessions_left(world: World, account: str) -> int:
    keys = [item["sk"] for item in world.dump("outbox") if item["pk"] == f"SESSIONS#{account}"]
    return len([key for key in keys if key.startswith("SESSION#")])


@pytest.mark.parametrize("door", ["POST /login", "POST /first-password"])
def test_a_log_in_pressed_twice_is_one_device(world: World, door: str) -> None:
    browser = Browser(world)
    button, filled = _DOORS[door](world, browser)
    form, cookies = browser.page.form(button), dict(browser.cookies)
    browser.send(form, **filled)
    browser.cookies = dict(cookies)
    browser.send(form, **filled)
    account = browser.cookies["__Host-muster"].split(".")[0]
    page = browser.open("/account/devices")
    # This device, and none that could be logged out besides.
    assert [form for form in page.forms if "session_id" in form.names()] == []
    # A later log-in is another device, and logs out the first with what its second press began.
    password = filled.get("new_password", PASSWORD)
    other = Browser(world)
    _log_in(other, EMAIL, password)
    page = other.open("/account/devices")
    (listed,) = [form for form in page.forms if "session_id" in form.names()]
    other.send(listed)
    assert browser.request("GET", "/account/devices").status == 303
    assert _sessions_left(world, account) == 1

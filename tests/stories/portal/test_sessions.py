"""Sessions attacked: fixation, theft of the table's items, cached pages, removed admins, ended passwords."""

import uuid
from datetime import timedelta

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.web.sessions import kept_posts
from chalicelib.web.sessions import service as sessions
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.inbox import code_for
from tests.stories.portal.browser import Browser

PASSWORD, OTHER = "Correct-horse-7", "Other-horse-8"


@pytest.fixture
def admin(world: World) -> str:
    return world.msp_admin(world.msp())


def _is_logged_in(browser: Browser) -> bool:
    return browser.request("GET", "/account/devices").status == 200


def _account(world: World, email: str, *, first: bool = False) -> str:
    cognito, pool, name = world.cloud.client("cognito-idp"), world.stage.environment["USER_POOL_ID"], uuid.uuid4().hex
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    user = cognito.admin_create_user(
        UserPoolId=pool, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS", TemporaryPassword=PASSWORD
    )["User"]
    if not first:
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
    return str(next(one["Value"] for one in user["Attributes"] if one["Name"] == "sub"))


def _log_in(browser: Browser, email: str, password: str = PASSWORD, **more: str) -> None:
    browser.open("/login")
    browser.press("Log in", login=email, password=password, **more)


def test_a_cookie_that_was_planted_before_the_log_in_opens_nothing_after_it(world: World, admin: str) -> None:
    account = _account(world, "ann@example.com")
    planted = f"{account}.{'A' * 43}"
    browser = Browser(world)
    browser.cookies["__Host-muster"] = planted
    _log_in(browser, "ann@example.com")
    assert browser.cookies["__Host-muster"] != planted
    thief = Browser(world)
    thief.cookies["__Host-muster"] = planted
    assert not _is_logged_in(thief)


def test_logging_in_again_gives_a_new_secret_and_ends_the_old_session(world: World) -> None:
    _account(world, "ann@example.com")
    browser = Browser(world)
    _log_in(browser, "ann@example.com")
    old = browser.cookies["__Host-muster"]
    form = [("login", "ann@example.com"), ("password", PASSWORD)]
    assert browser.request("POST", "/login", form).status == 303
    assert browser.cookies["__Host-muster"] != old
    thief = Browser(world)
    thief.cookies["__Host-muster"] = old
    assert not _is_logged_in(thief)


def test_who_reads_the_table_cannot_log_in_by_what_is_in_it(world: World, admin: str) -> None:
    browser = Browser(world).has_session_of(admin)
    secret = browser.cookies["__Host-muster"].split(".")[1]
    dump = world.dump("outbox")
    assert secret not in str(dump)
    (session,) = sessions.devices(admin, world.now)
    for stolen in (session.session_id, session.sk, session.session_id[:43]):
        thief = Browser(world)
        thief.cookies["__Host-muster"] = f"{admin}.{stolen}"
        assert not _is_logged_in(thief)


def test_a_session_opens_no_other_account(world: World, admin: str) -> None:
    browser = Browser(world).has_session_of(admin)
    secret = browser.cookies["__Host-muster"].split(".")[1]
    browser.cookies["__Host-muster"] = f"{world.msp_admin(world.msp('Other'))}.{secret}"
    assert not _is_logged_in(browser)


def test_sessions_end_after_an_hour_idle_and_after_twelve_hours_in_any_case(world: World, admin: str) -> None:
    browser = Browser(world).has_session_of(admin)
    for _ in range(13):
        world.now += timedelta(minutes=55)
        assert _is_logged_in(browser)
    world.now += timedelta(minutes=5)
    assert not _is_logged_in(browser)


def test_a_learners_own_device_stays_logged_in_for_thirty_days_and_an_admins_does_not(world: World, admin: str) -> None:
    org = world.org(world.msp())
    learner, _ = world.learner(org)
    browser = Browser(world).has_session_of(learner, kept=True)
    admins = Browser(world).has_session_of(admin, kept=True)
    world.now += timedelta(hours=2)
    assert _is_logged_in(browser)
    assert not _is_logged_in(admins)
    world.now += timedelta(days=29)
    assert _is_logged_in(browser)
    # Who becomes an admin has an admin's session from then on.
    world.org_admin(org, learner)
    assert not _is_logged_in(browser)


def test_one_device_is_logged_out_from_another_and_then_all(world: World, admin: str) -> None:
    one, two = Browser(world).has_session_of(admin), Browser(world).has_session_of(admin)
    stranger = Browser(world).has_session_of(world.msp_admin(world.msp("Other")))
    world.now += timedelta(seconds=1)
    page = one.open("/account/devices")
    (form,) = [form for form in page.forms if "session_id" in form.names()]
    # Nobody logs out somebody else's.
    stranger.request("POST", "/account/devices/out", form.fields)
    assert _is_logged_in(two)
    page = one.send(form)
    assert "That device is logged out." in page.text
    assert _is_logged_in(one)
    assert not _is_logged_in(two)
    third = Browser(world).has_session_of(admin)
    world.now += timedelta(seconds=1)
    page = one.press("Log out everywhere")
    assert "You are logged out on all your devices." in page.text
    assert not any(map(_is_logged_in, (one, two, third)))
    assert _is_logged_in(stranger)


def test_a_removed_admin_is_out_on_the_page_that_was_open(world: World) -> None:
    msp = world.msp()
    one, other = world.msp_admin(msp), world.msp_admin(msp)
    browser = Browser(world).has_session_of(other)
    browser.open("/msp/organizations/new")
    world.now += timedelta(seconds=1)
    assert world.delete(f"/msp/admins/{other}", one).status == 204
    before = world.dump("core")
    page = browser.press("Add client", name="Mine", time_zone="Europe/Berlin")
    assert page.heading == "Log in"
    assert world.dump("core") == before


def test_another_password_ends_every_session(world: World) -> None:
    _account(world, "ann@example.com")
    browser, thief = Browser(world), Browser(world)
    for one in (browser, thief):
        _log_in(one, "ann@example.com")
    world.now += timedelta(seconds=1)
    browser.open("/forgot")
    page = browser.press("Email me a code", email="Ann@example.com")
    assert page.heading == "Choose a new password"
    page = browser.press("Change password", code="000000", new_password=OTHER)
    assert page.status == 422
    assert _is_logged_in(thief)
    page = browser.press("Change password", code=code_for(world, "ann@example.com"), new_password=OTHER)
    assert "Your password was changed" in page.text
    assert not _is_logged_in(thief)
    _log_in(browser, "ann@example.com", OTHER)
    assert _is_logged_in(browser)


def test_a_session_that_began_while_the_password_was_changed_ends_too(world: World) -> None:
    """Whoever has the old password may try it all the while; no clock moves between their log-in and the change."""
    _account(world, "ann@example.com")
    browser, thief = Browser(world), Browser(world)
    browser.open("/forgot")
    browser.press("Email me a code", email="ann@example.com")
    _log_in(thief, "ann@example.com")
    page = browser.press("Change password", code=code_for(world, "ann@example.com"), new_password=OTHER)
    assert "Your password was changed" in page.text
    assert not _is_logged_in(thief)
    _log_in(browser, "ann@example.com", OTHER)
    assert _is_logged_in(browser)


def test_a_change_of_the_password_that_broke_off_ends_the_sessions_when_it_is_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code is used up by then. Whoever sends another password than the one that was set ends nothing."""
    _account(world, "ann@example.com")
    thief = Browser(world)
    _log_in(thief, "ann@example.com")
    assert world.post("/auth/forgot", body={"email": "ann@example.com"}).status == 202
    form = {"email": "ann@example.com", "code": code_for(world, "ann@example.com"), "new_password": OTHER}
    with monkeypatch.context() as broken:
        broken.setattr(sessions, "end_all", lambda *_: (_ for _ in ()).throw(Unavailable()))
        assert world.post("/auth/reset", body=form).status == 503
    assert world.post("/auth/reset", body={**form, "new_password": PASSWORD}).status == 422
    assert _is_logged_in(thief)
    # Who sent it again is told that it is done, for it is.
    assert world.post("/auth/reset", body=form).status == 204
    assert not _is_logged_in(thief)


def test_a_change_of_the_password_that_died_and_is_never_sent_again_ends_the_sessions(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep does, of those of before alone; a wrong code ends nobody's."""
    _account(world, "ann@example.com")
    thief, owner = Browser(world), Browser(world)
    _log_in(thief, "ann@example.com")
    assert world.post("/auth/forgot", body={"email": "ann@example.com"}).status == 202
    form = {"email": "ann@example.com", "code": code_for(world, "ann@example.com"), "new_password": OTHER}
    assert world.post("/auth/reset", body={**form, "code": "000000"}).status == 422

    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died()

    world.now += timedelta(minutes=11)
    driver.sweep()
    driver.work()
    assert _is_logged_in(thief)
    with monkeypatch.context() as broken:
        broken.setattr(sessions, "end_all", die)
        with pytest.raises(Died):
            world.post("/auth/reset", body=form)
    assert _is_logged_in(thief)
    world.now += timedelta(minutes=2)
    _log_in(owner, "ann@example.com", OTHER)
    world.now += timedelta(minutes=9)
    driver.sweep()
    driver.work()
    assert (_is_logged_in(thief), _is_logged_in(owner)) == (False, True)


def test_somebody_registers_confirms_and_logs_in(world: World) -> None:
    browser = Browser(world)
    browser.open("/register")
    page = browser.press("Create account", email="nobody", password="weak")
    assert page.status == 422
    page = browser.press("Create account", email="robin@example.com", first_name="Robin", password=PASSWORD)
    assert page.heading == "Enter your code"
    page = browser.press("Confirm", code="000000")
    assert page.status == 422
    page = browser.press("Email me a new code")
    assert "We emailed you a new code." in page.text
    page = browser.press("Confirm", code=code_for(world, "robin@example.com", 2))
    assert "Your email address is confirmed." in page.text
    page = browser.press("Log in", login="robin@example.com", password=PASSWORD)
    assert "You haven't been invited to an organization yet." in page.text


def test_a_first_password_is_replaced_before_anything_opens(world: World) -> None:
    _account(world, "ann@example.com", first=True)
    browser = Browser(world)
    _log_in(browser, "ann@example.com")
    assert browser.page.heading == "Choose your password"
    assert browser.cookies == {}
    page = browser.press("Save and log in", new_password="weak")
    assert page.status == 422
    browser.press("Save and log in", new_password=OTHER)
    assert _is_logged_in(browser)


@pytest.mark.parametrize(
    "address",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/x\r\nSet-Cookie: a"],
)
def test_a_log_in_leads_to_pages_of_ours_only(world: World, address: str) -> None:
    _account(world, "ann@example.com")
    answer = Browser(world).request(
        "POST", "/login", [("login", "ann@example.com"), ("password", PASSWORD), ("next", address)]
    )
    assert answer.status == 303
    assert answer.headers["location"].endswith("/portal")
    assert "evil" not in answer.headers["location"]


def test_a_log_in_leads_back_to_the_page_that_was_asked_for(world: World, admin: str) -> None:
    account = _account(world, "ann@example.com")
    world._email_by_account[account] = "ann@example.com"
    msp = world.msp("Third")
    world.msp_admin(msp, account)
    browser = Browser(world)
    browser.open("/msp/organizations?search=bolt")
    page = browser.press("Log in", login="ann@example.com", password=PASSWORD)
    assert page.heading == "Clients"
    assert ("search", "bolt") in page.form("Show").fields


# ---------------------------------------------------------------- what was typed when the session had ended


def _typed(world: World, browser: Browser) -> None:
    browser.open("/msp/organizations/new")
    world.now += timedelta(hours=2)
    page = browser.press("Add client", name="Wiltford Dental", time_zone="Europe/Berlin")
    assert "What you typed is kept for 10 minutes" in page.text


def _back(world: World, browser: Browser, account: str) -> None:
    """The log-in, without its password."""
    browser.has_session_of(account)
    browser.open("/continue")


def test_a_form_that_came_without_a_session_is_kept_and_goes_on_once(world: World, admin: str) -> None:
    browser = Browser(world).has_session_of(admin)
    _typed(world, browser)
    assert "Wiltford Dental" not in str(world.dump("outbox"))
    assert ("next", "/continue") in browser.page.form("Log in").fields
    _back(world, browser, admin)
    form = browser.page.form("Send it now")
    page = browser.send(form)
    assert "Wiltford Dental was added." in page.text
    # Sent twice, done once.
    browser.send(form)
    listed = browser.open("/msp/organizations")
    assert [name for name, _ in listed.links].count("Wiltford Dental") == 1


def test_what_was_kept_is_for_ten_minutes_for_that_browser_and_that_person(world: World, admin: str) -> None:
    browser = Browser(world).has_session_of(admin)
    _typed(world, browser)
    kept = dict(browser.cookies)
    stranger = Browser(world)
    _back(world, stranger, admin)
    assert "Send it now" not in str(stranger.page.forms)
    _back(world, browser, world.msp_admin(world.msp("Other")))
    assert "Send it now" not in str(browser.page.forms)
    browser.cookies = kept
    world.now += timedelta(minutes=10)
    _back(world, browser, admin)
    assert "Send it now" not in str(browser.page.forms)


@pytest.mark.parametrize("out", ["/logout", "/account/devices/everywhere"])
def test_what_is_sent_after_logging_out_is_not_for_the_next_to_log_in(world: World, admin: str, out: str) -> None:
    """A page was still open in another tab."""
    browser = Browser(world).has_session_of(admin)
    browser.open("/msp/organizations/new")
    tab = browser.page
    assert browser.request("POST", out).status == 303
    assert not _is_logged_in(browser)
    page = browser.send(tab.form("Add client"), name="Wiltford Dental", time_zone="Europe/Berlin")
    assert "What you typed is kept for 10 minutes" in page.text
    kept = dict(browser.cookies)
    _back(world, browser, world.msp_admin(world.msp("Other")))
    assert "Send it now" not in str(browser.page.forms)
    browser.cookies = kept
    _back(world, browser, admin)
    assert "Wiltford Dental" in str(browser.page.form("Send it now").fields)


def test_passwords_and_codes_are_never_kept(world: World, admin: str) -> None:
    browser = Browser(world).has_session_of(admin)
    world.now += timedelta(hours=2)
    browser.request("POST", "/msp/admins", [("email", "kim@example.com"), ("password", PASSWORD), ("code", "123456")])
    _back(world, browser, admin)
    assert browser.page.form("Send it now").fields == [("email", "kim@example.com")]


def test_no_more_forms_are_kept_than_an_office_sends(world: World, admin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to be logged in to have one kept."""
    monkeypatch.setattr(kept_posts, "MAX_KEPT", 1)
    form = [("email", "kim@example.com")]
    ways = [Browser(world).request("POST", "/msp/admins", form).headers["location"] for _ in range(2)]
    assert ["why=kept" in way for way in ways] == [True, False]
    world.now += kept_posts.KEPT_FOR
    assert "why=kept" in Browser(world).request("POST", "/msp/admins", form).headers["location"]

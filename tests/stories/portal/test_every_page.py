"""Rules that hold for all pages, read from the site map: a new page is under them at once."""

from datetime import timedelta

import pytest

from chalicelib.core.settings import settings
from chalicelib.portal.site_map import ACCOUNT, EVERYBODY, every_page
from chalicelib.tenants.access.permissions import TABLE
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser
from tests.stories.portal.every_page import Everything, everything, pages

# What is not theirs to delete is gone for them already.
_NOTHING_TO_DO = {
    "POST /msp/training/enrollment/{draft_id}/delete", "POST /orgs/{org_id}/trainings/enroll/{draft_id}/delete",
    "POST /orgs/{org_id}/training/enrollment/{draft_id}/delete",
}  # fmt: skip
_INLINE = ("<style", " style=", "onclick", "onload", "javascript:", "<script>")


@pytest.fixture
def made(world: World, driver: Driver, course: str) -> Everything:
    return everything(world, driver, course)


def test_every_page_is_for_everybody_for_accounts_or_for_a_permission() -> None:
    assert {page.needs for page in every_page()} <= {EVERYBODY, ACCOUNT, *map(str, TABLE)}
    for page in every_page():
        wing = page.path.split("/")[1]
        if wing in ("msp", "orgs"):
            assert page.needs not in (EVERYBODY, ACCOUNT), page.name
            assert wing == "msp" or page.path.startswith("/orgs/{org_id}"), page.name


def test_pages_and_forms_want_a_session(world: World, made: Everything) -> None:
    for page in every_page():
        if page.needs == EVERYBODY:
            continue
        answer = Browser(world).request(page.method, made.address(page), [("name", "x")])
        assert answer.status == 303, page.name
        assert "/portal/login?" in answer.headers["location"], page.name


@pytest.mark.parametrize("cookie", ["", "x", "a.b", "ab12.{}".format("A" * 43), "../x.{}".format("A" * 43)])
def test_a_made_up_cookie_is_no_session(world: World, made: Everything, cookie: str) -> None:
    browser = Browser(world)
    browser.cookies["__Host-muster"] = cookie
    assert browser.request("GET", "/msp/training").status == 303


def test_nobody_opens_or_sends_what_is_another_tenants(world: World, made: Everything) -> None:
    stranger = Browser(world).has_session_of(world.msp_admin(world.msp("Other")))
    org_admin = Browser(world).has_session_of(world.org_admin(world.org(world.msp("Third"))))
    learner = Browser(world).has_session_of(world.learner(made.ids["org_id"])[0])
    before = world.dump("core")
    for page in every_page():
        if page.needs in (EVERYBODY, ACCOUNT):
            continue
        path = made.address(page)
        for browser in (stranger, org_admin, learner):
            if browser is stranger and "{" not in page.path:
                # Their own MSP's.
                continue
            answer = browser.request(page.method, path, [("form_id", "x"), ("org_id", made.ids["org_id"])])
            assert answer.status in (403, 404) or page.name in _NOTHING_TO_DO, f"{page.name}: {answer.status}"
            assert "Alderquay" not in answer.text, page.name
    assert world.dump("core") == before
    draft = f"/msp/training/enrollment/{made.ids['draft_id']}"
    assert Browser(world).has_session_of(made.admin).open(draft).status == 200


def test_every_page_shows_itself_to_its_admin_without_anything_inline(world: World, made: Everything) -> None:
    browser = Browser(world).has_session_of(made.admin)
    for page in pages("GET"):
        address = made.address(page)
        answer = browser.request("GET", address)
        assert answer.status in (200, 303), f"{address}: {answer.status} {answer.text[:500]}"
        assert "script-src 'self'; style-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["strict-transport-security"]
        assert [one for one in _INLINE if one in answer.text] == [], address
        assert "access-control-allow-origin" not in answer.headers
        if answer.status == 200 and "text/html" in answer.headers["content-type"]:
            assert 'name="viewport"' in answer.text
            assert answer.text.count("<h1") == 1, address


def test_no_form_of_another_site_is_taken(world: World, made: Everything) -> None:
    browser = Browser(world).has_session_of(made.admin)
    before = world.dump("core"), world.dump("outbox")
    origin = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for page in pages("POST"):
        for headers in (origin, {**origin, "Sec-Fetch-Site": "same-site"}):
            answer = browser.request("POST", made.address(page), [("form_id", "x")], **headers)
            assert answer.status == 403, page.name
            assert "another site" in answer.text
    assert (world.dump("core"), world.dump("outbox")) == before


def test_what_is_not_there_says_so(world: World, made: Everything) -> None:
    browser = Browser(world).has_session_of(made.admin)
    page = browser.open("/msp/nothing/here/at/all")
    assert page.status == 404
    assert page.link("Start page")
    assert browser.request("GET", "/assets/portal-000000000000.css").status == 404
    assert browser.request("POST", "/msp/training").status == 404
    head = browser.request("HEAD", "/msp/training")
    assert (head.status, head.text) == (200, "")


def test_files_are_kept_for_good_under_names_that_change_with_them(world: World, made: Everything) -> None:
    browser = Browser(world)
    html = browser.request("GET", "/login").text
    address = html.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = browser.request("GET", address)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"


def test_pages_end_with_their_session_an_hour_idle(world: World, made: Everything) -> None:
    browser = Browser(world).has_session_of(made.admin)
    world.now += timedelta(minutes=59)
    assert browser.request("GET", "/msp/training").status == 200
    world.now += timedelta(minutes=59)
    assert browser.request("GET", "/msp/training").status == 200
    world.now += timedelta(minutes=60)
    assert browser.request("GET", "/msp/training").status == 303


def test_the_components_are_not_shown_in_production(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Browser(world).request("GET", "/components").status == 200
    monkeypatch.setenv("STAGE", "prod")
    settings.cache_clear()
    assert Browser(world).request("GET", "/components").status == 404

"""The pages in a real browser, on the deployed artifact: without scripts, on a phone, by keyboard alone (I6, I7, I10).

They also take the pictures of the guide and of docs/, and fail when a page no longer looks as in its picture.
"""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from chalicelib.api.join_page import show_guide
from chalicelib.core.clock import to_text, utc_now
from chalicelib.people.invitations import tokens
from chalicelib.people.invitations.tokens import Token
from chalicelib.people.join_page.guide import STEPS, guide_facts
from infra import mail
from tests.e2e.browser import chromium, contrast, inspect, press, press_enter, tab_to, type_into, window
from tests.e2e.deployed import PASSWORD, Deployed, Person
from tests.e2e.pictures import SHIPPED, Album, sizes
from tests.stories.inbox import code_in, mails_to

DOMAIN = "muster.example.com"
SLUG = "acme-industries"
# As the pictures show them.
NEWCOMER, RETURNER = "robin.vale@acme.example", "sam.reed@acme.example"

_CODE = re.compile(r"^ {4}(\d{8})\s*$", re.MULTILINE)
_LINK = re.compile(r"/invites/[\w.~-]+")
_MAX_SHIPPED = 250_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with window(browser, f"203.0.113.{uuid.uuid4().int % 200 + 30}") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _ses(deployed: Deployed) -> None:
    mail.verify_locally(deployed.cloud, DOMAIN)


class Place:
    """A client whose group has a course."""

    def __init__(self, deployed: Deployed) -> None:
        make = deployed.make
        self.deployed, self.msp = deployed, make.msp()
        self.admin: Person = deployed.msp_admin(self.msp)
        self.course = make.course(self.msp)
        self.org = make.org(self.msp, "Acme Industries", courses=[self.course], subscription="active")
        self.group = make.group(self.org, "Finance", [self.course])
        make.group(self.org, "Workshop")
        for name in ("Bremen", "Kiel"):
            make.location(self.org, name)

    def open_join_page(self, slug: str) -> str:
        body = {"enabled": True, "slug": slug, "allowed_domains": ["acme.example"]}
        answer = self.deployed.send("PUT", f"/orgs/{self.org}/join-page", self.admin.token, body)
        assert answer.status == 200, answer.text
        assert answer.json["shown"]
        return str(answer.json["url"])

    def assert_came_in(self, email: str) -> None:
        """Active, in the group, enrolled in the group's course, and counted where the MSP looks."""
        (found,) = self.deployed.get(f"/orgs/{self.org}/members?search={email}", self.admin)["items"]
        assert (found["status"], found["group_ids"]) == ("active", [self.group])
        token = self.deployed.tokens(email)["IdToken"]
        courses = self.deployed.until(
            lambda: self.deployed.send("GET", "/me/courses", token).json["items"], lambda items: len(items) == 1
        )
        assert (courses[0]["course_id"], courses[0]["status"]) == (self.course, "enrolled")
        (batch,) = self.deployed.get(f"/msp/training/{self.org}", self.admin)["items"]
        (row,) = self.deployed.get(f"/msp/training/{self.org}/{batch['batch_id']}", self.admin)["courses"]
        assert (row["course_id"], row["num_enrolled"]) == (self.course, 1)


def mailed(deployed: Deployed, address: str, pattern: re.Pattern[str]) -> str:
    """What the newest mail to this address has that looks like this."""
    found = deployed.until(
        lambda: [match for one in mails_to(deployed.cloud, address) for match in pattern.finditer(one["BodyText"])],
        bool,
    )
    return found[-1].group(found[-1].lastindex or 0)


def _guide_here() -> str:
    guide_facts.cache_clear()
    return show_guide(None).html


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def test_somebody_new_joins_by_the_page_with_nothing_but_a_keyboard(deployed: Deployed, page: Page) -> None:
    place, album = Place(deployed), Album()
    page.goto(place.open_join_page(SLUG))
    assert heading(page) == "Join the training of Acme Industries"
    inspect(page)
    album.show(page, "join")

    type_into(page, "location_id", "Kiel")
    type_into(page, "group_id", "Finance")
    type_into(page, "email", NEWCOMER.replace("acme", "other"))
    press_enter(page)
    assert "join with an address at other.example" in page.inner_text("form")
    inspect(page)
    assert page.locator("#group_id").input_value() == place.group
    page.locator("#email").fill("")
    type_into(page, "email", NEWCOMER)
    press_enter(page)

    page.wait_for_url("**/verify?request=*")
    assert NEWCOMER in page.inner_text("main")
    inspect(page)
    album.show(page, "verify")
    type_into(page, "code", "00000000")
    press_enter(page)
    assert "That code is wrong" in page.inner_text("form")
    inspect(page)
    type_into(page, "code", mailed(deployed, NEWCOMER, _CODE))
    press_enter(page)

    page.wait_for_url("**/invites/*")
    assert heading(page) == "Acme Industries invites you to its training"
    inspect(page)
    album.show(page, "invitation")
    tab_to(page, "Accept")
    press_enter(page)

    page.wait_for_url("**/accept*")
    inspect(page)
    album.show(page, "account")
    type_into(page, "first_name", "Robin")
    type_into(page, "last_name", "Vale")
    type_into(page, "new_password", PASSWORD)
    press_enter(page)

    page.wait_for_selector("#code")
    inspect(page)
    album.show(page, "confirm")
    codes = deployed.until(
        lambda: [one for one in mails_to(deployed.cloud, NEWCOMER) if not _CODE.search(one["BodyText"] or "")], bool
    )
    type_into(page, "code", code_in(codes[-1]))
    press_enter(page)

    page.wait_for_selector("text=You have joined")
    inspect(page)
    album.show(page, "accepted")
    place.assert_came_in(NEWCOMER)
    album.assert_fresh()


def test_somebody_invited_by_mail_logs_in_with_the_account_they_have(deployed: Deployed, page: Page) -> None:
    place = Place(deployed)
    deployed.person(RETURNER)
    form = {"group_id": place.group, "emails": [RETURNER], "notify": "now"}
    deployed.post(f"/orgs/{place.org}/invites", place.admin, form, status=201)
    page.goto(deployed.url + mailed(deployed, RETURNER, _LINK))
    press(page, "Accept")
    page.locator("#password").fill("Wrong-horse-9")
    press(page, "Log in and accept")
    assert page.locator("[role=alert]").count() == 1
    inspect(page)
    assert page.locator("#password").input_value() == ""
    page.locator("#password").fill(PASSWORD)
    press(page, "Log in and accept")
    # The account has no name yet.
    assert heading(page) == "What is your name?"
    inspect(page)
    page.get_by_label("First name").fill("Sam")
    press(page, "Accept")
    assert heading(page) == "You have joined Acme Industries"
    place.assert_came_in(RETURNER)


def test_an_expired_link_mails_a_fresh_one_and_a_dead_one_says_so(deployed: Deployed, page: Page) -> None:
    place, album = Place(deployed), Album()
    secret, email = tokens.new_secret(), "kim.hale@acme.example"
    member_id = deployed.make.member(
        place.org, [place.group], "pending", email=email, invite_id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        invite_hash=tokens.hash_of(secret), invite_expires_at=to_text(utc_now() - timedelta(days=1)),
    )  # fmt: skip
    link = f"{deployed.url}/invites/{Token(place.org, member_id, secret).text}"
    page.goto(link)
    assert heading(page) == "This invitation has expired"
    inspect(page)
    album.show(page, "expired", shipped=False)
    press(page, "Send a new link")
    assert heading(page) == "Check your email"
    inspect(page)
    fresh = deployed.url + mailed(deployed, email, _LINK)
    assert fresh != link
    for old, status in ((link, 404), (fresh, 200)):
        answer = page.goto(old)
        assert answer is not None
        assert answer.status == status
        inspect(page)
    press(page, "Decline")
    assert heading(page) == "You declined the invitation"
    inspect(page)
    album.assert_fresh()


def test_pages_that_are_not_there_and_requests_that_are_over_can_be_read_by_everybody(
    deployed: Deployed, page: Page
) -> None:
    url = Place(deployed).open_join_page("acme-of-elsewhere")
    for address, status in ((f"{deployed.url}/join/not-there", 404), (f"{url}/verify?request=unknown", 409)):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == status
        inspect(page)
    with page.expect_navigation():
        page.get_by_role("link", name="Start over").click()
    assert urlsplit(page.url).path == urlsplit(url).path


def test_the_guide_shows_every_step_in_pictures_that_can_be_downloaded(deployed: Deployed, page: Page) -> None:
    album = Album()
    if album.is_taking:
        # What is deployed has the pictures of before.
        page.route("**/guide", lambda route: route.fulfill(body=_guide_here(), content_type="text/html"))
    page.goto(f"{deployed.url}/guide")
    assert heading(page) == "How to accept an invitation"
    assert "private (incognito) window" in page.inner_text("main")
    inspect(page)
    pictures = page.locator("img")
    assert pictures.count() == len(STEPS)
    for index in range(pictures.count()):
        picture = pictures.nth(index)
        assert len(picture.get_attribute("alt") or "") > 20
        assert picture.evaluate("e => e.decode().then(() => e.naturalWidth)") == 390
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Download picture")).first.click()
    assert download.value.suggested_filename == "muster-invitation.png"
    assert download.value.path().read_bytes() == (SHIPPED / "invitation.png").read_bytes()
    album.show(page, "guide", shipped=False)
    album.assert_fresh()


def test_the_guides_pictures_are_small_enough_for_the_package() -> None:
    taken = sizes(SHIPPED)
    assert {f"{step.file or name}.png" for name, step in STEPS.items()} == set(taken)
    assert sum(taken.values()) <= _MAX_SHIPPED


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast([0, 0, 0], [255, 255, 255]) == pytest.approx(21)
    assert contrast([119, 119, 119], [255, 255, 255]) == pytest.approx(4.48, abs=0.01)

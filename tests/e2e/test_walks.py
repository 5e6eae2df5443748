"""What people do at a page: press twice, reload, go back, open it in a private window, and all of an office at once.

On the deployed artifact, in a real browser without scripts, for every page that one joins by.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browser import press, window
from tests.e2e.deployed import PASSWORD, Deployed
from tests.e2e.joining import CODE, Place, expired_invitation, heading, mailed
from tests.patience import SILENCE
from tests.stories.inbox import code_in, mails_to

_NEW_PASSWORD = "Better-horse-8"
_OFFICE = 20

ACCEPT, CHECK = "Accept the invitation", "Check your email"
JOINED = "You have joined Acme Industries"
INVITED = "Acme Industries invites you to its training"
# Where one comes back to once the invitation is accepted.
_DONE = (JOINED, "You have already joined")


class Walker:
    """Somebody with two windows, who is impatient and looks twice."""

    def __init__(self, browser: Browser, page: Page, source: str) -> None:
        self.page, self._browser, self._source = page, browser, source

    def twice(self, button: str, arrives: str, *, back: Sequence[str] = ()) -> None:
        """Double-click; then reload, look in a private window, go back and forth. It is one page all the time.

        Back is the page of before, or one of `back`.
        """
        before = heading(self.page)
        self.page.get_by_role("button", name=button, exact=True).dblclick()
        self._arrive(arrives)
        self.page.reload()
        self._arrive(arrives)
        with window(self._browser, self._source) as private:
            private.goto(self.page.url)
            assert heading(private) == arrives
        self.page.go_back()
        assert heading(self.page) in (before, *back)
        assert self.page.locator("[role=alert]").count() == 0
        self.page.go_forward()
        self._arrive(arrives)

    def _arrive(self, arrives: str) -> None:
        self.page.get_by_role("heading", level=1, name=arrives, exact=True).wait_for()
        self.page.wait_for_load_state()
        assert self.page.locator("[role=alert]").count() == 0


@pytest.fixture
def source() -> str:
    return f"203.0.113.{uuid.uuid4().int % 200 + 30}"


@pytest.fixture
def walker(browser: Browser, source: str) -> Iterator[Walker]:
    with window(browser, source) as page:
        yield Walker(browser, page, source)


def _join(page: Page, email: str) -> None:
    page.locator("#location_id").select_option(label="Kiel")
    page.locator("#group_id").select_option(label="Finance")
    page.locator("#email").fill(email)


def _register(page: Page) -> None:
    page.locator("#first_name").fill("Robin")
    page.locator("#last_name").fill("Vale")
    page.locator("#new_password").fill(PASSWORD)


def _account_codes(deployed: Deployed, email: str) -> list[str]:
    """Those that Cognito mailed, oldest first, once there is one."""
    mails = deployed.until(
        lambda: [one for one in mails_to(deployed.cloud, email) if one["Subject"].startswith("Your code for ")], bool
    )
    return [code_in(mail) for mail in mails]


def _address() -> str:
    return f"{uuid.uuid4().hex[:10]}@acme.example"


def test_each_press_on_the_way_from_the_join_page_counts_once(deployed: Deployed, walker: Walker) -> None:
    place, email, page = Place(deployed), _address(), walker.page
    page.goto(place.open_join_page(f"walk-{uuid.uuid4().hex[:8]}"))
    _join(page, email)
    walker.twice("Email me a code", CHECK)
    code = mailed(deployed, email, CODE)
    page.locator("#code").fill(code)
    walker.twice("Continue", INVITED)
    # Entered again from the page before, the same code leads to the same place.
    page.go_back()
    page.locator("#code").fill(code)
    press(page, "Continue")
    assert heading(page) == INVITED
    walker.twice("Accept", ACCEPT)
    _register(page)
    walker.twice("Create account", CHECK)
    assert len(_account_codes(deployed, email)) == 1
    page.locator("#code").fill(_account_codes(deployed, email)[0])
    walker.twice("Confirm and accept", JOINED, back=_DONE)
    place.assert_came_in(email)
    assert len(_account_codes(deployed, email)) == 1
    assert len([one for one in mails_to(deployed.cloud, email) if CODE.search(one["BodyText"] or "")]) == 1


def test_another_code_and_each_press_of_who_has_an_account_count_once(deployed: Deployed, walker: Walker) -> None:
    place, page = Place(deployed), walker.page
    email = deployed.person(_address()).email
    page.goto(place.invite(email))
    walker.twice("Accept", ACCEPT)
    page.locator("#password").fill(PASSWORD)
    walker.twice("Log in and accept", "What is your name?")
    page.get_by_label("First name").fill("Sam")
    walker.twice("Accept", JOINED, back=_DONE)
    place.assert_came_in(email)


def test_each_press_of_who_has_forgotten_the_password_counts_once(deployed: Deployed, walker: Walker) -> None:
    place, page = Place(deployed), walker.page
    email = deployed.person(_address()).email
    page.goto(place.invite(email))
    press(page, "Accept")
    page.get_by_role("link", name="Forgot your password?").click()
    assert heading(page) == "Reset your password"
    walker.twice("Email me a code", "Choose a new password")
    assert len(_account_codes(deployed, email)) == 1
    page.locator("#code").fill(_account_codes(deployed, email)[-1])
    page.locator("#new_password").fill(_NEW_PASSWORD)
    walker.twice("Set password and accept", "What is your name?")
    page.get_by_label("First name").fill("Kim")
    press(page, "Accept")
    place.assert_joined(email)


def test_a_link_is_renewed_and_an_invitation_declined_once(deployed: Deployed, walker: Walker) -> None:
    place, email, page = Place(deployed), _address(), walker.page
    page.goto(expired_invitation(place, email))
    walker.twice("Send a new link", CHECK, back=("This link no longer works",))
    page.goto(place.newest_link(email))
    assert len(mails_to(deployed.cloud, email)) == 1
    walker.twice("Decline", "You declined the invitation", back=("You declined the invitation",))
    (found,) = deployed.get(f"/orgs/{place.org}/members?search={email}", place.admin)["items"]
    assert found["status"] == "declined"


def test_an_office_of_twenty_joins_at_the_same_moment(deployed: Deployed, browser: Browser, source: str) -> None:
    """From one address of the network. Nobody waits for a limit, and each gets in once."""
    place = Place(deployed)
    url = place.open_join_page(f"office-{uuid.uuid4().hex[:8]}")
    emails = [_address() for _ in range(_OFFICE)]
    with ExitStack() as windows:
        office = [(windows.enter_context(window(browser, source)), email) for email in emails]

        def together(prepare: Callable[[Page, str], object], button: str, arrives: str) -> None:
            for page, email in office:
                prepare(page, email)
            for page, _ in office:
                page.get_by_role("button", name=button, exact=True).click(no_wait_after=True)
            for page, _ in office:
                page.get_by_role("heading", level=1, name=arrives, exact=True).wait_for(timeout=SILENCE * 1000)

        for page, _ in office:
            page.goto(url)
        together(_join, "Email me a code", CHECK)
        together(lambda page, email: page.locator("#code").fill(mailed(deployed, email, CODE)), "Continue", INVITED)
        together(lambda page, email: None, "Accept", ACCEPT)
        together(lambda page, email: _register(page), "Create account", CHECK)
        together(
            lambda page, email: page.locator("#code").fill(_account_codes(deployed, email)[0]),
            "Confirm and accept", JOINED,
        )  # fmt: skip
    members = deployed.get(f"/orgs/{place.org}/members?limit=100", place.admin)["items"]
    assert sorted(one["email"] for one in members if one["status"] == "active") == sorted(emails)

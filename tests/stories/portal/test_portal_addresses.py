"""Every page of the portal under the addresses that are really opened: with what tools, mails and hands add to them.

Read from the site map: a new page is under these rules at once.
"""

import re
from urllib.parse import quote, urljoin, urlsplit

import pytest

from chalicelib.core.errors import MAX_ERRORS
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser, Page
from tests.stories.portal.every_page import Everything, everything, pages

# Forms carry numbers of their own, and links to files are signed for a moment.
_OWN = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\w*|https?://[^\"]*(?:Signature|X-Amz)[^\"]*")
_ADDED = "utm_source=newsletter&fbclid=IwAR0x&lang=de&utm_source=b"
# What pages take from their query.
_NAMES = (
    "search", "status", "sort", "outcome", "show", "from", "to", "looks", "done", "count", "org_id", "copy", "page",
    "kind", "one", "export", "unread", "training_id", "session_id", "member_id", "group_id", "department_id",
    "location_id", "by", "all", "field_name", "field_value", "has_place", "archived", "format", "why", "readiness",
    "actor", "slug", "next", "registration_id", "email", "session", "keep", "enabled",
)  # fmt: skip


@pytest.fixture
def made(world: World, driver: Driver, course: str) -> Everything:
    return everything(world, driver, course)


@pytest.fixture
def browser(world: World, made: Everything) -> Browser:
    return Browser(world).has_session_of(made.admin)


def _shown(answer: Answer) -> tuple[int, str]:
    return answer.status, _OWN.sub("", answer.text)


def test_every_page_is_the_same_with_what_is_added_to_its_address(made: Everything, browser: Browser) -> None:
    """Issue 10, 1: HEAD was 404 everywhere, `?utm_source=` an error, and a slash led nowhere."""
    for page in pages("GET"):
        address = made.address(page)
        plain = browser.request("GET", address)
        assert plain.status in (200, 303), address
        assert _shown(browser.request("GET", f"{address}?{_ADDED}")) == _shown(plain), address
        head = browser.request("HEAD", address)
        assert (head.status, head.text) == (plain.status, ""), address
        assert head.headers.keys() == plain.headers.keys(), address
        if page.path == "/":
            continue
        slash = browser.request("GET", f"{address}/?{_ADDED}")
        assert slash.status == 308, address
        here = f"https://muster.example/dev/portal{address}"
        assert urljoin(f"{here}/", slash.headers["location"]).partition("?")[0] == here, address


def test_a_form_sent_to_an_address_with_a_slash_is_sent_on(made: Everything, browser: Browser) -> None:
    for page in pages("POST"):
        assert browser.request("POST", made.address(page) + "/", [("form_id", "x")]).status == 308, page.name


@pytest.mark.parametrize("value", ["\"'<b>\x00", "ü" * 600, "2027-13-99"])
def test_no_page_breaks_by_what_its_query_says(made: Everything, browser: Browser, value: str) -> None:
    """An id that was too long for a key was a 500 on the pages of reports and of trainings to enroll in."""
    query = "&".join(f"{name}={quote(value)}" for name in _NAMES)
    for page in pages("GET"):
        for alone in (query, f"export={quote(value)}", f"training_id={quote(value)}&session_id={quote(value)}"):
            answer = browser.request("GET", f"{made.address(page)}?{alone}")
            assert answer.status < 500, f"{page.name} {alone[:30]}"
            assert "<b>" not in answer.text, page.name


def test_an_id_in_the_query_that_can_be_none_is_left_out(made: Everything, browser: Browser) -> None:
    learners = f"/orgs/{made.ids['org_id']}/learners"
    plain = browser.request("GET", learners)
    assert _shown(browser.request("GET", f"{learners}?group_id=%C3%BC&location_id={'x' * 201}")) == _shown(plain)


@pytest.mark.parametrize("value", ["\"'<b>\x00", "ü" * 600])
def test_no_form_breaks_by_what_is_typed_into_it(made: Everything, browser: Browser, value: str) -> None:
    """Into each of its fields, those that nobody sees among them; and many thousands of them."""
    forms: dict[str, set[str]] = {page.name: {"member_id", "session_id", "org_id", "go"} for page in pages("POST")}
    for shown in pages("GET"):
        answer = browser.request("GET", made.address(shown))
        if answer.status != 200:
            continue
        for form in Page(answer, "").forms:
            for page in pages("POST"):
                if urlsplit(form.action).path.endswith(f"/portal{made.address(page)}"):
                    forms[page.name] |= set(form.names())
    assert sum(len(names) > 4 for names in forms.values()) > 40
    for page in pages("POST"):
        if page.path.startswith("/account/devices"):
            # These end the session.
            continue
        names = forms[page.name] - {"form_id"}
        # As many as fit into a request.
        fields = [(name, value) for name in names] * (1 + min(3000, 800_000 // len(quote(value))) // len(names))
        answer = browser.request("POST", made.address(page), [("form_id", "x"), *fields])
        assert answer.status < 500, page.name
        assert "<b>" not in answer.text, page.name
        assert answer.text.count(value[:100]) <= MAX_ERRORS * 2, page.name


def test_a_position_that_was_not_given_out_is_refused_on_every_list(made: Everything, browser: Browser) -> None:
    """Issue 10, 20. In words that say where the list begins."""
    num_refused = 0
    for page in pages("GET"):
        answer = browser.request("GET", f"{made.address(page)}?cursor=R1JPVVAj&all=yes")
        assert answer.status in (200, 303, 422), page.path
        if answer.status == 422:
            num_refused += 1
            assert "cursor" not in Page(answer, "").text, page.path
            at_the_start = f'href="/dev/portal{made.address(page)}">Go to the start of the list'
            assert at_the_start in answer.text or "start from the first page" in answer.text, page.path
    assert num_refused > 20

"""Every page of the portal under the addresses that are really opened: with what tools, mails and hands add to them.

Read from the site map: a new page is under these rules at once.
"""

import re
from urllib.parse import quote, urljoin

import pytest

from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser
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


@pytest.mark.parametrize("value", ["\"'<b>\x00", "ü" * 600, "2027-13-99", "-1"])
def test_no_page_breaks_by_what_its_query_says(made: Everything, browser: Browser, value: str) -> None:
    wrong = []
    for page in pages("GET"):
        address = made.address(page)
        answer = browser.request("GET", f"{address}?{'&'.join(f'{name}={quote(value)}' for name in _NAMES)}")
        if answer.status >= 500 or "<b>" in answer.text:
            wrong.append((address, answer.status))
        for name in _NAMES:
            one = browser.request("GET", f"{address}?{name}={quote(value)}")
            if one.status not in (200, 303):
                print(
                    one.status,
                    page.path,
                    name,
                    re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", one.text.split("<main")[-1]))[:200],
                )
    assert wrong == []


def test_a_position_that_was_not_given_out_is_refused_on_every_list(made: Everything, browser: Browser) -> None:
    """Issue 10, 20."""
    from collections import defaultdict

    seen = defaultdict(list)
    for page in pages("GET"):
        answer = browser.request("GET", f"{made.address(page)}?cursor=R1JPVVAj&all=yes")
        seen[answer.status].append(page.path)
        assert answer.status in (200, 303, 422), page.path
        if answer.status == 422:
            print(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", answer.text.split("<main")[-1]))[:200])
    print(dict(seen))

"""Lists to choose from that are longer than a page: everything can be found and chosen, and nothing is left out."""

import pytest

from chalicelib.portal import choosing
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "PER_PAGE", 2)


@pytest.fixture
def browser(world: World, driver: Driver) -> Browser:
    return Browser(world).has_session_of(driver.admin)


@pytest.fixture
def draft(driver: Driver, course: str, browser: Browser) -> str:
    driver.clients(course, "Alder", "Bolt", "Cape", "Dover", "Elm")
    browser.open("/msp/training/enrollment")
    return browser.press("Begin", name="Q1 awareness").address.split("/portal")[1].rpartition("/")[0]


def _ids(browser: Browser) -> dict[str, str]:
    return {item["name"]: item["org_id"] for item in browser.world.get("/msp/training", _admin(browser)).json["items"]}


def _admin(browser: Browser) -> str:
    return browser.cookies["__Host-muster"].split(".")[0]


def test_clients_are_chosen_over_several_pages_and_a_search(browser: Browser, draft: str) -> None:
    ids = _ids(browser)
    page = browser.open(f"{draft}/clients")
    assert "Page 1 of 3, 5 found" in page.text
    page = browser.press("Page 2", org_id=ids["Alder"], go="page 2")
    assert "Cape" in page.text
    assert "Also chosen, not on this page: Alder." in page.text
    page = browser.press("Search", org_id=ids["Dover"], search="EL", go="search")
    assert "Also chosen, not on this page: Alder, Dover." in page.text
    assert "Bolt" not in page.text
    browser.press("Continue to courses", org_id=ids["Elm"])
    page = browser.open(f"{draft}/clients")
    assert "3 of 5 chosen" in page.text
    # One of this page is taken off; those of other pages stay.
    browser.press("Continue to courses", org_id=[])
    assert "2 of 5 chosen" in browser.open(f"{draft}/clients").text


def test_courses_are_chosen_over_several_pages_and_taken_off_from_each(
    world: World, driver: Driver, course: str, browser: Browser, draft: str
) -> None:
    more = {title: world.course(driver.msp, title) for title in ("Passwords", "Phones", "Backups")}
    browser.open(f"{draft}/clients")
    browser.press("Continue to courses", org_id=_ids(browser)["Alder"])
    # By title, in whatever order they came.
    page = browser.press("Page 2", course_id=more["Backups"], go="page 2")
    assert page.text.index("Phones") < page.text.index("Spotting Phishing") < page.text.index("Page 2 of 2")
    page = browser.press("Search", course_id=course, search="pass", go="search")
    assert "Summary (2)" in page.text
    page = browser.press("Update the summary", course_id=more["Passwords"], go="save")
    assert "Summary (3)" in page.text
    page = browser.press("Update the summary", go=f"drop {more['Backups']}")
    assert "Summary (2)" in page.text
    assert "Backups" not in page.text.split("Summary")[1]


def test_training_access_is_given_over_several_pages_and_loses_nothing(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    more = {title: world.course(driver.msp, title) for title in ("Passwords", "Phones", "Backups", "Zips")}
    org = world.org(driver.msp, "Alder", courses=[course, more["Backups"]])
    browser.open(f"/msp/organizations/{org}/access")
    seats = {f"seats_{course}": "7"}
    page = browser.press("Search", reply_to="it@example.com", search="zip", go="search", **seats)
    assert world.get(f"/msp/organizations/{org}/training-access", driver.admin).json["seats"] == {}
    assert "Zips" in page.text
    fields = page.form("Save access").fields
    page = browser.press("Save access", course_id=[*_texts(fields, "course_id"), more["Zips"]], go="")
    assert "Training access was saved." in page.text
    access = world.get(f"/msp/organizations/{org}/training-access", driver.admin).json
    assert set(access["course_ids"]) == {course, more["Backups"], more["Zips"]}
    assert access["seats"] == {course: 7}
    assert access["reply_to"] == "it@example.com"


def _texts(fields: list[tuple[str, str]], name: str) -> list[str]:
    return [text for given, text in fields if given == name]


def test_select_all_takes_what_is_ready_on_all_pages(browser: Browser, draft: str) -> None:
    """Complaint 1: "Select all" takes the page only."""
    browser.open(f"{draft}/clients")
    assert "5 of 5 chosen" in browser.press("Select all 5 ready", go="all").text

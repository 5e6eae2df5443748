"""The page that says whether a certificate is genuine, as somebody sees it who follows the QR code with a phone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page

from chalicelib.training.certificates import erase
from tests.e2e.browser import chromium, inspect, window
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.training.certificates.holders import Holder, holder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with window(browser, "203.0.113.7") as opened:
        yield opened


def _show(world: World, page: Page, number: str, status: int = 200) -> str:
    """The page as it is answered; it asks for no other file. Everything that pages have to hold, on a narrow phone."""
    answer = world.get(f"/certificates/{number}")
    assert answer.status == status, answer.text
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.set_content(answer.text)
    inspect(page)
    assert asked_for == []
    return str(page.inner_text("main"))


def _revoke(world: World, driver: Driver, one: Holder) -> None:
    path = f"/orgs/{one.org}/certificates/{one.certificate['certificate_id']}/revoke"
    assert world.post(path, driver.admin, {"reason": "Entered by mistake"}).status == 200


def test_it_says_what_is_printed_and_that_it_is_genuine(world: World, driver: Driver, page: Page) -> None:
    one = holder(driver, first_name="محمد", last_name="王小明")
    shown = _show(world, page, one.certificate["number"])
    for told in ("genuine", "محمد 王小明", "Spotting Phishing", "Acme Industries", "4 January 2027"):
        assert told in shown


def test_names_without_a_space_do_not_make_it_wider_than_a_phone(world: World, driver: Driver, page: Page) -> None:
    one = holder(driver, title="Datenschutzgrundverordnungsunterweisungsnachweis" * 2, first_name="W" * 60)
    assert "W" * 60 in _show(world, page, one.certificate["number"]).replace("\n", "")


def test_one_that_counts_no_longer_says_so_first(world: World, driver: Driver, page: Page) -> None:
    one = holder(driver, certificate_months=1)
    driver.world.now += timedelta(days=60)
    assert "expired" in _show(world, page, one.certificate["number"]).lower()


def test_a_revoked_one_says_so_and_not_why(world: World, driver: Driver, page: Page) -> None:
    one = holder(driver)
    _revoke(world, driver, one)
    shown = _show(world, page, one.certificate["number"])
    assert "revoked" in shown.lower()
    assert "mistake" not in shown


def test_of_who_was_erased_it_says_that_it_is_genuine_without_a_name(world: World, driver: Driver, page: Page) -> None:
    one = holder(driver, first_name="Zoelle", last_name="Quillfeather")
    erase.erase_member(one.org, one.member, world.now)
    shown = _show(world, page, one.certificate["number"])
    assert "genuine" in shown
    assert "Zoelle" not in shown
    assert "Quillfeather" not in shown


def test_a_number_that_nobody_has_is_told_in_the_same_way(world: World, page: Page) -> None:
    assert "genuine" not in _show(world, page, "E47A64-E8PXMK-NERR4M", 404).replace("not genuine", "")

"""The portal on the deployed artifact, in a real browser: with scripts, under its Content-Security-Policy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browser import chromium
from tests.e2e.deployed import PASSWORD, Deployed
from tests.patience import SILENCE


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(color_scheme="light", locale="en-GB")
    context.set_default_timeout(SILENCE * 1000)
    try:
        opened = context.new_page()
        opened.complaints = []  # type: ignore[attr-defined]
        opened.on("console", lambda told: opened.complaints.append(told.text) if told.type == "error" else None)  # type: ignore[attr-defined]
        opened.on("pageerror", lambda error: opened.complaints.append(str(error)))  # type: ignore[attr-defined]
        yield opened
        assert opened.complaints == []  # type: ignore[attr-defined]
    finally:
        context.close()


def test_an_admin_logs_in_by_the_form_and_out_again(deployed: Deployed, page: Page) -> None:
    make = deployed.make
    msp = make.msp()
    make.org(msp, "Alderquay Logistics")
    admin = deployed.msp_admin(msp)
    page.goto(f"{deployed.url}/portal/msp/training")
    page.get_by_label("Email address or login name").fill(admin.email)
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Log in").click()
    assert page.locator("h1").inner_text() == "Training Enrollments"
    assert page.get_by_role("link", name="Alderquay Logistics").count() == 1
    # Its files came, and the policy let them in.
    assert page.evaluate("() => typeof htmx") == "object"
    assert page.evaluate("() => getComputedStyle(document.querySelector('.cards')).display") == "grid"
    assert page.evaluate("() => document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
        "__Host-muster", True, True, "Lax",
    )  # fmt: skip
    with page.expect_navigation():
        page.get_by_role("button", name="Log out").click()
    assert "You are logged out." in page.inner_text("main")
    page.go_back()
    page.reload()
    assert page.locator("h1").inner_text() == "Log in"

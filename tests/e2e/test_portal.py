"""The portal on the deployed artifact, in a real browser: with scripts, under its Content-Security-Policy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browser import is_ours
from tests.e2e.deployed import Deployed
from tests.e2e.desk import follow, log_in, press
from tests.patience import SILENCE


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(color_scheme="light", locale="en-GB")
    context.set_default_timeout(SILENCE * 1000)
    try:
        opened = context.new_page()
        opened.complaints = []  # type: ignore[attr-defined]
        opened.on("console", lambda told: opened.complaints.append(told.text) if told.type == "error" else None)  # type: ignore[attr-defined]
        opened.on(
            "pageerror",
            lambda error: opened.complaints.append(str(error)) if is_ours(error) else None,  # type: ignore[attr-defined]
        )
        yield opened
        assert opened.complaints == []  # type: ignore[attr-defined]
    finally:
        context.close()


def test_an_admin_logs_in_by_the_form_and_out_again(deployed: Deployed, page: Page) -> None:
    make = deployed.make
    msp = make.msp()
    make.org(msp, "Alderquay Logistics")
    admin = deployed.msp_admin(msp)
    log_in(deployed, page, admin)
    assert page.locator("h1").inner_text() == "Dashboard"
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
    # Back asks the server: the browser has kept nothing.
    page.go_back()
    assert page.locator("h1").inner_text() == "Log in"


def test_a_rollout_is_made_in_five_steps_and_watched_until_it_stops(deployed: Deployed, page: Page) -> None:
    make = deployed.make
    msp = make.msp()
    course = make.course(msp)
    orgs = [make.org(msp, name, courses=[course]) for name in ("Alderquay Logistics", "Bolt Freight")]
    for org in orgs:
        make.members(org, 20)
    admin = deployed.msp_admin(msp)
    log_in(deployed, page, admin)
    follow(page, "Create rollout")
    page.get_by_label("Name").fill("Q1 awareness")
    press(page, "Begin")
    page.get_by_label("Alderquay Logistics").check()
    page.get_by_label("Bolt Freight").check()
    assert page.inner_text("#told") == "2 of 2 chosen"
    press(page, "Continue to courses")
    page.get_by_label("Spotting Phishing").check()
    press(page, "Continue to recipients")
    press(page, "Continue to the schedule")
    press(page, "Count and review")
    # The numbers come by themselves, without a reload.
    page.wait_for_selector("text=Launch for 2 clients: enroll 40 people now, send no emails")
    page.get_by_role("button", name="Launch for 2 clients").dblclick()
    page.wait_for_selector("text=Launched for 2 clients.")
    page.wait_for_selector("text=40 of 40 enrollments done")
    page.wait_for_selector("#live[aria-busy=false]")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert page.locator("#live").get_attribute("hx-trigger") is None
    assert page.evaluate("() => document.querySelectorAll('[hx-trigger]').length") == 0
    assert asked == []
    follow(page, "Rollouts")
    assert page.get_by_role("link", name="Q1 awareness").count() == 1

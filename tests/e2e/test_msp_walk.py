"""The MSP's daily work on the deployed artifact, in a real browser: by keyboard alone without scripts on the narrowest
phone, and a rollout to 25 clients of which one fails and is mended; and the page to try the interface on.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browser import DESKTOP, NARROW, is_ours, press_enter, tab_to, type_into, window
from tests.e2e.deployed import PASSWORD, Deployed, Person
from tests.e2e.desk import follow, log_in, press
from tests.patience import SILENCE


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """Without scripts."""
    with window(browser, "203.0.113.77") as page:
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        yield page


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    """With scripts, and with all that the console has to complain of."""
    context = browser.new_context(viewport=DESKTOP, color_scheme="light", locale="en-GB")  # type: ignore[arg-type]
    context.set_default_timeout(SILENCE * 1000)
    complaints: list[str] = []
    try:
        page = context.new_page()
        page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)) if is_ours(error) else None)
        yield page
        assert complaints == []
    finally:
        context.close()


def _is_narrow(page: Page) -> None:
    """Nothing scrolls sideways, Tab has shown where it is, and the menu takes two lines at most."""
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= NARROW["width"], f"{page.url} is {width} px wide"
    entries = "[...document.querySelectorAll('nav[aria-label=Main] a')]"
    num_lines = page.evaluate(f"() => new Set({entries}.map((one) => one.getBoundingClientRect().top)).size")
    assert num_lines <= 2, f"the menu takes {num_lines} lines on {page.url}"


def _tick(page: Page, box: str) -> None:
    tab_to(page, box)
    page.keyboard.press("Space")


def _by_keyboard(page: Page, name: str, heading: str) -> None:
    """Enter on a button or link, and the page that it leads to."""
    tab_to(page, name)
    press_enter(page)
    assert page.locator("h1").inner_text() == heading
    _is_narrow(page)


def _log_in_by_keyboard(deployed: Deployed, page: Page, admin: Person) -> None:
    page.goto(f"{deployed.url}/portal/msp/training")
    _is_narrow(page)
    type_into(page, "login", admin.email)
    type_into(page, "password", PASSWORD)
    _by_keyboard(page, "Log in", "Dashboard")


def test_from_the_log_in_to_the_launch_with_a_keyboard_alone_without_scripts_at_320_px(
    deployed: Deployed, phone: Page
) -> None:
    make, page = deployed.make, phone
    msp = make.msp()
    course = make.course(msp)
    orgs = [make.org(msp, name, courses=[course]) for name in ("Alderquay Logistics", "Bolt Freight")]
    for org in orgs:
        make.members(org, 3)
    _log_in_by_keyboard(deployed, page, deployed.msp_admin(msp))
    _by_keyboard(page, "Create rollout", "Create rollout")
    type_into(page, "name", "Q1 awareness")
    _by_keyboard(page, "Begin", "Select clients")
    for org in orgs:
        _tick(page, f"org_id_{org}")
    _by_keyboard(page, "Continue to courses", "Select courses")
    _tick(page, f"course_id_{course}")
    _by_keyboard(page, "Continue to recipients", "Recipients")
    _by_keyboard(page, "Continue to the schedule", "Schedule")
    _by_keyboard(page, "Count and review", "Review and launch")
    # The page comes again by itself until everything is counted.
    launch = "Launch for 2 clients: enroll 6 people now, send no emails"
    page.wait_for_selector(f"text={launch}")
    _by_keyboard(page, launch, "Q1 awareness")
    assert "Launched for 2 clients." in page.inner_text("main")
    page.wait_for_selector("text=6 of 6 enrollments done")
    # A moment later the clients are done, too, and the page comes no more.
    page.wait_for_selector('#live[aria-busy="false"]')
    assert page.evaluate("() => document.querySelectorAll('meta[http-equiv]').length") == 0
    _by_keyboard(page, "To the dashboard", "Dashboard")


def test_25_clients_are_rolled_out_to_one_fails_is_seen_and_retried(deployed: Deployed, desk: Page) -> None:
    make, page = deployed.make, desk
    msp = make.msp()
    course, extra = make.course(msp, "Spotting Phishing"), make.course(msp, "Backups")
    for number in range(24):
        make.member(make.org(msp, f"Client {number:02}", courses=[course]))
    lacking = make.org(msp, "Client without the course", courses=[extra])
    make.members(lacking, 2)
    log_in(deployed, page, deployed.msp_admin(msp))
    follow(page, "Create rollout")
    page.get_by_label("Name").fill("Q1 awareness")
    press(page, "Begin")
    press(page, "Select all 25 ready")
    assert page.inner_text("#told") == "25 of 25 chosen"
    press(page, "Continue to courses")
    page.get_by_label("Spotting Phishing").check()
    press(page, "Update the summary")
    # Said before anything happens, and the rollout may go on.
    assert "1 of your 25 clients lacks this course: Client without the course" in page.inner_text("main")
    press(page, "Continue to recipients")
    press(page, "Continue to the schedule")
    press(page, "Count and review")
    page.wait_for_selector("text=Launch for 25 clients: enroll 24 people now, send no emails")
    press(page, "Launch for 25 clients")
    page.wait_for_selector("#live[aria-busy=false]")
    rows = page.locator("#live tbody tr")
    assert rows.count() == 25
    failed = rows.filter(has_text="has failures")
    assert failed.count() == 1
    # It stands first, with the reason.
    assert "does not have this course enabled" in rows.first.inner_text()
    rollout = page.url

    # On the dashboard it needs attention, and from there everything leads to what mends it.
    follow(page, "Dashboard")
    assert "Client without the course" in page.locator("tbody tr").first.inner_text()
    follow(page, "1 Needs attention")
    assert page.locator("tbody tr").count() == 1
    follow(page, "Client without the course")
    follow(page, "Q1 awareness")
    assert "needs access" in page.inner_text("main")
    batch = page.url
    follow(page, "Training access of Client without the course")
    page.get_by_label("Spotting Phishing", exact=True).check()
    press(page, "Save access")
    page.goto(batch)
    press(page, "Retry Spotting Phishing")
    page.wait_for_selector("#live[aria-busy=false]")
    assert "2 enrolled of 2" in page.inner_text("main")
    page.goto(rollout)
    assert "26 of 26 enrollments done" in page.inner_text("main")
    assert rows.filter(has_text="has failures").count() == 0
    follow(page, "Dashboard")
    assert page.get_by_role("link", name="Needs attention").count() == 0
    follow(page, "Activity")
    assert page.get_by_role("link", name="Rollout: Q1 awareness").count() == 1


def test_an_export_is_downloaded_from_its_page(deployed: Deployed, desk: Page) -> None:
    make, page = deployed.make, desk
    msp = make.msp()
    make.org(msp, "Alderquay Logistics")
    log_in(deployed, page, deployed.msp_admin(msp))
    press(page, "Export all clients as CSV")
    page.wait_for_selector("text=Your file is ready")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.startswith("dashboard-")
    assert "Alderquay Logistics" in download.value.path().read_text(encoding="utf-8-sig")


def test_the_interface_is_tried_from_its_page_with_a_token(deployed: Deployed, desk: Page) -> None:
    """Under the portal's own policy: nothing inline, nothing evaluated, nothing from elsewhere."""
    make, page = deployed.make, desk
    msp = make.msp()
    make.org(msp, "Alderquay Logistics")
    admin = deployed.msp_admin(msp)
    page.goto(f"{deployed.url}/docs")
    page.get_by_role("link", name="Try it in your browser").click()
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("Value").fill(admin.token)
    page.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close", exact=True).last.click()
    page.locator("#operations-tag-Rollouts").click()
    page.locator("#operations-Rollouts-get_msp_training .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.wait_for_selector(".live-responses-table")
    assert "Alderquay Logistics" in page.inner_text(".live-responses-table")

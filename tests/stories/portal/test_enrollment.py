"""The wizard: a draft in five steps, and what happens to it by reload, Back, a second tab, and a second press."""

from datetime import timedelta

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser, Page

START = "/msp/training/enrollment"


@pytest.fixture
def browser(world: World, driver: Driver) -> Browser:
    return Browser(world).has_session_of(driver.admin)


def _begun(browser: Browser, name: str = "Q1 awareness") -> str:
    """Gives the draft's own address."""
    browser.open(START)
    page = browser.press("Begin", name=name)
    assert page.heading == "Select clients"
    return page.address.split("/portal")[1].rpartition("/")[0]


def _reviewed(driver: Driver, browser: Browser, orgs: list[str], course: str, **schedule: str) -> Page:
    draft = _begun(browser)
    browser.press("Continue to courses", org_id=orgs)
    browser.press("Continue to recipients", course_id=course)
    browser.press("Continue to the schedule")
    page = browser.press("Count and review", **schedule)
    assert page.heading == "Review and launch", page.text
    driver.work()
    return browser.open(f"{draft}/review")


def test_an_admin_launches_for_two_clients_and_lands_on_the_results(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    orgs = driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    world.members(orgs[0], 2)
    world.member(orgs[1])
    page = _reviewed(driver, browser, orgs, course)
    button = "Launch for 2 clients: enroll 3 people now, send no emails"
    assert "Alderquay Logistics" in page.text
    form = page.form(button)
    page = browser.send(form)
    assert page.heading == "Q1 awareness"
    assert "Launched for 2 clients." in page.text
    # Pressed twice, launched once.
    again = browser.send(form)
    assert again.address.split("?")[0] == page.address.split("?")[0]
    driver.work()
    assert driver.dashboard()["totals"] == {"course_enrollments": 2, "completed": 2, "scheduled": 0}
    page = browser.open("/msp/rollouts")
    assert [name for name, _ in page.links].count("Q1 awareness") == 1
    page = browser.follow("Q1 awareness")
    assert "3 of 3 enrollments done" in page.text
    # The draft is one no more, and its address leads to what became of it.
    assert "Continue with a draft" not in browser.open(START).text


def test_every_step_is_kept_over_reload_back_and_a_second_tab(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    orgs = driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    draft = _begun(browser)
    browser.press("Continue to courses", org_id=orgs)
    # Back, and reload: what was chosen stands in the form.
    page = browser.open(f"{draft}/clients")
    assert {("org_id", org) for org in orgs} <= set(page.form("Continue to courses").fields)
    tab = Browser(world)
    tab.cookies = dict(browser.cookies)
    tab.open(f"{draft}/courses")
    browser.open(f"{draft}/clients")
    tab.press("Continue to recipients", course_id=course)
    browser.press("Continue to courses", org_id=orgs[:1])
    # The one tab's step did not take the other's back.
    page = browser.open(f"{draft}/courses")
    assert ("course_id", course) in page.form("Continue to recipients").fields
    browser.open("/msp/training")
    page = browser.follow("Continue Q1 awareness, step 5")
    assert page.heading == "Review and launch"


def test_all_means_what_the_button_says_and_no_more_than_fit(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    """Complaint 1: "Select all" that says one number and takes another."""
    for index in range(27):
        world.org(driver.msp, f"Client {index:02}", courses=[course])
    world.org(driver.msp, "Wiltford Dental", ready=False)
    draft = _begun(browser)
    assert "27 of 28 are ready. You can choose up to 25." in browser.page.text
    page = browser.press("Select the first 25 of 27 ready", go="all")
    assert "25 of 25 chosen" in page.text
    chosen = [text for name, text in page.form("Continue to courses").fields if name == "org_id"]
    assert len(set(chosen)) == 25
    page = browser.press("Continue to courses", org_id=[*chosen, *driver.clients(course, "One more")])
    assert page.status == 422
    assert "You chose 26." in page.text
    assert browser.open(f"{draft}/courses").heading == "Select courses"


def test_courses_keep_their_order_and_say_who_lacks_them(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    other = world.course(driver.msp, "Passwords")
    orgs = [world.org(driver.msp, "Alderquay Logistics", courses=[course, other])]
    orgs += driver.clients(course, "Bolt Freight")
    _begun(browser)
    browser.press("Continue to courses", org_id=orgs)
    page = browser.press("Update the summary", course_id=[course, other], go="save")
    assert "1 of your 2 clients lacks this course: Bolt Freight." in page.text
    page = browser.press("Update the summary", go=f"up {other}")
    order = page.text.split("Summary (2)")[1]
    assert order.index("Passwords") < order.index("Spotting Phishing")


def test_what_is_wrong_is_said_at_its_field_and_stays_typed(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    orgs = driver.clients(course, "Alderquay Logistics")
    _begun(browser)
    page = browser.press("Continue to courses")
    assert page.status == 422
    browser.press("Continue to courses", org_id=orgs)
    browser.press("Continue to recipients", course_id=course)
    page = browser.press("Continue to the schedule", mode="groups")
    assert "Choose at least one group." in page.text
    browser.press("Continue to the schedule", mode="all")
    page = browser.press("Count and review", preset="monthly_stagger")
    assert page.status == 422
    assert "Choose a start date" in page.text
    page = browser.press("Count and review", preset="monthly_stagger", start_on="2026-01-01")
    assert "This date is in the past." in page.text
    assert ("start_on", "2026-01-01") in page.form("Count and review").fields
    page = browser.press("Count and review", start_on="2027-02-01", days_to_complete="30")
    assert page.heading == "Review and launch"


def test_group_names_reach_the_clients_that_have_them(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    orgs = driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    world.member(orgs[0], [world.group(orgs[0], "Finance")])
    # Letter case counts.
    world.group(orgs[1], "finance")
    draft = _begun(browser)
    browser.press("Continue to courses", org_id=orgs)
    browser.press("Continue to recipients", course_id=course)
    assert "Finance 1 of 2 clients finance 1 of 2 clients" in browser.page.text
    browser.press("Continue to the schedule", mode="group_names", group_name="Finance", group_names="Docks\r\n")
    fields = browser.open(f"{draft}/recipients").form("Continue to the schedule").fields
    assert {("group_name", "Finance"), ("group_names", "Docks")} <= set(fields)
    browser.press("Continue to the schedule", group_names="Finance\r\n", group_name=[])
    browser.press("Count and review")
    driver.work()
    page = browser.open(f"{draft}/review")
    assert "has no group Finance" in page.text
    assert page.form("Launch for 2 clients: enroll 1 person now, send no emails")


def test_what_changed_since_it_was_counted_is_told_before_anything_happens(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    orgs = driver.clients(course, "Alderquay Logistics")
    world.member(orgs[0])
    page = _reviewed(driver, browser, orgs, course)
    form = page.form("Launch for 1 client: enroll 1 person now, send no emails")
    joined = world.member(orgs[0], status="pending")
    world.accepts(orgs[0], joined)
    page = browser.send(form)
    assert page.status == 409
    assert "Something changed since this was counted" in page.text
    assert "Alderquay Logistics: people" in page.text
    assert world.get("/msp/rollouts", driver.admin).json["items"] == []
    page = browser.press("Launch with these changes for 1 client: enroll 1 person now, send no emails")
    assert "Launched for 1 client." in page.text


def test_a_launch_of_what_another_tab_has_changed_shows_it_first(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    orgs = driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    page = _reviewed(driver, browser, orgs[:1], course)
    form = page.form("Launch for 1 client: enroll 0 people now, send no emails")
    draft = page.address.rpartition("/")[0]
    browser.open(f"{draft}/clients")
    browser.press("Continue to courses", org_id=orgs)
    page = browser.send(form)
    assert page.heading == "Review and launch"
    assert "Counting enrolls nobody and sends nothing" in page.text
    assert world.get("/msp/rollouts", driver.admin).json["items"] == []


@pytest.mark.parametrize("step", ["clients", "courses", "recipients", "schedule"])
def test_an_ended_session_loses_nothing_at_any_step(
    world: World, driver: Driver, course: str, browser: Browser, step: str
) -> None:
    """Complaint 4: the session ends while somebody types."""
    (org,) = driver.clients(course, "Alderquay Logistics")
    draft = _begun(browser)
    if step != "clients":
        browser.press("Continue to courses", org_id=org)
        browser.press("Continue to recipients", course_id=course)
    browser.open(f"{draft}/{step}")
    buttons = {
        "clients": ("Continue to courses", {"org_id": org}),
        "courses": ("Continue to recipients", {"course_id": course}),
        "recipients": ("Continue to the schedule", {"mode": "all"}),
        "schedule": ("Count and review", {"preset": "own"}),
    }
    button, fields = buttons[step]
    world.now += timedelta(hours=1)
    page = browser.press(button, **fields)
    assert page.heading == "Log in"
    browser.has_session_of(driver.admin)
    browser.open("/continue")
    page = browser.press("Send it now")
    assert page.heading not in ("Log in", "Something went wrong")
    name, text = next(iter(fields.items()))
    assert (name, text) in browser.open(f"{draft}/{step}").form(button).fields


def test_a_batch_is_copied_into_a_draft_and_a_draft_deleted(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org)
    (batch,) = driver.launch(org, [course])
    browser.open(f"/msp/training/{org}/{batch}")
    browser.follow("Copy to a new rollout")
    page = browser.press("Copy and continue", name="Once more")
    assert page.heading == "Review and launch"
    browser.open(START)
    page = browser.press("Delete")
    assert "The draft was deleted." in page.text
    assert "Once more" not in page.text


def test_a_draft_is_its_admins_own(world: World, driver: Driver, course: str, browser: Browser) -> None:
    driver.clients(course, "Own")
    draft = _begun(browser)
    colleague = Browser(world).has_session_of(world.msp_admin(driver.msp))
    assert colleague.open(f"{draft}/clients").status == 404
    assert "Continue with a draft" not in colleague.open(START).text
    (foreign,) = Driver(world).clients(course, "Foreign")
    browser.open(f"{draft}/clients")
    page = browser.press("Continue to courses", org_id=foreign)
    assert "You chose 0." in page.text

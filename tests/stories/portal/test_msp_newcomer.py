"""What a newcomer looks for on the MSP's pages: one word for one thing, trouble first, and the way on from there."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver, refused
from tests.stories.portal.browser import Browser, Page

MENU = ("Dashboard", "Rollouts", "Activity", "Clients", "Courses", "Reports", "Admins")


@pytest.fixture
def browser(world: World, driver: Driver) -> Browser:
    return Browser(world).has_session_of(driver.admin)


def _in_order(page: Page, *names: str) -> bool:
    at = [page.text.index(name) for name in names]
    return at == sorted(at)


def test_each_page_of_the_menu_is_called_what_the_menu_calls_it(browser: Browser) -> None:
    browser.open("/msp/training")
    for name in MENU:
        page = browser.follow(name)
        assert page.heading == name
        assert page.title.startswith(f"{name} - ")


def test_the_wizard_has_one_name_wherever_it_begins(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    for start in ("/msp/training", "/msp/rollouts", "/msp/activity", f"/msp/training/{org}"):
        browser.open(start)
        assert browser.follow("Create rollout").heading == "Create rollout", start
    page = browser.press("Begin", name="Q1 awareness")
    assert page.link("Rollouts")
    # Who leaves finds it on the dashboard again.
    page = browser.follow("Leave for now")
    assert page.link("Continue Q1 awareness, step 2")


def test_a_rollout_shows_first_what_failed_with_its_reason_and_leads_to_the_retry_that_mends_it(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    later = world.course(driver.msp, "Backups")
    orgs = [world.org(driver.msp, name, courses=[course, later]) for name in ("Alderquay", "Bolt", "Cape", "Dover")]
    for org in orgs[:3]:
        world.member(org)
    (bad,) = world.members(orgs[3], 1)
    courses = [course, {"course_id": later, "enroll_on": "2027-03-01"}]
    # One client fails as a whole, another for its learner.
    with refused(bad, f"{orgs[2]}#BATCHES"):
        answer = driver.send(driver.form(orgs, courses))
        driver.work()
    rollout = f"/msp/rollouts/{answer.json['rollout_id']}"

    page = browser.open("/msp/training")
    assert "Q1 awareness could not be launched for 1 client." in page.text
    assert _in_order(page, "Clients Client", "Dover", "Alderquay", "Bolt")
    page = browser.follow("Q1 awareness")
    assert page.address.endswith(rollout)
    assert _in_order(page, "Clients Client", "Cape", "Dover", "Alderquay", "Bolt")
    assert "Spotting Phishing: No learner could be enrolled." in page.text
    # What waits for its day is said so, and is not in progress.
    assert page.text.count("Next: Backups on Mon 1 Mar 2027") == 3
    assert page.text.count("done so far") == 2
    assert "in progress" not in page.text

    # The list says so, too.
    page = browser.open("/msp/rollouts")
    assert "✗ 1 not launched ✗ 1 client has failures" in page.text
    browser.follow("Q1 awareness")
    page = browser.press("Retry the 1 that failed")
    driver.work()
    browser.open(rollout)
    page = browser.follow("Dover")
    page = browser.press("Retry 1 learner")
    assert "Retrying 1 learner." in page.text
    driver.work()
    page = browser.open(rollout)
    assert "4 of 4 enrollments done" in page.text
    assert page.text.count("done so far") == 4
    assert "Retry" not in page.text
    assert "✗" not in browser.open("/msp/rollouts").text
    page = browser.open("/msp/training")
    assert "could not be launched" not in page.text
    assert "Needs attention" not in page.text


def test_an_order_that_was_chosen_stays_and_without_failures_it_is_that_of_adding(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    good, poor = driver.clients(course, "Zennor Shipping", "Alderquay Logistics")
    world.member(good)
    driver.launch(good, [course])
    assert _in_order(browser.open("/msp/training"), "Zennor", "Alderquay")
    (bad,) = world.members(poor, 1)
    with refused(bad):
        driver.send(driver.form([poor], [course]))
        driver.work()
    page = browser.open("/msp/training")
    assert _in_order(page, "Alderquay", "Zennor")
    page = browser.press("Show", sort="added")
    assert _in_order(page, "Zennor", "Alderquay")
    assert dict(page.form("Show").fields)["sort"] == "added"


def test_a_course_that_a_client_lacked_is_given_and_retried(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    other = world.course(driver.msp, "Backups")
    org = world.org(driver.msp, "Bolt Freight", courses=[other])
    world.member(org)
    driver.send(driver.form([org], [course, other]))
    driver.work()
    browser.open("/msp/training")
    page = browser.follow("Bolt Freight")
    page = browser.follow("Q1 awareness")
    batch = page.address
    # Each card leads to what it counts.
    page = browser.follow("1 Needs access")
    assert "Only the 1 course counted as needs access." in page.text
    assert page.link("Spotting Phishing")
    assert "Backups" not in page.text
    page = browser.follow("1 Enrolled")
    assert page.link("Backups")
    assert "Spotting Phishing" not in page.text
    page = browser.follow("0 Failed")
    assert "Only the 0 courses counted as failed." in page.text
    browser.follow("Show all courses")
    browser.follow("Training access of Bolt Freight")
    page = browser.press("Save access", course_id=[course, other])
    assert "Did a course fail because access was missing?" in page.text
    browser.follow("Batches")
    assert browser.follow("Q1 awareness").address.endswith(batch)
    page = browser.press("Retry Spotting Phishing")
    # Nobody has failed yet, so that no number of them is told.
    assert "Retrying. You can leave this page" in page.text
    driver.work()
    assert "2 Enrolled 0 Scheduled 0 Failed" in browser.open(batch).text


def test_the_review_shows_problems_first_and_where_to_mend_them(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    orgs = [world.org(driver.msp, "Alderquay Logistics", courses=[course])]
    orgs.append(world.org(driver.msp, "Bolt Freight", courses=[world.course(driver.msp, "Backups")]))
    for org in orgs:
        world.member(org)
    browser.open("/msp/training/enrollment")
    browser.press("Begin", name="Q1 awareness")
    browser.press("Continue to courses", org_id=orgs)
    browser.press("Continue to recipients", course_id=course)
    browser.press("Continue to the schedule")
    review = browser.press("Count and review").address
    driver.work()
    page = browser.open(review)
    table = page.text.split("What will happen")[1]
    assert table.index("Bolt Freight") < table.index("Alderquay Logistics")
    assert browser.follow("Training access of Bolt Freight").heading == "Training access of Bolt Freight"


def test_from_a_clients_own_pages_the_msp_finds_back_and_the_clients_admins_see_no_such_way(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    browser.open(f"/msp/training/{org}")
    page = browser.follow("Learners")
    assert page.address.endswith(f"/orgs/{org}")
    page = browser.follow("Back to Northwind Managed IT")
    assert page.address.endswith(f"/msp/training/{org}")
    own = Browser(world).has_session_of(world.org_admin(org))
    assert "Back to" not in own.open(f"/orgs/{org}").text

"""The MSP's pages, as a browser without scripts sees them: what they show, and what their buttons do."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver, refused
from tests.stories.portal.browser import Browser


@pytest.fixture
def browser(world: World, driver: Driver) -> Browser:
    return Browser(world).has_session_of(driver.admin)


def test_a_rollout_is_found_from_the_dashboard_down_to_each_learner(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org, first_name="Kim", last_name="Hale")
    driver.launch(org, [course])

    page = browser.open("/msp/training")
    assert "1 Total course enrollments 1 Completed 0 Scheduled" in page.text
    page = browser.follow("Alderquay Logistics")
    assert page.heading == "Alderquay Logistics"
    assert "completed" in page.text
    batch_name = next(name for name, href in page.links if f"/msp/training/{org}/" in href)
    page = browser.follow(batch_name)
    assert page.title == f"{batch_name} - Alderquay Logistics - Northwind Managed IT - Muster"
    assert "1 Enrolled 0 Scheduled 0 Failed" in page.text
    assert "1 enrolled of 1" in page.text
    page = browser.follow("Spotting Phishing")
    assert "Kim Hale" in page.text
    assert "Enrolled by this batch." in page.text
    page = browser.follow("Failed (0)")
    assert "No learner has this outcome." in page.text
    assert page.link("Show all")


def test_failed_learners_are_retried_and_pressing_twice_retries_once(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    good, bad = world.members(org, 2)
    with refused(bad):
        (batch,) = driver.launch(org, [course])
    page = browser.open(f"/msp/training/{org}/{batch}")
    form = page.form("Retry 1 learner")
    page = browser.send(form)
    assert "Retrying 1 learner." in page.text
    # The second press answers what the first one did: a page, and no error.
    assert browser.send(form).status == 200
    driver.work()
    page = browser.open(f"/msp/training/{org}/{batch}")
    assert "2 enrolled of 2" in page.text
    assert good != bad


def test_a_batch_that_runs_loads_itself_anew_and_stops_when_it_is_done(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org)
    answer = driver.send(driver.form([org], [course]))
    batch = answer.json["results"][0]["batch_id"]
    page = browser.open(f"/msp/training/{org}/{batch}")
    assert 'hx-trigger="load delay:2s,' in page.answer.text
    assert "looks=1" in page.answer.text
    assert "<noscript><meta" in page.answer.text
    # It asks less and less often, and gives up in the end.
    assert "delay:12s" in browser.open(f"/msp/training/{org}/{batch}?looks=50").answer.text
    tired = browser.open(f"/msp/training/{org}/{batch}?looks=80")
    assert "hx-trigger" not in tired.answer.text
    assert "<noscript>" not in tired.answer.text
    assert "Check again" in tired.text
    driver.work()
    page = browser.open(f"/msp/training/{org}/{batch}")
    assert "hx-trigger" not in page.answer.text
    assert "<noscript>" not in page.answer.text


def test_dates_change_and_what_is_wrong_stays_in_the_form(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    form = driver.form([org], [course])
    form["courses"][0]["enroll_on"] = "2027-03-01"
    batch = driver.send(form).json["results"][0]["batch_id"]
    driver.work()
    browser.open(f"/msp/training/{org}/{batch}")
    page = browser.open(f"/msp/training/{org}/{batch}/courses/{course}/dates")
    page = browser.press("Save dates", enroll_on="2027-04-01", due_by="2027-03-01")
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert ("enroll_on", "2027-04-01") in page.form("Save dates").fields
    page = browser.press("Save dates", due_by="2027-05-01")
    assert "The dates were changed." in page.text
    assert "Thu 1 Apr 2027" in page.text
    assert "Sat 1 May 2027" in page.text


def test_what_cannot_be_taken_back_is_asked_for_first(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.members(org, 3)
    (batch,) = driver.launch(org, [course])
    base = f"/msp/training/{org}/{batch}"
    page = browser.open(f"{base}/courses/{course}/remind")
    assert page.heading == "Remind 3 people at Alderquay Logistics?"
    page = browser.press("Email 3 people now")
    assert "to the 3 people who haven't completed it" in page.text
    page = browser.open(f"{base}/undo")
    assert "3 of 3 enrollments will be withdrawn." in page.text
    page = browser.press("Undo this batch")
    assert "The undo has started." in page.text
    driver.work()
    assert "Undone: 3 withdrawn" in browser.open(base).text


def test_a_client_is_added_given_access_and_closed(world: World, driver: Driver, course: str, browser: Browser) -> None:
    page = browser.open("/msp/training")
    assert "You have no clients yet." in page.text
    browser.follow("Add a client")
    page = browser.press("Add client", name="Wiltford Dental", time_zone="Mars/Base")
    assert page.status == 422
    assert "We don't know this time zone." in page.text
    form = page.form("Add client")
    page = browser.send(form, time_zone="Europe/Berlin")
    assert "Wiltford Dental was added." in page.text
    # The same form again is the same client.
    browser.send(form, time_zone="Europe/Berlin")
    page = browser.open("/msp/organizations")
    assert [name for name, _ in page.links].count("Wiltford Dental") == 1
    assert "missing: courses, reply-to address" in page.text
    browser.follow("Wiltford Dental")
    browser.follow("Training access")
    page = browser.press("Save access", reply_to="nobody", course_id=course)
    assert page.status == 422
    page = browser.press("Save access", reply_to="it@wiltford.example", **{f"seats_{course}": "5"})
    assert "Training access was saved." in page.text
    page = browser.follow("Training access")
    assert (f"seats_{course}", "5") in page.form("Save access").fields
    assert ("course_id", course) in page.form("Save access").fields
    browser.follow("Wiltford Dental")
    browser.follow("Close this client")
    page = browser.press("Close Wiltford Dental")
    assert "Wiltford Dental was closed." in page.text
    page = browser.press("Open it again")
    assert "Wiltford Dental is open again." in page.text


def test_filters_stand_in_the_address_and_say_when_nothing_matches(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    browser.open("/msp/organizations")
    page = browser.press("Show", search="bolt")
    assert "search=bolt" in page.address
    assert "Bolt Freight" in page.text
    assert "Alderquay" not in page.text
    page = browser.press("Show", search="nobody")
    assert "No client matches." in page.text
    browser.follow("Clear filters")
    assert "Alderquay" in browser.page.text


def test_an_admin_is_appointed_and_removed_and_the_last_one_stays(
    world: World, driver: Driver, browser: Browser
) -> None:
    browser.open("/msp/admins")
    page = browser.press("Appoint", email="no address")
    assert page.status == 422
    page = browser.press("Appoint", email="kim@example.com")
    assert "They are now an admin." in page.text
    assert "kim@example.com" in page.text
    browser.follow("Remove kim@example.com")
    page = browser.press("Remove this admin")
    assert "They are no longer an admin" in page.text
    page = browser.open(f"/msp/admins/{driver.admin}/remove")
    assert "This is the only admin." in page.text
    refused = browser.request("POST", f"/msp/admins/{driver.admin}/remove")
    assert refused.status == 409


def test_the_library_shows_its_courses(world: World, driver: Driver, course: str, browser: Browser) -> None:
    browser.open("/msp/courses")
    page = browser.follow("Spotting Phishing")
    assert "20 minutes" in page.text
    assert browser.open("/msp/courses/01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 404


def test_two_tabs_show_two_msps_each_its_own(world: World, driver: Driver, course: str, browser: Browser) -> None:
    other = world.msp("Fennmark Technology Services")
    world.msp_admin(other, driver.admin)
    driver.clients(course, "Alderquay Logistics")
    world.org(other, "Penhallow Ferries")
    page = browser.open("/")
    first, second = page.link("Northwind Managed IT"), page.link("Fennmark Technology Services")
    browser.open(first)
    page = browser.open(second)
    assert "Penhallow Ferries" in page.text
    assert "Alderquay" not in page.text
    assert page.title == "Dashboard - Fennmark Technology Services - Muster"
    # What is linked stays in that MSP, and a form there acts there.
    page = browser.follow("Clients")
    assert "Penhallow Ferries" in page.text
    browser.follow("Add a client")
    browser.press("Add client", name="Third Ferries", time_zone="Europe/London")
    assert "Third Ferries" in browser.open(f"/msp/organizations?msp={other}").text
    assert "Third Ferries" not in browser.open(f"/msp/organizations?msp={driver.msp}").text


def test_a_rollout_is_watched_from_its_first_moment_until_it_is_done_and_not_while_it_waits_for_a_date(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    """Before the client's job has begun there is nothing to count, and yet it runs."""
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org)
    rollout = driver.send(driver.form([org], [course])).json["rollout_id"]
    assert "hx-trigger" in browser.open(f"/msp/rollouts/{rollout}").answer.text
    driver.work()
    page = browser.open(f"/msp/rollouts/{rollout}")
    assert "hx-trigger" not in page.answer.text
    assert "1 of 1 enrollments done" in page.text

    form = driver.form([org], [course])
    form["courses"][0]["enroll_on"] = "2027-03-01"
    later = driver.send(form).json["rollout_id"]
    driver.work()
    assert "hx-trigger" not in browser.open(f"/msp/rollouts/{later}").answer.text
    assert world.get(f"/msp/rollouts/{later}", driver.admin).json["results"][0]["running"] is False


def test_seats_that_are_refused_are_kept_and_the_error_is_at_their_course(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    other = world.course(driver.msp, "Safe Lifting")
    browser.open(f"/msp/organizations/{org}/access")
    # Of a course that is not chosen, too.
    page = browser.press("Save access", **{f"seats_{course}": "five", f"seats_{other}": "70"})
    assert page.status == 422
    assert "Spotting Phishing: This must be a whole number." in page.text
    assert f'id="seats_{course}_error"' in page.answer.text
    assert {(f"seats_{course}", "five"), (f"seats_{other}", "70")} <= set(page.form("Save access").fields)

"""An organization enrolls its own people in courses, and follows its batches."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser, Page


class Place:
    """Docks with three people, the office with one, and two courses."""

    def __init__(self, world: World, driver: Driver) -> None:
        self.world, self.driver = world, driver
        self.courses = [world.course(driver.msp, title) for title in ("Spotting Phishing", "Safe Lifting")]
        self.org = world.org(driver.msp, "Alderquay Logistics", courses=self.courses)
        self.docks, self.office = world.department(self.org, "Docks"), world.department(self.org, "Office")
        self.group = world.group(self.org, "Finance")
        self.members = [
            world.member(self.org, first_name=name, last_name="Hale", department_id=self.docks)
            for name in ("Ann", "Ben", "Cem")
        ]
        self.sam = world.member(self.org, [self.group], first_name="Sam", last_name="Reed", department_id=self.office)
        self.admin = world.org_admin(self.org)
        self.browser = Browser(world).has_session_of(self.admin)
        self.base = f"/orgs/{self.org}/training"

    def batches(self) -> list[dict[str, object]]:
        return self.world.every(self.base, self.admin)

    def launch(self) -> Page:
        """From the step of dates on: count, and press the button twice."""
        form = self.browser.page.form("Count and review")
        self.browser.send(form, **{name: "" for name in form.names() if name.startswith("due_by_")})
        self.driver.work()
        page = self.browser.open(self.browser.page.address)
        button = next(name for form in page.forms for name in form.buttons if name.startswith("Enroll "))
        form = page.form(button)
        page = self.browser.send(form)
        assert self.browser.send(form).heading == page.heading
        return page


@pytest.fixture
def place(world: World, driver: Driver) -> Place:
    return Place(world, driver)


def test_one_person_is_enrolled_from_their_page(place: Place) -> None:
    browser = place.browser
    browser.open(f"/orgs/{place.org}/learners/{place.sam}")
    browser.follow("Enroll Sam Reed in a course")
    page = browser.press("Begin", name=" ")
    assert page.status == 422
    page = browser.press("Begin", name="Q1 awareness")
    assert page.heading == "Courses"
    assert browser.press("Continue to dates").status == 422
    browser.press("Continue to dates", course_id=place.courses[0])
    page = browser.press("Count and review", **{f"due_by_{place.courses[0]}": "2026-01-01"})
    assert page.status == 422
    page = place.launch()
    assert page.heading == "Q1 awareness"
    assert len(place.batches()) == 1
    place.driver.work()
    page = browser.open(page.address.partition("?")[0])
    assert "1 enrolled of 1" in page.text
    page = browser.follow("Spotting Phishing")
    assert "Sam Reed" in page.text
    assert "Ann Hale" not in page.text


@pytest.mark.parametrize(("query", "number"), [("department_id", 3), ("group_id", 1), ("all", 4)])
def test_departments_groups_and_everybody_are_enrolled_by_a_search(place: Place, query: str, number: int) -> None:
    values = {"department_id": place.docks, "group_id": place.group, "all": "yes"}
    browser = place.browser
    browser.open(f"{place.base}/enrollment")
    page = browser.press("Begin", name="Q1")
    page = browser.open(f"{page.address.partition('?')[0]}?{query}={values[query]}")
    browser.press(f"Add all {number} that match", go="all")
    browser.press("Continue to courses", go="next")
    browser.press("Continue to dates", course_id=place.courses)
    page = place.launch()
    place.driver.work()
    page = browser.open(page.address.partition("?")[0])
    assert "2 courses enrolled" in page.text
    assert page.text.count(f"{number} enrolled of {number}") == 2
    mode = {"department_id": "departments", "group_id": "groups", "all": "all"}[query]
    batch = str(place.batches()[0]["batch_id"])
    as_launch = place.world.get(f"{place.base}/{batch}/as-launch", place.admin).json
    assert as_launch["targeting"]["mode"] == mode


def test_who_was_taken_out_of_a_search_stays_out(place: Place) -> None:
    browser = place.browser
    browser.open(f"{place.base}/enrollment?member_id={place.members[0]}")
    browser.press("Begin", name="Q1")
    browser.follow("Who")
    browser.press("Show", department_id=place.docks)
    browser.press("Add all 3 that match", go="all")
    page = browser.press("Remove Ann Hale", go=f"remove {place.members[0]}")
    assert "without 1 people you took out" in page.text
    browser.press("Continue to courses", go="next")
    browser.press("Continue to dates", course_id=place.courses[0])
    page = place.launch()
    place.driver.work()
    assert "2 enrolled of 2" in browser.open(page.address.partition("?")[0]).text


def test_a_batch_is_reminded_redated_cancelled_and_undone(place: Place) -> None:
    batch = place.world.post(
        f"{place.base}/enrollment", place.admin,
        {"name": "Q1", "courses": [
            {"course_id": place.courses[0]}, {"course_id": place.courses[1], "enroll_on": "2027-03-01"},
        ]},
        headers={"Idempotency-Key": "q1"},
    ).json["results"][0]["batch_id"]  # fmt: skip
    place.driver.work()
    browser, at = place.browser, f"{place.base}/{batch}"
    page = browser.open(at)
    assert "Q1" in browser.open(place.base).text
    browser.open(at)
    browser.follow("Remind about Spotting Phishing")
    page = browser.press("Email 4 people now")
    assert "Reminder emails are on their way." in page.text
    browser.follow("Dates of Safe Lifting")
    page = browser.press("Save", enroll_on="2027-04-01", due_by="2027-03-01")
    assert page.status == 422
    page = browser.press("Save", enroll_on="2027-04-01", due_by="2027-05-01")
    assert "Thu 1 Apr 2027" in page.text
    browser.follow("Cancel Safe Lifting")
    page = browser.press("Cancel the course")
    assert "The course was cancelled." in page.text
    browser.follow("Undo")
    form = browser.page.form("Undo this batch")
    browser.send(form)
    browser.send(form)
    place.driver.work()
    assert "Undone: 4 withdrawn" in browser.open(at).text


def test_what_the_provider_launched_is_seen_and_not_changed(place: Place) -> None:
    (batch,) = place.driver.launch(place.org, place.courses[:1])
    page = place.browser.open(f"{place.base}/{batch}")
    assert "only they can change it" in page.text
    assert "Undo" not in [name for name, _ in page.links]
    for path in ("undo", "cancel", f"courses/{place.courses[0]}/remind", f"courses/{place.courses[0]}/dates"):
        assert place.browser.open(f"{place.base}/{batch}/{path}").status == 403, path
        assert place.browser.request("POST", f"{place.base}/{batch}/{path}", []).status == 403, path


def test_who_is_limited_to_a_department_enrolls_its_people_only(place: Place) -> None:
    admin = place.world.org_admin(place.org, role="department_admin", department_ids=[place.docks])
    browser = place.browser = Browser(place.world).has_session_of(admin)
    browser.open(f"{place.base}/enrollment?member_id={place.sam}")
    assert "Sam Reed" not in browser.page.text
    page = browser.press("Begin", name="Ours")
    page = browser.open(f"{page.address.partition('?')[0]}?all=yes")
    assert "Sam Reed" not in page.text
    browser.press("Add all 3 that match", go="all")
    browser.press("Continue to courses", go="next")
    browser.press("Continue to dates", course_id=place.courses[0])
    page = place.launch()
    place.driver.work()
    assert "3 enrolled" in browser.open(page.address.partition("?")[0]).text
    learner_ids = {one["member_id"] for one in place.world.every(
        f"{place.base}/{place.batches()[0]['batch_id']}/courses/{place.courses[0]}/learners", place.admin
    )}  # fmt: skip
    assert learner_ids == set(place.members)


def test_what_a_person_learns_is_edited_and_cancelled_one_by_one(place: Place) -> None:
    place.driver.launch(place.org, place.courses)
    browser, (ann, ben, _) = place.browser, place.members
    browser.open(f"/orgs/{place.org}/learners/{ann}")
    page = browser.follow("Courses and trainings of Ann Hale")
    assert "Courses (2)" in page.text
    assert "enrolled in a batch: Q1 awareness" in page.text
    browser.follow("Edit Spotting Phishing")
    page = browser.press("Save the due date", due_by="2026-01-01")
    assert page.status == 422
    page = browser.press("Save the due date", due_by="2027-02-01")
    assert "Mon 1 Feb 2027" in page.text
    browser.follow("Edit Spotting Phishing")
    page = browser.press("Enter as completed", score="200")
    assert page.status == 422
    form = page.form("Enter as completed")
    page = browser.send(form, score="90", completed_at="2027-01-04")
    assert "score 90" in page.text
    browser.send(form, score="90", completed_at="2027-01-04")
    browser.follow("Cancel Safe Lifting")
    form = browser.page.form("Cancel the enrollment")
    page = browser.send(form)
    assert "The enrollment was cancelled." in page.text
    browser.send(form)
    found = {one["title"]: one["status"] for one in place.world.every(
        f"/orgs/{place.org}/members/{ann}/enrollments", place.admin
    )}  # fmt: skip
    assert found == {"Spotting Phishing": "completed", "Safe Lifting": "cancelled"}
    # Of somebody else's the address says nothing.
    other = f"/orgs/{place.org}/learning/{ann}/{place.org}.{ben}.{place.courses[0]}"
    assert browser.open(other).status == 404
    assert browser.request("POST", f"{other}/cancel", []).status == 404


def test_what_people_elsewhere_learn_is_not_shown_to_who_is_limited(place: Place) -> None:
    place.driver.launch(place.org, place.courses)
    admin = place.world.org_admin(place.org, role="department_admin", department_ids=[place.docks])
    browser = Browser(place.world).has_session_of(admin)
    assert "Courses (2)" in browser.open(f"/orgs/{place.org}/learning/{place.members[0]}").text
    at = f"/orgs/{place.org}/learning/{place.sam}"
    enrollment = f"{at}/{place.org}.{place.sam}.{place.courses[0]}"
    for path in (at, enrollment, f"{enrollment}/cancel"):
        assert browser.open(path).status == 403, path
    for path in (enrollment, f"{enrollment}/cancel", f"{at}/offers/x"):
        assert browser.request("POST", path, []).status == 403, path

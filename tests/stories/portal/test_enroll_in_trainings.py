"""Enrolling people in live trainings, in four steps: who, which sessions, when people know, review."""

import re
from datetime import timedelta
from html import unescape

import pytest

from chalicelib.people.search import service as search
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.portal.browser import Browser, Page

PEOPLE = 38


class Place:
    """Docks with 38 people, the office with one, and two trainings at the same time."""

    def __init__(self, live: LiveTrainings) -> None:
        self.live, self.world = live, live.world
        self.browser = Browser(live.world).has_session_of(live.admin)
        self.docks = self.world.department(live.org, "Docks")
        self.cranes = self.world.department(live.org, "Cranes", self.docks)
        self.office = self.world.department(live.org, "Office")
        self.crane_people = [self._crane(index) for index in range(3)]
        self.world.members(live.org, PEOPLE - 3, department_id=self.docks)
        self.sam = live.person("sam@acme.example", first_name="Sam", last_name="Reed", department_id=self.office)
        self.training, self.session = live.one(capacity=2, waiting_list=True)
        self.other = live.training("Fire drill")
        self.same_time = live.session(self.other, starts_at="2027-02-01T10:00", ends_at="2027-02-01T12:00")

    def _crane(self, index: int) -> str:
        fields = {"first_name": "Kim", "last_name": f"Crane{index}", "department_id": self.cranes}
        return self.live.person(f"crane{index}@acme.example", **fields)

    def begin(self, **query: str) -> Page:
        text = "&".join(f"{name}={value}" for name, value in query.items())
        self.browser.open(f"{self.live.base}/enroll?{text}")
        return self.browser.press("Begin")

    def choose(self, **sessions: str) -> Page:
        """On the step of trainings, and on to the one after it."""
        return self.browser.press("Continue", go="next", **sessions)

    def enrolls(self) -> int:
        return sum(item["sk"].startswith("ENROLL#") for item in self.world.dump("core"))


@pytest.fixture
def place(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(LiveTrainings(world, driver, monkeypatch))


def test_people_are_picked_warned_of_and_enrolled_once(place: Place, driver: Driver) -> None:
    browser = place.browser
    browser.open(f"/orgs/{place.live.org}/learners/{place.sam}")
    browser.follow("Enroll Sam Reed in a live training")
    assert "Sam Reed is picked already." in browser.page.text
    page = browser.press("Begin")
    assert page.heading == "Trainings"
    browser.follow("Who")
    page = browser.press("Show", search="crane", by="email")
    assert "3 people match" in page.text
    page = browser.press("Add those ticked", go="add", member_id=place.crane_people)
    assert "Chosen (4)" in page.text
    page = browser.send(page.form("Remove Kim Crane2"), go=f"remove {place.crane_people[2]}")
    assert "Chosen (3)" in page.text
    page = browser.press("Continue to trainings", go="next")
    page = browser.press("Continue", go="next")
    assert page.status == 422
    both = {f"session_{place.training}": place.session, f"session_{place.other}": place.same_time}
    page = browser.press("Save and choose more", go="save", **both)
    assert "Chosen (2)" in page.text
    page = browser.press("Remove First aid", go=f"remove {place.training}", **both)
    assert "Chosen (1)" in page.text
    page = place.choose(**both)
    assert page.heading == "When people know"
    assert "Fire drill and First aid are at the same time." in page.text
    page = browser.press("Review")
    assert "2 of 2" not in page.text
    assert "1 goes on the waiting list" in page.text
    form = page.form("Enroll 3 people in 2 trainings")
    page = browser.send(form)
    assert page.heading == "Who was enrolled"
    again = browser.send(form)
    assert again.heading == "Who was enrolled"
    assert place.enrolls() == 1
    driver.work()
    page = browser.open(page.address.partition("?")[0])
    assert "3 of 3 people done" in page.text
    assert page.text.count("waiting list, number 1") == 1
    assert page.text.count("At the same time:") >= 3
    assert 'aria-busy="false"' in page.answer.text
    # The draft leads there from now on.
    draft = form.action.partition("/portal")[2].removesuffix("/enroll")
    assert browser.open(f"{draft}/users").heading == "Who was enrolled"
    assert "Continue with a draft" not in browser.open(f"{place.live.base}/enroll").text


def test_all_that_match_are_kept_as_a_search(place: Place, driver: Driver) -> None:
    browser = place.browser
    place.begin(training_id=place.other)
    page = browser.press("Show", department_id=place.docks)
    assert f"{PEOPLE} people match" in page.text
    page = browser.press(f"Add all {PEOPLE} that match", go="all")
    assert "Docks and below" in page.text
    page = browser.send(page.form("Add those ticked"), go="add", member_id=place.sam)
    page = browser.press("Continue to trainings", go="next")
    assert "First aid" not in page.text
    page = place.choose(**{f"session_{place.other}": place.same_time})
    page = browser.press("Review")
    # Somebody comes into the department meanwhile: who matches at the end counts.
    newcomer = place.world.member(place.live.org, email=None, department_id=place.cranes, first_name="New")
    page = browser.open(page.address)
    page = browser.press(f"Enroll {PEOPLE + 2} people in 1 training")
    driver.work()
    page = browser.open(page.address.partition("?")[0])
    assert f"{PEOPLE + 2} of {PEOPLE + 2} people done" in page.text
    assert {newcomer, place.sam} < {one["member_id"] for one in place.live.participants(place.other)}
    assert "No email address. They see it in their account only." in page.text


def test_people_know_from_a_day_and_time_on(place: Place, driver: Driver) -> None:
    browser = place.browser
    place.begin(member_id=place.sam, training_id=place.training, session_id=place.session)
    draft = browser.page.address.partition("?")[0].rpartition("/")[0]
    browser.open(f"{draft}/parameters")
    page = browser.press("Review", visible="later", day="", time="09:00")
    assert page.status == 422
    page = browser.press("Review", visible="later", day="2026-01-01", time="09:00")
    assert "This time is in the past." in page.text
    page = browser.press("Review", visible="later", day="2027-01-11", time="09:30")
    assert "Mon 11 Jan 2027, 09:30" in page.text
    browser.press("Enroll 1 person in 1 training")
    driver.work()
    (row,) = place.live.participants(place.training)
    assert row["visible_from"] > "2027-01-11"
    assert "Goes out Mon 11 Jan 2027" in browser.open(f"{place.live.base}/{place.training}/participants").text


def test_a_draft_that_another_tab_has_changed_is_reviewed_again(place: Place) -> None:
    browser = place.browser
    place.begin(member_id=place.sam, training_id=place.training, session_id=place.session)
    draft = browser.page.address.partition("?")[0].rpartition("/")[0]
    form = browser.open(f"{draft}/review").form("Enroll 1 person in 1 training")
    browser.open(f"{draft}/users?search=crane&by=email")
    browser.press("Add those ticked", go="add", member_id=place.crane_people[0])
    page = browser.send(form)
    assert page.heading == "Review and enroll"
    assert "Enroll 2 people in 1 training" in [button for one in page.forms for button in one.buttons]
    assert place.enrolls() == 0


def test_a_session_that_was_cancelled_meanwhile_is_said_at_the_end(place: Place) -> None:
    browser = place.browser
    place.begin(member_id=place.sam, training_id=place.training, session_id=place.session)
    draft = browser.page.address.partition("?")[0].rpartition("/")[0]
    form = browser.open(f"{draft}/review").form("Enroll 1 person in 1 training")
    place.live.ask("POST", f"/{place.training}/sessions/{place.session}/cancel", {"reason": ""})
    page = browser.send(form)
    assert page.status == 422
    assert "This can't be done yet" in page.text
    assert "Sam Reed" in page.text


def test_who_is_limited_to_a_department_enrolls_its_people_only(place: Place, driver: Driver) -> None:
    admin = place.world.org_admin(place.live.org, role="department_admin", department_ids=[place.docks])
    browser = place.browser = Browser(place.world).has_session_of(admin)
    page = place.begin(member_id=place.sam)
    assert "Chosen (0)" in page.text
    assert "Sam" not in page.answer.text
    page = browser.press("Show", search="sam", by="email")
    assert "No active people match." in page.text
    browser.send(page.form("Continue to trainings"), go="add", member_id=place.sam)
    assert "Chosen (0)" in browser.page.text
    page = browser.open(f"{browser.page.address.partition('?')[0]}?all=yes")
    assert f"{PEOPLE} people match" in page.text
    browser.press(f"Add all {PEOPLE} that match", go="all")
    browser.press("Continue to trainings", go="next")
    place.choose(**{f"session_{place.other}": place.same_time})
    browser.press("Review")
    browser.press(f"Enroll {PEOPLE} people in 1 training")
    driver.work()
    assert place.sam not in {one["member_id"] for one in place.live.participants(place.other)}
    assert len(place.live.participants(place.other)) == PEOPLE


def test_drafts_are_their_admins_own_and_go(place: Place) -> None:
    place.begin(member_id=place.sam)
    draft = place.browser.page.address.partition("?")[0].rpartition("/")[0]
    other = Browser(place.world).has_session_of(place.world.org_admin(place.live.org))
    assert other.open(f"{draft}/users").status == 404
    page = place.browser.open(f"{place.live.base}/enroll")
    assert "1 picked, 0 trainings" in page.text
    form = page.form("Delete")
    place.browser.send(form)
    assert "The draft was deleted." in place.browser.send(form).text
    place.begin(member_id=place.sam)
    place.world.now += timedelta(days=8)
    browser = Browser(place.world).has_session_of(place.live.admin)
    assert "picked" not in browser.open(f"{place.live.base}/enroll").text


def test_a_count_that_takes_a_job_comes_by_itself(
    place: Place, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The review shows it once it is there; looking again begins no other count, and a changed draft does."""
    monkeypatch.setattr(search, "_LOOKS", 1)
    browser = place.browser
    page = place.begin()
    page = browser.open(f"{page.address.partition('?')[0]}?all=yes&search=Kim")
    browser.press("Add all that match", go="all")
    browser.press("Continue to trainings", go="next")
    place.choose(**{f"session_{place.other}": place.same_time})
    page = browser.press("Review")
    assert "Still being counted people" in page.text
    again = re.search(r'hx-get="([^"]+)"', page.answer.text)
    assert again is not None
    waiting = place.world.messages()
    page = browser.open(unescape(again[1]))
    assert "Still being counted people" in page.text
    assert not place.world.messages()
    driver.deliver(waiting)
    driver.work()
    page = browser.open(unescape(again[1]))
    assert "3 people" in page.text
    assert 'aria-busy="false"' in page.answer.text
    assert page.form("Enroll 3 people in 1 training")

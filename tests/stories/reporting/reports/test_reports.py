"""O10: reports count participants invited through Muster, by course, training, session, department and client."""

from datetime import date

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.reporting.reports.reading import assert_agree, read, refresh
from tests.stories.reporting.reports.reference import Reference


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


class Story:
    """An organization with two departments, one below the other, two courses and a live training."""

    def __init__(self, live: LiveTrainings) -> None:
        self.live, self.world, self.driver, self.org, self.admin = live, live.world, live.driver, live.org, live.admin
        world, driver = self.world, self.driver
        self.courses = [world.course(driver.msp, title) for title in ("Zip files", "aardvarks")]
        self.courses.append(world.course(driver.msp, "On one's own", self_enroll=True))
        access = {"course_ids": self.courses, "reply_to": "training@acme.example"}
        assert world.put(f"/msp/organizations/{self.org}/training-access", driver.admin, access).status == 200
        self.sales = world.department(self.org, "Sales")
        self.north = world.department(self.org, "North", self.sales)
        self.people = [
            world.learner(self.org, department_id=department, email=f"p{number}@example.com")
            for number, department in enumerate([self.sales, self.sales, self.north, None, self.north])
        ]
        (self.batch,) = driver.launch(self.org, [{"course_id": self.courses[0], "due_by": "2027-01-20"}])
        # Late in the evening in UTC it is tomorrow in Berlin.
        driver.until("2027-01-10T23:30")
        self.learn(0, "start")
        driver.until("2027-01-12T10:00")
        self.learn(0, "complete")
        self.learn(1, "start")
        self.learn(4, "start")
        driver.launch(self.org, [{"course_id": self.courses[1], "due_by": "2028-03-01"}])
        # What somebody took on their own does not count, also when the organization takes it over.
        self.take_over()
        self.training, self.session = live.one(capacity=2, waiting_list=True)
        self.later = live.session(self.training, starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00")
        members = [member for _, member in self.people]
        live.enroll(members[:3], (self.training, self.session))
        live.enroll(members[3:], (self.training, self.later))
        self.archive(4)
        driver.until("2027-02-01T08:30")
        live.ask("PATCH", f"/{self.training}/participants/{members[0]}", {"attendance": "attended"})

    def learn(self, person: int, step: str, course: int = 0) -> None:
        account, member = self.people[person]
        path = f"/me/courses/{self.org}.{member}.{self.courses[course]}/{step}"
        assert self.world.post(path, account).status == 200

    def take_over(self) -> None:
        account, member = self.people[3]
        taken = self.world.post("/me/courses", account, {"course_id": self.courses[2]}).json["enrollment_id"]
        self.world.post(f"/me/courses/{taken}/complete", account)
        offer = self.world.post(f"/me/courses/{taken}/offer", account, {"org_id": self.org}).json["offer_id"]
        answer = self.world.post(f"/orgs/{self.org}/members/{member}/carry-over/{offer}/accept", self.admin)
        assert answer.status == 200, answer.text

    def archive(self, person: int) -> None:
        answer = self.world.post(f"/orgs/{self.org}/members/{self.people[person][1]}/archive", self.admin)
        assert answer.status == 200, answer.text
        self.driver.work()


@pytest.fixture
def story(live: LiveTrainings) -> Story:
    return Story(live)


PERIODS = [
    (None, None), (date(2027, 1, 11), date(2027, 1, 11)), (date(2027, 1, 12), None), (None, date(2027, 1, 20)),
    (date(2027, 2, 1), date(2027, 2, 28)), (date(2029, 1, 1), None),
]  # fmt: skip


def test_reports_agree_with_a_plain_count_of_what_is_stored(story: Story) -> None:
    refresh(story.driver, story.admin, f"/orgs/{story.org}")
    for first, last in PERIODS:
        assert_agree(story.world, story.admin, story.org, first, last)
    everything = read(story.world, story.admin, f"/orgs/{story.org}", "courses")["totals"]
    rows = Reference(story.world, story.org).of_rows()
    assert (everything["num_enrolled"], everything["num_completed"]) == (rows["num_enrolled"], rows["num_completed"])
    assert everything["num_overdue"] == 3

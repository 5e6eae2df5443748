"""O10: reports count participants invited through Muster, by course, training, session, department and client."""

import csv
import io
from datetime import date
from typing import Any

import pytest

from chalicelib.reporting.reports import kept, walk
from tests.harness import World
from tests.patience import fetched
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.reporting.reports.reading import assert_agree, lines, read, refresh
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


def test_a_count_in_many_messages_counts_everybody_once(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "LOOKS", 1)
    monkeypatch.setattr(kept, "LINES_PER_FILE", 1)
    driver, path = story.driver, f"/orgs/{story.org}"
    assert story.world.post(f"{path}/reports/refresh", story.admin).status == 202
    messages = story.world.messages()
    numbers = set()
    while messages:
        numbers.add(messages[0]["position"])
        # Each comes twice, and an old one once more.
        driver.deliver([messages[0], messages[0]])
        messages = story.world.messages()
    assert len(numbers) > len(story.people)
    for first, last in PERIODS:
        assert_agree(story.world, story.admin, story.org, first, last)
    assert not [item for item in story.world.dump("outbox") if item["pk"].startswith("DUE#") and "report" in item["sk"]]


def test_who_leaves_a_department_while_it_is_counted_counts_once(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "LOOKS", 1)
    world, path = story.world, f"/orgs/{story.org}"
    assert world.post(f"{path}/reports/refresh", story.admin).status == 202
    story.driver.deliver(world.messages())
    for _, member in story.people[:2]:
        body = {"department_id": story.north}
        assert world.patch(f"{path}/members/{member}", story.admin, body).status == 200
    story.driver.work()
    items = world.every(f"{path}/reports/departments", story.admin)
    assert sum(item["num_members"] for item in items) == 4
    assert sum(item["num_enrolled"] for item in items) == Reference(world, story.org).of_rows()["num_enrolled"]


def test_lines_name_what_they_are_about_in_the_order_of_titles(story: Story) -> None:
    world, path = story.world, f"/orgs/{story.org}"
    refresh(story.driver, story.admin, path)
    courses = world.every(f"{path}/reports/courses", story.admin)
    assert [(one["title"], one["course_id"]) for one in courses] == [
        ("aardvarks", story.courses[1]), ("Zip files", story.courses[0]),
    ]  # fmt: skip
    (training,) = world.every(f"{path}/reports/trainings", story.admin)
    assert (training["title"], training["num_sessions"], training["num_attended"]) == ("First aid", 2, 1)
    sessions = world.every(f"{path}/reports/sessions", story.admin)
    assert [(one["session_id"], one["starts_at"], one["time_zone"]) for one in sessions] == [
        (story.session, "2027-02-01T09:00", "Europe/Berlin"), (story.later, "2027-03-01T09:00", "Europe/Berlin"),
    ]  # fmt: skip
    departments = world.every(f"{path}/reports/departments", story.admin)
    assert [(one["title"], one["num_members"]) for one in departments] == [(None, 1), ("North", 1), ("Sales", 2)]
    assert {one["department_id"] or "": one["num_members"] for one in departments} == Reference(
        world, story.org
    ).num_active()


def test_one_line_has_a_series_of_its_own(story: Story) -> None:
    world, path = story.world, f"/orgs/{story.org}"
    refresh(story.driver, story.admin, path)
    report = read(world, story.admin, path, "courses", f"course_id={story.courses[0]}&to=2027-01-31")
    assert [item["course_id"] for item in report["items"]] == [story.courses[0]]
    assert report["series"]["step"] == "day"
    points = {point["starts_on"]: point for point in report["series"]["points"]}
    # Half past eleven in the evening in UTC is the next day in Berlin.
    assert sorted(points) == ["2027-01-04", "2027-01-11", "2027-01-12", "2027-01-20"]
    assert points["2027-01-11"]["num_started"] == 1
    assert (points["2027-01-12"]["num_started"], points["2027-01-12"]["num_completed"]) == (1, 1)
    assert (points["2027-01-20"]["num_due"], points["2027-01-20"]["num_due_completed"]) == (4, 1)
    for kind, name, one in (
        ("trainings", "training_id", story.training),
        ("departments", "department_id", story.north),
    ):
        report = read(world, story.admin, path, kind, f"{name}={one}")
        assert [item[name] for item in report["items"]] == [one]
    none = read(world, story.admin, path, "courses", "course_id=unknown")
    assert (none["items"], none["series"]["points"], none["totals"]["num_enrolled"]) == ([], [], 0)


# ---------------------------------------------------------------- who sees what


def test_who_is_limited_to_departments_sees_their_people_only(story: Story) -> None:
    world, path = story.world, f"/orgs/{story.org}"
    refresh(story.driver, story.admin, path)
    whole = world.org_admin(story.org, role="department_admin", department_ids=[story.sales])
    part = world.org_admin(story.org, role="department_admin", department_ids=[story.north])
    assert read(world, part, path, "courses")["as_of"] is None
    for who in (whole, part):
        refresh(story.driver, who, path)
    assert_agree(world, whole, story.org, departments={story.sales, story.north})
    assert_agree(world, part, story.org, departments={story.north})
    (north,) = world.every(f"{path}/reports/departments", part)
    assert (north["title"], north["num_enrolled"]) == ("North", 2)
    # A department that moves away is gone from the next count.
    assert world.patch(f"{path}/departments/{story.north}", story.admin, {"parent_id": None}).status == 200
    story.live.later(hours=2)
    refresh(story.driver, whole, path)
    assert_agree(world, whole, story.org, departments={story.sales})


def test_an_msp_sees_its_clients_side_by_side(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    world, driver = story.world, story.driver
    far = world.org(driver.msp, "Auckland", courses=story.courses[:1], time_zone="Pacific/Auckland")
    idle = world.org(driver.msp, "Idle", courses=[])
    account, member = world.learner(far)
    driver.until("2027-02-03T20:00")
    driver.launch(far, [story.courses[0]])
    world.post(f"/me/courses/{far}.{member}.{story.courses[0]}/complete", account)
    elsewhere = world.msp("Elsewhere")
    world.org(elsewhere, "Elsewhere's")
    monkeypatch.setattr(walk, "LOOKS", 2)
    refresh(driver, driver.admin, "/msp")
    both = [Reference(world, org) for org in (story.org, far)]
    for first, last in [(None, None), (date(2027, 2, 4), date(2027, 2, 4)), (None, date(2027, 2, 3))]:
        period = (first or date.min, last or date.max)
        query = "&".join(f"{name}={day}" for name, day in (("from", first), ("to", last)) if day)
        expected: dict[str, dict[str, int]] = {}
        clients = {}
        for reference in both:
            numbers = reference.courses(*period)
            for course, one in numbers.items():
                so_far = expected.setdefault(course, dict.fromkeys(one, 0))
                expected[course] = {name: so_far[name] + more for name, more in one.items()}
            if numbers:
                sums = {name: sum(one[name] for one in numbers.values()) for name in next(iter(numbers.values()))}
                clients[reference.org] = sums
        assert lines(world, driver.admin, "/msp", "courses", query) == expected
        assert lines(world, driver.admin, "/msp", "clients", query) == clients
    items = world.every("/msp/reports/clients", driver.admin)
    assert [(item["title"], item["num_members"]) for item in items] == [
        ("Acme Industries", 4), ("Auckland", 1), ("Idle", 0),
    ]  # fmt: skip
    assert read(world, driver.admin, "/msp", "clients", f"org_id={idle}")["items"][0]["title"] == "Idle"
    assert world.get("/msp/reports/clients", story.admin).status == 403


# ---------------------------------------------------------------- as of when


def test_numbers_are_counted_when_somebody_looks_and_again_when_they_are_an_hour_old(story: Story) -> None:
    world, path = story.world, f"/orgs/{story.org}"
    first = read(world, story.admin, path, "courses")
    assert (first["status"], first["as_of"], first["items"]) == ("counting", None, [])
    assert read(world, story.admin, path, "departments")["status"] == "counting"
    messages = world.messages()
    assert len(messages) == 1
    story.driver.deliver(messages)
    counted = read(world, story.admin, path, "courses")
    assert (counted["status"], counted["as_of"]) == ("ready", first["counting_since"])
    story.learn(2, "complete")
    story.live.later(minutes=59)
    assert read(world, story.admin, path, "courses") == counted
    assert not world.messages()
    story.live.later(minutes=1)
    old = read(world, story.admin, path, "courses")
    assert (old["status"], old["as_of"]) == ("counting", counted["as_of"])
    assert old["totals"] == counted["totals"]
    story.driver.work()
    new = read(world, story.admin, path, "courses")
    assert new["totals"]["num_completed"] == counted["totals"]["num_completed"] + 1
    assert new["as_of"] == old["counting_since"]


def test_who_asks_for_it_has_them_counted_anew_once_a_minute(story: Story) -> None:
    world, path = story.world, f"/orgs/{story.org}"
    refresh(story.driver, story.admin, path)
    story.live.later(seconds=59)
    again = world.post(f"{path}/reports/refresh", story.admin)
    assert (again.status, again.json["status"]) == (202, "ready")
    assert not world.messages()
    story.live.later(seconds=1)
    assert world.post(f"{path}/reports/refresh", story.admin).json["status"] == "counting"
    assert world.post(f"{path}/reports/refresh", story.admin).json["status"] == "counting"
    assert len(world.messages()) == 1
    # The message is lost: the sweep sends it again.
    story.driver.past_grace()
    assert story.driver.sweep()
    assert read(world, story.admin, path, "courses")["status"] == "ready"


def test_a_count_that_fails_says_so_and_leaves_the_numbers_of_before(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, path = story.world, f"/orgs/{story.org}"
    refresh(story.driver, story.admin, path)
    counted = read(world, story.admin, path, "courses")
    story.live.later(hours=2)
    assert world.post(f"{path}/reports/refresh", story.admin).status == 202
    (message,) = world.messages()
    story.driver.handle_dead_letter(message)
    failed = read(world, story.admin, path, "courses")
    assert (failed["status"], failed["code"], failed["totals"]) == ("failed", "report_failed", counted["totals"])
    assert failed["explanation"].startswith("We tried several times")
    # It does not begin by itself within the hour, and a message of before changes nothing.
    assert not world.messages()
    story.driver.deliver([message])
    assert read(world, story.admin, path, "courses")["status"] == "failed"
    refresh(story.driver, story.admin, path)
    assert read(world, story.admin, path, "courses")["status"] == "ready"


def test_pages_are_of_one_count(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    world, path = story.world, f"/orgs/{story.org}"
    refresh(story.driver, story.admin, path)
    first = read(world, story.admin, path, "courses", "limit=1")
    story.learn(2, "complete")
    story.live.later(hours=2)
    refresh(story.driver, story.admin, path)
    second = read(world, story.admin, path, "courses", f"limit=1&cursor={first['next_cursor']}")
    assert (second["as_of"], second["totals"]) == (first["as_of"], first["totals"])
    assert second["next_cursor"] is None
    # The latest numbers are fresh: an old page has nothing counted.
    assert not world.messages()
    assert read(world, story.admin, path, "courses", "limit=1")["as_of"] > first["as_of"]
    # Who is limited to departments since then does not go on in the numbers of the whole organization.
    assert world.delete(f"/orgs/{story.org}/admins/{story.admin}", story.driver.admin).status == 204
    world.org_admin(story.org, story.admin, role="department_admin", department_ids=[story.sales])
    answer = world.get(f"{path}/reports/courses?limit=1&cursor={first['next_cursor']}", story.admin)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "cursor")


def test_numbers_whose_files_are_about_to_go_are_none(story: Story) -> None:
    world, path = story.world, f"/orgs/{story.org}"
    refresh(story.driver, story.admin, path)
    story.live.later(days=28)
    gone = read(world, story.admin, path, "courses")
    assert (gone["status"], gone["as_of"], gone["items"]) == ("counting", None, [])


# ---------------------------------------------------------------- as a file, and what is refused


def _exported(story: Story, path: str, kind: str, query: str = "", as_: str | None = None) -> list[dict[str, str]]:
    who = as_ or story.admin
    answer = story.world.post(f"{path}/reports/{kind}/export?{query}", who)
    assert answer.status == 202, answer.text
    story.driver.work()
    ready = story.world.get(f"{path}/exports/{answer.json['export_id']}", who).json
    assert (ready["kind"], ready["status"]) == ("report", "ready")
    content, _ = fetched(ready["url"])
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_reports_are_exported_as_they_are_shown(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LINES_PER_FILE", 1)
    world, path = story.world, f"/orgs/{story.org}"
    refresh(story.driver, story.admin, path)
    for kind, query in (
        ("courses", ""),
        ("trainings", ""),
        ("sessions", "from=2027-02-02"),
        ("departments", "to=2027-01-31"),
    ):
        shown = read(world, story.admin, path, kind, query)
        rows = _exported(story, path, kind, query)
        assert [{**row, "as_of": None} for row in rows] == [
            {**{name: _cell(value) for name, value in item.items()}, "as_of": None} for item in shown["items"]
        ]
        assert {row["as_of"] for row in rows} == {shown["as_of"]}
    refresh(story.driver, story.driver.admin, "/msp")
    for kind in ("courses", "clients"):
        items = world.every(f"/msp/reports/{kind}", story.driver.admin)
        rows = _exported(story, "/msp", kind, as_=story.driver.admin)
        assert [row["title"] for row in rows] == [item["title"] for item in items]


def _cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_a_title_that_a_spreadsheet_would_run_is_defused(story: Story) -> None:
    story.live.session(story.live.training("=cmd()"), starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00")
    refresh(story.driver, story.admin, f"/orgs/{story.org}")
    assert "'=cmd()" in {row["title"] for row in _exported(story, f"/orgs/{story.org}", "trainings")}


def test_an_erasure_leaves_counts_and_the_files_of_reports(story: Story) -> None:
    world, path = story.world, f"/orgs/{story.org}"
    refresh(story.driver, story.admin, path)
    export = world.post(f"{path}/reports/departments/export", story.admin).json["export_id"]
    story.driver.work()
    assert world.post(f"{path}/members/{story.people[0][1]}/erase", story.admin).status == 202
    story.driver.work()
    story.live.later(hours=1)
    story.driver.sweep()
    assert world.get(f"{path}/exports/{export}", story.admin).json["status"] == "ready"
    refresh(story.driver, story.admin, path)
    assert_agree(world, story.admin, story.org)
    (spotted,) = read(world, story.admin, path, "courses", f"course_id={story.courses[0]}")["items"]
    assert (spotted["num_enrolled"], spotted["num_completed"]) == (4, 1)


def test_nothing_is_exported_before_it_was_counted(story: Story) -> None:
    answer = story.world.post(f"/orgs/{story.org}/reports/courses/export", story.admin)
    assert (answer.status, answer.json["code"]) == (409, "report_counting")
    story.driver.work()
    assert len(_exported(story, f"/orgs/{story.org}", "courses")) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2027-02-30", "from"), ("to=yesterday", "to"), ("from=1999-12-31", "from"), ("from=1700000000", "from"),
        ("from=2027-02-02&to=2027-02-01", "to"), ("from_=2027-01-01", "from_"), ("limit=0", "limit"),
        ("cursor=x", "cursor"),
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused_with_the_field(live: LiveTrainings, query: str, field: str) -> None:
    answer = live.world.get(f"/orgs/{live.org}/reports/courses?{query}", live.admin)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field), answer.text

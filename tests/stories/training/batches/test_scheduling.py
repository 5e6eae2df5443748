"""R7, R10, B8: dates and presets, each client at its own hour, schedules that fail in every way they can."""

from datetime import UTC, datetime

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.people.members.models import RosterEntry, learners_pk, member_sk
from tests.harness import World
from tests.stories.driver import Driver


@pytest.fixture
def org(driver: Driver, course: str) -> str:
    """In Berlin, where it is 11 o'clock on the 4th of January 2027."""
    return driver.clients(course, "Acme")[0]


def _on(course: str, enroll_on: str, due_by: str | None = None) -> dict[str, str | None]:
    return {"course_id": course, "enroll_on": enroll_on, "due_by": due_by}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _leave(org: str, member: str) -> None:
    """Take a member off the roster of learners, as archiving does."""
    table.transact([Write("delete", RosterEntry(learners_pk(org), member_sk(member)))])


def _due_entries(world: World) -> list[str]:
    return [item["sk"] for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


# ---------------------------------------------------------------- its date, its hour, its zone


def test_a_later_course_waits_for_nine_o_clock_of_its_date(world: World, driver: Driver, course: str, org: str) -> None:
    member = world.member(org)
    (batch,) = driver.launch(org, [_on(course, "2027-02-01", "2027-02-28")])
    row = driver.row(org, batch, course)
    assert (row["status"], row["enroll_on"], row["enroll_at"]) == ("scheduled", "2027-02-01", "2027-02-01T08:00:00Z")
    driver.until("2027-02-01T07:59:59")
    assert (driver.fire(), driver.sweep()) == (0, 0)
    assert driver.enrolled(org, course) == set()
    driver.until("2027-02-01T08:00")
    assert driver.fire() == 1
    assert driver.enrolled(org, course) == {member}
    (enrollment,) = driver.enrollments(org, member)
    assert (enrollment["enrolled_at"], enrollment["due_by"]) == ("2027-02-01T08:00:00Z", "2027-02-28")
    assert driver.row(org, batch, course)["status"] == "enrolled"


def test_each_client_starts_at_its_own_hour_in_its_own_zone(world: World, driver: Driver, course: str) -> None:
    places = {"Pacific/Auckland": "09:00", "Asia/Kathmandu": "06:30", "America/St_Johns": "23:45"}
    orgs = {
        zone: world.org(driver.msp, zone, courses=[course], time_zone=zone, enroll_hour=hour)
        for zone, hour in places.items()
    }
    members = {zone: world.member(org) for zone, org in orgs.items()}
    batches = driver.launch(list(orgs.values()), [_on(course, "2027-04-01")])
    instants = [driver.row(org, batch, course)["enroll_at"] for org, batch in zip(orgs.values(), batches, strict=True)]
    assert instants == ["2027-03-31T20:00:00Z", "2027-04-01T00:45:00Z", "2027-04-02T02:15:00Z"]
    for zone, instant in zip(places, instants, strict=True):
        assert driver.enrolled(orgs[zone], course) == set()
        driver.until(instant.removesuffix("Z"))
        assert driver.fire() == 1
        assert driver.enrolled(orgs[zone], course) == {members[zone]}


def test_the_hour_stays_the_same_on_the_clock_when_the_clocks_change(driver: Driver, course: str, org: str) -> None:
    more = [driver.world.course(driver.msp) for _ in range(2)]
    days = ["2027-03-27", "2027-03-28", "2027-10-31"]
    (batch,) = driver.launch(org, [_on(each, day) for each, day in zip([course, *more], days, strict=True)])
    found = [driver.row(org, batch, each)["enroll_at"] for each in [course, *more]]
    assert found == ["2027-03-27T08:00:00Z", "2027-03-28T07:00:00Z", "2027-10-31T08:00:00Z"]


def test_an_hour_that_the_clocks_leave_out_is_the_next_one(world: World, driver: Driver, course: str) -> None:
    org = world.org(driver.msp, courses=[course], enroll_hour="02:30")
    (batch,) = driver.launch(org, [_on(course, "2027-03-28")])
    assert driver.row(org, batch, course)["enroll_at"] == "2027-03-28T01:00:00Z"


def test_a_date_of_today_means_now_where_the_hour_has_passed_and_later_where_not(
    world: World, driver: Driver, course: str
) -> None:
    # At 10:00 UTC it is 11:00 in Berlin and 05:00 in New York.
    berlin, new_york = (
        world.org(driver.msp, zone, courses=[course], time_zone=zone) for zone in ("Europe/Berlin", "America/New_York")
    )
    world.member(berlin)
    world.member(new_york)
    first, second = driver.launch([berlin, new_york], [_on(course, "2027-01-04")])
    assert driver.row(berlin, first, course)["enroll_at"] == "2027-01-04T10:00:00Z"
    assert driver.row(berlin, first, course)["status"] == "enrolled"
    assert driver.row(new_york, second, course)["enroll_at"] == "2027-01-04T14:00:00Z"
    assert driver.row(new_york, second, course)["status"] == "scheduled"


# ---------------------------------------------------------------- presets


def test_all_immediate_enrolls_every_course_now_and_counts_the_days_from_today(
    world: World, driver: Driver, course: str
) -> None:
    courses = [course, world.course(driver.msp)]
    org = world.org(driver.msp, courses=courses)
    world.member(org)
    (batch,) = driver.launch(org, courses, schedule={"preset": "all_immediate", "days_to_complete": 30})
    rows = driver.rows(org, batch).values()
    assert {(row["status"], row["enroll_on"], row["due_by"]) for row in rows} == {
        ("enrolled", "2027-01-04", "2027-02-03")
    }
    assert driver.schedules() == {}


def test_a_monthly_stagger_starts_one_course_a_month(world: World, driver: Driver) -> None:
    courses = [world.course(driver.msp) for _ in range(4)]
    org = world.org(driver.msp, courses=courses)
    world.member(org)
    schedule = {"preset": "monthly_stagger", "start_on": "2027-01-31", "days_to_complete": 10}
    (batch,) = driver.launch(org, courses, schedule=schedule)
    rows = [driver.row(org, batch, each) for each in courses]
    assert [(row["enroll_on"], row["due_by"]) for row in rows] == [
        ("2027-01-31", "2027-02-10"),
        ("2027-02-28", "2027-03-10"),
        ("2027-03-31", "2027-04-10"),
        ("2027-04-30", "2027-05-10"),
    ]
    started = []
    for month in ("2027-01-31T12:00", "2027-02-28T12:00", "2027-03-31T12:00", "2027-04-30T12:00"):
        driver.until(month)
        assert driver.fire() == 1
        started.append([row["status"] for row in driver.rows(org, batch).values()].count("enrolled"))
    assert started == [1, 2, 3, 4]
    assert _due_entries(world) == []


# ---------------------------------------------------------------- schedules


def test_courses_of_the_same_date_share_one_schedule(world: World, driver: Driver) -> None:
    courses = [world.course(driver.msp) for _ in range(3)]
    org = world.org(driver.msp, courses=courses)
    dates = [_on(courses[0], "2027-02-01"), _on(courses[1], "2027-02-01"), _on(courses[2], "2027-03-01")]
    (batch,) = driver.launch(org, dates)
    found = driver.schedules()
    assert sorted(at for at, _ in found.values()) == [_utc("2027-02-01T08:00"), _utc("2027-03-01T08:00")]
    message = {"job": "advance", "msp_id": driver.msp, "org_id": org, "batch_id": batch, "due_at": None}
    assert all({**body, "correlation_id": ""} == {**message, "correlation_id": ""} for _, body in found.values())


def test_a_schedule_that_never_fires_is_made_up_for_by_the_sweep(
    world: World, driver: Driver, course: str, org: str
) -> None:
    member = world.member(org)
    (batch,) = driver.launch(org, [_on(course, "2027-02-01")])
    driver.drop_schedules()
    driver.until("2027-02-01T08:00")
    assert driver.sweep() == 0
    driver.past_grace()
    driver.sweep()
    assert driver.enrolled(org, course) == {member}
    assert driver.row(org, batch, course)["status"] == "enrolled"
    assert _due_entries(world) == []
    assert driver.sweep() == 0


def test_the_sweep_finds_one_date_after_the_other(world: World, driver: Driver) -> None:
    courses = [world.course(driver.msp) for _ in range(3)]
    org = world.org(driver.msp, courses=courses)
    world.member(org)
    dates = [_on(each, f"2027-0{month}-01") for month, each in enumerate(courses, start=2)]
    driver.launch(org, dates)
    driver.drop_schedules()
    for month, each in enumerate(courses, start=2):
        assert len(_due_entries(world)) == 1
        driver.until(f"2027-0{month}-01T12:00")
        driver.sweep()
        assert len(driver.enrolled(org, each)) == 1
    assert _due_entries(world) == []


def test_a_schedule_that_fires_twice_enrolls_once(world: World, driver: Driver, course: str, org: str) -> None:
    world.members(org, 3)
    driver.launch(org, [_on(course, "2027-02-01")])
    ((_, message),) = driver.schedules().values()
    driver.until("2027-02-01T08:00")
    driver.fire()
    before = driver.everything()
    driver.until("2027-02-01T08:01")
    driver.deliver([message, message])
    assert driver.work() == 0
    assert driver.everything() == before


def test_a_schedule_that_fires_early_does_nothing(world: World, driver: Driver, course: str, org: str) -> None:
    world.members(org, 3)
    driver.launch(org, [_on(course, "2027-02-01")])
    before, schedules = driver.everything(), driver.schedules()
    driver.until("2027-02-01T07:59:59")
    driver.deliver([message for _, message in schedules.values()])
    assert driver.work() == 0
    assert driver.everything() == before
    assert driver.schedules() == schedules


# ---------------------------------------------------------------- the people of that date


def test_recipients_are_those_who_match_on_the_enroll_date(world: World, driver: Driver, course: str, org: str) -> None:
    stays, leaves = world.member(org), world.member(org)
    driver.launch(org, [_on(course, "2027-02-01")])
    joins = world.member(org)
    _leave(org, leaves)
    driver.until("2027-02-01T08:00")
    driver.fire()
    assert driver.enrolled(org, course) == {stays, joins}


def test_who_joins_after_the_enroll_date_is_not_enrolled(world: World, driver: Driver, course: str, org: str) -> None:
    member = world.member(org)
    (batch,) = driver.launch(org, [course])
    world.member(org)
    driver.work()
    driver.past_grace()
    driver.sweep()
    assert driver.enrolled(org, course) == {member}
    assert driver.row(org, batch, course)["num_targeted"] == 1

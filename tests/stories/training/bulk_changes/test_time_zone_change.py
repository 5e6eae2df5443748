"""A change of a client's time zone or hour moves its scheduled rows, and nothing else."""

from typing import Any

import pytest

from chalicelib.aws.queues import Queue
from chalicelib.core.errors import Unavailable
from tests.harness import World
from tests.stories.driver import Driver


@pytest.fixture
def org(driver: Driver, course: str) -> str:
    return driver.clients(course, "Acme")[0]


def _later(course: str, enroll_on: str = "2027-02-01") -> dict[str, str]:
    return {"course_id": course, "enroll_on": enroll_on, "due_by": "2027-12-31"}


def _due_entries(world: World) -> list[str]:
    return [item["sk"].split("#")[0] for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


def _move(driver: Driver, org: str, **changes: str) -> None:
    assert driver.world.patch(f"/orgs/{org}", driver.admin, changes).status == 200
    driver.work()


@pytest.mark.parametrize("path", ["/orgs/{org}", "/msp/organizations/{org}"])
def test_scheduled_rows_move_with_the_client(world: World, driver: Driver, course: str, org: str, path: str) -> None:
    member = world.member(org)
    (batch,) = driver.launch(org, [_later(course)])
    answer = world.patch(path.format(org=org), driver.admin, {"time_zone": "America/New_York"})
    assert answer.status == 200
    driver.work()
    row = driver.row(org, batch, course)
    assert (row["enroll_on"], row["enroll_at"], row["due_by"]) == ("2027-02-01", "2027-02-01T14:00:00Z", "2027-12-31")
    driver.until("2027-02-01T08:00")
    # The old schedule fires at the old instant, and finds nothing to do.
    assert driver.fire() == 1
    assert driver.enrolled(org, course) == set()
    driver.until("2027-02-01T14:00")
    assert driver.fire() == 1
    assert driver.enrolled(org, course) == {member}
    assert _due_entries(world) == []


def test_a_change_of_the_hour_moves_them_too(driver: Driver, course: str, org: str) -> None:
    (batch,) = driver.launch(org, [_later(course)])
    _move(driver, org, enroll_hour="06:15")
    assert driver.row(org, batch, course)["enroll_at"] == "2027-02-01T05:15:00Z"


def test_rows_that_ran_stay_as_they_are(world: World, driver: Driver, course: str) -> None:
    later, missing = world.course(driver.msp), world.course(driver.msp)
    org = world.org(driver.msp, courses=[course, later])
    world.member(org)
    (batch,) = driver.launch(org, [course, _later(later), missing])
    before = driver.rows(org, batch)
    _move(driver, org, time_zone="Asia/Kathmandu")
    after = driver.rows(org, batch)
    assert after == {**before, later: {**before[later], "enroll_at": "2027-02-01T03:15:00Z"}}


def test_other_clients_stay_where_they_are(driver: Driver, course: str, org: str) -> None:
    (other,) = driver.clients(course, "Bolt")
    _, batch = driver.launch([org, other], [_later(course)])
    _move(driver, org, time_zone="Asia/Kathmandu")
    assert driver.row(other, batch, course)["enroll_at"] == "2027-02-01T08:00:00Z"


def test_a_row_whose_hour_has_passed_in_the_new_zone_starts_now(
    world: World, driver: Driver, course: str, org: str
) -> None:
    member = world.member(org)
    (batch,) = driver.launch(org, [_later(course)])
    driver.until("2027-02-01T02:00")
    _move(driver, org, time_zone="Pacific/Auckland")
    row = driver.row(org, batch, course)
    assert (row["status"], row["enroll_at"]) == ("enrolled", "2027-02-01T02:00:00Z")
    assert driver.enrolled(org, course) == {member}
    assert _due_entries(world) == []


def test_a_move_is_not_forgotten_when_its_message_is_lost(
    world: World, driver: Driver, course: str, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (batch,) = driver.launch(org, [_later(course)])

    def fail(*_: Any) -> None:
        raise Unavailable()

    with monkeypatch.context() as patch:
        patch.setattr(Queue, "send", fail)
        _move(driver, org, time_zone="Asia/Kathmandu")
    assert driver.row(org, batch, course)["enroll_at"] == "2027-02-01T08:00:00Z"
    driver.past_grace()
    driver.sweep()
    assert driver.row(org, batch, course)["enroll_at"] == "2027-02-01T03:15:00Z"
    assert _due_entries(world) == ["2027-02-01T03:15:00Z"]


def test_a_moved_row_is_found_by_the_sweep_at_its_new_instant(
    world: World, driver: Driver, course: str, org: str
) -> None:
    member = world.member(org)
    driver.launch(org, [_later(course)])
    _move(driver, org, time_zone="America/New_York")
    driver.drop_schedules()
    driver.until("2027-02-01T12:00")
    assert driver.sweep() == 0
    driver.until("2027-02-01T14:03")
    driver.sweep()
    assert driver.enrolled(org, course) == {member}


def test_a_move_that_is_delivered_twice_moves_once(world: World, driver: Driver, course: str, org: str) -> None:
    driver.launch(org, [_later(course)])
    world.patch(f"/orgs/{org}", driver.admin, {"time_zone": "Asia/Kathmandu"})
    (message,) = world.messages()
    driver.deliver([message])
    before, schedules = driver.everything(), driver.schedules()
    driver.deliver([message])
    assert (driver.everything(), driver.schedules()) == (before, schedules)


def test_every_row_of_a_long_batch_moves(world: World, driver: Driver) -> None:
    courses = [world.course(driver.msp) for _ in range(50)]
    org = world.org(driver.msp, courses=courses)
    (batch,) = driver.launch(org, courses, schedule={"preset": "monthly_stagger", "start_on": "2027-02-01"})
    _move(driver, org, time_zone="America/Sao_Paulo")
    rows = driver.rows(org, batch).values()
    assert len(rows) == 50
    assert {(row["enroll_at"][11:], row["status"]) for row in rows} == {("12:00:00Z", "scheduled")}
    assert _due_entries(world) == ["2027-02-01T12:00:00Z"]


def test_other_settings_move_nothing(world: World, driver: Driver, course: str, org: str) -> None:
    driver.launch(org, [_later(course)])
    before = world.dump("outbox")
    changes = {"reply_to": "other@acme.example", "time_zone": "Europe/Berlin"}
    assert world.patch(f"/orgs/{org}", driver.admin, changes).status == 200
    assert (world.messages(), world.dump("outbox")) == ([], before)


def test_due_dates_end_at_midnight_of_the_new_zone(world: World, driver: Driver, course: str, org: str) -> None:
    world.member(org)
    (batch,) = driver.launch(org, [{"course_id": course, "due_by": "2027-01-31"}])
    driver.until("2027-02-01T01:00")
    assert driver.row(org, batch, course)["num_overdue"] == 1
    _move(driver, org, time_zone="America/New_York")
    assert driver.row(org, batch, course)["num_overdue"] == 0

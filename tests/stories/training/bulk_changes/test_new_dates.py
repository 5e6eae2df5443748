"""Changing the dates of a course: both while it is scheduled, later the due date of those who have not completed."""

from typing import Any

import pytest

from chalicelib.training.batches import recipients
from tests.stories.driver import Driver


@pytest.fixture
def course(driver: Driver) -> str:
    return driver.world.course(driver.msp)


@pytest.fixture
def org(driver: Driver, course: str) -> str:
    return driver.clients(course, "Acme Industries")[0]


def change(driver: Driver, org: str, batch: str, course: str, body: dict[str, Any]) -> Any:
    return driver.world.patch(f"/msp/training/{org}/{batch}/courses/{course}", driver.admin, body)


def test_a_scheduled_course_runs_on_its_new_date_and_not_on_the_old(driver: Driver, org: str, course: str) -> None:
    driver.world.members(org, 2)
    [batch] = driver.launch(org, [{"course_id": course, "enroll_on": "2027-02-01"}])

    answer = change(driver, org, batch, course, {"enroll_on": "2027-03-01", "due_by": "2027-04-01"})
    driver.work()

    assert answer.status == 200, answer.text
    assert (answer.json["enroll_at"], answer.json["due_by"]) == ("2027-03-01T08:00:00Z", "2027-04-01")
    driver.until("2027-02-01T12:00:00")
    driver.fire()
    driver.past_grace()
    driver.sweep()
    assert driver.enrolled(org, course) == set()
    driver.until("2027-03-01T08:00:00")
    assert driver.fire() == 1
    assert driver.row(org, batch, course)["num_enrolled"] == 2


def test_its_new_date_may_be_now(driver: Driver, org: str, course: str) -> None:
    driver.world.members(org, 2)
    [batch] = driver.launch(org, [{"course_id": course, "enroll_on": "2027-02-01"}])
    change(driver, org, batch, course, {"enroll_on": None})
    driver.work()
    assert driver.row(org, batch, course)["status"] == "enrolled"


def test_a_new_due_date_reaches_those_who_have_not_completed(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (2,))
    account, done = driver.world.learner(org)
    driver.world.members(org, 4)
    [batch] = driver.launch(org, [{"course_id": course, "due_by": "2027-02-01"}])
    driver.world.post(f"/me/courses/{org}.{done}.{course}/complete", account)

    assert change(driver, org, batch, course, {"due_by": "2027-03-01"}).json["due_by"] == "2027-03-01"
    busy = change(driver, org, batch, course, {"due_by": "2027-05-01"})
    assert (busy.status, busy.json["code"]) == (409, "not_changeable")
    start = driver.world.messages()
    driver.deliver([*start, *start])
    chunks = driver.world.messages()
    driver.deliver([*chunks, *chunks])

    dates = {learner["member_id"]: learner["due_by"] for learner in driver.learners(org, batch, course)}
    assert dates.pop(done) == "2027-02-01"
    assert set(dates.values()) == {"2027-03-01"}
    driver.until("2027-02-15T00:00:00")
    assert driver.row(org, batch, course)["num_overdue"] == 0
    driver.until("2027-03-15T00:00:00")
    assert driver.row(org, batch, course)["num_overdue"] == 4
    assert change(driver, org, batch, course, {"due_by": None}).status == 200
    driver.work()
    assert driver.row(org, batch, course)["num_overdue"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"enroll_on": "2027-01-03"}, "enroll_on"),
        ({"enroll_on": "2027-03-01", "due_by": "2027-03-01"}, "due_by"),
        ({"due_by": "2027-01-31"}, "due_by"),
        ({"name": "x"}, "name"),
    ],
)
def test_wrong_dates_are_refused_by_name(
    driver: Driver, org: str, course: str, body: dict[str, Any], field: str
) -> None:
    [batch] = driver.launch(org, [{"course_id": course, "enroll_on": "2027-02-01"}])
    before = driver.everything()
    answer = change(driver, org, batch, course, body)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert driver.everything() == before


def test_the_enroll_date_of_a_course_that_ran_is_past(driver: Driver, org: str, course: str) -> None:
    [batch] = driver.launch(org, [course])
    answer = change(driver, org, batch, course, {"enroll_on": "2027-02-01"})
    assert (answer.status, answer.json["code"]) == (409, "already_ran")


def test_a_batch_can_be_copied_and_launched_again(driver: Driver, org: str, course: str) -> None:
    group = driver.world.group(org, "Finance")
    dates = {"course_id": course, "enroll_on": "2027-02-01", "due_by": "2027-03-01"}
    targeting = {"mode": "groups", "group_ids": [group]}
    [batch] = driver.launch(org, [dates], targeting=targeting, notifications={"enrollment": True, "reminders": True})

    copy = driver.world.get(f"/msp/training/{org}/{batch}/as-launch", driver.admin).json

    assert copy["courses"] == [dates]
    assert copy["targeting"]["group_ids"] == [group]
    assert copy["notifications"] == {"enrollment": True, "reminders": True}
    assert driver.send(copy).status == 202
    driver.until("2027-02-10T00:00:00")
    later = driver.world.get(f"/msp/training/{org}/{batch}/as-launch", driver.admin).json
    assert later["courses"] == [{**dates, "enroll_on": None}]
    assert driver.send(later).status == 202

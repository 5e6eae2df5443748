"""Cancelling a batch or one of its courses: before it runs, between its chunks, and while one is at work."""

from typing import Any

import pytest

from chalicelib.training.batches import enrollment_store, recipients
from tests.stories.driver import Driver


def cancel(driver: Driver, org: str, batch: str, course: str | None = None) -> Any:
    path = f"/msp/training/{org}/{batch}" + (f"/courses/{course}" if course else "")
    return driver.world.post(path + "/cancel", driver.admin)


@pytest.fixture
def course(driver: Driver) -> str:
    return driver.world.course(driver.msp)


@pytest.fixture
def org(driver: Driver, course: str) -> str:
    return driver.clients(course, "Acme Industries")[0]


def test_a_scheduled_course_that_was_cancelled_never_runs(driver: Driver, org: str, course: str) -> None:
    driver.world.members(org, 3)
    [batch] = driver.launch(org, [{"course_id": course, "enroll_on": "2027-02-01"}])

    answer = cancel(driver, org, batch, course)

    assert (answer.status, answer.json["status"]) == (202, "cancelled")
    driver.until("2027-02-01T12:00:00")
    driver.fire()
    driver.sweep()
    assert driver.enrolled(org, course) == set()
    assert driver.batch(org, batch)["status"] == "cancelled"
    assert driver.dashboard()["totals"] == {"course_enrollments": 0, "completed": 0, "scheduled": 0}
    assert driver.world.get(f"/msp/training/{org}", driver.admin).json["items"][0]["next_enrollment_date"] is None


def test_a_cancelled_batch_leaves_the_sweep_nothing(driver: Driver, org: str, course: str) -> None:
    [batch] = driver.launch(org, [{"course_id": course, "enroll_on": "2027-02-01"}])
    cancel(driver, org, batch)
    assert [entry for entry in driver.world.dump("outbox") if entry["pk"].startswith("DUE#")] == []


def test_a_batch_is_cancelled_before_its_job_has_run(driver: Driver, org: str, course: str) -> None:
    driver.world.members(org, 3)
    batch = driver.send(driver.form([org], [course])).json["results"][0]["batch_id"]

    assert cancel(driver, org, batch).status == 202

    driver.work()
    assert driver.enrolled(org, course) == set()
    assert driver.batch(org, batch)["status"] == "cancelled"


def test_only_the_other_courses_of_a_batch_go_on(driver: Driver, org: str, course: str) -> None:
    other = driver.world.course(driver.msp)
    entitle = {"course_ids": [course, other], "reply_to": "training@acme.example"}
    driver.world.put(f"/msp/organizations/{org}/training-access", driver.admin, entitle)
    driver.world.members(org, 2)
    dates = [{"course_id": each, "enroll_on": "2027-02-01"} for each in (course, other)]
    [batch] = driver.launch(org, dates)

    cancel(driver, org, batch, course)
    driver.until("2027-02-01T12:00:00")
    driver.fire()

    assert {row["status"] for row in driver.batch(org, batch)["courses"]} == {"cancelled", "enrolled"}
    assert driver.batch(org, batch)["status"] == "completed"
    assert driver.dashboard()["totals"] == {"course_enrollments": 1, "completed": 1, "scheduled": 0}


def test_cancelled_between_two_chunks_the_second_enrolls_nobody_and_the_first_is_counted(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (3,))
    members = driver.world.members(org, 5)
    batch = driver.send(driver.form([org], [course])).json["results"][0]["batch_id"]
    driver.deliver(driver.world.messages())
    first, second = sorted(driver.world.messages(), key=lambda message: message["chunk"])
    driver.deliver([first])

    assert cancel(driver, org, batch).status == 202
    driver.deliver([second, first])

    assert driver.enrolled(org, course) == set(members[:3])
    row = driver.row(org, batch, course)
    assert (row["status"], row["num_enrolled"], row["num_targeted"]) == ("cancelled", 3, 3)


def test_cancelled_while_a_chunk_is_at_work_its_learners_are_counted(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = driver.world.members(org, 2)
    batch = driver.send(driver.form([org], [course])).json["results"][0]["batch_id"]
    driver.deliver(driver.world.messages())
    [chunk] = driver.world.messages()
    insert = enrollment_store.insert_enrollments

    def insert_and_cancel(*args: Any) -> Any:
        outcome = insert(*args)
        assert cancel(driver, org, batch).status == 202
        return outcome

    monkeypatch.setattr(enrollment_store, "insert_enrollments", insert_and_cancel)
    driver.deliver([chunk])

    assert driver.enrolled(org, course) == set(members)
    row = driver.row(org, batch, course)
    assert (row["status"], row["num_enrolled"]) == ("cancelled", 2)


def test_what_ran_already_cannot_be_cancelled(driver: Driver, org: str, course: str) -> None:
    [batch] = driver.launch(org, [course])
    for answer in (cancel(driver, org, batch, course), cancel(driver, org, batch)):
        assert (answer.status, answer.json["code"]) == (409, "not_cancelable")
    assert cancel(driver, org, batch, "01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 404


def test_cancelling_is_told_in_the_audit_trail(driver: Driver, org: str, course: str) -> None:
    [batch] = driver.launch(org, [{"course_id": course, "enroll_on": "2027-02-01"}])
    cancel(driver, org, batch)
    entries = driver.world.every(f"/orgs/{org}/audit", driver.admin)
    assert entries[0]["action"] == "courses.cancelled"
    assert entries[0]["after"] == {course: "cancelled"}

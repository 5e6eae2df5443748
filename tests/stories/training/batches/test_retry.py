"""R11: a denied, failed or partial row runs again for those it missed, and each client on its own."""

from typing import Any

import pytest

from chalicelib.aws.queues import Queue
from chalicelib.core.errors import Unavailable
from tests.harness import World
from tests.stories.driver import Driver, refused


@pytest.fixture
def org(driver: Driver, course: str) -> str:
    return driver.clients(course, "Acme")[0]


def _provision(driver: Driver, org: str, *courses: str) -> None:
    body = {"course_ids": list(courses), "reply_to": "training@acme.example"}
    assert driver.world.put(f"/msp/organizations/{org}/training-access", driver.admin, body).status == 200


def _outcomes(driver: Driver, org: str, batch: str, course: str) -> dict[str, str]:
    return {learner["member_id"]: learner["outcome"] for learner in driver.learners(org, batch, course)}


# ---------------------------------------------------------------- denied


def test_a_denied_row_is_retried_once_the_course_is_enabled(world: World, driver: Driver, course: str) -> None:
    (org,) = driver.clients(world.course(driver.msp), "Acme")
    member = world.member(org)
    (batch,) = driver.launch(org, [{"course_id": course, "due_by": "2027-01-31"}])
    assert driver.row(org, batch, course)["status"] == "access_denied"
    _provision(driver, org, course)
    answer = driver.retry(org, batch, course)
    assert answer.status == 202
    assert (answer.json["status"], answer.json["can_retry"]) == ("scheduled", False)
    assert (answer.json["code"], answer.json["explanation"]) == (None, None)
    driver.work()
    row = driver.row(org, batch, course)
    assert (row["status"], row["num_enrolled"], row["code"]) == ("enrolled", 1, None)
    assert driver.enrolled(org, course) == {member}
    assert driver.dashboard()["totals"] == {"course_enrollments": 1, "completed": 1, "scheduled": 0}


def test_a_denied_row_that_is_retried_too_early_is_denied_again(world: World, driver: Driver, course: str) -> None:
    (org,) = driver.clients(world.course(driver.msp), "Acme")
    world.member(org)
    (batch,) = driver.launch(org, [course])
    before = driver.row(org, batch, course)
    for attempt in ("first", "second"):
        assert driver.retry(org, batch, course, attempt).status == 202
        driver.work()
        assert driver.row(org, batch, course) == before
    assert driver.dashboard()["items"][0]["status"] == {"completed": 0, "scheduled": 0, "failed": 1}


def test_each_client_s_batch_is_retried_on_its_own(world: World, driver: Driver, course: str) -> None:
    acme, bolt = driver.clients(world.course(driver.msp), "Acme", "Bolt")
    world.member(acme)
    world.member(bolt)
    first, second = driver.launch([acme, bolt], [course])
    for org in (acme, bolt):
        _provision(driver, org, course)
    driver.retry(acme, first, course)
    driver.work()
    assert driver.row(acme, first, course)["status"] == "enrolled"
    assert driver.row(bolt, second, course)["status"] == "access_denied"


# ---------------------------------------------------------------- not ready


def test_a_row_that_failed_because_the_client_was_not_ready_is_retried(
    world: World, driver: Driver, course: str, org: str
) -> None:
    member = world.member(org)
    (batch,) = driver.launch(org, [{"course_id": course, "enroll_on": "2027-02-01"}])
    assert world.delete(f"/msp/organizations/{org}/training-access", driver.admin).status == 204
    driver.until("2027-02-01T08:00")
    driver.fire()
    row = driver.row(org, batch, course)
    assert (row["status"], row["code"], row["can_retry"]) == ("failed", "org_not_ready", True)
    assert row["explanation"].startswith("The organization was not ready for training")
    assert driver.batch(org, batch)["summary"] == {"enrolled": 0, "scheduled": 0, "needs_access": 0, "failed": 1}
    _provision(driver, org, course)
    driver.retry(org, batch, course)
    driver.work()
    row = driver.row(org, batch, course)
    assert (row["status"], row["enroll_on"], row["num_enrolled"]) == ("enrolled", "2027-02-01", 1)
    assert driver.enrolled(org, course) == {member}


# ---------------------------------------------------------------- partial and failed


def test_a_partial_row_is_retried_for_its_missing_learners_only(
    world: World, driver: Driver, course: str, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.training.batches.recipients.partition_of.__defaults__", (2,))
    failing, fine = set(world.members(org, 2)), set(world.members(org, 4))
    with refused(*failing):
        (batch,) = driver.launch(org, [{"course_id": course, "due_by": "2027-01-31"}])
    row = driver.row(org, batch, course)
    assert (row["status"], row["code"], row["can_retry"]) == ("partial", "some_failed", True)
    assert (row["num_targeted"], row["num_enrolled"], row["num_failed"]) == (6, 4, 2)
    assert driver.enrolled(org, course) == fine
    before = {member: driver.enrollments(org, member) for member in fine}
    driver.until("2027-01-10T10:00")
    # Who joined since is not missing: the row is for the people of its date.
    world.member(org)
    driver.retry(org, batch, course)
    driver.work()
    row = driver.row(org, batch, course)
    assert (row["status"], row["code"], row["explanation"]) == ("enrolled", None, None)
    assert (row["num_targeted"], row["num_enrolled"], row["num_failed"]) == (6, 6, 0)
    assert driver.enrolled(org, course) == fine | failing
    assert {member: driver.enrollments(org, member) for member in fine} == before
    assert _outcomes(driver, org, batch, course) == dict.fromkeys(fine | failing, "enrolled")
    driver.until("2027-02-01T12:00")
    assert driver.row(org, batch, course)["num_overdue"] == 6


def test_learners_that_fail_again_stay_failed(world: World, driver: Driver, course: str, org: str) -> None:
    mended, failing = world.members(org, 2)
    fine = world.member(org)
    with refused(mended, failing):
        (batch,) = driver.launch(org, [course])
    with refused(failing):
        driver.retry(org, batch, course)
        driver.work()
    row = driver.row(org, batch, course)
    assert (row["status"], row["num_enrolled"], row["num_failed"]) == ("partial", 2, 1)
    assert _outcomes(driver, org, batch, course) == {mended: "enrolled", fine: "enrolled", failing: "failed"}
    driver.retry(org, batch, course, "once more")
    driver.work()
    assert driver.row(org, batch, course)["status"] == "enrolled"


def test_a_row_in_which_everybody_failed_is_failed_and_retried(
    world: World, driver: Driver, course: str, org: str
) -> None:
    members = world.members(org, 3)
    with refused(*members):
        (batch,) = driver.launch(org, [course])
    row = driver.row(org, batch, course)
    assert (row["status"], row["code"], row["num_failed"]) == ("failed", "all_failed", 3)
    driver.retry(org, batch, course)
    driver.work()
    assert driver.row(org, batch, course)["status"] == "enrolled"
    assert driver.enrolled(org, course) == set(members)


# ---------------------------------------------------------------- once


def test_the_same_retry_twice_answers_the_same_and_runs_once(
    world: World, driver: Driver, course: str, org: str
) -> None:
    with refused(world.member(org)):
        (batch,) = driver.launch(org, [course])
        first = driver.retry(org, batch, course, "one key")
        driver.work()
    again = driver.retry(org, batch, course, "one key")
    assert (again.status, again.json) == (202, first.json)
    assert driver.work() == 0
    actions = [entry["action"] for entry in world.get(f"/orgs/{org}/audit", driver.admin).json["items"]]
    assert actions == ["course.retried", "batch.launched"]


@pytest.mark.parametrize("status", ["enrolled", "scheduled", "enrolling", "retried"])
def test_a_row_that_did_not_fail_cannot_be_retried(
    world: World, driver: Driver, course: str, org: str, status: str
) -> None:
    member = world.member(org)
    if status == "enrolled":
        (batch,) = driver.launch(org, [course])
    elif status == "scheduled":
        (batch,) = driver.launch(org, [{"course_id": course, "enroll_on": "2027-02-01"}])
    elif status == "enrolling":
        batch = driver.send(driver.form([org], [course])).json["results"][0]["batch_id"]
        driver.deliver(world.messages())
    else:
        with refused(member):
            (batch,) = driver.launch(org, [course])
        driver.retry(org, batch, course, "first")
        status = "scheduled"
    before = driver.everything()
    answer = driver.retry(org, batch, course, "another")
    assert (answer.status, answer.json["code"]) == (409, "not_retryable")
    assert "nothing to retry" in answer.json["detail"]
    assert driver.everything() == before


def test_a_retry_whose_message_is_lost_is_found_by_the_sweep(
    world: World, driver: Driver, course: str, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = world.member(org)
    with refused(member):
        (batch,) = driver.launch(org, [course])

    def fail(*_: Any) -> None:
        raise Unavailable()

    with monkeypatch.context() as patch:
        patch.setattr(Queue, "send", fail)
        assert driver.retry(org, batch, course).status == 202
    driver.past_grace()
    driver.sweep()
    assert driver.row(org, batch, course)["status"] == "enrolled"
    assert [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")] == []


def test_what_is_not_there_cannot_be_retried(driver: Driver, course: str, org: str) -> None:
    (batch,) = driver.launch(org, [course])
    for place in ((org, batch, "01NONE"), (org, "01NONE", course), ("01NONE", batch, course)):
        assert driver.retry(*place).status == 404

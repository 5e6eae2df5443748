"""Undoing a batch: who has not started is withdrawn, who has keeps the enrollment, and the answer says so."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import bulk
from chalicelib.core.clock import to_text
from chalicelib.jobs.sweep import MAX_RUN_TIME
from chalicelib.training.batches import recipients
from tests.stories.driver import Driver


@pytest.fixture
def course(driver: Driver) -> str:
    return driver.world.course(driver.msp)


@pytest.fixture
def org(driver: Driver, course: str) -> str:
    return driver.clients(course, "Acme Industries")[0]


def undo(driver: Driver, org: str, batch: str) -> Any:
    return driver.world.post(f"/msp/training/{org}/{batch}/undo", driver.admin)


def state(driver: Driver, org: str, batch: str) -> Any:
    return driver.world.get(f"/msp/training/{org}/{batch}/undo", driver.admin).json


def test_who_started_keeps_the_course_and_the_others_lose_it(driver: Driver, org: str, course: str) -> None:
    account, member = driver.world.learner(org)
    driver.world.members(org, 4)
    [batch] = driver.launch(org, [{"course_id": course, "due_by": "2027-03-01"}])
    driver.world.post(f"/me/courses/{org}.{member}.{course}/start", account)

    answer = undo(driver, org, batch)
    driver.work()

    assert (answer.status, answer.json["status"]) == (202, "running")
    assert state(driver, org, batch) == {
        "status": "done",
        "reversed": 4,
        "kept_started": 1,
        "not_reversed": [],
        "waiting": None,
        "moved_away": None,
    }
    row = driver.row(org, batch, course)
    assert (row["status"], row["num_enrolled"], row["num_withdrawn"]) == ("cancelled", 1, 4)
    assert driver.dashboard()["totals"]["course_enrollments"] == 0
    driver.until("2027-04-01T00:00:00")
    assert driver.row(org, batch, course)["num_overdue"] == 1
    statuses = {item["status"] for item in driver.world.dump("enrollments")}
    assert statuses == {"cancelled", "in_progress"}


def test_scheduled_courses_are_cancelled_with_it(driver: Driver, org: str, course: str) -> None:
    driver.world.members(org, 2)
    [batch] = driver.launch(org, [{"course_id": course, "enroll_on": "2027-02-01"}])
    undo(driver, org, batch)
    driver.work()
    assert state(driver, org, batch)["status"] == "done"
    driver.until("2027-02-02T00:00:00")
    driver.fire()
    assert driver.enrolled(org, course) == set()


def test_every_message_of_an_undo_may_come_twice(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (2,))
    driver.world.members(org, 5)
    [batch] = driver.launch(org, [{"course_id": course, "due_by": "2027-03-01"}])
    undo(driver, org, batch)
    undo(driver, org, batch)
    start = driver.world.messages()
    driver.deliver([*start, *start])
    chunks = driver.world.messages()
    driver.deliver([*chunks, *reversed(chunks)])
    assert state(driver, org, batch) == {
        "status": "done",
        "reversed": 5,
        "kept_started": 0,
        "not_reversed": [],
        "waiting": None,
        "moved_away": None,
    }
    assert driver.row(org, batch, course)["num_withdrawn"] == 5
    assert len(driver.enrolled(org, course)) == 5


def test_lost_answers_are_not_taken_for_learners_who_started(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.world.members(org, 3)
    [batch] = driver.launch(org, [course])
    update = bulk.update_each

    def applied_and_lost(table: str, keys: Any, change: Any) -> list[str]:
        update(table, keys, change)
        return update(table, keys, change)

    monkeypatch.setattr(bulk, "update_each", applied_and_lost)
    undo(driver, org, batch)
    driver.work()
    assert state(driver, org, batch)["reversed"] == 3


def test_a_batch_that_is_still_running_is_stopped_first_and_undone_when_nobody_is_at_work(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (3,))
    driver.world.members(org, 5)
    batch = driver.send(driver.form([org], [course])).json["results"][0]["batch_id"]
    driver.deliver(driver.world.messages())
    first, second = sorted(driver.world.messages(), key=lambda message: message["chunk"])
    driver.deliver([first])

    undo(driver, org, batch)
    driver.work()
    assert state(driver, org, batch)["status"] == "running"
    waiting = state(driver, org, batch)["waiting"]
    assert (waiting["code"], waiting["until"]) == ("still_enrolling", to_text(driver.world.now + MAX_RUN_TIME))
    assert waiting["sentence"].startswith("The batch was still enrolling learners when it was undone.")

    driver.world.now += MAX_RUN_TIME + timedelta(minutes=1)
    driver.sweep()
    driver.deliver([second])
    assert state(driver, org, batch) == {
        "status": "done",
        "reversed": 3,
        "kept_started": 0,
        "not_reversed": [],
        "waiting": None,
        "moved_away": None,
    }
    row = driver.row(org, batch, course)
    assert (row["num_enrolled"], row["num_withdrawn"]) == (0, 3)


def test_after_an_undo_everybody_can_be_enrolled_again_and_the_old_one_stays_visible(
    driver: Driver, org: str, course: str
) -> None:
    [member] = driver.world.members(org, 1)
    [batch] = driver.launch(org, [course])
    undo(driver, org, batch)
    driver.work()

    [again] = driver.launch(org, [course])

    assert driver.row(org, again, course)["num_enrolled"] == 1
    statuses = {(item["status"], item["earlier"]) for item in driver.enrollments(org, member)}
    assert statuses == {("enrolled", False), ("cancelled", True)}


def test_a_dead_letter_tells_whom_the_undo_did_not_reach(driver: Driver, org: str, course: str) -> None:
    [member] = driver.world.members(org, 1)
    [batch] = driver.launch(org, [course])
    undo(driver, org, batch)
    driver.deliver(driver.world.messages())
    [chunk] = driver.world.messages()
    driver.handle_dead_letter(chunk)
    answer = state(driver, org, batch)
    assert answer["not_reversed"] == [{"member_id": member, "code": "processing_failed"}]
    assert (answer["status"], answer["reversed"]) == ("done", 0)


def test_an_undo_right_after_a_launch_says_that_it_waits_why_and_until_when(
    driver: Driver, org: str, course: str
) -> None:
    """Issue 10, 21. Before the undo's own job has run, and before the batch has rows at all."""
    driver.world.members(org, 2)
    batch = driver.send(driver.form([org], [course])).json["results"][0]["batch_id"]
    launch = driver.world.messages()
    assert undo(driver, org, batch).json["waiting"] is None
    undo_job = driver.world.messages()
    driver.deliver(launch)
    chunks = driver.world.messages()
    waiting = state(driver, org, batch)["waiting"]
    assert (waiting["code"], waiting["until"]) == ("still_enrolling", to_text(driver.world.now + MAX_RUN_TIME))
    driver.deliver([*undo_job, *chunks])
    driver.world.now += MAX_RUN_TIME + timedelta(minutes=3)
    driver.sweep()
    assert state(driver, org, batch)["status"] == "done"
    assert state(driver, org, batch)["waiting"] is None


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_after_an_undo_the_learners_are_withdrawn_in_the_list_and_its_filter(
    driver: Driver, org: str, course: str, limit: int
) -> None:
    """Issue 10, 21: the page still said "Enrolled by this batch"."""
    account, starter = driver.world.learner(org)
    others = set(driver.world.members(org, 4))
    [batch] = driver.launch(org, [course])
    driver.world.post(f"/me/courses/{org}.{starter}.{course}/start", account)
    undo(driver, org, batch)
    driver.work()

    learners = {one["member_id"]: one for one in driver.learners(org, batch, course, f"limit={limit}")}
    assert {member for member, one in learners.items() if one["outcome"] == "withdrawn"} == others
    one = learners[min(others)]
    assert (one["status"], one["code"]) == ("cancelled", None)
    assert one["sentence"] == "This batch enrolled the learner; the enrollment was withdrawn before they started."
    assert learners[starter]["outcome"] == "enrolled"
    for outcome, wanted in (("withdrawn", others), ("enrolled", {starter}), ("failed", set())):
        found = driver.learners(org, batch, course, f"outcome={outcome}&limit={limit}")
        assert {one["member_id"] for one in found} == wanted
        assert len(found) == len(wanted)


@pytest.mark.parametrize("claim", [{"chunk": 1}, {"chunk": -1}, {"change_id": "01NONE"}, {"course_id": "01NONE"}])
def test_a_chunk_that_is_not_part_of_the_undo_changes_nothing(
    driver: Driver, org: str, course: str, claim: dict[str, Any]
) -> None:
    driver.world.members(org, 2)
    [batch] = driver.launch(org, [course])
    undo(driver, org, batch)
    job = {
        "job": "change_chunk", "msp_id": driver.msp, "org_id": org, "batch_id": batch, "change_id": "UNDO",
        "course_id": course, "chunk": 0,
    }  # fmt: skip
    start = driver.world.messages()
    before = driver.everything()
    # The undo has not begun: its rows may still enroll people.
    driver.deliver([job])
    assert driver.everything() == before
    driver.deliver(start)
    chunks = driver.world.messages()
    before = driver.everything()
    driver.deliver([{**job, **claim}])
    assert driver.everything() == before
    driver.deliver(chunks)
    assert state(driver, org, batch)["reversed"] == 2


@pytest.mark.parametrize("chunk", [-1, 1, 7])
def test_a_chunk_that_its_row_does_not_have_enrolls_nobody(driver: Driver, org: str, course: str, chunk: int) -> None:
    driver.world.members(org, 2)
    batch = driver.send(driver.form([org], [course])).json["results"][0]["batch_id"]
    driver.deliver(driver.world.messages())
    [message] = driver.world.messages()
    before = driver.everything()
    driver.deliver([{**message, "chunk": chunk}])
    assert driver.everything() == before
    driver.deliver([message])
    assert driver.row(org, batch, course)["num_enrolled"] == 2


def test_what_was_never_undone_has_no_undo(driver: Driver, org: str, course: str) -> None:
    [batch] = driver.launch(org, [course])
    assert driver.world.get(f"/msp/training/{org}/{batch}/undo", driver.admin).status == 404

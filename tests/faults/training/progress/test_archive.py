"""Archiving, from the request to the last of the courses: broken at every call, and beside others."""

from contextlib import suppress

import pytest

from chalicelib.core.errors import Conflict
from chalicelib.jobs.sweep import MAX_RUN_TIME
from chalicelib.training.progress import progress
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import DELETE, GET, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault, each, pairs
from tests.faults.later import Batch
from tests.faults.scenarios import DUE

REQUEST = [GET, QUERY, GET, GET, PUT, GET, QUERY, TRANSACT, SEND, GET, UPDATE]
# Live trainings first, of which there are none; then one course not started, one in progress.
JOB = [QUERY, GET, QUERY, TRANSACT, TRANSACT]
# The same again, when no worker is left that may have seen the person on a roster.
LAST = [QUERY, GET, QUERY, TRANSACT, DELETE]


def _ran(play: FaultHarness) -> tuple[Batch, Request]:
    """Two people in three courses of a batch; the one to be archived takes the second and has completed the third."""
    made = later.ran(play, num_people=2, num_courses=3)
    person = made.people[0]
    ids = [f"{made.org_id}.{person}.{course}" for course in made.courses]
    for course in ids[1:]:
        _start(play, course)
    _complete(play, ids[2])
    return made, Request("POST", f"/orgs/{made.org_id}/members/{person}/archive", play.admin, key="archive")


def _start(play: FaultHarness, enrollment_id: str) -> None:
    progress.start(play.msp_id, EnrollmentId.parse(enrollment_id), play.world.now)


def _complete(play: FaultHarness, enrollment_id: str) -> None:
    progress.complete(play.msp_id, EnrollmentId.parse(enrollment_id), play.world.now)


def _archived(play: FaultHarness) -> tuple[Batch, Delivery]:
    made, request = _ran(play)
    assert play.ask(request).status == 200
    return made, play.outside.take_one(job="archive")


def _assert_left(play: FaultHarness, made: Batch) -> None:
    """By course: enrolled in all, withdrawn, started, completed."""
    later.settle(play)
    names = ("num_enrolled", "num_withdrawn", "num_started", "num_completed")
    assert [tuple(int(made.row(course)[name]) for name in names) for course in range(3)] == [
        (2, 1, 0, 0), (2, 1, 0, 0), (2, 0, 1, 1),
    ]  # fmt: skip
    assert [made.seats(course) for course in range(3)] == [1, 2, 2]
    assert made.num_audited("member.archived") == 1
    (member,) = [item for item in play.world.dump("core") if item.get("status") == "archived" and "fields" in item]
    assert "archive_id" not in member


def test_archiving_makes_these_calls(play: FaultHarness) -> None:
    made, request = _ran(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 200
    assert calls == REQUEST
    delivery = play.outside.take_one(job="archive")
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == JOB
    play.outside.wait_for_sweep()
    play.world.now += MAX_RUN_TIME
    play.outside.sweep()
    delivery = play.outside.take_one(job="archive")
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == LAST
    _assert_left(play, made)


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST))
def test_an_archiving_that_breaks_in_its_request_happens_once(play: FaultHarness, at: int, fault: Fault) -> None:
    made, request = _ran(play)
    later.broken_request(play, request, at, fault, 200)
    _assert_left(play, made)


@pytest.mark.parametrize(("at", "fault"), pairs(JOB))
def test_courses_are_left_once_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    made, delivery = _archived(play)
    later.broken_delivery(play, delivery, at, fault)
    _assert_left(play, made)


@pytest.mark.parametrize("at", each(JOB))
def test_courses_are_left_once_though_the_message_comes_twice_at_once(play: FaultHarness, at: int) -> None:
    made, delivery = _archived(play)
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    _assert_left(play, made)


@pytest.mark.parametrize("at", each(JOB))
def test_a_course_that_is_started_or_completed_meanwhile_counts_or_leaves_and_never_both(
    play: FaultHarness, at: int
) -> None:
    made, delivery = _archived(play)
    fresh, begun = (f"{made.org_id}.{made.people[0]}.{course}" for course in made.courses[:2])

    def progress() -> None:
        _complete(play, begun)
        # Once it is cancelled, it cannot be started.
        with suppress(Conflict):
            _start(play, fresh)

    later.while_delivering(play, delivery, at, progress)
    later.settle(play)


@pytest.mark.parametrize("at", each(JOB))
@pytest.mark.parametrize("first", ["undo", "due date"])
def test_an_undo_or_a_new_due_date_meanwhile_counts_everybody_once(play: FaultHarness, first: str, at: int) -> None:
    made, delivery = _archived(play)
    request = made.request("undo") if first == "undo" else made.dates(0, due_by="2087-03-01")

    def meanwhile() -> None:
        play.ask(request)
        play.outside.work_off()

    later.while_delivering(play, delivery, at, meanwhile)
    later.settle(play)


@pytest.mark.parametrize("call", range(1, 8))
def test_who_is_archived_while_a_chunk_runs_is_not_left_enrolled(play: FaultHarness, call: int) -> None:
    made, chunk = later.running(play)
    person = made.people[0]
    request = Request("POST", f"/orgs/{made.org_id}/members/{person}/archive", play.admin, key="archive")

    def archive() -> None:
        assert play.ask(request).status == 200
        play.outside.work_off()

    with play.injector.meanwhile(call, archive):
        play.outside.deliver(chunk)
    later.settle(play)
    assert made.row()["due_by"] == DUE
    held = [item for item in play.world.dump("enrollments") if item["pk"].endswith(person)]
    assert {item["status"] for item in held} <= {"cancelled"}

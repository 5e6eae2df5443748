"""New dates of a scheduled course or one that ran: broken at every call, and while others change them."""

import pytest

from tests.faults import later
from tests.faults.kinds import GET, GET_MANY, INSERT, QUERY, SEND, TRANSACT, Fault, each, pairs
from tests.faults.later import Batch
from tests.faults.outside import Delivery, Request
from tests.faults.play import Play

START = [GET, QUERY, TRANSACT, SEND, TRANSACT]
CHUNK = [GET_MANY, GET, QUERY, GET, INSERT, TRANSACT, GET, GET, TRANSACT]
NEW = "2087-03-03"


def _changing(play: Play, job: str) -> tuple[Batch, Delivery]:
    """Three people; the first has completed. The message of this job."""
    made = later.ran(play, 3)
    play.complete(made.people[:1])
    assert play.ask(made.dates(due_by=NEW)).status == 200
    return made, play.outside.take_one(job=job)


def _assert_changed(play: Play, made: Batch, num_new: int = 2) -> None:
    later.settle(play)
    row = made.row()
    assert (row["due_by"], "changing" in row) == (NEW, False)
    assert {day: int(number) for day, number in row["open_due"].items() if number} == {NEW: num_new}
    assert made.told("course.dates_changed") == 1


@pytest.mark.parametrize(
    ("job", "at", "fault"),
    [
        pytest.param(job, *pair.values, id=f"{job}: {pair.id}")
        for job, calls in (("change", START), ("change_chunk", CHUNK))
        for pair in pairs(calls)
    ],
)
def test_a_due_date_comes_out_right_whichever_call_breaks(play: Play, job: str, at: int, fault: Fault) -> None:
    made, delivery = _changing(play, job)
    later.broken_delivery(play, delivery, at, fault)
    _assert_changed(play, made)


@pytest.mark.parametrize("at", each(CHUNK))
def test_who_completes_meanwhile_is_counted_once(play: Play, at: int) -> None:
    made, delivery = _changing(play, "change_chunk")
    later.while_delivering(play, delivery, at, lambda: play.complete(made.people[1:2]))
    _assert_changed(play, made, 1)


@pytest.mark.parametrize("at", each(CHUNK))
def test_one_due_date_that_an_admin_edits_meanwhile_is_counted_once(play: Play, at: int) -> None:
    made, delivery = _changing(play, "change_chunk")
    member, course = made.people[1], made.courses[0]
    path = f"/orgs/{made.org_id}/members/{member}/enrollments/{made.org_id}.{member}.{course}"
    edit = Request("PATCH", path, play.admin, {"due_by": "2087-05-05"})
    later.while_delivering(play, delivery, at, lambda: play.ask(edit))
    later.settle(play)
    days = {day: int(number) for day, number in made.row()["open_due"].items() if number}
    # An edit that comes before the change has read whom it is for is changed with the others.
    assert days == ({NEW: 2} if at <= 3 else {NEW: 1, "2087-05-05": 1})


@pytest.mark.parametrize("at", each(CHUNK))
def test_a_chunk_that_is_changed_twice_at_once_is_changed_once(play: Play, at: int) -> None:
    made, delivery = _changing(play, "change_chunk")
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    _assert_changed(play, made)

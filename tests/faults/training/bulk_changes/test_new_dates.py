"""New dates of a scheduled course or one that ran: broken at every call, and while others change them."""

from collections.abc import Callable

import pytest

from chalicelib.core.clock import to_instant
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import (
    CONFLICTS,
    GET,
    GET_MANY,
    INSERT,
    KILLED_BEFORE,
    QUERY,
    SEND,
    TRANSACT,
    Fault,
    each,
    pairs,
)
from tests.faults.later import Batch
from tests.faults.snapshots import built_once

# Who asks, the client; the batch and its rows; the change, its job; the row as it then is.
REQUEST = [QUERY, GET, GET, GET, QUERY, QUERY, TRANSACT, SEND, GET]
START = [GET, QUERY, TRANSACT, SEND, TRANSACT]
CHUNK = [GET_MANY, GET, QUERY, GET, INSERT, TRANSACT, GET, GET, TRANSACT]
NEW = "2087-03-03"


@built_once
def _changing(play: FaultHarness, job: str) -> tuple[Batch, Delivery]:
    """Three people; the first has completed. The message of this job."""
    made = later.ran(play, 3)
    play.complete(made.people[:1])
    assert play.ask(made.dates(due_by=NEW)).status == 200
    return made, play.outside.take_one(job=job)


def _assert_changed(play: FaultHarness, made: Batch, num_new: int = 2) -> None:
    later.settle(play)
    row = made.row()
    assert (row["due_by"], "changing" in row) == (NEW, False)
    # Dates that nobody has any more are not kept.
    assert {day: int(number) for day, number in row["open_due"].items()} == {NEW: num_new}
    assert made.num_audited("course.dates_changed") == 1


@pytest.mark.parametrize(
    ("job", "at", "fault"),
    [
        pytest.param(job, *pair.values, id=f"{job}: {pair.id}")
        for job, calls in (("change", START), ("change_chunk", CHUNK))
        for pair in pairs(calls)
    ],
)
def test_a_due_date_comes_out_right_whichever_call_breaks(play: FaultHarness, job: str, at: int, fault: Fault) -> None:
    made, delivery = _changing(play, job)
    later.broken_delivery(play, delivery, at, fault)
    _assert_changed(play, made)


@pytest.mark.parametrize("at", each(CHUNK))
def test_who_completes_meanwhile_is_counted_once(play: FaultHarness, at: int) -> None:
    made, delivery = _changing(play, "change_chunk")
    later.while_delivering(play, delivery, at, lambda: play.complete(made.people[1:2]))
    _assert_changed(play, made, 1)


@pytest.mark.parametrize("at", each(CHUNK))
def test_one_due_date_that_an_admin_edits_meanwhile_is_counted_once(play: FaultHarness, at: int) -> None:
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
def test_a_chunk_that_is_changed_twice_at_once_is_changed_once(play: FaultHarness, at: int) -> None:
    made, delivery = _changing(play, "change_chunk")
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    _assert_changed(play, made)


def test_who_had_no_due_date_is_counted_once_though_the_chunk_comes_again(play: FaultHarness) -> None:
    """An earlier change has left on the enrollment which date it replaced."""
    made, delivery = _changing(play, "change_chunk")
    assert play.outside.deliver(delivery)
    _assert_changed(play, made)
    member, course = made.people[1], made.courses[0]
    path = f"/orgs/{made.org_id}/members/{member}/enrollments/{made.org_id}.{member}.{course}"
    assert play.ask(Request("PATCH", path, play.admin, {"due_by": None})).status == 200
    assert play.ask(made.dates(due_by="2087-04-04")).status == 200
    again = play.outside.take_one(job="change_chunk")
    with play.injector.fault(TRANSACT, KILLED_BEFORE):
        play.outside.deliver(again)
    assert play.injector.struck
    later.settle(play)
    assert {day: int(number) for day, number in made.row()["open_due"].items()} == {"2087-04-04": 2}


# ------------------------------------------------------------ the request


@built_once
def _scheduled(play: FaultHarness) -> Batch:
    made = later.batch(play, 2, ["2087-01-10", "2087-01-12"])
    play.outside.work_off()
    return made


def _assert_rescheduled(play: FaultHarness, made: Batch) -> None:
    later.settle(play)
    assert made.num_audited("course.dates_changed") == 1
    assert set(play.outside.schedules().values()) >= {"2087-01-12T08:00:00Z", "2087-01-20T08:00:00Z"}
    play.outside.until(to_instant("2087-01-12T08:00:00Z"))
    assert [made.numbers(0)[0], made.numbers(1)[0]] == ["scheduled", "enrolled"]
    play.outside.until(to_instant("2087-01-20T08:00:00Z"))
    later.settle(play)
    assert [made.numbers(0), made.numbers(1)] == [("enrolled", 2, 2, 0)] * 2
    assert made.row()["open_due"] == {NEW: 2}


_WHEN: dict[str, tuple[Callable[[FaultHarness], Batch], dict[str, str], Callable[[FaultHarness, Batch], None]]] = {
    "before": (_scheduled, {"enroll_on": "2087-01-20", "due_by": NEW}, _assert_rescheduled),
    "after": (lambda play: later.ran(play, 3), {"due_by": NEW}, lambda play, made: _assert_changed(play, made, 3)),
}


@pytest.mark.parametrize("when", _WHEN)
def test_new_dates_make_these_calls(play: FaultHarness, when: str) -> None:
    arrange, dates, assert_true = _WHEN[when]
    made = arrange(play)
    with play.injector.watched() as calls:
        assert play.ask(made.dates(**dates)).status == 200
    assert calls == REQUEST
    assert_true(play, made)


@pytest.mark.parametrize("when", _WHEN)
@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST, [*later.ESSENTIAL, CONFLICTS]))
def test_new_dates_come_out_right_whichever_call_of_the_request_breaks(
    play: FaultHarness, when: str, at: int, fault: Fault
) -> None:
    arrange, dates, assert_true = _WHEN[when]
    made = arrange(play)
    answer = later.broken_request(play, made.dates(**dates), at, fault, 200)
    assert answer.json["due_by"] == NEW
    assert_true(play, made)


@pytest.mark.parametrize("when", _WHEN)
@pytest.mark.parametrize("at", each(REQUEST))
def test_the_same_new_dates_twice_at_once_are_one_change(play: FaultHarness, when: str, at: int) -> None:
    arrange, dates, assert_true = _WHEN[when]
    made = arrange(play)
    request = made.dates(**dates)
    answer = later.while_asking(play, request, at, lambda: play.ask(request))
    # The other one was first, and this one is told so: asking once more answers what there is.
    assert answer.status == 200 or answer.json["code"] in ("started_meanwhile", "changed_meanwhile")
    assert play.ask(request).status == 200
    assert_true(play, made)


@pytest.mark.parametrize("at", each(REQUEST))
def test_two_courses_that_get_new_dates_at_once_both_run_on_them(play: FaultHarness, at: int) -> None:
    made = _scheduled(play)
    other = made.dates(1, enroll_on="2087-01-08")
    answer = later.while_asking(play, made.dates(0, enroll_on="2087-01-06"), at, lambda: play.ask(other))
    assert answer.status == 200
    later.settle(play)
    assert [made.numbers(0)[0], made.numbers(1)[0]] == ["enrolled", "scheduled"]
    play.outside.lose_schedules()
    play.outside.until(to_instant("2087-01-08T08:00:00Z"))
    later.settle(play)
    assert made.numbers(1) == ("enrolled", 2, 2, 0)

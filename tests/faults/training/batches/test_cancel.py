"""Cancelling a course or a batch, broken at every call in every way; and while others are at work on it."""

from collections.abc import Callable

import pytest

from chalicelib.core.clock import to_instant
from tests.faults import later
from tests.faults.fake_sqs import is_in_flight
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, PUT, QUERY, TRANSACT, UPDATE, Fault, each, pairs
from tests.faults.later import Batch
from tests.faults.scenarios import CHUNK_NEW
from tests.faults.snapshots import built_once

ROW = [QUERY, GET, GET, PUT, GET, QUERY, QUERY, TRANSACT, GET, UPDATE]
# Two courses, one a transaction.
BATCH = [QUERY, GET, GET, PUT, *[GET, QUERY, QUERY, TRANSACT] * 2, GET, QUERY, GET, GET, QUERY, UPDATE]

FIRST, SECOND = "2087-01-10", "2087-01-12"


def _scheduled(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> Batch:
    later.few_rows_at_once(monkeypatch)
    return _planned(play)


@built_once
def _planned(play: FaultHarness) -> Batch:
    made = later.batch(play, 2, [FIRST, SECOND])
    play.outside.work_off()
    return made


def _assert_row_cancelled(play: FaultHarness, made: Batch) -> None:
    """The first course never runs, the second on its day."""
    later.settle(play)
    assert made.numbers(0) == ("cancelled", 0, 0, 0)
    assert made.num_audited("courses.cancelled") == 1
    play.outside.until(to_instant("2087-01-12T08:00:00Z"))
    later.settle(play)
    assert [made.numbers(0), made.numbers(1)] == [("cancelled", 0, 0, 0), ("enrolled", 2, 2, 0)]


def _assert_batch_cancelled(play: FaultHarness, made: Batch) -> None:
    play.outside.until(to_instant("2087-01-12T08:00:00Z"))
    later.settle(play)
    assert [made.numbers(0), made.numbers(1)] == [("cancelled", 0, 0, 0)] * 2
    assert made.held() == {}
    assert made.num_audited("courses.cancelled") == 2


_WHAT: dict[str, tuple[int | None, list[str], Callable[[FaultHarness, Batch], None]]] = {
    "row": (0, ROW, _assert_row_cancelled),
    "batch": (None, BATCH, _assert_batch_cancelled),
}


@pytest.mark.parametrize("what", _WHAT)
def test_cancelling_makes_these_calls(play: FaultHarness, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    made = _scheduled(play, monkeypatch)
    course, expected, assert_true = _WHAT[what]
    with play.injector.watched() as calls:
        assert play.ask(made.request("cancel", course)).status == 202
    assert calls == expected
    assert_true(play, made)


@pytest.mark.parametrize(
    ("what", "at", "fault"),
    [
        pytest.param(what, *pair.values, id=f"{what}: {pair.id}")
        for what, (_, calls, _) in _WHAT.items()
        for pair in pairs(calls)
    ],
)
def test_cancelling_comes_out_right_whichever_call_breaks(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, what: str, at: int, fault: Fault
) -> None:
    made = _scheduled(play, monkeypatch)
    course, _, assert_true = _WHAT[what]
    answer = later.broken_request(play, made.request("cancel", course), at, fault, 202)
    assert answer.json["status"] == "cancelled"
    assert play.ask(made.request("cancel", course)).json == answer.json
    assert_true(play, made)


# ------------------------------------------------------------ others at the same time


@pytest.mark.parametrize("at", each(CHUNK_NEW))
def test_a_chunk_that_runs_while_its_course_is_cancelled_is_counted_as_it_ran(play: FaultHarness, at: int) -> None:
    made, delivery = later.running(play)
    last = play.outside.take_one(job="chunk", chunk=1)
    later.while_delivering(play, delivery, at, lambda: play.ask(made.request("cancel", 0)))
    play.outside.waiting.append(last)
    later.settle(play)
    # Before it read the row, the chunk enrolls nobody; afterwards all of its three. The other comes too late.
    num = 0 if at == 1 else 3
    assert made.numbers() == ("cancelled", num, num, 0)
    assert made.held() == ({"enrolled": 3} if num else {})
    assert made.seats() == num


@pytest.mark.parametrize("at", each(ROW))
def test_a_chunk_that_runs_while_a_cancellation_is_at_work_is_counted_once(play: FaultHarness, at: int) -> None:
    made, delivery = later.running(play)
    answer = later.while_asking(play, made.request("cancel", 0), at, lambda: play.deliver_at_once(delivery))
    later.settle(play)
    # With it the other chunk was worked off: the course ran, unless the cancellation came first.
    if answer.status == 409:
        assert (at <= 9, made.numbers()) == (True, ("enrolled", 4, 4, 0))
    else:
        assert answer.status == 202
        assert made.numbers()[0] == "cancelled"
        assert made.numbers()[2] == sum(made.held().values()) == made.seats()


@pytest.mark.parametrize("at", each(ROW))
def test_a_course_that_starts_while_it_is_cancelled_runs_or_does_not(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    made = _scheduled(play, monkeypatch)
    play.world.now = to_instant("2087-01-10T08:00:00Z")

    def start() -> None:
        assert play.outside.fire_schedules() == 1
        play.outside.work_off()

    answer = later.while_asking(play, made.request("cancel", 0), at, start)
    later.settle(play)
    ran = at <= 8
    assert answer.status == (409 if ran else 202)
    assert made.numbers(0) == (("enrolled", 2, 2, 0) if ran else ("cancelled", 0, 0, 0))
    assert made.numbers(1)[0] == "scheduled"


@pytest.mark.parametrize("at", each(ROW))
def test_two_courses_that_are_cancelled_at_once_leave_nothing_to_come(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    made = _scheduled(play, monkeypatch)
    other = made.request("cancel", 1, key="other")
    answer = later.while_asking(play, made.request("cancel", 0), at, lambda: play.ask(other))
    assert answer.status == 202
    later.settle(play)
    _assert_batch_cancelled(play, made)


_ASKED_BY = {"the same": "cancel", "another": "other"}


@pytest.mark.parametrize("who", _ASKED_BY)
@pytest.mark.parametrize(
    ("what", "at"),
    [
        pytest.param(what, *call.values, id=f"{what}: {call.id}")
        for what, (_, calls, _) in _WHAT.items()
        for call in each(calls)
    ],
)
def test_a_cancellation_that_is_asked_for_twice_at_once_happens_once(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, what: str, at: int, who: str
) -> None:
    made = _scheduled(play, monkeypatch)
    course, _, assert_true = _WHAT[what]
    request = made.request("cancel", course)
    other = made.request("cancel", course, key=_ASKED_BY[who])
    answer = later.while_asking(play, request, at, lambda: play.ask(other))
    if who == "the same" and is_in_flight(answer):
        answer = play.outside.ask_until_answered(request)
    assert (answer.status, answer.json["status"]) == (202, "cancelled")
    assert_true(play, made)

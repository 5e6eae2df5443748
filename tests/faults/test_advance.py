"""Advancing a fresh batch: expand, schedule, start, send. One course is denied, one comes later."""

from datetime import UTC, datetime

import pytest

from chalicelib.enrollment import advance, recipients
from tests.faults.kinds import GET, GET_MANY, QUERY, SCHEDULE, SEND, TRANSACT, Fault, pairs
from tests.faults.outside import Delivery
from tests.faults.play import Play, Rows, enrolled
from tests.faults.truth import problems

_EXPAND = [GET, GET_MANY, QUERY, TRANSACT, QUERY]
_SCHEDULES = [SCHEDULE, TRANSACT]
_START = [GET_MANY, GET, QUERY, TRANSACT]
_DENY = [GET_MANY, GET, TRANSACT]
_SEND = [QUERY, SEND, TRANSACT]
CALLS = [*_EXPAND, *_SCHEDULES, *_START, *_DENY, *_SEND]

# Nine o'clock in Berlin, in winter.
_LATER = datetime(2087, 1, 10, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def one_by_one(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row a transaction and one person a chunk."""
    monkeypatch.setattr(advance, "_ROWS_AT_ONCE", 1)
    monkeypatch.setattr(recipients.cut, "__defaults__", (1,))


def _fresh_batch(play: Play) -> tuple[Delivery, Rows, Rows]:
    """The message that advances it; what its rows are today, and once the later one's day has come."""
    now, denied, later = play.course(), play.course(), play.course()
    org_id = play.client(2, [now, later])
    play.launch([org_id], [{"course_id": now}, {"course_id": denied}, {"course_id": later, "enroll_on": "2087-01-10"}])
    today: Rows = {
        (org_id, now): [enrolled(2)],
        (org_id, denied): [("access_denied", 0, 0, 0, 0, 0)],
        (org_id, later): [("scheduled", 0, 0, 0, 0, 0)],
    }
    return play.outside.take_one(job="advance"), today, {**today, (org_id, later): [enrolled(2)]}


def test_advancing_a_fresh_batch_makes_these_calls(play: Play) -> None:
    delivery, today, _ = _fresh_batch(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == CALLS
    play.outside.until_quiet()
    play.assert_true(today)
    assert list(play.outside.schedules().values()) == ["2087-01-10T08:00:00Z"]


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS))
def test_a_fresh_batch_comes_out_right_whichever_call_breaks(play: Play, at: int, fault: Fault) -> None:
    delivery, today, then = _fresh_batch(play)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(today)
    assert list(play.outside.schedules().values()) == ["2087-01-10T08:00:00Z"]
    play.outside.until(_LATER)
    play.assert_true(then)


def test_when_schedules_are_lost_the_sweep_does_their_work(play: Play) -> None:
    delivery, _, then = _fresh_batch(play)
    assert play.outside.deliver(delivery)
    play.outside.until_quiet()
    play.outside.lose_schedules()
    play.outside.until(_LATER)
    assert problems(play.world) == []
    play.assert_true(then)

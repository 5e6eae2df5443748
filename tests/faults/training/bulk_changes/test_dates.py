"""A client changes its time zone: its scheduled rows move, and one becomes due by it; broken in every way."""

from datetime import UTC, datetime

import pytest

from tests.faults import scenarios
from tests.faults.harness import FaultHarness, Rows
from tests.faults.invariants import Tables
from tests.faults.kinds import Fault, pairs


def _assert_moved(play: FaultHarness, today: Rows, done: Rows) -> None:
    play.outside.until_quiet()
    tables = Tables.of(play.world)
    first, second = sorted(row["enroll_at"] for row in tables.rows.values())
    # The one that starts at once says when that was, to the second, whenever the change came through.
    assert first >= scenarios.MOVED_INSTANTS[0]
    assert second == scenarios.MOVED_INSTANTS[1]
    play.assert_true(today)
    actions = [entry["action"] for entries in tables.audit.values() for entry in entries]
    assert actions.count("organization.changed") == 1
    play.outside.until(datetime(2087, 2, 10, 8, 0, tzinfo=UTC))
    play.assert_true(done)


def test_changing_a_time_zone_makes_these_calls(play: FaultHarness) -> None:
    request, today, done = scenarios.moving_client(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 200
    assert calls == scenarios.CHANGE_ZONE
    delivery = play.outside.take_one(job="move_dates")
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == scenarios.MOVE_DATES
    _assert_moved(play, today, done)


@pytest.mark.parametrize(("at", "fault"), pairs(scenarios.CHANGE_ZONE))
def test_dates_move_whichever_call_of_the_request_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, today, done = scenarios.moving_client(play)
    with play.injector.fault(at, fault):
        play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert (answer.status, answer.json["time_zone"]) == (200, "Europe/Berlin")
    _assert_moved(play, today, done)


@pytest.mark.parametrize(("at", "fault"), pairs(scenarios.MOVE_DATES))
def test_dates_move_whichever_call_of_the_move_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, today, done = scenarios.moving_client(play)
    assert play.ask(request).status == 200
    delivery = play.outside.take_one(job="move_dates")
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    _assert_moved(play, today, done)

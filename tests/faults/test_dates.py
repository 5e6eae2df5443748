"""A client moves from New York to Berlin: its scheduled rows move, and one of them becomes due by it."""

from datetime import UTC, datetime

import pytest

from chalicelib.enrollment import move_dates
from tests.faults.kinds import GET, QUERY, SCHEDULE, SEND, TRANSACT, Fault, pairs
from tests.faults.outside import Request
from tests.faults.play import Play, Rows, enrolled
from tests.faults.truth import Tables

REQUEST = [QUERY, GET, GET, QUERY, TRANSACT, SEND]

# One row a transaction. What starts by it is advanced by a message of its own.
MOVE = [GET, QUERY, QUERY, TRANSACT, SCHEDULE, SEND, QUERY, TRANSACT, SCHEDULE, QUERY, TRANSACT]

_MOVED = ["2087-01-06T10:00:00Z", "2087-02-10T08:00:00Z"]


@pytest.fixture(autouse=True)
def one_by_one(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(move_dates, "_ROWS_AT_ONCE", 1)


def _moving(play: Play) -> tuple[Request, Rows, Rows]:
    """The request that changes the zone; what the rows come to today, and when all their days have come."""
    courses = [play.course() for _ in range(2)]
    org_id = play.client(1, courses, time_zone="America/New_York")
    days = ["2087-01-06", "2087-02-10"]
    play.launch([org_id], [{"course_id": one, "enroll_on": day} for one, day in zip(courses, days, strict=True)])
    play.outside.work_off()
    request = Request("PATCH", f"/orgs/{org_id}", play.admin, {"time_zone": "Europe/Berlin"})
    done: Rows = {(org_id, course): [enrolled(1)] for course in courses}
    today: Rows = {**done, (org_id, courses[1]): [("scheduled", 0, 0, 0, 0, 0)]}
    return request, today, done


def _instants(play: Play) -> list[str]:
    return sorted(row["enroll_at"] for row in Tables.of(play.world).rows.values())


def _assert_moved(play: Play, today: Rows, done: Rows) -> None:
    play.outside.until_quiet()
    # The one that starts at once says when that was, to the second, whenever the change came through.
    assert _instants(play)[0] >= _MOVED[0]
    assert _instants(play)[1:] == _MOVED[1:]
    play.assert_true(today)
    told = [entry["action"] for entries in Tables.of(play.world).audit.values() for entry in entries]
    assert told.count("organization.changed") == 1
    play.outside.until(datetime(2087, 2, 10, 8, 0, tzinfo=UTC))
    play.assert_true(done)


def test_changing_a_time_zone_makes_these_calls(play: Play) -> None:
    request, today, done = _moving(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 200
    assert calls == REQUEST
    delivery = play.outside.take_one(job="move_dates")
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == MOVE
    _assert_moved(play, today, done)


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST))
def test_dates_move_whichever_call_of_the_request_breaks(play: Play, at: int, fault: Fault) -> None:
    request, today, done = _moving(play)
    with play.injector.fault(at, fault):
        play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert (answer.status, answer.json["time_zone"]) == (200, "Europe/Berlin")
    _assert_moved(play, today, done)


@pytest.mark.parametrize(("at", "fault"), pairs(MOVE))
def test_dates_move_whichever_call_of_the_move_breaks(play: Play, at: int, fault: Fault) -> None:
    request, today, done = _moving(play)
    assert play.ask(request).status == 200
    delivery = play.outside.take_one(job="move_dates")
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    _assert_moved(play, today, done)

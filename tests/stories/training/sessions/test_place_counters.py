"""Every write that takes, frees or hands on a place: what it does, and when it must not."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.errors import ConditionFailed
from chalicelib.training.sessions import place_store
from chalicelib.training.sessions.models import Session, session_ref
from tests.harness import World

REF = session_ref("1", "2", "3")


def _session(**values: Any) -> Session:
    times = {"starts_at": "", "ends_at": "", "time_zone": "", "starts_utc": "", "ends_utc": "", "created_at": ""}
    return Session(REF.pk, REF.sk, training_id="2", session_id="3", **times, **values)


def _counters(
    read: dict[str, Any], write: Callable[[Session], Write], by_now: dict[str, Any]
) -> tuple[int, int] | None:
    """Places taken and people in line after a write by who read the session so; None when it must not happen."""
    table.transact([Write("put", _session(**read | by_now))])
    try:
        table.transact([write(_session(**read))])
    except ConditionFailed:
        return None
    found = table.get(Session, REF.pk, REF.sk)
    assert found is not None
    return int(found.num_taken), int(found.num_waiting)


def _take(num_seated: int, num_waiting: int) -> Callable[[Session], Write]:
    return lambda session: place_store.take_places(session, num_seated, num_waiting)


def _fill(number: int) -> Callable[[Session], Write]:
    return lambda session: place_store.fill(session, number)


FREE = {"capacity": 4, "num_taken": 1, "waiting_list": True}
FULL = {"capacity": 4, "num_taken": 4, "waiting_list": True}
LINE = {"capacity": 4, "num_taken": 4, "num_waiting": 2, "waiting_list": True}
ENDLESS = {"num_taken": 1}
# Added to what was read: what happened meanwhile.
OTHERS: dict[str, dict[str, Any]] = {
    "cancelled": {"status": "cancelled"}, "moved": {"sequence": 1}, "more places": {"capacity": 5},
    "no limit": {"capacity": None}, "a limit": {"capacity": 4},
}  # fmt: skip


@pytest.mark.parametrize(
    ("read", "write", "by_now", "after"),
    [
        (FREE, _take(3, 0), {}, (4, 0)),
        (FREE, _take(4, 0), {}, None),
        (FREE, _take(3, 0), {"num_taken": 2}, None),
        (FREE, _take(1, 0), {"num_waiting": 1}, None),
        # Who waits in the same write does so because these take the last places.
        (FREE, _take(3, 2), {}, (4, 2)),
        (FREE, _take(2, 2), {}, None),
        (FREE, _take(3, 2), {"num_taken": 2}, None),
        (FREE, _take(3, 2), {"waiting_list": False}, None),
        (FREE, _take(0, 1), {}, None),
        (FULL, _take(1, 0), {}, None),
        (FULL, _take(0, 2), {}, (4, 2)),
        (FULL, _take(0, 1), {"num_taken": 5}, (5, 1)),
        (FULL, _take(0, 1), {"waiting_list": False}, None),
        (LINE, _take(0, 1), {}, (4, 3)),
        (LINE, _take(0, 1), {"num_taken": 3}, (3, 3)),
        (ENDLESS, _take(5, 0), {}, (6, 0)),
        (ENDLESS, _take(1, 0), {"num_waiting": 1}, None),
        (LINE, place_store.leave_place, {"num_waiting": 0}, (3, 0)),
        (LINE, place_store.leave_place, {}, None),
        (FREE, place_store.leave_place, {"num_taken": 0}, None),
        # A session that was cancelled meanwhile gives its places back as well.
        (FREE, place_store.leave_place, {"status": "cancelled"}, (0, 0)),
        (LINE, place_store.leave_place_for_good, {}, (3, 2)),
        (FREE, place_store.leave_place_for_good, {"num_taken": 0}, None),
        (LINE, place_store.hand_over_place, {}, (4, 1)),
        (LINE, place_store.hand_over_place, {"num_waiting": 0}, None),
        (LINE, place_store.leave_line, {}, (4, 1)),
        (LINE, place_store.leave_line, {"num_waiting": 0}, None),
        (LINE, _fill(1), {}, None),
        (LINE, _fill(1), {"num_taken": 3}, (4, 1)),
        (LINE, _fill(2), {"num_taken": 2}, (4, 0)),
        (LINE, _fill(2), {"num_taken": 3}, None),
        (LINE, _fill(2), {"num_taken": 1, "num_waiting": 1}, None),
        (ENDLESS, _fill(2), {"num_waiting": 2}, (3, 0)),
    ],
)  # fmt: skip
def test_places_are_taken_and_freed_only_as_the_session_is_by_now(
    world: World, read: dict[str, Any], write: Callable[[Session], Write], by_now: dict[str, Any], after: Any
) -> None:
    assert _counters(read, write, by_now) == after


@pytest.mark.parametrize(
    ("read", "write", "refused"),
    [
        (FREE, _take(1, 0), {"cancelled", "moved", "more places", "no limit"}),
        (FULL, _take(0, 1), {"cancelled", "moved", "more places", "no limit"}),
        (ENDLESS, _take(1, 0), {"cancelled", "moved", "more places", "a limit"}),
        (FREE, place_store.leave_place, {"moved"}),
        (FREE, place_store.leave_place_for_good, {"moved"}),
        (LINE, place_store.hand_over_place, {"cancelled", "moved"}),
        (LINE, place_store.leave_line, {"moved"}),
        # Whoever waits gets the place with the SEQUENCE that the session has by then.
        (LINE | {"num_taken": 2}, _fill(1), {"cancelled", "more places", "no limit"}),
        (FREE, place_store.same_sequence, {"moved"}),
    ],
)  # fmt: skip
def test_what_changed_meanwhile_stops_these_writes(
    world: World, read: dict[str, Any], write: Callable[[Session], Write], refused: set[str]
) -> None:
    others = {name: by_now for name, by_now in OTHERS.items() if any(read.get(key) != by_now[key] for key in by_now)}
    assert {name for name, by_now in others.items() if _counters(read, write, by_now) is None} == refused

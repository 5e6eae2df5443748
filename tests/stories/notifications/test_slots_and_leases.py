"""What the running mailers share, write by write."""

import pytest

from chalicelib.notifications import send_rate_store
from chalicelib.notifications.send_rate_store import RealTime, StoredSlots, return_lease, take_lease
from tests.harness import World


def test_slots_follow_one_another_and_none_is_given_that_is_too_early(world: World) -> None:
    slots = StoredSlots()
    # Nobody has begun.
    assert slots.take(0, 10) is None
    assert slots.restart(100, 10)
    assert [slots.take(105, 10), slots.take(110, 10)] == [110, 120]
    assert slots.take(131, 10) is None
    assert slots.take(130, 10) == 130


def test_a_slot_after_a_pause_is_taken_by_the_first_who_asks(world: World) -> None:
    slots = StoredSlots()
    assert [slots.restart(100, 10), slots.restart(100, 10), slots.restart(110, 10)] == [True, False, False]
    assert slots.restart(111, 10)
    assert slots.take(0, 10) == 121


def test_a_send_worker_is_one_process_at_a_time(world: World) -> None:
    assert take_lease(1, "a", now=0, until=100)
    # After a lost answer, and to go on.
    assert take_lease(1, "a", now=50, until=150)
    assert not take_lease(1, "b", now=150, until=300)
    assert take_lease(2, "b", now=150, until=300)
    assert take_lease(1, "b", now=151, until=300)
    return_lease(1, "a")
    assert not take_lease(1, "a", now=160, until=300)
    return_lease(1, "b")
    assert take_lease(1, "a", now=160, until=300)


def test_the_time_is_in_microseconds_and_a_past_instant_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(send_rate_store.time, "time_ns", lambda: 5_000_000_000)
    monkeypatch.setattr(send_rate_store.time, "sleep", slept.append)
    time = RealTime()
    assert time.now() == 5_000_000
    for instant in (5_250_000, 4_000_000):
        time.sleep_until(instant)
    assert slept == [0.25, 0]

"""The rate limiter call by call; that it holds for many processes together, test_mail_pace.py shows."""

import pytest

from chalicelib.notifications.send_rate import MAX_LATE, MICROSECONDS, RateLimiter

UNTIL = 10 * MICROSECONDS
# Fourteen mails a second: fifteen slots in a row span 1.031 seconds.
INTERVAL = 73_638


class Clock:
    """Stands still; wakes `late` after the instant that was asked for."""

    def __init__(self, *late: int) -> None:
        self.at = 1_000_000
        self.late = list(late)
        self.slept: list[int] = []

    def now(self) -> int:
        return self.at

    def sleep_until(self, instant: int) -> None:
        self.slept.append(instant)
        self.at = instant + (self.late.pop(0) if self.late else 0)


class Slots:
    """Gives what it is told to, and keeps what was asked for."""

    def __init__(self, *, free: bool = True, slots: tuple[int | None, ...] = ()) -> None:
        self.free = [free]
        self.slots = list(slots)
        self.asked: list[tuple[str, int, int]] = []

    def take(self, earliest: int, interval: int) -> int | None:
        self.asked.append(("take", earliest, interval))
        return self.slots.pop(0)

    def restart(self, slot: int, interval: int) -> bool:
        self.asked.append(("restart", slot, interval))
        return self.free.pop(0) if self.free else True


def test_after_a_pause_one_write_takes_a_slot_that_the_write_s_answer_comes_before() -> None:
    clock, slots = Clock(), Slots()
    assert RateLimiter(14, slots, clock).wait(UNTIL)
    assert slots.asked == [("restart", 1_070_000, INTERVAL)]
    assert clock.slept == [1_070_000]


@pytest.mark.parametrize(("rate", "interval"), [(1, 1_030_928), (14, INTERVAL), (100, 10_310)])
def test_slots_are_as_far_apart_as_the_rate_says_and_never_closer(rate: int, interval: int) -> None:
    slots = Slots()
    RateLimiter(rate, slots, Clock()).wait(UNTIL)
    assert slots.asked[0][2] == interval
    assert interval * rate * 0.97 >= MICROSECONDS


def test_who_is_not_alone_takes_the_next_slot_and_starts_again_when_there_is_none() -> None:
    clock, slots = Clock(), Slots(free=False, slots=(1_200_000, None))
    limiter = RateLimiter(14, slots, clock)
    assert limiter.wait(UNTIL)
    # Another process was first: its slots are joined.
    assert [name for name, *_ in slots.asked] == ["restart", "take"]
    assert slots.asked[1][1:] == (1_015_000, INTERVAL)
    assert clock.slept == [1_200_000]
    assert limiter.wait(UNTIL)
    assert slots.asked[2:] == [("take", 1_215_000, INTERVAL), ("restart", 1_270_000, INTERVAL)]
    # From now on it is alone again.
    assert limiter.wait(UNTIL)
    assert slots.asked[4:] == [("restart", 1_340_000, INTERVAL)]


@pytest.mark.parametrize(("late", "num_slots"), [(0, 1), (MAX_LATE, 1), (MAX_LATE + 1, 2)])
def test_a_slot_is_let_go_when_it_is_30_ms_past(late: int, num_slots: int) -> None:
    clock, slots = Clock(late), Slots()
    assert RateLimiter(14, slots, clock).wait(UNTIL)
    assert MAX_LATE == 30_000
    assert len(clock.slept) == len(slots.asked) == num_slots


@pytest.mark.parametrize(("after", "waits"), [(0, True), (5 * MICROSECONDS, True), (5 * MICROSECONDS + 1, False)])
def test_a_slot_is_waited_for_up_to_five_seconds_after_the_time_is_up(after: int, waits: bool) -> None:
    clock, slots = Clock(), Slots(free=False, slots=(UNTIL + after,))
    assert RateLimiter(14, slots, clock).wait(UNTIL) == waits
    assert bool(clock.slept) == waits

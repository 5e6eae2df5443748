"""The rate limiter: one slot for each mail, so far apart that no second holds more mails than SES allows.

All processes take their slots from one item, each with one write that none of the others can make fail. With r mails
a second, any r + 1 slots in a row span r intervals, which is 1 / SHARE = 1.031 seconds. A mail is sent at most 30 ms
after its slot, else the slot is dropped. So r + 1 mails never fall within one second, and 97 of 100 are used while mail
is queued.
"""

import math
from typing import Protocol

MICROSECONDS = 1_000_000

SHARE = 0.97
MAX_LATE = 30_000

# The write that takes a slot is answered after 9 to 60 ms. An earlier slot would often be past by then; and one that
# begins after a pause can as well be so late that it seldom is.
_MIN_LEAD = 15_000
_LEAD = 70_000

# A mail that is ready is worth waiting for a slot this long after the time is up: it is sent well before the time-out.
_PATIENCE = 5 * MICROSECONDS


class Time(Protocol):
    """Microseconds since 1970; tests bring a time of their own."""

    def now(self) -> int: ...

    def sleep_until(self, instant: int) -> None: ...


class Slots(Protocol):
    def take(self, earliest: int, interval: int) -> int | None:
        """The next free slot, and the one after it is `interval` later. None when it is before `earliest`."""

    def restart(self, slot: int, interval: int) -> bool:
        """Take `slot`, after a pause. False when the next free one is not before it: another process was first."""


class RateLimiter:
    def __init__(self, rate: int, slots: Slots, time: Time) -> None:
        self._interval = math.ceil(MICROSECONDS / (rate * SHARE))
        self._slots = slots
        self._time = time
        # Whether the last slot began after a pause: the next one is first tried in the same way, mostly with one write.
        self._is_alone = True

    def wait(self, until: int) -> bool:
        """Wait for a slot. False when none comes before `until`, or soon after it."""
        while True:
            slot = self._take()
            if slot > until + _PATIENCE:
                return False
            self._time.sleep_until(slot)
            if self._time.now() <= slot + MAX_LATE:
                return True

    def _take(self) -> int:
        while True:
            if not self._is_alone:
                slot = self._slots.take(self._time.now() + _MIN_LEAD, self._interval)
                if slot is not None:
                    return slot
            first = self._time.now() + _LEAD
            self._is_alone = self._slots.restart(first, self._interval)
            if self._is_alone:
                return first

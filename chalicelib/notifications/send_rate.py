"""The rate limiter: one slot for each mail, so far apart that no second holds more mails than SES allows.

All processes take their slots from one item, by a conditional write. With r mails a second, any r + 1 slots in a row
span r intervals, which is 1 / SHARE = 1.031 seconds. A mail is sent at most 30 ms after its slot, else the slot is
dropped. So r + 1 mails never fall within one second, and 97 of 100 are used while mail is queued.
"""

import math
from typing import Protocol

MICROSECONDS = 1_000_000

SHARE = 0.97
MAX_LATE = 30_000

# Reserving takes about this long; an earlier slot would be past by then.
_LEAD = 15_000


class Time(Protocol):
    """Microseconds since 1970; tests bring a time of their own."""

    def now(self) -> int: ...

    def sleep_until(self, instant: int) -> None: ...


class Slots(Protocol):
    def next_slot(self) -> int | None: ...

    def advance(self, before: int | None, after: int) -> bool:
        """False when another process advanced it first."""


class RateLimiter:
    def __init__(self, rate: int, slots: Slots, time: Time) -> None:
        self._interval = math.ceil(MICROSECONDS / (rate * SHARE))
        self._slots = slots
        self._time = time

    def wait(self, until: int) -> bool:
        """Wait for a slot. False when none comes before `until`."""
        while True:
            slot = self._reserve(until)
            if slot is None:
                return False
            self._time.sleep_until(slot)
            if self._time.now() <= slot + MAX_LATE:
                return True

    def _reserve(self, until: int) -> int | None:
        while True:
            before = self._slots.next_slot()
            slot = max(before or 0, self._time.now() + _LEAD)
            if slot > until:
                return None
            if self._slots.advance(before, slot + self._interval):
                return slot

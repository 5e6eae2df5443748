"""Sending what waits: lanes in turn, one mail each, at the meter's pace, for as long as one invocation may run.

A client's lane is served once before any other is served twice, however many wait in it: somebody with ten mails
is through after ten turns, while a hundred thousand of another wait.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from chalicelib.notifications.models import Waiting
from chalicelib.notifications.send_rate import MICROSECONDS, Time

# How long a new lane may go unnoticed.
_LOOK_AGAIN_AFTER = MICROSECONDS

# How much of a lane each pump takes at a look.
_PART = 10


class Lanes(Protocol):
    def lanes(self) -> Mapping[str, int]: ...

    def waiting(self, lane: str, limit: int, after: str | None = None) -> Sequence[Waiting]: ...

    def close_lane(self, lane: str, revision: int) -> None: ...


class Pump:
    """`number` of `num_pumps`: each takes its own part of a page, so that they seldom reach for the same mail."""

    def __init__(
        self,
        lanes: Lanes,
        deliver: Callable[[Waiting, int], bool],
        time: Time,
        number: int = 0,
        num_pumps: int = 1,
    ) -> None:
        self._lanes = lanes
        self._deliver = deliver
        self._time = time
        self._offset = number * _PART
        self._page = num_pumps * _PART
        self._pages: dict[str, deque[Waiting]] = {}
        self._revisions: Mapping[str, int] = {}
        self._looked_at = -_LOOK_AGAIN_AFTER
        self._last_lane = ""
        # It ended for want of mail, not of time or of SES's patience.
        self.found_nothing = False

    def run(self, until: int) -> bool:
        """Send until nothing waits, or time is up, or SES wants none; True when something is left for now."""
        while self._time.now() < until:
            entry = self._next()
            if entry is None:
                self.found_nothing = True
                return False
            if not self._deliver(entry, until):
                return False
        return True

    def num_in_sight(self) -> int:
        """How much waits, as far as one look tells."""
        self._look()
        return sum(len(page) for page in self._pages.values())

    def _next(self) -> Waiting | None:
        if self._time.now() - self._looked_at >= _LOOK_AGAIN_AFTER:
            self._look()
        while self._pages:
            names = sorted(self._pages)
            lane = names[bisect_right(names, self._last_lane) % len(names)]
            page = self._pages[lane]
            if not page:
                self._fill(lane)
                continue
            self._last_lane = lane
            return page.popleft()
        # Everything known is sent; only a fresh look may say that nothing waits.
        self._look()
        return self._next() if self._pages else None

    def _look(self) -> None:
        self._looked_at = self._time.now()
        self._revisions = self._lanes.lanes()
        for lane in self._revisions:
            if lane not in self._pages:
                self._fill(lane)

    def _fill(self, lane: str) -> None:
        found = list(self._lanes.waiting(lane, self._page))
        if found:
            start = max(0, min(self._offset, len(found) - _PART))
            self._pages[lane] = deque(found[start : start + _PART])
            return
        self._pages.pop(lane, None)
        if lane in self._revisions:
            self._lanes.close_lane(lane, self._revisions[lane])

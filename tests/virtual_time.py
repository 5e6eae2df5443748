"""Virtual time for several processes at once: each runs in a thread, one at a time, in the order of their instants.

Whoever sleeps hands on to the process whose instant comes first; nothing ever really waits.
"""

import heapq
import threading
from _thread import LockType, allocate_lock
from collections.abc import Callable, Sequence
from datetime import datetime


class WorldTime:
    """The time of a world's mailer, in microseconds: the clock's, and later when the mailer slept. Nothing waits."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._slept_until = 0

    def now(self) -> int:
        return max(self._slept_until, int(self._clock().timestamp() * 1_000_000))

    def sleep_until(self, instant: int) -> None:
        self._slept_until = max(self._slept_until, instant)


class VirtualTime:
    """Microseconds. `sleep_until` is where one process gives way to the others."""

    def __init__(self, start: int = 1_800_000_000_000_000) -> None:
        self.start = start
        self._now = start
        # Plain locks, which cost a tenth of events: whoever waits acquires its own a second time.
        self._waiting: list[tuple[int, int, LockType]] = []
        self._num_slept = 0
        self._errors: list[BaseException] = []

    def now(self) -> int:
        return self._now

    def spend(self, microseconds: int) -> None:
        self.sleep_until(self._now + microseconds)

    def sleep_until(self, instant: int) -> None:
        instant = max(instant, self._now)
        self._num_slept += 1
        if not self._waiting or instant < self._waiting[0][0]:
            # All others come later.
            self._now = instant
            return
        mine = _held_lock()
        heapq.heappush(self._waiting, (instant, self._num_slept, mine))
        self._hand_on()
        mine.acquire()

    def run(self, processes: Sequence[Callable[[], object]]) -> None:
        """Let them all run to their ends, side by side."""
        done = _held_lock()
        left = [len(processes)]

        def one(process: Callable[[], object], begin: LockType) -> None:
            begin.acquire()
            try:
                process()
            except BaseException as error:
                self._errors.append(error)
            left[0] -= 1
            if left[0]:
                self._hand_on()
            else:
                done.release()

        for process in processes:
            begin = _held_lock()
            self._num_slept += 1
            heapq.heappush(self._waiting, (self._now, self._num_slept, begin))
            threading.Thread(target=one, args=(process, begin), daemon=True).start()
        self._hand_on()
        done.acquire()
        if self._errors:
            raise self._errors[0]

    def _hand_on(self) -> None:
        self._now, _, waiting = heapq.heappop(self._waiting)
        waiting.release()


def _held_lock() -> LockType:
    lock = allocate_lock()
    lock.acquire()
    return lock

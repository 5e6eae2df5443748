"""The post office: takes mails in, has them sent, and finds what was left lying."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.core.ids import new_id
from chalicelib.notifications import outbox, store
from chalicelib.notifications import send_rate_store as pacing
from chalicelib.notifications.delivery_events import Follow, no_one
from chalicelib.notifications.fair_queue import Pump
from chalicelib.notifications.send_rate import MICROSECONDS, Meter, Time
from chalicelib.notifications.sender import Build, Mailer, Postman

# From claim to note a mail takes about 0.15 s; a second's mails are spread over pumps with a third to spare.
# infra/functions.yaml lets as many run at once as this can come to.
_SECONDS_PER_MAIL = 0.2
_MAX_PUMPS = 20

# The mailer's time-out is 60 s; what was begun within these is ended by then.
RUN_FOR = 40 * MICROSECONDS
_LEASE_FOR = 60 * MICROSECONDS


def num_pumps(rate: int) -> int:
    return min(_MAX_PUMPS, math.ceil(rate * _SECONDS_PER_MAIL) + 1)


class PostOffice:
    def __init__(
        self,
        mailer: Mailer,
        builder_by_kind: Mapping[str, Build],
        rate: int,
        mail_from: str,
        time: Time,
        clock: Callable[[], datetime],
        follow: Follow = no_one,
    ) -> None:
        self._rate = rate
        self._num_pumps = num_pumps(rate)
        self._time = time
        self._clock = clock
        self._meter = Meter(rate, pacing.StoredSlots(), time)
        self._postman = Postman(store, mailer, builder_by_kind, self._meter.wait, clock, mail_from, follow)

    def run_pump(self, number: int) -> None:
        """Send at the meter's pace until nothing waits or time is up; then hand on to the next invocation."""
        owner = new_id(self._clock())
        started = self._time.now()
        if not pacing.take_pump(number, owner, started, started + _LEASE_FOR):
            return
        pump = Pump(store, self._postman.deliver, self._time, number, self._num_pumps)
        try:
            if number == 0 and pump.num_in_sight() > self._rate:
                outbox.wake_pumps(range(1, self._num_pumps))
            is_more = pump.run(started + RUN_FOR)
        finally:
            # Of a process that dies the lease ends by itself, within a minute.
            pacing.give_pump_back(number, owner)
        # A mail may have come after our last look, while its wake-up found this pump still taken.
        if is_more or (number == 0 and self._came_meanwhile(pump)):
            outbox.wake_pumps([number])

    def _came_meanwhile(self, pump: Pump) -> bool:
        return pump.found_nothing and bool(store.lanes())

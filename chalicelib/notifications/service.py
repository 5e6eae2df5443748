"""The post office: takes mails in, has them sent, and finds what was left lying."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.queues import Message, Queue
from chalicelib.aws.table import Write
from chalicelib.core import observability
from chalicelib.core.errors import MusterError
from chalicelib.core.ids import new_id
from chalicelib.notifications import send_rate_store as pacing
from chalicelib.notifications import store
from chalicelib.notifications.delivery_events import Follow, no_one
from chalicelib.notifications.fair_queue import Pump
from chalicelib.notifications.schemas import Wake
from chalicelib.notifications.send_rate import MICROSECONDS, Meter, Time
from chalicelib.notifications.sender import Mailer, Postman, Read
from chalicelib.notifications.states import UNKNOWN

# From claim to note a mail takes about 0.15 s; a second's mails are spread over pumps with a third to spare.
# infra/functions.yaml lets as many run at once as this can come to.
_SECONDS_PER_MAIL = 0.2
_MAX_PUMPS = 20

# The mailer's time-out is 60 s; what was begun within these is ended by then.
RUN_FOR = 40 * MICROSECONDS
_LEASE_FOR = 60 * MICROSECONDS

# Long past any time-out, and past the minutes that SES's news may take.
IN_DOUBT_AFTER = timedelta(minutes=15)

_PER_SHARD = 100


def num_pumps(rate: int) -> int:
    return min(_MAX_PUMPS, math.ceil(rate * _SECONDS_PER_MAIL) + 1)


class PostOffice:
    def __init__(
        self,
        queue: Queue,
        mailer: Mailer,
        readers: Mapping[str, Read],
        rate: int,
        mail_from: str,
        time: Time,
        clock: Callable[[], datetime],
        follow: Follow = no_one,
    ) -> None:
        self._queue = queue
        self._rate = rate
        self._num_pumps = num_pumps(rate)
        self._time = time
        self._clock = clock
        self._meter = Meter(rate, pacing.StoredSlots(), time)
        self._postman = Postman(store, mailer, readers, self._meter.wait, clock, mail_from, follow)

    def run_pump(self, number: int) -> None:
        """Send at the meter's pace until nothing waits or time is up; then hand on to the next invocation."""
        owner = new_id(self._clock())
        started = self._time.now()
        if not pacing.take_pump(number, owner, started, started + _LEASE_FOR):
            return
        pump = Pump(store, self._postman.deliver, self._time, number, self._num_pumps)
        try:
            if number == 0 and pump.num_in_sight() > self._rate:
                self._wake(range(1, self._num_pumps))
            is_more = pump.run(started + RUN_FOR)
        finally:
            # Of a process that dies the lease ends by itself, within a minute.
            pacing.give_pump_back(number, owner)
        # A mail may have come after our last look, while its wake-up found this pump still taken.
        if is_more or (number == 0 and self._came_meanwhile(pump)):
            self._wake([number])

    def _came_meanwhile(self, pump: Pump) -> bool:
        return pump.found_nothing and bool(store.lanes())

    def sweep(self, now: datetime) -> int:
        """Wake the pumps when mail waits, and settle what was left lying; gives how many mails that were."""
        if store.lanes():
            self._wake([0])
        num_unknown = 0
        for claimed in store.left_lying(now - IN_DOUBT_AFTER, _PER_SHARD):
            observability.warning("what became of a mail is unknown", mail_id=claimed.mail_id)
            store.learn(claimed.mail_id, UNKNOWN)
            num_unknown += 1
        return num_unknown

    def _wake(self, numbers: Sequence[int] | range) -> None:
        self._queue.send(Message(Wake(pump=number).body(), "mailer") for number in numbers)


class Counter:
    """Where features hand in their mails. The mail is written with the event; the wake-up only saves a minute."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def writes(self, mail_id: str, kind: str, lane: str, about: Mapping[str, Any], now: datetime) -> list[Write]:
        """For the transaction of the event. ConditionFailed when the mail was written before."""
        return store.mail_writes(store.new_mail(mail_id, kind, lane, about, now))

    def writes_of_many(
        self, kind: str, lane: str, abouts_by_mail_id: Mapping[str, Mapping[str, str]], now: datetime
    ) -> list[Write]:
        """The same for several mails of one kind and lane: two writes each, and one for the lane."""
        return store.writes_of_mails(
            [store.new_mail(mail_id, kind, lane, about, now) for mail_id, about in abouts_by_mail_id.items()]
        )

    def put(self, kind: str, lane: str, abouts_by_mail_id: Mapping[str, Mapping[str, str]], now: datetime) -> None:
        """Many mails of one kind and lane; those that were there before stay as they are."""
        store.insert_mails(
            [store.new_mail(mail_id, kind, lane, about, now) for mail_id, about in abouts_by_mail_id.items()]
        )

    def wake(self) -> None:
        """After the event's transaction. Should this fail, the sweep wakes the mailer within a minute."""
        try:
            self._queue.send([Message(Wake().body(), "mailer")])
        except MusterError:
            observability.failure("mail left to the sweep")

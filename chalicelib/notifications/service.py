"""One invocation of the mailer: one send worker at work, for as long as its lease lasts."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.core import observability
from chalicelib.core.errors import MusterError
from chalicelib.core.ids import new_id
from chalicelib.notifications import outbox, send_rate_store, store
from chalicelib.notifications.send_rate import MICROSECONDS, RateLimiter, Time
from chalicelib.notifications.send_worker import SendWorker
from chalicelib.notifications.sender import Build, Mailer, MailSender

# From claim to record a mail takes about 0.23 s. A second's mails are spread over workers with a third to spare.
# infra/functions.yaml lets as many run at once as the greatest rate needs (MailRate in infra/stage.yaml).
_SECONDS_PER_MAIL = 0.3

# The mailer's time-out is 60 s; a mail that was begun within RUN_FOR is done by then.
RUN_FOR = 40 * MICROSECONDS
_LEASE_FOR = 60 * MICROSECONDS


def num_workers(rate: int) -> int:
    return math.ceil(rate * _SECONDS_PER_MAIL) + 1


class MailService:
    def __init__(
        self,
        mailer: Mailer,
        builder_by_kind: Mapping[str, Build],
        rate: int,
        mail_from: str,
        front_url: str,
        time: Time,
        clock: Callable[[], datetime],
    ) -> None:
        self._rate = rate
        self._num_workers = num_workers(rate)
        self._time = time
        self._clock = clock
        rate_limiter = RateLimiter(rate, send_rate_store.StoredSlots(), time)
        self._sender = MailSender(store, mailer, builder_by_kind, rate_limiter.wait, clock, mail_from, front_url)

    def run_worker(self, number: int) -> None:
        """Send until no mail is left or time is up; then wake the next invocation if there is more."""
        owner = new_id(self._clock())
        started = self._time.now()
        if not send_rate_store.take_lease(number, owner, started, started + _LEASE_FOR):
            return
        worker = SendWorker(store, self._sender.send, self._time, number, self._num_workers)
        try:
            if number == 0 and worker.num_visible() > self._rate:
                outbox.wake(range(1, self._num_workers))
            has_more = worker.run(started + RUN_FOR)
        finally:
            # When the process dies, the lease ends by itself within a minute.
            self._return_lease(number, owner)
        # A mail may have been queued after our last read, while its wake-up met our lease.
        if has_more or (number == 0 and worker.found_nothing and _has_more_than(worker.kept)):
            outbox.wake_workers([number])

    def _return_lease(self, number: int, owner: str) -> None:
        """Should it fail, the lease ends by itself; there may be mail for the next invocation all the same."""
        try:
            send_rate_store.return_lease(number, owner)
        except MusterError:
            observability.failure("lease not returned", worker=number)


def _has_more_than(kept: Mapping[str, int]) -> bool:
    """Whether something was queued since these queues were read. What other workers have is left to the sweep."""
    return any(kept.get(queue) != opened.revision for queue, opened in store.open_queues().items())

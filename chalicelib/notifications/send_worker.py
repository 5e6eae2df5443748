"""A send worker: sends queued mails within the rate limit, for as long as one invocation may run.

Queues are served in turn, one mail each (fair queuing). A tenant with ten mails is through after ten turns, while
a hundred thousand mails of another tenant wait.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from typing import Protocol

from chalicelib.core import observability
from chalicelib.core.errors import MusterError
from chalicelib.notifications.models import OpenQueue, QueuedMail
from chalicelib.notifications.send_rate import MICROSECONDS, Time
from chalicelib.notifications.states import Turn

# How long a new queue may stay unnoticed.
_REFRESH_AFTER = MICROSECONDS

# How many mails of a queue each worker reads at once.
_SHARE = 10

# A call that was throttled is followed by a pause, twice as long after each further one. After so many in a row it is
# more than a moment's trouble: the sweep wakes the next worker.
_FIRST_PAUSE = MICROSECONDS // 4
_MAX_FAILURES = 4


class MailQueues(Protocol):
    """What `store` offers."""

    def open_queues(self) -> Mapping[str, OpenQueue]: ...

    def queued_mails(self, queue: str, shard: int, limit: int) -> Sequence[QueuedMail]: ...

    def close_queue(self, queue: str, revision: int) -> None: ...


class SendWorker:
    """`number` of `num_workers`: each has shards, or a part of a shard's page, of its own, so that they seldom claim
    the same mail.
    """

    def __init__(
        self,
        queues: MailQueues,
        send: Callable[[QueuedMail, int], Turn],
        time: Time,
        number: int = 0,
        num_workers: int = 1,
    ) -> None:
        self._queues = queues
        self._send = send
        self._time = time
        self._number = number
        self._num_workers = num_workers
        self._num_reads = 0
        self._pages: dict[str, deque[QueuedMail]] = {}
        self._open: Mapping[str, OpenQueue] = {}
        # Queues and shards in which nothing was found since the queues were read.
        self._empty: set[tuple[str, int]] = set()
        # The shards whose mails are all in the page of their queue, by queue. Nothing is left in such a shard once its
        # page is through; what is queued meanwhile changes the queue's revision.
        self._whole_shards: dict[str, int] = {}
        self._refreshed_at = -_REFRESH_AFTER
        self._last_queue = ""
        # Mails that another worker has, or had when it died: passed over for the rest of this run.
        self._held: set[str] = set()
        # Queues in which nothing else was found since the queues were read, and their revisions. They stay open.
        self.kept: dict[str, int] = {}
        # The run ended because no mail was left, not because of time or of a failure.
        self.found_nothing = False

    def run(self, until: int) -> bool:
        """Send until no mail is left, time is up, or calls keep failing. True when mail is left and may be sent now."""
        num_failures = 0
        while self._time.now() < until:
            try:
                entry = self._next()
                if entry is None:
                    self.found_nothing = True
                    return False
                turn = self._send(entry, until)
                if turn == Turn.HELD:
                    self._held.add(entry.mail_id)
            except MusterError:
                observability.failure("mail queues could not be read")
                turn = Turn.NOT_NOW
            if turn != Turn.THROUGH:
                # The mail is in its queue still.
                self._whole_shards.clear()
            num_failures = num_failures + 1 if turn == Turn.NOT_NOW else 0
            if num_failures == _MAX_FAILURES:
                return False
            if num_failures:
                self._time.sleep_until(self._time.now() + _FIRST_PAUSE * 2 ** (num_failures - 1))
        return True

    def num_visible(self) -> int:
        """About how many mails wait: those in the first pages of the queues, taken for all of their shards."""
        try:
            self._refresh()
        except MusterError:
            observability.failure("mail queues could not be read")
        return sum(len(self._pages.get(queue, ())) * len(opened.shards) for queue, opened in self._open.items())

    def _next(self) -> QueuedMail | None:
        if self._time.now() - self._refreshed_at >= _REFRESH_AFTER:
            self._refresh()
        while self._pages:
            names = sorted(self._pages)
            queue = names[bisect_right(names, self._last_queue) % len(names)]
            page = self._pages[queue]
            if not page:
                if queue in self._whole_shards:
                    self._empty.add((queue, self._whole_shards.pop(queue)))
                self._read(queue)
                continue
            self._last_queue = queue
            return page.popleft()
        # All pages are sent. Only a new read can show that nothing is left.
        self._refresh()
        return self._next() if self._pages else None

    def _refresh(self) -> None:
        self._refreshed_at = self._time.now()
        self._open = self._queues.open_queues()
        self._empty.clear()
        self._whole_shards.clear()
        self.kept.clear()
        for queue in self._open:
            if queue not in self._pages:
                self._read(queue)

    def _read(self, queue: str) -> None:
        opened = self._open.get(queue)
        for shard, part in self._places(opened.shards) if opened else ():
            if (queue, shard) in self._empty:
                continue
            mails = self._waiting(queue, shard, (part + 1) * _SHARE)
            if mails:
                if part == 0 and len(mails) < _SHARE:
                    self._whole_shards[queue] = shard
                self._pages[queue] = deque(mails[max(0, min(part * _SHARE, len(mails) - _SHARE)) :])
                return
            self._empty.add((queue, shard))
        self._pages.pop(queue, None)
        if opened is not None and queue not in self.kept:
            self._queues.close_queue(queue, opened.revision)

    def _waiting(self, queue: str, shard: int, limit: int) -> list[QueuedMail]:
        """The first mails of the shard that nobody has."""
        num_held = 0
        while True:
            found = self._queues.queued_mails(queue, shard, limit + num_held)
            waiting = [mail for mail in found if mail.mail_id not in self._held]
            is_all = len(found) < limit + num_held
            if len(waiting) < len(found):
                self.kept[queue] = self._open[queue].revision
            if is_all or len(waiting) >= limit:
                return waiting
            num_held = len(found) - len(waiting)

    def _places(self, shards: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Where to look for mail, in this order: a shard, and which ten mails of it.

        Own shards in turn; then the others, behind the mails that their own workers read.
        """
        self._num_reads += 1
        stride = min(self._num_workers, len(shards))
        own = shards[self._number % stride :: stride]
        for place in range(len(own)):
            yield own[(self._num_reads + place) % len(own)], self._number // len(shards)
        num_sharing = ceil(self._num_workers / len(shards))
        for place in range(1, len(shards)):
            shard = shards[(self._number + place) % len(shards)]
            if shard not in own:
                yield shard, num_sharing

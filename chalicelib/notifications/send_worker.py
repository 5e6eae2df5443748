"""A send worker: sends queued mails within the rate limit, for as long as one invocation may run.

Queues are served in turn, one mail each (fair queuing). A tenant with ten mails is through after ten turns, while
a hundred thousand mails of another tenant wait.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from chalicelib.notifications.models import QueuedMail
from chalicelib.notifications.send_rate import MICROSECONDS, Time

# How long a new queue may stay unnoticed.
_REFRESH_AFTER = MICROSECONDS

# How many mails of a queue each worker reads at once.
_SHARE = 10


class MailQueues(Protocol):
    """What `store` offers."""

    def open_queues(self) -> Mapping[str, int]: ...

    def queued_mails(self, queue: str, limit: int, after: str | None = None) -> Sequence[QueuedMail]: ...

    def close_queue(self, queue: str, revision: int) -> None: ...


class SendWorker:
    """`number` of `num_workers`: each takes its own part of a page, so that they seldom claim the same mail."""

    def __init__(
        self,
        queues: MailQueues,
        send: Callable[[QueuedMail, int], bool],
        time: Time,
        number: int = 0,
        num_workers: int = 1,
    ) -> None:
        self._queues = queues
        self._send = send
        self._time = time
        self._offset = number * _SHARE
        self._page_size = num_workers * _SHARE
        self._pages: dict[str, deque[QueuedMail]] = {}
        self._revisions: Mapping[str, int] = {}
        self._refreshed_at = -_REFRESH_AFTER
        self._last_queue = ""
        # The run ended because no mail was left, not because of time or of SES.
        self.found_nothing = False

    def run(self, until: int) -> bool:
        """Send until no mail is left, time is up, or SES takes no more. True when mail is left and may be sent now."""
        while self._time.now() < until:
            entry = self._next()
            if entry is None:
                self.found_nothing = True
                return False
            if not self._send(entry, until):
                return False
        return True

    def num_visible(self) -> int:
        """How many mails the first pages of the queues hold."""
        self._refresh()
        return sum(len(page) for page in self._pages.values())

    def _next(self) -> QueuedMail | None:
        if self._time.now() - self._refreshed_at >= _REFRESH_AFTER:
            self._refresh()
        while self._pages:
            names = sorted(self._pages)
            queue = names[bisect_right(names, self._last_queue) % len(names)]
            page = self._pages[queue]
            if not page:
                self._read(queue)
                continue
            self._last_queue = queue
            return page.popleft()
        # All pages are sent. Only a new read can show that nothing is left.
        self._refresh()
        return self._next() if self._pages else None

    def _refresh(self) -> None:
        self._refreshed_at = self._time.now()
        self._revisions = self._queues.open_queues()
        for queue in self._revisions:
            if queue not in self._pages:
                self._read(queue)

    def _read(self, queue: str) -> None:
        mails = list(self._queues.queued_mails(queue, self._page_size))
        if mails:
            start = max(0, min(self._offset, len(mails) - _SHARE))
            self._pages[queue] = deque(mails[start : start + _SHARE])
            return
        self._pages.pop(queue, None)
        if queue in self._revisions:
            self._queues.close_queue(queue, self._revisions[queue])

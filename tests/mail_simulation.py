"""Sending mail in virtual time: the code between claim and record is the application's own.

The table and SES are fakes that take virtual time, of varying length, and are busy where a test says so.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from chalicelib.aws.mailer import NotSent, OutcomeUnknown
from chalicelib.core.errors import Unavailable
from chalicelib.notifications.models import MAIL_SK, Mail, OpenQueue, QueuedMail, mail_pk, queue_pk, queue_shard
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.notifications.send_rate import MICROSECONDS, RateLimiter
from chalicelib.notifications.send_worker import SendWorker
from chalicelib.notifications.sender import MailSender
from chalicelib.notifications.service import num_workers
from chalicelib.notifications.states import DeliveryEvent, MailState, Turn
from tests.virtual_time import VirtualTime

RATE = 14
NUM_WORKERS = num_workers(RATE)


@dataclass(frozen=True)
class Timing:
    """Microseconds that calls take, from and to, and the share of them that is throttled."""

    read: tuple[int, int] = (3_000, 12_000)
    write: tuple[int, int] = (3_000, 12_000)
    ses: tuple[int, int] = (30_000, 110_000)
    throttled: float = 0


# What performance.md P15 names.
AS_AWS_HAS_IT = Timing(read=(3_000, 9_000), write=(9_000, 60_000), ses=(50_000, 160_000), throttled=0.01)


class Table:
    """The store's interface over dictionaries. Each call takes effect half-way."""

    def __init__(self, time: VirtualTime, seed: int = 1, timing: Timing = Timing()) -> None:
        self.time = time
        self.timing = timing
        self.random = random.Random(seed)
        # By partition key: each holds a shard of a queue.
        self.entries: dict[str, dict[str, QueuedMail]] = defaultdict(dict)
        self.open: dict[str, OpenQueue] = {}
        self.states: dict[str, MailState] = {}
        self.slot: int | None = None

    @contextmanager
    def call(self, span: tuple[int, int]) -> Iterator[None]:
        half = self.random.randint(*span) // 2
        self.time.spend(half)
        if self.random.random() < self.timing.throttled:
            raise Unavailable()
        yield
        self.time.spend(half)

    def read(self) -> AbstractContextManager[None]:
        return self.call(self.timing.read)

    def write(self) -> AbstractContextManager[None]:
        return self.call(self.timing.write)

    def add(self, queue: str, count: int) -> None:
        for _ in range(count):
            mail_id = f"{queue}-{len(self.states):06}"
            self.states[mail_id] = MailState.PENDING
            self._queue(queue, mail_id)

    def _queue(self, queue: str, mail_id: str) -> None:
        shard, before = queue_shard(mail_id), self.open.get(queue, OpenQueue(0, ()))
        pk = queue_pk(queue, shard)
        self.entries[pk][mail_id] = QueuedMail(pk, mail_id, mail_id=mail_id, queue=queue)
        shards = before.shards if shard in before.shards else tuple(sorted({*before.shards, shard}))
        self.open[queue] = OpenQueue(before.revision + 1, shards)

    def open_queues(self) -> Mapping[str, OpenQueue]:
        with self.read():
            return dict(self.open)

    def queued_mails(self, queue: str, shard: int, limit: int) -> Sequence[QueuedMail]:
        with self.read():
            return list(islice(self.entries[queue_pk(queue, shard)].values(), limit))

    def close_queue(self, queue: str, revision: int) -> None:
        with self.write():
            if queue in self.open and self.open[queue].revision == revision:
                del self.open[queue]

    def claim(self, entry: QueuedMail, attempt: str, now: datetime) -> Mail | Turn:
        with self.write():
            if self.states[entry.mail_id] == MailState.PENDING:
                self.states[entry.mail_id] = MailState.SENDING
                return Mail(
                    mail_pk(entry.mail_id), MAIL_SK, mail_id=entry.mail_id, queue=entry.queue, kind="admin_appointed"
                )
        with self.read():
            state = self.states[entry.mail_id]
        if state == MailState.SENDING:
            return Turn.HELD
        if state != MailState.PENDING:
            self._leave(entry.queue, entry.mail_id)
        return Turn.THROUGH

    def _leave(self, queue: str, mail_id: str) -> None:
        with self.write():
            self.entries[queue_pk(queue, queue_shard(mail_id))].pop(mail_id, None)

    def release(self, claimed: Mail) -> None:
        with self.write():
            self.states[claimed.mail_id] = MailState.PENDING
            self._queue(claimed.queue, claimed.mail_id)

    def record_sent(self, claimed: Mail, message_id: str, now: datetime) -> None:
        with self.write():
            self.states[claimed.mail_id] = MailState.SENT
        self._leave(claimed.queue, claimed.mail_id)

    def record_unsent(self, claimed: Mail, event: DeliveryEvent) -> None:
        with self.write():
            self.states[claimed.mail_id] = event.state
        self._leave(claimed.queue, claimed.mail_id)

    def take(self, earliest: int, interval: int) -> int | None:
        with self.write():
            slot = self.slot
            if slot is None or slot < earliest:
                return None
            self.slot = slot + interval
            return slot

    def restart(self, slot: int, interval: int) -> bool:
        with self.write():
            if self.slot is not None and self.slot >= slot:
                return False
            self.slot = slot + interval
            return True


class Ses:
    """Keeps the instant of each call that it took."""

    def __init__(self, time: VirtualTime, timing: Timing = Timing()) -> None:
        self.time = time
        self.timing = timing
        self.random = random.Random(2)
        self.taken: list[tuple[int, str]] = []
        self.trouble: dict[str, type[Exception]] = {}

    def send(self, sender: str, to: str, raw: bytes, mail_id: str) -> str:
        if self.trouble.get(mail_id) is NotSent:
            del self.trouble[mail_id]
            raise NotSent()
        if self.random.random() < self.timing.throttled:
            self.time.spend(self.timing.ses[0])
            raise NotSent()
        self.taken.append((self.time.now(), mail_id))
        self.time.spend(self.random.randint(*self.timing.ses))
        if self.trouble.get(mail_id) is OutcomeUnknown:
            raise OutcomeUnknown()
        return f"ses-{mail_id}"

    def instants(self) -> list[int]:
        return sorted(instant for instant, _ in self.taken)


class Simulation:
    def __init__(self, rate: int = RATE, seed: int = 1, timing: Timing = Timing()) -> None:
        self.time = VirtualTime()
        self.table = Table(self.time, seed, timing)
        self.ses = Ses(self.time, timing)
        self.rate = rate

    def _content(self, mail: Mail, now: datetime) -> MailContent | Suppressed:
        with self.table.read():
            facts = {"tenant": "Acme", "role": "admin", "email": "ann@example.com"}
            return MailContent(to="ann@example.com", sender_name="Acme", facts=facts)

    def work(self, number: int, seconds: float, count: int = NUM_WORKERS) -> bool:
        def clock() -> datetime:
            return datetime.fromtimestamp(self.time.now() / MICROSECONDS, UTC)

        rate_limiter = RateLimiter(self.rate, self.table, self.time)
        mail_sender = MailSender(
            self.table,
            self.ses,
            {"admin_appointed": self._content},
            rate_limiter.wait,
            clock,
            "training@muster.example",
            "https://muster.example/portal",
        )
        until = self.time.start + int(seconds * MICROSECONDS)
        return SendWorker(self.table, mail_sender.send, self.time, number, count).run(until)

    def run(self, seconds: float, count: int = NUM_WORKERS, *more: object) -> None:
        workers = [lambda number=number: self.work(number, seconds, count) for number in range(count)]
        self.time.run([*workers, *more])  # type: ignore[list-item]


def busiest_second(instants: Sequence[int]) -> int:
    """The most that any window of one second holds, wherever it begins."""
    most, first = 0, 0
    for last, instant in enumerate(instants):
        while instant - instants[first] >= MICROSECONDS:
            first += 1
        most = max(most, last - first + 1)
    return most

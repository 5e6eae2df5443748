"""P7 in virtual time: never over the rate, nearly all of it used, no tenant held up by a large one, nothing twice.

The code between claim and record is the application's own. The table and SES are fakes that take virtual time, of
varying length where a test says so.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from chalicelib.aws.mailer import NotSent, OutcomeUnknown
from chalicelib.notifications.models import MAIL_SK, Mail, QueuedMail, mail_pk, queue_pk
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.notifications.send_rate import MICROSECONDS, RateLimiter
from chalicelib.notifications.send_worker import SendWorker
from chalicelib.notifications.sender import MailSender
from chalicelib.notifications.service import num_workers
from chalicelib.notifications.states import DeliveryEvent, MailState
from tests.virtual_time import VirtualTime

RATE = 14
NUM_WORKERS = num_workers(RATE)


class Table:
    """The store's interface over dictionaries. Each call takes a few milliseconds and takes effect at its end."""

    def __init__(self, time: VirtualTime, seed: int = 1) -> None:
        self.time = time
        self.random = random.Random(seed)
        self.entries: dict[str, dict[str, QueuedMail]] = defaultdict(dict)
        self.revisions: Counter[str] = Counter()
        self.states: dict[str, MailState] = {}
        self.slot: int | None = None

    def _call(self) -> None:
        self.time.spend(self.random.randint(3_000, 12_000))

    def add(self, queue: str, count: int) -> None:
        for _ in range(count):
            mail_id = f"{queue}-{len(self.states):06}"
            self.entries[queue][mail_id] = QueuedMail(queue_pk(queue), mail_id, mail_id=mail_id, queue=queue)
            self.states[mail_id] = MailState.PENDING
        self.revisions[queue] += 1

    def open_queues(self) -> Mapping[str, int]:
        self._call()
        return dict(self.revisions)

    def queued_mails(self, queue: str, limit: int, after: str | None = None) -> Sequence[QueuedMail]:
        self._call()
        return [self.entries[queue][key] for key in list(self.entries[queue])[:limit]]

    def close_queue(self, queue: str, revision: int) -> None:
        self._call()
        if self.revisions[queue] == revision:
            del self.revisions[queue]

    def claim(self, entry: QueuedMail, attempt: str, now: datetime) -> Mail | None:
        self._call()
        if self.states[entry.mail_id] != MailState.PENDING:
            return None
        self.states[entry.mail_id] = MailState.SENDING
        del self.entries[entry.queue][entry.mail_id]
        return Mail(mail_pk(entry.mail_id), MAIL_SK, mail_id=entry.mail_id, queue=entry.queue, kind="admin_appointed")

    def release(self, claimed: Mail) -> None:
        self._call()
        self.states[claimed.mail_id] = MailState.PENDING
        self.entries[claimed.queue][claimed.mail_id] = QueuedMail(
            queue_pk(claimed.queue), claimed.mail_id, mail_id=claimed.mail_id, queue=claimed.queue
        )
        self.revisions[claimed.queue] += 1

    def record_sent(self, claimed: Mail, message_id: str, now: datetime) -> bool:
        self._call()
        self.states[claimed.mail_id] = MailState.SENT
        return False

    def record(self, mail_id: str, event: DeliveryEvent) -> bool:
        self._call()
        self.states[mail_id] = event.state
        return True

    def next_slot(self) -> int | None:
        self._call()
        return self.slot

    def advance(self, before: int | None, after: int) -> bool:
        self._call()
        if self.slot != before:
            return False
        self.slot = after
        return True


class Ses:
    """Keeps the instant of each call. `answer` is how long a call takes, from and to (microseconds)."""

    def __init__(self, time: VirtualTime, answer: tuple[int, int] = (30_000, 110_000)) -> None:
        self.time = time
        self.answer = answer
        self.random = random.Random(2)
        self.taken: list[tuple[int, str]] = []
        self.trouble: dict[str, type[Exception]] = {}

    def send(self, sender: str, to: str, raw: bytes, mail_id: str) -> str:
        if self.trouble.get(mail_id) is NotSent:
            del self.trouble[mail_id]
            raise NotSent()
        self.taken.append((self.time.now(), mail_id))
        self.time.spend(self.random.randint(*self.answer))
        if self.trouble.get(mail_id) is OutcomeUnknown:
            raise OutcomeUnknown()
        return f"ses-{mail_id}"

    def instants(self) -> list[int]:
        return sorted(instant for instant, _ in self.taken)


def content(mail: Mail, now: datetime) -> MailContent | Suppressed:
    return MailContent(
        to="ann@example.com", sender_name="Acme", facts={"tenant": "Acme", "role": "admin", "email": "ann@example.com"}
    )


class Simulation:
    def __init__(self, rate: int = RATE, seed: int = 1) -> None:
        self.time = VirtualTime()
        self.table = Table(self.time, seed)
        self.ses = Ses(self.time)
        self.rate = rate

    def work(self, number: int, seconds: float, count: int = NUM_WORKERS) -> bool:
        def clock() -> datetime:
            return datetime.fromtimestamp(self.time.now() / MICROSECONDS, UTC)

        rate_limiter = RateLimiter(self.rate, self.table, self.time)
        mail_sender = MailSender(
            self.table, self.ses, {"admin_appointed": content}, rate_limiter.wait, clock, "training@muster.example"
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


@pytest.mark.parametrize("rate", [1, 5, 14, 50])
def test_no_second_holds_more_than_the_rate_and_nearly_all_of_it_is_used(rate: int) -> None:
    simulation = Simulation(rate)
    simulation.table.add("huge", 100 * rate)
    simulation.run(60, num_workers(rate))
    instants = simulation.ses.instants()
    assert busiest_second(instants) <= rate
    span = (instants[-1] - instants[0]) / MICROSECONDS
    assert (len(instants) - 1) / span >= 0.95 * rate
    assert len(instants) >= 0.95 * rate * 58


@pytest.mark.parametrize("seed", range(5))
def test_it_holds_however_the_processes_fall_among_each_other(seed: int) -> None:
    simulation = Simulation(seed=seed)
    simulation.table.add("huge", 5_000)
    simulation.run(40, 4)
    assert busiest_second(simulation.ses.instants()) <= RATE
    assert len(simulation.ses.taken) >= 0.95 * RATE * 38


def test_a_process_that_is_slow_to_wake_lets_its_slot_go_instead_of_being_late() -> None:
    simulation = Simulation()
    simulation.table.add("huge", 2_000)
    whims = random.Random(3)
    on_time = simulation.time.sleep_until
    # Every tenth wake-up comes up to a third of a second late, as when a sandbox is frozen.
    simulation.time.sleep_until = lambda instant: on_time(  # type: ignore[method-assign]
        instant + (whims.randint(0, 330_000) if whims.random() < 0.1 else whims.randint(0, 20_000))
    )
    simulation.run(60)
    assert busiest_second(simulation.ses.instants()) <= RATE


def test_ten_mails_of_one_client_are_not_held_up_by_a_hundred_thousand_of_another() -> None:
    simulation = Simulation()
    simulation.table.add("huge", 100_000)
    arrived: list[int] = []

    def somebody_small() -> None:
        simulation.time.sleep_until(simulation.time.start + 20 * MICROSECONDS)
        simulation.table.add("small", 10)
        arrived.append(simulation.time.now())

    simulation.run(40, NUM_WORKERS, somebody_small)
    last = max(instant for instant, mail_id in simulation.ses.taken if mail_id.startswith("small"))
    assert sum(mail_id.startswith("small") for _, mail_id in simulation.ses.taken) == 10
    # Alone, ten mails take 0.7 s; with a second to be noticed and every other slot, it is under four.
    assert last - arrived[0] < 4 * MICROSECONDS
    assert busiest_second(simulation.ses.instants()) <= RATE


def test_clients_with_much_mail_get_equal_shares() -> None:
    simulation = Simulation()
    sizes = {"a": 50_000, "b": 5_000, "c": 1_000, "d": 1_000}
    for queue, size in sizes.items():
        simulation.table.add(queue, size)
    simulation.run(60)
    shares = Counter(mail_id[0] for _, mail_id in simulation.ses.taken)
    assert max(shares.values()) - min(shares.values()) <= 0.1 * max(shares.values())


def test_a_redelivered_wake_up_sends_nothing_twice_and_nothing_too_fast() -> None:
    """Ten workers run where four should, several of them with the same number and without a lease."""
    simulation = Simulation()
    simulation.table.add("a", 300)
    simulation.table.add("b", 7)
    twice = [lambda number=number: simulation.work(number % NUM_WORKERS, 60) for number in range(10)]
    simulation.time.run(twice)
    sent = Counter(mail_id for _, mail_id in simulation.ses.taken)
    assert len(sent) == 307
    assert set(sent.values()) == {1}
    assert busiest_second(simulation.ses.instants()) <= RATE
    assert simulation.table.revisions == {}


def test_a_mail_in_doubt_is_never_sent_again_and_a_mail_refused_for_now_is() -> None:
    simulation = Simulation()
    simulation.table.add("a", 20)
    in_doubt, throttled = "a-000003", "a-000007"
    simulation.ses.trouble = {in_doubt: OutcomeUnknown, throttled: NotSent}
    simulation.run(30)
    simulation.run(60)
    sent = Counter(mail_id for _, mail_id in simulation.ses.taken)
    assert len(sent) == 20
    assert set(sent.values()) == {1}
    assert simulation.table.states[in_doubt] == MailState.SENDING
    assert simulation.table.states[throttled] == MailState.SENT

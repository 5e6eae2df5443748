"""P7 in virtual time: never over the rate, nearly all of it used, no tenant held up by a large one, nothing twice."""

import logging
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pytest

from chalicelib.aws.mailer import NotSent, OutcomeUnknown
from chalicelib.core.errors import Unavailable
from chalicelib.notifications import sender
from chalicelib.notifications.models import QueuedMail
from chalicelib.notifications.rendering import MimeMessage, mime_message
from chalicelib.notifications.send_rate import MICROSECONDS
from chalicelib.notifications.send_worker import SendWorker
from chalicelib.notifications.service import num_workers
from chalicelib.notifications.states import MailState, Turn
from tests.mail_simulation import AS_AWS_HAS_IT, NUM_WORKERS, RATE, Simulation, Timing, busiest_second


@pytest.fixture(autouse=True)
def _the_same_text_for_all_mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody reads these ten thousand mails: writing each, and a line of the log about it, took most of the time."""
    written: list[MimeMessage] = []

    def same(*what: Any) -> MimeMessage:
        if not written:
            written.append(mime_message(*what))
        return written[0]

    monkeypatch.setattr(sender, "mime_message", same)
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(("rate", "seconds"), [(1, 60), (5, 60), (14, 60), (50, 20)])
def test_no_second_holds_more_than_the_rate_and_nearly_all_of_it_is_used(rate: int, seconds: int) -> None:
    simulation = Simulation(rate)
    simulation.table.add("huge", 100 * rate)
    simulation.run(seconds, num_workers(rate))
    instants = simulation.ses.instants()
    assert busiest_second(instants) <= rate
    span = (instants[-1] - instants[0]) / MICROSECONDS
    assert (len(instants) - 1) / span >= 0.95 * rate
    assert len(instants) >= 0.95 * rate * (seconds - 2)


@pytest.mark.parametrize(("rate", "seconds"), [(14, 20), (50, 20), (100, 10)])
def test_it_holds_with_calls_as_slow_as_aws_has_them_and_one_of_a_hundred_throttled(rate: int, seconds: int) -> None:
    simulation = Simulation(rate, timing=AS_AWS_HAS_IT)
    simulation.table.add("huge", 100 * rate)
    simulation.run(seconds, num_workers(rate))
    instants = simulation.ses.instants()
    assert busiest_second(instants) <= rate
    assert len(instants) >= 0.95 * rate * (seconds - 0.5)


_CALLS = ["open_queues", "queued_mails", "claim", "take", "restart", "record_sent", "close_queue"]


@pytest.mark.parametrize("call", _CALLS)
@pytest.mark.parametrize("nth", [1, 2])
def test_one_throttled_call_does_not_end_a_worker(call: str, nth: int) -> None:
    # At the lower rate the worker waits for slots, at the higher one each begins after a pause.
    simulation = Simulation(rate=2 if call == "take" else 10)
    simulation.table.add("a", 15)
    calls, answer = Counter[str](), getattr(simulation.table, call)

    def throttled(*args: object) -> object:
        calls[call] += 1
        if calls[call] == nth:
            raise Unavailable()
        return answer(*args)

    setattr(simulation.table, call, throttled)
    left = []
    simulation.time.run([lambda: left.append(simulation.work(0, 60, 1))])
    assert calls[call] >= 1
    assert left == [False]
    assert len(simulation.ses.taken) == 15
    # A mail that may have been sent stays in its queue until news of it can come no more.
    assert simulation.table.open.keys() == ({"a"} if call == "record_sent" else set())


def test_a_worker_ends_when_ses_takes_no_mail_and_has_asked_it_a_few_times_only() -> None:
    simulation = Simulation(timing=Timing(throttled=0))
    simulation.table.add("a", 50)
    simulation.ses.trouble = {f"a-{number:06}": NotSent for number in range(50)}
    left = []
    simulation.time.run([lambda: left.append(simulation.work(0, 60, 1))])
    assert left == [False]
    assert len(simulation.ses.trouble) == 50 - 4
    # Whoever is woken by the sweep finds all of them.
    assert set(simulation.table.states.values()) == {MailState.PENDING}


@pytest.mark.parametrize(("count", "is_work_for_more"), [(1, False), (10, False), (1_000, True)])
def test_a_worker_sees_whether_one_tenant_alone_has_work_for_more_workers(count: int, is_work_for_more: bool) -> None:
    simulation = Simulation()
    simulation.table.add("a", count)
    visible = []
    worker = SendWorker(simulation.table, lambda mail, until: Turn.THROUGH, simulation.time, 0, NUM_WORKERS)
    simulation.time.run([lambda: visible.append(worker.num_visible())])
    assert (visible[0] > RATE) == is_work_for_more


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
    assert simulation.table.open == {}


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


def test_a_worker_leaves_few_mails_in_doubt_while_ses_is_in_trouble() -> None:
    simulation = Simulation(timing=Timing(throttled=0))
    simulation.table.add("a", 50)
    simulation.ses.trouble = {f"a-{number:06}": OutcomeUnknown for number in range(50)}
    simulation.time.run([lambda: simulation.work(0, 60, 1)])
    states = Counter(simulation.table.states.values())
    assert states == {MailState.SENDING: 4, MailState.PENDING: 46}


def test_a_shard_whose_mails_were_all_in_a_page_is_not_read_again() -> None:
    simulation = Simulation(timing=Timing(throttled=0))
    # As many as are sent before the queues are looked at again.
    simulation.table.add("a", 3)
    reads: list[int] = []
    queued_mails = simulation.table.queued_mails

    def counted(queue: str, shard: int, limit: int) -> Sequence[QueuedMail]:
        reads.append(shard)
        return queued_mails(queue, shard, limit)

    simulation.table.queued_mails = counted  # type: ignore[method-assign]
    num_shards = len(simulation.table.open["a"].shards)
    simulation.time.run([lambda: simulation.work(0, 60, 1)])
    assert len(simulation.ses.taken) == 3
    assert simulation.table.open == {}
    assert len(reads) == num_shards


@pytest.mark.parametrize("at", range(1, 12))
def test_a_mail_that_is_queued_at_any_moment_into_a_shard_that_was_read_is_sent(at: int) -> None:
    """Before and after the page is through: the queue must not be closed over it."""
    simulation = Simulation(timing=Timing(throttled=0))
    simulation.table.add("a", 3)
    num_calls = 0
    call = simulation.table.call

    def interrupted(span: tuple[int, int]) -> AbstractContextManager[None]:
        nonlocal num_calls
        num_calls += 1
        if num_calls == at:
            simulation.table.add("a", 20)
        return call(span)

    simulation.table.call = interrupted  # type: ignore[method-assign]
    simulation.time.run([lambda: simulation.work(0, 60, 1)])
    assert len(simulation.ses.taken) == 23
    assert simulation.table.open == {}


def test_mails_whose_senders_died_hold_up_no_others_and_are_asked_for_once() -> None:
    simulation = Simulation(timing=Timing(throttled=0))
    simulation.table.add("a", 400)
    died = {mail_id for places in simulation.table.entries.values() for mail_id in list(places)[:12]}
    for mail_id in died:
        simulation.table.states[mail_id] = MailState.SENDING
    claims, claim = Counter[str](), simulation.table.claim

    def counted(entry: QueuedMail, attempt: str, now: datetime) -> object:
        claims[entry.mail_id] += 1
        return claim(entry, attempt, now)

    simulation.table.claim = counted  # type: ignore[assignment, method-assign]
    simulation.time.run([lambda: simulation.work(0, 60, 1)])
    assert {mail_id for _, mail_id in simulation.ses.taken} == simulation.table.states.keys() - died
    assert set(claims.values()) == {1}
    # Who comes after fifteen minutes finds them here.
    assert simulation.table.open.keys() == {"a"}

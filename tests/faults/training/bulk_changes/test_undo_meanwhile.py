"""An undo while others are at work on the same batch: learners, chunks, retries, and the undo itself once more."""

from contextlib import suppress

import pytest

from chalicelib.core.errors import Conflict
from tests.faults import later
from tests.faults.fake_sqs import Delivery, is_in_flight
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, INSERT, KILLED_AFTER, KILLED_BEFORE, QUERY, SEND, TRANSACT, Fault, each
from tests.faults.later import Batch
from tests.faults.scenarios import CHUNK_NEW, RETRY_CHUNK, bad, partial_row
from tests.faults.training.bulk_changes.test_undo import CHUNK, REQUEST, START, assert_undone, undoing

# The start of an undo of a batch with one course.
START_ONE = [GET, GET, QUERY, TRANSACT, GET, QUERY, TRANSACT, SEND, TRANSACT]


@pytest.mark.parametrize("step", ["start", "complete"])
@pytest.mark.parametrize("at", each(CHUNK))
def test_who_starts_or_completes_meanwhile_is_kept_or_withdrawn_and_counted_as_that(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, step: str, at: int
) -> None:
    made, delivery = undoing(play, monkeypatch, "change_chunk")
    last = made.people[2:3]

    def learn() -> None:
        with suppress(Conflict):
            getattr(play, step)(last)

    later.while_delivering(play, delivery, at, learn)
    later.settle(play)
    kept = made.held().get("in_progress", 0) + made.held().get("completed", 0)
    assert made.undone() == ("done", 8 - kept, kept, 0)
    # The one who started both; too late for this course, the learner does not come to the other either.
    in_time = at <= CHUNK.index(INSERT) + 2
    assert kept == (4 if in_time else 2)
    assert made.seats(0) + made.seats(1) == kept


@pytest.mark.parametrize("at", each(START))
def test_an_undo_that_starts_twice_at_once_happens_once(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    made, delivery = undoing(play, monkeypatch, "change")
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    assert_undone(play, made)


@pytest.mark.parametrize("at", each(CHUNK))
def test_a_chunk_that_is_undone_twice_at_once_is_undone_once(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    made, delivery = undoing(play, monkeypatch, "change_chunk")
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    assert_undone(play, made)


@pytest.mark.parametrize("at", each(CHUNK_NEW))
def test_an_undo_while_a_chunk_runs_withdraws_everybody_it_enrolled(play: FaultHarness, at: int) -> None:
    made, delivery = later.running(play)

    def undo() -> None:
        assert play.ask(made.request("undo")).status == 202
        play.outside.work_off()

    later.while_delivering(play, delivery, at, undo)
    later.settle(play)
    # The other chunk has enrolled its one by then; this one its three, unless the undo stopped the row before.
    num = 1 if at == 1 else 4
    assert made.undone() == ("done", num, 0, 0)
    assert made.numbers() == ("cancelled", num, num, num)
    assert made.seats() == 0


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("at", each(CHUNK_NEW))
def test_an_undo_counts_what_a_chunk_did_before_it_died(play: FaultHarness, at: int, fault: Fault) -> None:
    made, delivery = later.running(play)
    later.broken_delivery(play, delivery, at, fault)
    play.outside.waiting.remove(delivery)
    assert play.ask(made.request("undo")).status == 202
    later.settle(play)
    num = sum(made.held().values())
    assert made.undone() == ("done", num, 0, 0)
    assert made.numbers() == ("cancelled", num, num, num)
    assert made.held() in ({}, {"cancelled": num})


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("at", each(RETRY_CHUNK))
def test_an_undo_counts_what_a_retry_did_before_it_died(play: FaultHarness, at: int, fault: Fault) -> None:
    """Of two chunks one runs again; the other has its numbers since the first run."""
    made = later.batch(play, 5)
    delivery = play.outside.take_one(job="chunk", chunk=1)
    with play.injector.fault(0, bad(made.people[3:4])):
        assert play.outside.deliver(delivery)
    play.outside.work_off()
    assert made.numbers() == ("partial", 5, 4, 0)
    assert play.ask(made.request("retry", 0)).status == 202
    later.broken_delivery(play, play.outside.take_one(job="chunk", run=2), at, fault)
    play.outside.waiting.clear()
    assert play.ask(made.request("undo")).status == 202
    later.settle(play)
    num = sum(made.held().values())
    assert num in (4, 5)
    assert made.undone() == ("done", num, 0, 0)
    assert made.numbers()[2:] == (num, num)
    assert made.seats() == 0


@pytest.mark.parametrize("at", each(START_ONE))
def test_a_retry_while_an_undo_starts_enrolls_nobody(play: FaultHarness, at: int) -> None:
    request, _ = partial_row(play)
    (org_id,) = play.people
    made = Batch(play, org_id, request.path.split("/")[4], [request.path.split("/")[6]])
    assert play.ask(made.request("undo")).status == 202
    delivery = play.outside.take_one(job="change")
    answers: list[int] = []

    def retry() -> None:
        answers.append(play.ask(request).status)
        play.outside.work_off()

    later.while_delivering(play, delivery, at, retry)
    later.settle(play)
    num = sum(made.held().values())
    # Once the row is cancelled it cannot be retried; a retry that came to its end before that is undone too.
    assert answers == ([202] if at <= 4 else [409])
    assert num == (3 if at <= 4 else 2)
    assert made.held() == {"cancelled": num}
    assert made.undone() == ("done", num, 0, 0)
    assert made.seats() == 0


@pytest.mark.parametrize("key", ["undo", "other"])
@pytest.mark.parametrize("at", each(REQUEST))
def test_an_undo_that_is_asked_for_twice_at_once_happens_once(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int, key: str
) -> None:
    made, _ = undoing(play, monkeypatch)
    request = made.request("undo")
    other = made.request("undo", key=key)
    answer = later.while_asking(play, request, at, lambda: play.ask(other))
    assert answer.status == 202 or (key == "undo" and is_in_flight(answer))
    assert_undone(play, made)


@pytest.mark.parametrize("at", each(REQUEST))
def test_an_undo_and_a_cancellation_at_once_both_happen(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """One of the two courses ran; the other is still to come."""
    later.few_rows_at_once(monkeypatch)
    made = later.batch(play, 2, [None, "2087-01-10"])
    play.outside.work_off()
    answer = later.while_asking(play, made.request("undo"), at, lambda: play.ask(made.request("cancel")))
    assert answer.status == 202
    later.settle(play)
    assert made.undone() == ("done", 2, 0, 0)
    assert [made.numbers(0), made.numbers(1)] == [("cancelled", 2, 2, 2), ("cancelled", 0, 0, 0)]
    assert [made.seats(0), made.seats(1)] == [0, 0]

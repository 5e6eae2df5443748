"""Undo, from the request to its last chunk, broken at every call in every way."""

import pytest

from tests.faults import later
from tests.faults.fake_sqs import MAX_RECEIVES, Delivery
from tests.faults.harness import FaultHarness
from tests.faults.kinds import DELETE, GET, GET_MANY, INSERT, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault, pairs
from tests.faults.later import Batch
from tests.faults.snapshots import built_once

REQUEST = [QUERY, GET, GET, PUT, GET, QUERY, TRANSACT, SEND, GET, QUERY, UPDATE]
# One row a transaction.
START = [GET, *[GET, QUERY, TRANSACT] * 2, GET, QUERY, TRANSACT, SEND, SEND, DELETE]
# The learners of the chunk are in two shards. Two of three people are withdrawn, the third has started.
CHUNK = [GET_MANY, GET, QUERY, QUERY, GET, INSERT, INSERT, GET, TRANSACT, GET, GET]
DEAD = [GET_MANY, GET, QUERY, QUERY, GET, *[GET] * 3, TRANSACT, GET, GET]


def undoing(play: FaultHarness, monkeypatch: pytest.MonkeyPatch, job: str = "") -> tuple[Batch, Delivery]:
    """Four people in two courses; one started both. The message of this job, once it was asked for."""
    later.few_rows_at_once(monkeypatch)
    return _undoing(play, job)


@built_once
def _undoing(play: FaultHarness, job: str) -> tuple[Batch, Delivery]:
    made = later.ran(play, num_courses=2)
    play.start(made.people[:1])
    if not job:
        return made, Delivery({})
    assert play.ask(made.request("undo")).status == 202
    return made, play.outside.take_one(job=job)


def assert_undone(play: FaultHarness, made: Batch) -> None:
    later.settle(play)
    assert made.undone() == ("done", 6, 2, 0)
    assert [made.numbers(0), made.numbers(1)] == [("cancelled", 4, 4, 3)] * 2
    assert made.held() == {"in_progress": 2, "cancelled": 6}
    assert [made.seats(0), made.seats(1)] == [1, 1]
    assert made.num_audited("batch.undone") == 1


def test_an_undo_makes_these_calls(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = undoing(play, monkeypatch)
    with play.injector.watched() as calls:
        assert play.ask(made.request("undo")).status == 202
    assert calls == REQUEST
    for job, expected in (("change", START), ("change_chunk", CHUNK)):
        delivery = play.outside.take_one(job=job)
        with play.injector.watched() as calls:
            assert play.outside.deliver(delivery)
        assert calls == expected
    assert_undone(play, made)


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST))
def test_an_undo_comes_out_right_whichever_call_of_the_request_breaks(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int, fault: Fault
) -> None:
    made, _ = undoing(play, monkeypatch)
    answer = later.broken_request(play, made.request("undo"), at, fault, 202)
    assert_undone(play, made)
    assert play.ask(made.request("undo")).json == answer.json


@pytest.mark.parametrize(
    ("job", "at", "fault"),
    [
        pytest.param(job, *pair.values, id=f"{job}: {pair.id}")
        for job, calls in (("change", START), ("change_chunk", CHUNK))
        for pair in pairs(calls)
    ],
)
def test_an_undo_comes_out_right_whichever_call_of_its_jobs_breaks(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, job: str, at: int, fault: Fault
) -> None:
    made, delivery = undoing(play, monkeypatch, job)
    later.broken_delivery(play, delivery, at, fault)
    assert_undone(play, made)


# ------------------------------------------------------------ dead letters


def _dead_chunk(play: FaultHarness, monkeypatch: pytest.MonkeyPatch, withdrawn_by: int) -> tuple[Batch, Delivery]:
    """A chunk that broke each time; the first time at the call after it withdrew somebody, if it did."""
    made, delivery = undoing(play, monkeypatch, "change_chunk")
    for attempt in range(MAX_RECEIVES):
        later.broken_delivery(play, delivery, withdrawn_by if attempt == 0 else 1, later.UNREACHABLE)
        (play.outside.dead if attempt == MAX_RECEIVES - 1 else play.outside.waiting).remove(delivery)
    return made, delivery


def test_a_dead_letter_makes_these_calls(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    _, delivery = _dead_chunk(play, monkeypatch, 1)
    with play.injector.watched() as calls:
        assert play.outside.handle_dead_letter(delivery)
    assert calls == DEAD


@pytest.mark.parametrize(("at", "fault"), pairs(DEAD))
def test_a_dead_letter_tells_what_was_done_and_what_was_not_whichever_call_breaks(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int, fault: Fault
) -> None:
    made, delivery = _dead_chunk(play, monkeypatch, CHUNK.index(INSERT) + 2)
    with play.injector.fault(at, fault):
        play.outside.handle_dead_letter(delivery)
    assert play.injector.struck
    later.settle(play)
    # Of the chunk's two who have not started, the call that got through withdrew those that it held.
    status, num_reversed, num_kept, num_left = made.undone()
    assert (status, num_reversed + num_left, num_kept) == ("done", 6, 2)
    assert num_left == 1
    assert made.held() == {"in_progress": 2, "cancelled": 5, "enrolled": 1}
    assert made.seats(0) + made.seats(1) == 3

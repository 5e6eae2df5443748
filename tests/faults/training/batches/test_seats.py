"""Chunks of a course with few seats: broken at every call in every way, and two of them for the last seat."""

from datetime import timedelta

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.tenants.organizations.seat_store import count_write
from chalicelib.training.batches import reconcile
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.messages import ReconcileBatch
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.store import BatchKey
from tests.faults import later
from tests.faults.fake_sqs import MAX_RECEIVES, Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import (
    GET,
    GET_MANY,
    INSERT,
    KILLED_AFTER,
    KILLED_BEFORE,
    PUT,
    QUERY,
    TRANSACT,
    Fault,
    each,
    pairs,
)
from tests.faults.later import Batch
from tests.faults.scenarios import CHUNK_NEW
from tests.faults.snapshots import built_once

# Three people; as many seats, fewer, none.
CHUNKS = {
    3: [GET_MANY, QUERY, PUT, GET, TRANSACT, INSERT, INSERT, TRANSACT, GET, TRANSACT],
    2: [GET_MANY, QUERY, PUT, GET, GET_MANY, TRANSACT, GET_MANY, INSERT, TRANSACT, GET, TRANSACT],
    0: [GET_MANY, QUERY, PUT, GET, GET_MANY, GET_MANY, TRANSACT, GET, TRANSACT],
}
_STATUS = {3: "enrolled", 2: "partial", 0: "failed"}


@built_once
def _chunk(play: FaultHarness, num_free: int, num_people: int = 3) -> tuple[Batch, Delivery]:
    """A chunk of three people, and so many seats. Where none is free, there is one, and it is taken."""
    made = later.batch(play, num_people, seats=num_free or 1)
    if num_free == 0:
        _take(made, 1)
    return made, play.outside.take_one(job="chunk", chunk=0)


def _take(made: Batch, number: int) -> None:
    """Somebody else takes seats, or gives them back."""
    table.transact([count_write(made.org_id, made.courses[0], number)])


def _assert_true(play: FaultHarness, made: Batch, num_free: int) -> None:
    play.outside.until_quiet()
    if num_free == 0:
        assert made.seats() == 1
        _take(made, -1)
    later.settle(play)
    assert made.numbers() == (_STATUS[num_free], 3, num_free, 0)
    assert sum(made.held().values()) == num_free
    assert made.seats() == num_free


@pytest.mark.parametrize("num_free", CHUNKS)
def test_a_chunk_with_few_seats_makes_these_calls(play: FaultHarness, num_free: int) -> None:
    made, delivery = _chunk(play, num_free)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == CHUNKS[num_free]
    _assert_true(play, made, num_free)


@pytest.mark.parametrize(
    ("num_free", "at", "fault"),
    [
        pytest.param(num_free, *pair.values, id=f"{num_free} free: {pair.id}")
        for num_free, calls in CHUNKS.items()
        for pair in pairs(calls)
    ],
)
def test_seats_come_out_right_whichever_call_breaks(play: FaultHarness, num_free: int, at: int, fault: Fault) -> None:
    made, delivery = _chunk(play, num_free)
    later.broken_delivery(play, delivery, at, fault)
    _assert_true(play, made, num_free)


@pytest.mark.parametrize("num_free", CHUNKS)
@pytest.mark.parametrize("at", range(1, 9))
def test_seats_of_a_chunk_that_comes_twice_at_once_are_taken_once(play: FaultHarness, num_free: int, at: int) -> None:
    made, delivery = _chunk(play, num_free)
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    _assert_true(play, made, num_free)


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("at", each(CHUNKS[2]))
def test_seats_of_a_chunk_that_ended_as_a_dead_letter_are_given_back(play: FaultHarness, at: int, fault: Fault) -> None:
    made, delivery = _chunk(play, 2)
    delivery.num_received = MAX_RECEIVES - 1
    later.broken_delivery(play, delivery, at, fault)
    later.settle(play)
    assert made.seats() == sum(made.held().values()) == made.numbers()[2]


# ------------------------------------------------------------ again, and others


def test_a_retry_finds_so_many_seats_as_are_free_and_no_more(play: FaultHarness) -> None:
    made, delivery = _chunk(play, 1)
    assert play.outside.deliver(delivery)
    play.outside.work_off()
    assert made.numbers() == ("partial", 3, 1, 0)
    later.give_seats(play, made.org_id, made.courses, 2)
    assert play.ask(made.request("retry", 0)).status == 202
    later.settle(play)
    assert made.numbers() == ("partial", 3, 2, 0)
    assert made.seats() == 2


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("at", each(CHUNKS[2]))
def test_a_retry_after_a_kill_finds_so_many_seats_as_are_free_and_no_more(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    made, delivery = _chunk(play, 1)
    assert play.outside.deliver(delivery)
    play.outside.work_off()
    later.give_seats(play, made.org_id, made.courses, 2)
    assert play.ask(made.request("retry", 0)).status == 202
    later.broken_delivery(play, play.outside.take_one(job="chunk", run=2), at, fault)
    later.settle(play)
    assert made.numbers() == ("partial", 3, 2, 0)
    assert made.seats() == 2


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("at", each(CHUNKS[3]))
def test_seats_that_a_run_took_before_its_row_failed_are_used_by_the_next(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    """The message that reconciles the batch breaks whenever it says that the chunks are sent, and so does the chunk."""
    made = later.batch(play, 3, seats=3)
    reconciling = play.outside.take_one(job="advance")
    for _ in range(MAX_RECEIVES):
        with play.injector.fault("sqs.SendMessageBatch", KILLED_AFTER):
            play.outside.deliver(reconciling)
        if reconciling in play.outside.waiting:
            play.outside.waiting.remove(reconciling)
    chunk = next(message for message in play.outside.take() if message.has({"job": "chunk"}))
    play.outside.waiting.clear()
    later.broken_delivery(play, chunk, at, fault)
    play.outside.waiting.clear()
    play.outside.work_off()
    if made.numbers()[0] == "failed":
        assert play.ask(made.request("retry", 0)).status == 202
    later.settle(play)
    assert made.numbers() == ("enrolled", 3, 3, 0)
    assert made.seats() == 3


@pytest.mark.parametrize("at", each(CHUNKS[2][:-1]))
def test_two_chunks_for_the_last_seat_give_it_to_one(play: FaultHarness, at: int) -> None:
    made, delivery = _chunk(play, 2, num_people=4)
    other = play.outside.take_one(job="chunk", chunk=1)
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(other))
    later.settle(play)
    assert made.numbers() == ("partial", 4, 2, 0)
    assert made.seats() == 2


@pytest.mark.parametrize("at", each(CHUNKS[2]))
def test_two_launches_for_the_last_seat_give_it_to_one(play: FaultHarness, at: int) -> None:
    """Both are for the same people: each seat is taken by one of the two launches."""
    made, delivery = _chunk(play, 2)
    second = play.launch([made.org_id], [{"course_id": made.courses[0]}], key="second")[made.org_id]
    other = play.outside.take_one(job="chunk", batch_id=second)
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(other))
    later.settle(play)
    assert made.seats() == 2
    enrolled = [truth[2] for truths in play.rows().values() for truth in truths]
    assert sum(enrolled) == 2


# ------------------------------------------------------------ a limit for a course that had none


def _is_limited(play: FaultHarness, made: Batch, number: int) -> bool:
    """Ask for a limit; it is refused while more seats are taken, or about to be."""
    access = {"course_ids": made.courses, "reply_to": "training@acme.example", "seats": {made.courses[0]: number}}
    answer = play.ask(Request("PUT", f"/msp/organizations/{made.org_id}/training-access", play.admin, access))
    assert (answer.status, "fewer_than_taken" in answer.text) in {(200, False), (422, True)}, answer.text
    return answer.status == 200


def _assert_kept(play: FaultHarness, made: Batch, limit: int | None) -> None:
    later.settle(play)
    assert made.seats() == sum(made.held().values()) == made.numbers()[2] == (4 if limit is None else limit)


@pytest.mark.parametrize("limit", [2, 3])
@pytest.mark.parametrize("at", each(CHUNK_NEW))
def test_a_limit_that_is_set_while_a_chunk_runs_holds_or_is_refused(play: FaultHarness, limit: int, at: int) -> None:
    made, delivery = later.running(play)
    was_set = []
    later.while_delivering(play, delivery, at, lambda: was_set.append(_is_limited(play, made, limit)))
    # Of the first chunk's three seats none is taken before its fourth call; afterwards all are.
    assert was_set == [at <= 4 or limit == 3]
    _assert_kept(play, made, limit if was_set[0] else None)


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("at", each(CHUNK_NEW))
def test_a_limit_that_is_set_between_two_deliveries_of_a_chunk_holds_or_is_refused(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    made, delivery = later.running(play)
    later.broken_delivery(play, delivery, at, fault)
    was_set = _is_limited(play, made, 2)
    assert was_set == (at < 4 or (at == 4 and fault is KILLED_BEFORE))
    _assert_kept(play, made, 2 if was_set else None)


# A chunk of one person.
_SMALL_CHUNK = [GET_MANY, QUERY, PUT, TRANSACT, INSERT, TRANSACT, GET]


@pytest.mark.parametrize("at", each(_SMALL_CHUNK))
def test_people_who_came_between_two_deliveries_find_seats_where_there_is_no_limit(play: FaultHarness, at: int) -> None:
    made, delivery = later.running(play)
    last = play.outside.take_one(job="chunk", chunk=1)
    later.broken_delivery(play, last, at, KILLED_AFTER)
    play.outside.waiting.append(delivery)
    # Ids sort by their time: these people are in the last range, whatever the others' ids are.
    play.world.now += timedelta(seconds=1)
    play.people[made.org_id] += play.world.members(made.org_id, 2)
    later.settle(play)
    # Nobody looks at the roster again once the chunk has its result.
    num = 4 if at >= 6 else 6
    assert made.numbers() == ("enrolled", num, num, 0)
    assert made.seats() == sum(made.held().values()) == num


def _assert_covered(made: Batch) -> None:
    assert made.seats() >= sum(made.held().values())


@pytest.mark.parametrize("limit", [0, 4])
@pytest.mark.parametrize("at", each(CHUNK_NEW))
def test_seats_of_a_run_whose_row_failed_stay_taken_until_its_people_are_counted(
    play: FaultHarness, at: int, limit: int
) -> None:
    """Wherever the run broke off: nobody who comes meanwhile finds a seat on which somebody sits uncounted."""
    made, delivery = later.running(play)
    if limit:
        later.give_seats(play, made.org_id, made.courses, limit)
    later.broken_delivery(play, delivery, at, KILLED_AFTER)
    row = batch_store.row(BatchKey(play.msp_id, made.org_id, made.batch_id), made.courses[0])
    assert row is not None
    # As a process leaves it that dies while it sends the chunks' messages.
    table.transact([Write("update", row, None, (Row.sent_run.set(0),))])
    reconcile.on_dead_letter(
        ReconcileBatch(msp_id=play.msp_id, org_id=made.org_id, batch_id=made.batch_id), play.world.now
    )
    path = f"{made.path}/courses/{made.courses[0]}/retry"
    assert play.ask(Request("POST", path, play.admin, None, "again")).status == 202
    while play.outside.take():
        message = play.outside.waiting.pop(0)
        with play.injector.meanwhile(0, lambda: _assert_covered(made)):
            play.outside.deliver(message)
        _assert_covered(made)
    _assert_kept(play, made, limit or None)

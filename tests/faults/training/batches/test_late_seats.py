"""Seats of a run of a chunk that takes them, or comes again, after the next run has ended."""

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.training.batches import chunk_store, reconcile
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.messages import EnrollChunk, ReconcileBatch
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.store import BatchKey
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.later import Batch


def _next_run_ends(play: FaultHarness, made: Batch) -> None:
    """The row fails while its first run is still at work, an admin tries it again, and the second run ends."""
    row = batch_store.row(BatchKey(play.msp_id, made.org_id, made.batch_id), made.courses[0])
    assert row is not None
    table.transact([Write("update", row, None, (Row.sent_run.set(0),))])
    reconcile.on_dead_letter(
        ReconcileBatch(msp_id=play.msp_id, org_id=made.org_id, batch_id=made.batch_id), play.world.now
    )
    path = f"{made.path}/courses/{made.courses[0]}/retry"
    assert play.ask(Request("POST", path, play.admin, None, "again")).status == 202
    play.outside.work_off()
    assert made.numbers() == ("enrolled", 3, 3, 0)


@pytest.mark.parametrize("limit", [3, 7])
@pytest.mark.parametrize("at", range(1, 9))
def test_seats_that_a_run_takes_after_the_next_has_ended_are_given_back(
    play: FaultHarness, at: int, limit: int
) -> None:
    made = later.batch(play, 3, seats=limit)
    delivery = play.outside.take_one(job="chunk", chunk=0)
    later.while_delivering(play, delivery, at, lambda: _next_run_ends(play, made))
    later.settle(play)
    assert made.seats() == sum(made.held().values()) == 3


def test_seats_that_a_dead_run_took_after_the_next_has_ended_are_given_back_when_it_comes_again(
    play: FaultHarness,
) -> None:
    made = later.batch(play, 3, seats=7)
    delivery = play.outside.take_one(job="chunk", chunk=0)
    run = chunk_store.chunk_run(EnrollChunk.model_validate(delivery.body), play.world.now)
    assert run is not None
    _next_run_ends(play, made)
    # It died with its seats taken, and nobody enrolled.
    chunk_store.reserve_seats(run, 3, 7)
    assert made.seats() == 6
    for _ in range(2):
        assert play.outside.deliver(Delivery(delivery.body))
        assert made.seats() == sum(made.held().values()) == 3
    later.settle(play)

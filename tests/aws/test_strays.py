"""Somebody whom an interrupted delivery enrolled, and who matches no more when it comes again, is still counted."""

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.people.members.models import RosterEntry, learners_pk, member_sk
from chalicelib.training.batches import chunk_store, enroll_chunk, reconcile
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.messages import EnrollChunk, ReconcileBatch
from chalicelib.training.batches.store import BatchKey
from tests.harness import World
from tests.stories.driver import Driver


class Killed(BaseException):
    """The process ends here."""


def test_who_left_between_two_deliveries_is_counted_as_enrolled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(world)
    course = world.course(driver.msp)
    [org_id] = driver.clients(course, "Acme Industries")
    leaver, _ = world.members(org_id, 2)
    batch_id = driver.send(driver.form([org_id], [course])).json["results"][0]["batch_id"]
    [message] = world.messages()
    reconcile.reconcile(ReconcileBatch.model_validate(message), world.now)
    [message] = world.messages()

    def killed(*args: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(chunk_store, "finish_chunk", killed)
        with pytest.raises(Killed):
            enroll_chunk.enroll_chunk(EnrollChunk.model_validate(message), world.now)
    table.transact([Write("delete", RosterEntry(learners_pk(org_id), member_sk(leaver)))])
    enroll_chunk.enroll_chunk(EnrollChunk.model_validate(message), world.now)

    row = batch_store.row(BatchKey(driver.msp, org_id, batch_id), course)
    assert row is not None
    assert (row.status, row.num_enrolled, row.num_targeted) == ("enrolled", 2, 2)
    assert len(world.dump("enrollments")) == 2

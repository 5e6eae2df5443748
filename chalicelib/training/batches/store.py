"""Batches: reads of a batch and of its rows, and writes of the batch itself. Writes of rows are in `row_store`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.table import Ref, Write, put_new
from chalicelib.core import observability
from chalicelib.core.errors import ConditionFailed, NotFound
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.training.batches.models import (
    ROWS_PREFIX,
    Batch,
    Partition,
    Row,
    batch_pk,
    batch_ref,
    batch_sk,
    batches_pk,
    partition_sk,
    row_sk,
    spec_ref,
)
from chalicelib.training.batches.schemas import Plan


@dataclass(frozen=True)
class BatchKey:
    msp_id: str
    org_id: str
    batch_id: str


def batch(key: BatchKey) -> Batch | None:
    return table.get(Batch, batches_pk(key.org_id), batch_sk(key.batch_id))


def batches(org_id: str, limit: int, after: str | None) -> Page[Batch]:
    return table.query(Batch, batches_pk(org_id), limit=limit, after=after, newest_first=True)


def all_batches(org_id: str) -> list[Batch]:
    return table.query_all(Batch, batches_pk(org_id))


def batches_by_id(org_id: str, batch_ids: Iterable[str]) -> dict[str, Batch]:
    """Those that exist: one call per 100."""
    found = table.fetch_all([batch_ref(org_id, batch_id) for batch_id in sorted(batch_ids)], consistent=False)
    return {batch.batch_id: batch for batch in found}


def rows(key: BatchKey, *, consistent: bool = True) -> list[Row]:
    return table.query_all(Row, batch_pk(key.org_id, key.batch_id), prefix=ROWS_PREFIX, consistent=consistent)


def row(key: BatchKey, course_id: str) -> Row | None:
    return table.get(Row, batch_pk(key.org_id, key.batch_id), row_sk(course_id))


def plan_and_org(key: BatchKey, rollout_id: str) -> tuple[Plan, Org]:
    """What was submitted, and the client as it is now: one call. Neither is deleted before its batches."""
    spec, org = table.fetch(spec_ref(key.msp_id, rollout_id), Ref(Org, msp_pk(key.msp_id), org_sk(key.org_id)))
    if spec is None or org is None:
        raise NotFound()
    return Plan.model_validate(spec.plan), org


def update_batch(key: BatchKey, *actions: Action, as_read: Batch | None = None) -> Write:
    """`as_read` is the batch as it was before its rows were read, for actions that follow from all the rows.

    ConditionFailed when another transaction of that kind came first.
    """
    item, condition = Batch(batches_pk(key.org_id), batch_sk(key.batch_id)), Batch.pk.exists()
    if as_read is None:
        return Write("update", item, condition, actions)
    revision = as_read.dates_revision
    same = Batch.dates_revision.does_not_exist() if revision is None else Batch.dates_revision == revision
    return Write("update", item, condition & same, (*actions, Batch.dates_revision.set((revision or 0) + 1)))


def bump_dates_revision(batch: Batch) -> None:
    """In memory, after a write with `as_read` of this batch succeeded, so that another may follow."""
    batch.dates_revision = (batch.dates_revision or 0) + 1


def set_missing_groups(names: Sequence[str]) -> Action:
    return Batch.missing_groups.set(list(names)) if names else Batch.missing_groups.remove()


def note_schedules_made(key: BatchKey, batch: Batch) -> None:
    """Nothing when dates changed meanwhile: the next message makes schedules for the new dates."""
    try:
        table.transact([update_batch(key, Batch.schedules_made.set(True), as_read=batch)])
    except ConditionFailed:
        observability.info("dates changed while scheduling", batch_id=key.batch_id)
    else:
        bump_dates_revision(batch)


def note_chunks_sent(key: BatchKey, rows: Iterable[Row]) -> None:
    """All chunk messages of these rows' runs are in the queue. Nothing when a row is in another run by now."""
    try:
        table.transact(
            [Write("update", Row(row.pk, row.sk), Row.run == row.run, (Row.sent_run.set(row.run),)) for row in rows]
        )
    except ConditionFailed:
        observability.info("row changed while sending", batch_id=key.batch_id)


def put_partition(key: BatchKey, partition_id: str, partition: Partition) -> Write:
    partition.pk, partition.sk = batch_pk(key.org_id, key.batch_id), partition_sk(partition_id)
    return put_new(partition)


def add_open_due(due_by: str, number: int) -> Action:
    count: Any = Row.open_due[due_by]
    action: Action = count.set((count | 0) + number)
    return action

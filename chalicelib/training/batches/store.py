"""Batches, rows and cuts: every read and every conditional write.

A row's change of status, its batch's numbers, the client's counters and the MSP's totals are one
transaction, on condition that the row still stands where it was read.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.paging import Page
from chalicelib.tenants.organizations.counter_store import counter_writes
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.batches.mail_events import failed_writes
from chalicelib.training.batches.models import (
    ROWS_PREFIX,
    Batch,
    Cut,
    Row,
    batch_pk,
    batch_sk,
    batches_pk,
    cut_sk,
    row_sk,
)
from chalicelib.training.batches.states import TALLY_BY_STATUS, WITH_FAILURES, RowStatus


@dataclass(frozen=True)
class BatchKey:
    msp_id: str
    org_id: str
    batch_id: str


@dataclass(frozen=True)
class Move:
    """A row's way from the status it was read in to another, with what else changes on it."""

    row: Row
    to: RowStatus
    actions: tuple[Action, ...] = ()


def batch(key: BatchKey) -> Batch | None:
    return table.get(Batch, batches_pk(key.org_id), batch_sk(key.batch_id))


def batches(org_id: str, limit: int, after: str | None) -> Page[Batch]:
    return table.query(Batch, batches_pk(org_id), limit=limit, after=after, newest_first=True)


def all_batches(org_id: str) -> list[Batch]:
    return table.query_all(Batch, batches_pk(org_id))


def rows(key: BatchKey, *, consistent: bool = True) -> list[Row]:
    return table.query_all(Row, batch_pk(key.org_id, key.batch_id), prefix=ROWS_PREFIX, consistent=consistent)


def row(key: BatchKey, course_id: str) -> Row | None:
    return table.get(Row, batch_pk(key.org_id, key.batch_id), row_sk(course_id))


def update_batch(key: BatchKey, *actions: Action, as_read: Batch | None = None) -> Write:
    """`as_read` is the batch as it was before its rows were read, for what follows from all of them.

    ConditionFailed when another transaction of that kind was first.
    """
    item, condition = Batch(batches_pk(key.org_id), batch_sk(key.batch_id)), Batch.pk.exists()
    if as_read is None:
        return Write("update", item, condition, actions)
    revision = as_read.dates_revision
    same = Batch.dates_revision.does_not_exist() if revision is None else Batch.dates_revision == revision
    return Write("update", item, condition & same, (*actions, Batch.dates_revision.set((revision or 0) + 1)))


def replanned(batch: Batch) -> None:
    """A write with `as_read` of this batch went through, and others are to follow it."""
    batch.dates_revision = (batch.dates_revision or 0) + 1


def expand_writes(key: BatchKey, org: Org, rows: Sequence[Row], *batch_actions: Action) -> list[Write]:
    """The rows of a new batch, for a client as it was read.

    ConditionFailed with index 0 when another delivery was first, with a later one when the client's zone or
    hour, by which the rows have their instants, is another meanwhile.
    """
    first = Batch.pk.exists() & Batch.expanded_at.does_not_exist()
    actions = (*batch_actions, Batch.num_scheduled.set(len(rows)))
    counted = {"num_batches": 1, "num_courses": len(rows), "num_scheduled": len(rows)}
    same_zone = Org.time_zone.does_not_exist() if org.time_zone is None else Org.time_zone == org.time_zone
    unmoved = Org.pk.exists() & same_zone & (Org.enroll_hour == org.enroll_hour)
    return [
        Write("update", Batch(batches_pk(key.org_id), batch_sk(key.batch_id)), first, actions),
        *(put_new(row) for row in rows),
        *(
            replace(write, condition=unmoved) if isinstance(write.item, Org) else write
            for write in counter_writes(key.msp_id, key.org_id, counted)
        ),
    ]


def move_writes(
    key: BatchKey, moves: Sequence[Move], *batch_actions: Action, as_read: Batch | None = None
) -> list[Write]:
    """Rows to other statuses. ConditionFailed when a row is not any more as it was read (the first writes).

    `as_read` as in `update_batch`.
    """
    writes = [
        Write(
            "update",
            Row(move.row.pk, move.row.sk),
            (Row.status == move.row.status) & (Row.run == move.row.run),
            (Row.status.set(move.to.value), *move.actions),
        )
        for move in moves
    ]
    numbers: Counter[str] = Counter()
    tallies: Counter[str] = Counter()
    for move in moves:
        before = RowStatus(move.row.status)
        numbers.update({f"num_{move.to}": 1})
        numbers.subtract({f"num_{before}": 1})
        for status, sign in ((move.to, 1), (before, -1)):
            tally = TALLY_BY_STATUS[status]
            if tally is not None:
                tallies[tally.value] += sign
            tallies["num_courses"] += sign if tally is not None else 0
    actions = [getattr(Batch, name).add(number) for name, number in sorted(numbers.items()) if number]
    writes.append(update_batch(key, *actions, *batch_actions, as_read=as_read))
    failing = [move.row for move in moves if move.to in WITH_FAILURES]
    told = failed_writes(key.msp_id, key.org_id, key.batch_id, failing)
    return writes + counter_writes(key.msp_id, key.org_id, tallies) + told


def sent_writes(rows: Iterable[Row]) -> list[Write]:
    """All chunk messages of these rows' runs are on their way."""
    return [Write("update", Row(row.pk, row.sk), Row.run == row.run, (Row.sent_run.set(row.run),)) for row in rows]


def put_cut(key: BatchKey, cut_id: str, cut: Cut) -> Write:
    cut.pk, cut.sk = batch_pk(key.org_id, key.batch_id), cut_sk(cut_id)
    return put_new(cut)


def cut(key: BatchKey, cut_id: str) -> Cut | None:
    return table.get(Cut, batch_pk(key.org_id, key.batch_id), cut_sk(cut_id))


def add_open_due(due_by: str, number: int) -> Action:
    count: Any = Row.open_due[due_by]
    action: Action = count.set((count | 0) + number)
    return action

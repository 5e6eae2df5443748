"""Cancel: what has not run never will, what runs stops. Learners who are enrolled already stay so; undo is for them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, NotFound
from chalicelib.jobs import due
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.expand import expand
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.schedule import advance_at, is_later, next_due, set_next_date
from chalicelib.training.batches.states import CANCELABLE, RowStatus
from chalicelib.training.batches.store import BatchKey, Move

# Rows that one transaction cancels: row and due entry of each, batch, client, totals and audit entry.
ROWS_AT_ONCE = 40

_TRIES = 4


def cancel_row(key: BatchKey, course_id: str, actor: str, now: datetime) -> Row:
    """Asking again changes nothing. Raises NotFound; Conflict when the course ran already."""
    for _ in range(_TRIES):
        batch, rows = rows_of(key, now)
        row = next((row for row in rows if row.course_id == course_id), None)
        if row is None:
            raise NotFound()
        if row.status == RowStatus.CANCELLED:
            return row
        if row.status not in CANCELABLE:
            problem = f"This course is {row.status}; only scheduled and enrolling courses can be cancelled."
            raise Conflict("not_cancelable", problem)
        if _cancelled(key, batch, rows, [row], actor, now):
            return batch_store.row(key, course_id) or row
    raise ConditionFailed()


def cancel_batch(key: BatchKey, actor: str, now: datetime) -> None:
    """Every course that has not run to its end; asking again changes nothing. Raises NotFound; Conflict."""
    num_cancelled = 0
    for _ in range(_TRIES * 2):
        batch, rows = rows_of(key, now)
        some = [row for row in rows if row.status in CANCELABLE][:ROWS_AT_ONCE]
        if not some:
            if num_cancelled or any(row.status == RowStatus.CANCELLED for row in rows):
                return
            problem = "Every course of this batch ran already; undo withdraws enrollments."
            raise Conflict("not_cancelable", problem)
        if _cancelled(key, batch, rows, some, actor, now):
            num_cancelled += len(some)
    raise ConditionFailed()


def rows_of(key: BatchKey, now: datetime) -> tuple[Batch, list[Row]]:
    """A batch, and then its rows, made now when its job has not come to it yet. Raises NotFound."""
    batch = batch_store.batch(key)
    if batch is None:
        raise NotFound()
    if batch.expanded_at is None:
        expand(key, batch, now)
    return batch, batch_store.rows(key)


def cancel_writes(key: BatchKey, batch: Batch, rows: Sequence[Row], some: Iterable[Row], now: datetime) -> list[Write]:
    """Move `some` of the batch's rows to cancelled; due entries that nobody needs any more go.

    ConditionFailed when a row, or the date of any, is not any more as it was read.
    """
    instant = to_text(now)
    actions = (Row.cancelled_at.set(instant), Row.code.remove())
    gone = {row.course_id: row for row in some}
    kept = [row for row in rows if row.course_id not in gone]
    later = [row for row in kept if is_later(row, now)]
    needed = {row.enroll_at for row in kept if row.status == RowStatus.SCHEDULED}
    unneeded = {row.enroll_at for row in gone.values() if row.status == RowStatus.SCHEDULED} - needed
    moves = [Move(row, RowStatus.CANCELLED, actions) for row in gone.values()]
    writes = batch_store.move_writes(key, moves, set_next_date(later), as_read=batch)
    writes += [due.done(advance_at(key, one)) for one in sorted(unneeded)]
    return writes + next_due(key, kept, now)


def _cancelled(
    key: BatchKey, batch: Batch, rows: Sequence[Row], some: Sequence[Row], actor: str, now: datetime
) -> bool:
    """False when a row moved on since it was read."""
    change = AuditEntry(
        actor,
        "courses.cancelled",
        f"batch/{key.batch_id}",
        {row.course_id: row.status for row in some},
        {row.course_id: RowStatus.CANCELLED for row in some},
    )
    try:
        audit.commit(org_pk(key.org_id), change, cancel_writes(key, batch, rows, some, now), now)
    except ConditionFailed:
        return False
    return True

"""Cancel: what has not run never will, what runs stops. Learners who are enrolled stay so; undo withdraws them."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.training.batches import row_store
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.create_rows import create_rows
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.states import CANCELABLE, RowStatus
from chalicelib.training.batches.store import BatchKey

# Rows that one transaction cancels: row and due entry of each, batch, client, totals and audit entry.
ROWS_AT_ONCE = 40

_TRIES = 4


def cancel_row(key: BatchKey, course_id: str, actor: str, now: datetime) -> Row:
    """Doing it again changes nothing. Raises NotFound; Conflict when the course ran already."""

    def step() -> Row:
        batch, rows = batch_and_rows(key, now)
        row = next((row for row in rows if row.course_id == course_id), None)
        if row is None:
            raise NotFound()
        if row.status == RowStatus.CANCELLED:
            return row
        if row.status not in CANCELABLE:
            problem = "This course can't be cancelled: it is no longer scheduled or enrolling."
            raise Conflict("not_cancelable", problem)
        _cancel(key, batch, rows, [row], actor, now)
        return batch_store.row(key, course_id) or row

    return until_settled(step, _TRIES)


def cancel_batch(key: BatchKey, actor: str, now: datetime) -> None:
    """Every course that has not run to its end. Doing it again changes nothing. Raises NotFound; Conflict."""
    num_cancelled = 0

    def step() -> bool:
        """Cancel some; False when none is left."""
        nonlocal num_cancelled
        batch, rows = batch_and_rows(key, now)
        cancelable = [row for row in rows if row.status in CANCELABLE][:ROWS_AT_ONCE]
        if not cancelable:
            if not num_cancelled and all(row.status != RowStatus.CANCELLED for row in rows):
                problem = "Every course of this batch has already run. To withdraw the enrollments, undo the batch."
                raise Conflict("not_cancelable", problem)
            return False
        _cancel(key, batch, rows, cancelable, actor, now)
        num_cancelled += len(cancelable)
        return True

    while until_settled(step, _TRIES * 2):
        pass


def batch_and_rows(key: BatchKey, now: datetime) -> tuple[Batch, list[Row]]:
    """A batch, and then its rows, created now when its job has not done so yet. Raises NotFound."""
    batch = batch_store.batch(key)
    if batch is None:
        raise NotFound()
    if batch.expanded_at is None:
        create_rows(key, batch, now)
    return batch, batch_store.rows(key)


def _cancel(
    key: BatchKey, batch: Batch, rows: Sequence[Row], cancelled: Sequence[Row], actor: str, now: datetime
) -> None:
    change = AuditEntry(
        actor,
        "courses.cancelled",
        f"batch/{key.batch_id}",
        {row.course_id: row.status for row in cancelled},
        {row.course_id: RowStatus.CANCELLED for row in cancelled},
    )
    audit.commit(org_pk(key.org_id), change, row_store.cancel_writes(key, batch, rows, cancelled, now), now)

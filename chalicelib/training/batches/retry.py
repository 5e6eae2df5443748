"""Retry: a failed, partial or denied row runs again, for what is missing only."""

from datetime import datetime

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.structure.events import GroupCoursesApplied
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.messages import AdvanceBatch
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.schedule import advance_at
from chalicelib.training.batches.states import RETRYABLE, RowStatus
from chalicelib.training.batches.store import BatchKey, Move


def retry(key: BatchKey, course_id: str, actor: str, request_id: str, now: datetime) -> Row:
    """Schedule the row for now, in its next run; answers it as it then is.

    The same request again, after it was interrupted, changes nothing more.
    Raises NotFound, and Conflict when the row did not fail or runs already.
    """
    row = batch_store.row(key, course_id)
    if row is None:
        raise NotFound()
    if row.group_id is not None:
        return _retry_group_row(key, row, actor, request_id, now)
    if row.retried_by == request_id:
        return _begin(key, row)
    if row.status not in RETRYABLE:
        raise not_retryable(row)
    instant = to_text(now)
    actions = (Row.run.add(1), Row.retried_by.set(request_id), Row.enroll_at.set(instant), Row.code.remove())
    writes = batch_store.move_writes(key, [Move(row, RowStatus.SCHEDULED, actions)])
    # Should the message be lost, the sweep finds the row by this entry.
    writes.append(due.write(advance_at(key, instant)))
    change = AuditEntry(
        actor,
        "course.retried",
        f"batch/{key.batch_id}/course/{course_id}",
        {"status": row.status},
        {"run": row.run + 1},
    )
    try:
        audit.commit(org_pk(key.org_id), change, writes, now)
    except ConditionFailed:
        raise not_retryable(batch_store.row(key, course_id) or row) from None
    return _begin(key, row)


def _begin(key: BatchKey, row: Row) -> Row:
    job = AdvanceBatch(msp_id=key.msp_id, org_id=key.org_id, batch_id=key.batch_id)
    queue.send_soon(job)
    return batch_store.row(key, row.course_id) or row


def _retry_group_row(key: BatchKey, row: Row, actor: str, request_id: str, now: datetime) -> Row:
    """Try again for those whom a standing row could not enroll; it is partial until none of them is left.

    The same request again changes nothing more. Raises Conflict when nobody failed.
    """
    group_id, instant = str(row.group_id), to_text(now)
    job = GroupCoursesApplied(
        msp_id=key.msp_id, org_id=key.org_id, group_id=group_id, join_id=derived_id(request_id, "joiners"),
        course_id=row.course_id, due_at=instant,
    )  # fmt: skip
    if row.retried_by != request_id:
        if row.status != RowStatus.PARTIAL:
            raise not_retryable(row)
        # Whoever fails or is enrolled meanwhile changes the same row, which is no reason to refuse.
        unchanged = (Row.status == row.status) & (Row.run == row.run)
        writes = [
            Write("update", Row(row.pk, row.sk), unchanged, (Row.run.add(1), Row.retried_by.set(request_id))),
            due.write(job),
        ]
        target = f"batch/{key.batch_id}/course/{row.course_id}"
        change = AuditEntry(actor, "course.retried", target, {"status": row.status}, {"run": row.run + 1})
        try:
            audit.commit(org_pk(key.org_id), change, writes, now)
        except ConditionFailed:
            raise not_retryable(batch_store.row(key, row.course_id) or row) from None
        queue.send_soon(job)
    return batch_store.row(key, row.course_id) or row


def not_retryable(row: Row) -> Conflict:
    problem = f"This course is {row.status}; only failed, partial and denied courses can be retried."
    return Conflict("not_retryable", problem)

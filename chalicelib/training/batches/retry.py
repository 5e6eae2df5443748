"""Retry: a failed, partial or denied row runs again, for what is missing only."""

from datetime import datetime

from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.jobs import queue
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.structure.events import GroupCoursesApplied
from chalicelib.training.batches import row_store
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.schedule_store import reconcile_job
from chalicelib.training.batches.states import RETRYABLE, RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.visibility import within_of


def retry(scope: Scope, key: BatchKey, course_id: str, request_id: str, now: datetime) -> Row:
    """Schedule the row for now, in its next run; answers it as it then is.

    By who is limited to departments it is for the people who are in these when it runs. The same request again, after
    it was interrupted, changes nothing more.
    Raises NotFound, and Conflict when the row did not fail or runs already.
    """
    row = batch_store.row(key, course_id)
    if row is None:
        raise NotFound()
    if row.group_id is not None:
        return _retry_group_row(key, row, scope.account_id, request_id, now)
    if row.retried_by != request_id:
        if row.status not in RETRYABLE:
            raise _not_retryable(row)
        try:
            writes = row_store.retry_writes(key, row, request_id, within_of(scope), now)
            audit.commit(org_pk(key.org_id), _change(key, row, scope.account_id), writes, now)
        except ConditionFailed:
            raise _not_retryable(batch_store.row(key, course_id) or row) from None
    queue.send_soon(reconcile_job(key))
    return batch_store.row(key, course_id) or row


def _retry_group_row(key: BatchKey, row: Row, actor: str, request_id: str, now: datetime) -> Row:
    """Try again for those whom a group's row could not enroll; it is partial until none of them is left.

    The same request again changes nothing more. Raises Conflict when nobody failed.
    """
    if row.retried_by != request_id:
        if row.status != RowStatus.PARTIAL:
            raise _not_retryable(row)
        job = GroupCoursesApplied(
            msp_id=key.msp_id, org_id=key.org_id, group_id=str(row.group_id), course_id=row.course_id,
            join_id=derived_id(request_id, "joiners"), due_at=to_text(now),
        )  # fmt: skip
        try:
            writes = row_store.retry_group_row_writes(row, request_id, job)
            audit.commit(org_pk(key.org_id), _change(key, row, actor), writes, now)
        except ConditionFailed:
            raise _not_retryable(batch_store.row(key, row.course_id) or row) from None
        queue.send_soon(job)
    return batch_store.row(key, row.course_id) or row


def _change(key: BatchKey, row: Row, actor: str) -> AuditEntry:
    target = f"batch/{key.batch_id}/course/{row.course_id}"
    return AuditEntry(actor, "course.retried", target, {"status": row.status}, {"run": row.run + 1})


def _not_retryable(row: Row) -> Conflict:
    problem = "There is nothing to retry here. Only courses that failed, failed in part or need access can be retried."
    return Conflict("not_retryable", problem)

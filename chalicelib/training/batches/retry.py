"""Retry: a failed, partial or denied row runs again, for what is missing only."""

from datetime import datetime

from chalicelib.aws.queues import Message, Queue
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, NotFound
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import Change
from chalicelib.training.auto_enrollment import enroll_group as group_joiners
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.messages import AdvanceBatch
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.schedule import due_of
from chalicelib.training.batches.states import RETRYABLE, RowStatus
from chalicelib.training.batches.store import BatchKey, Move


class RetryService:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def retry(self, key: BatchKey, course_id: str, actor: str, request_id: str, now: datetime) -> Row:
        """Schedule the row for now, in its next run; answers it as it then is.

        The same request again, after it was interrupted, changes nothing more.
        Raises NotFound, and Conflict when the row did not fail or runs already.
        """
        row = batch_store.row(key, course_id)
        if row is None:
            raise NotFound()
        if row.group_id is not None:
            return group_joiners.retry(self._queue, key, row, actor, request_id, now)
        if row.retried_by == request_id:
            return self._begin(key, row)
        if row.status not in RETRYABLE:
            raise not_retryable(row)
        instant = to_text(now)
        actions = (Row.run.add(1), Row.retried_by.set(request_id), Row.enroll_at.set(instant), Row.code.remove())
        writes = batch_store.move_writes(key, [Move(row, RowStatus.SCHEDULED, actions)])
        # Should the message be lost, the sweep finds the row by this entry.
        writes.append(Write("put", due_of(key, instant)))
        change = Change(
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
        return self._begin(key, row)

    def _begin(self, key: BatchKey, row: Row) -> Row:
        job = AdvanceBatch(msp_id=key.msp_id, org_id=key.org_id, batch_id=key.batch_id)
        self._queue.send_soon([Message(job.body(), key.org_id)])
        return batch_store.row(key, row.course_id) or row


def not_retryable(row: Row) -> Conflict:
    problem = f"This course is {row.status}; only failed, partial and denied courses can be retried."
    return Conflict("not_retryable", problem)

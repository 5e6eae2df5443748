"""The end of a row: what its chunks came to, told to the batch, the client and the totals, once."""

from chalicelib.aws import table
from chalicelib.core.errors import ConditionFailed
from chalicelib.jobs import due
from chalicelib.jobs.job import Job
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.mail_events import ran_jobs
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.states import FOLDABLE, Code, RowStatus
from chalicelib.training.batches.store import BatchKey, Move


def fold(key: BatchKey, row: Row) -> list[Job]:
    """Give the row its final status; nothing when another delivery did, or when chunks are left.

    Gives the jobs that follow: they have due entries, so that sending them now only makes them sooner.
    """
    if row.status not in FOLDABLE or row.chunks_left != 0:
        return []
    status, code = verdict(row)
    action = Row.code.remove() if code is None else Row.code.set(code.value)
    if status == row.status:
        return []
    mails = ran_jobs(key.msp_id, key.org_id, key.batch_id, row)
    try:
        table.transact([*batch_store.move_writes(key, [Move(row, status, (action,))]), *map(due.write, mails)])
    except ConditionFailed:
        return []
    return list(mails)


def verdict(row: Row) -> tuple[RowStatus, Code | None]:
    if row.num_failed == 0:
        return RowStatus.ENROLLED, None if row.num_targeted else Code.NOBODY_MATCHED
    if row.num_failed >= row.num_targeted:
        return RowStatus.FAILED, Code.ALL_FAILED
    return RowStatus.PARTIAL, Code.SOME_FAILED

"""The end of a row: its final status follows from the numbers of its chunks. It gets it once."""

from datetime import datetime

from chalicelib.core.errors import ConditionFailed
from chalicelib.jobs.job import Job
from chalicelib.training.batches import row_store
from chalicelib.training.batches.mail_events import enrolled_mail_jobs
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.row_store import Move
from chalicelib.training.batches.states import FINISHABLE, Code, RowStatus
from chalicelib.training.batches.store import BatchKey


def finish_row(key: BatchKey, row: Row, now: datetime) -> list[Job]:
    """Give the row its final status; nothing when another delivery did, or when chunks are left.

    Gives the jobs that follow. They have due entries: sending them now only makes them sooner.
    """
    if row.status not in FINISHABLE or row.chunks_left != 0:
        return []
    status, code = verdict(row)
    if status == row.status:
        return []
    mails = enrolled_mail_jobs(key, row)
    try:
        row_store.finish_row(key, Move.finish(row, status, code), mails, now)
    except ConditionFailed:
        return []
    return list(mails)


def verdict(row: Row) -> tuple[RowStatus, Code | None]:
    if row.num_failed == 0:
        return RowStatus.ENROLLED, None if row.num_targeted else Code.NOBODY_MATCHED
    if row.num_failed >= row.num_targeted:
        return RowStatus.FAILED, Code.ALL_FAILED
    return RowStatus.PARTIAL, Code.SOME_FAILED

"""The end of a row: what its chunks came to, told to the batch, the client and the totals, once."""

from chalicelib.aws import table
from chalicelib.core.errors import ConditionFailed
from chalicelib.enrollment import batch_store
from chalicelib.enrollment.batch_store import BatchKey, Move
from chalicelib.enrollment.mail_due import ran_writes
from chalicelib.enrollment.models import Row
from chalicelib.enrollment.states import FOLDABLE, Code, RowStatus


def fold(key: BatchKey, row: Row) -> None:
    """Give the row its final status; nothing when another delivery did, or when chunks are left."""
    if row.status not in FOLDABLE or row.chunks_left != 0:
        return
    status, code = verdict(row)
    action = Row.code.remove() if code is None else Row.code.set(code.value)
    if status == row.status:
        return
    try:
        mails = ran_writes(key.msp_id, key.org_id, key.batch_id, row)
        table.transact([*batch_store.move_writes(key, [Move(row, status, (action,))]), *mails])
    except ConditionFailed:
        return


def verdict(row: Row) -> tuple[RowStatus, Code | None]:
    if row.num_failed == 0:
        return RowStatus.ENROLLED, None if row.num_targeted else Code.NOBODY_MATCHED
    if row.num_failed >= row.num_targeted:
        return RowStatus.FAILED, Code.ALL_FAILED
    return RowStatus.PARTIAL, Code.SOME_FAILED

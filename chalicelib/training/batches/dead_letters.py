"""What happens to messages that broke every time: the admin sees a failed row with its reason, and can press Retry."""

from datetime import datetime

from chalicelib.aws import table
from chalicelib.jobs import due
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.create_rows import expand
from chalicelib.training.batches.messages import AdvanceBatch
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.schedule_store import advance_at, is_due, is_later, next_due, set_next_date
from chalicelib.training.batches.states import Code, RowStatus
from chalicelib.training.batches.store import BatchKey, Move

# Row and due entry of each, batch, client, totals stay under 100 writes.
_ROWS_AT_ONCE = 40


def give_up_batch(job: AdvanceBatch, now: datetime) -> None:
    """Rows that should have run, or whose messages were not all sent, fail; chunks that still come mend their row."""
    key = BatchKey(job.msp_id, job.org_id, job.batch_id)
    batch = batch_store.batch(key)
    if batch is None:
        return
    if batch.expanded_at is None:
        expand(key, batch, now)
    rows = batch_store.rows(key)
    given_up = [row for row in rows if is_due(row, now) or _half_sent(row)]
    for start in range(0, len(given_up), _ROWS_AT_ONCE):
        part = given_up[start : start + _ROWS_AT_ONCE]
        code = Row.code.set(Code.PROCESSING_FAILED.value)
        writes = batch_store.move_writes(
            key,
            [Move(row, RowStatus.FAILED, (code,)) for row in part],
            set_next_date([row for row in rows if is_later(row, now)]),
            as_read=batch,
        )
        writes += [due.done(advance_at(key, instant)) for instant in {row.enroll_at for row in part}]
        writes += next_due(key, rows, now)
        # Should a row move on meanwhile, this fails and the next delivery looks again.
        table.transact(writes)
        batch_store.replanned(batch)


def _half_sent(row: Row) -> bool:
    return bool(row.status == RowStatus.ENROLLING and row.sent_run < row.run)

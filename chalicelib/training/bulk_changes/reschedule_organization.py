"""A client's time zone or hour changed: rows that are still scheduled move, everything else stays."""

from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.jobs import due, queue
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.organizations.events import ScheduleMoved
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.local_dates import enroll_instant, parse_hour
from chalicelib.training.batches.messages import ReconcileBatch
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.schedule_store import date_of, is_later, make_schedules, next_due_writes, reconcile_job
from chalicelib.training.batches.states import RowStatus
from chalicelib.training.batches.store import BatchKey

# Rows that one transaction moves: row and old due entry of each, and one new entry, stay under 100 writes.
_ROWS_AT_ONCE = 40


def reschedule(message: ScheduleMoved, now: datetime) -> None:
    """Every batch with scheduled rows. The old schedules fire at the old instants and find nothing due."""
    org = table.get(Org, msp_pk(message.msp_id), org_sk(message.org_id))
    if org is None:
        return
    for batch in batches_store.all_batches(message.org_id):
        if batch.num_scheduled:
            key = BatchKey(message.msp_id, message.org_id, batch.batch_id)
            while _reschedule_some(key, batch, org, now):
                pass
    table.transact([due.done(message)])


def _reschedule_some(key: BatchKey, batch: Batch, org: Org, now: datetime) -> bool:
    """Move up to 40 rows; True when there may be more."""
    rows = batches_store.rows(key)
    moved: list[tuple[Row, str]] = []
    for row in rows:
        instant = to_text(enroll_instant(date_of(row), parse_hour(org.enroll_hour), zone_of(org), now))
        if is_later(row, now) and instant != row.enroll_at and len(moved) < _ROWS_AT_ONCE:
            moved.append((row, row.enroll_at))
            row.enroll_at = instant
    if not moved:
        return False
    writes = [
        Write(
            "update",
            Row(row.pk, row.sk),
            (Row.status == RowStatus.SCHEDULED) & (Row.enroll_at == old),
            (Row.enroll_at.set(row.enroll_at),),
        )
        for row, old in moved
    ]
    writes.append(batches_store.update_batch(key, as_read=batch))
    gone = {old for _, old in moved} - {row.enroll_at for row in rows}
    writes += [due.done(reconcile_job(key, instant)) for instant in sorted(gone)]
    starts_now = any(row.enroll_at <= to_text(now) for row, _ in moved)
    writes += [due.write(reconcile_job(key, to_text(now)))] if starts_now else next_due_writes(key, rows, now)
    try:
        table.transact(writes)
    except ConditionFailed:
        # A row started meanwhile, or others changed dates; reading again decides.
        batch.dates_revision = getattr(batches_store.batch(key), "dates_revision", None)
        return True
    batches_store.bump_dates_revision(batch)
    make_schedules(key, rows, now)
    if starts_now:
        job = ReconcileBatch(msp_id=key.msp_id, org_id=key.org_id, batch_id=key.batch_id)
        queue.send([job])
    return True

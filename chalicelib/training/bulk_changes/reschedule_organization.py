"""A client's time zone or hour changed: rows that are still scheduled move to it, everything else stays."""

from datetime import datetime

from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.jobs import due, queue
from chalicelib.tenants.organizations import store as organizations_store
from chalicelib.tenants.organizations.events import ScheduleMoved
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.local_dates import enroll_instant, parse_hour
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.schedule_store import date_of, is_later, make_schedules, reconcile_job
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.bulk_changes import dates_store

# Rows that one transaction moves: row and old due entry of each, and one new entry, stay under 100 writes.
_ROWS_AT_ONCE = 40


def reschedule(job: ScheduleMoved, now: datetime) -> None:
    """Every batch with scheduled rows. The old schedules fire at the old instants and find nothing due."""
    org = organizations_store.org(job.msp_id, job.org_id)
    if org is None:
        return
    for batch in batches_store.all_batches(job.org_id):
        if batch.num_scheduled:
            key = BatchKey(job.msp_id, job.org_id, batch.batch_id)
            while _reschedule_some(key, batch, org, now):
                pass
    due.close(job)


def _reschedule_some(key: BatchKey, batch: Batch, org: Org, now: datetime) -> bool:
    """Move as many rows as one transaction takes. True when there may be more."""
    rows = batches_store.rows(key)
    old_instants: list[tuple[Row, str]] = []
    for row in rows:
        instant = to_text(enroll_instant(date_of(row), parse_hour(org.enroll_hour), zone_of(org), now))
        if is_later(row, now) and instant != row.enroll_at and len(old_instants) < _ROWS_AT_ONCE:
            old_instants.append((row, row.enroll_at))
            row.enroll_at = instant
    if not old_instants:
        return False
    try:
        dates_store.move_rows(key, batch, rows, old_instants, now)
    except ConditionFailed:
        # A row started, or somebody changed dates: read again.
        batch.dates_revision = getattr(batches_store.batch(key), "dates_revision", None)
        return True
    make_schedules(key, rows, now)
    if any(row.enroll_at <= to_text(now) for row, _ in old_instants):
        queue.send([reconcile_job(key)])
    return True

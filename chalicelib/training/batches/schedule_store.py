"""When rows run: which are due, which come later, and the schedules and due entries that start them."""

from collections.abc import Sequence
from datetime import date, datetime

from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.scheduler import scheduler
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_instant, to_text
from chalicelib.jobs import due
from chalicelib.training.batches.messages import ReconcileBatch
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.states import RowStatus
from chalicelib.training.batches.store import BatchKey


def is_later(row: Row, now: datetime) -> bool:
    return bool(row.status == RowStatus.SCHEDULED and row.enroll_at > to_text(now))


def is_due(row: Row, now: datetime) -> bool:
    return bool(row.status == RowStatus.SCHEDULED and row.enroll_at <= to_text(now))


def date_of(row: Row) -> date:
    return date.fromisoformat(row.enroll_on or row.enroll_at[:10])


def reconcile_job(key: BatchKey, instant: str | None = None) -> ReconcileBatch:
    """With an instant, the job has a due entry: rows of the batch are to run then."""
    return ReconcileBatch(msp_id=key.msp_id, org_id=key.org_id, batch_id=key.batch_id, due_at=instant)


def set_next_date(rows: Sequence[Row], now: datetime) -> Action:
    """The batch's next enrollment date: that of the first of these rows that is later."""
    later = [row for row in rows if is_later(row, now)]
    first = min(later, key=lambda row: row.enroll_at, default=None)
    return Batch.next_enroll_on.remove() if first is None else Batch.next_enroll_on.set(first.enroll_on)


def next_due_writes(key: BatchKey, rows: Sequence[Row], now: datetime) -> list[Write]:
    """The due entry for the next instant, by which the sweep starts these rows if their schedule is lost."""
    instants = sorted(row.enroll_at for row in rows if is_later(row, now))
    return [due.write(reconcile_job(key, instants[0]))] if instants else []


def remove_due_entry(key: BatchKey, instant: str) -> None:
    table.transact([due.done(reconcile_job(key, instant))])


def make_schedules(key: BatchKey, rows: Sequence[Row], now: datetime) -> None:
    """One one-time schedule for each later instant. Making one twice is harmless."""
    body = reconcile_job(key).body()
    for instant in sorted({row.enroll_at for row in rows if is_later(row, now)}):
        at = to_instant(instant)
        scheduler().create_once(f"{key.batch_id}-{at:%Y%m%dT%H%M}", at, body)

"""When rows run: what is due, what comes next, and the schedules and due entries that see to it."""

from collections.abc import Sequence
from datetime import date, datetime

from chalicelib.aws import table
from chalicelib.aws.scheduler import scheduler
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_instant, to_text
from chalicelib.jobs import due
from chalicelib.training.batches.messages import AdvanceBatch
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.states import RowStatus
from chalicelib.training.batches.store import BatchKey


def is_later(row: Row, now: datetime) -> bool:
    return bool(row.status == RowStatus.SCHEDULED and row.enroll_at > to_text(now))


def is_due(row: Row, now: datetime) -> bool:
    return bool(row.status == RowStatus.SCHEDULED and row.enroll_at <= to_text(now))


def set_next_date(later: Sequence[Row]) -> table.Action:
    """The batch's next enrollment date, from the rows that are still to come."""
    first = min(later, key=lambda row: row.enroll_at, default=None)
    return Batch.next_enroll_on.remove() if first is None else Batch.next_enroll_on.set(first.enroll_on)


def next_due(key: BatchKey, rows: Sequence[Row], now: datetime) -> list[Write]:
    """The due entry for the next instant: should its schedule be lost, the sweep finds it."""
    instants = sorted(row.enroll_at for row in rows if is_later(row, now))
    return [due.write(advance_at(key, instants[0]))] if instants else []


def advance(key: BatchKey) -> AdvanceBatch:
    return AdvanceBatch(msp_id=key.msp_id, org_id=key.org_id, batch_id=key.batch_id)


def advance_at(key: BatchKey, instant: str) -> AdvanceBatch:
    """The same with a due entry: rows of the batch are to run at this instant."""
    return AdvanceBatch(msp_id=key.msp_id, org_id=key.org_id, batch_id=key.batch_id, due_at=instant)


def make_schedules(key: BatchKey, rows: Sequence[Row], now: datetime) -> None:
    """One one-time schedule per later instant. Making one twice is harmless."""
    body = advance(key).body()
    for instant in sorted({row.enroll_at for row in rows if is_later(row, now)}):
        at = to_instant(instant)
        scheduler().create_once(f"{key.batch_id}-{at:%Y%m%dT%H%M}", at, body)


def date_of(row: Row) -> date:
    return date.fromisoformat(row.enroll_on or row.enroll_at[:10])

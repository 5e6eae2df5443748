"""Writes of new dates: of a row that is scheduled, of one that has run, and of all rows that move with a time zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.aws import table
from chalicelib.aws.table import Action, Write
from chalicelib.core.clock import to_text
from chalicelib.jobs import due
from chalicelib.training.batches import mail_events
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.schedule_store import next_due_writes, reconcile_job, set_next_date
from chalicelib.training.batches.states import RowStatus
from chalicelib.training.batches.store import BatchKey


@dataclass(frozen=True)
class Dates:
    """The dates of a scheduled row; `instant` is when it runs."""

    enroll_on: date
    instant: str
    due_by: date | None


def scheduled_row_writes(
    key: BatchKey, batch: Batch, rows: Sequence[Row], row: Row, dates: Dates, now: datetime
) -> list[Write]:
    """Give a scheduled row, which is one of `rows`, other dates; the row in memory gets them too.

    ConditionFailed: index 0 when the row started or moved, 1 when dates of other rows changed.
    """
    old_instant = row.enroll_at
    unmoved = (Row.status == RowStatus.SCHEDULED) & (Row.enroll_at == old_instant) & (Row.run == row.run)
    row.enroll_on, row.enroll_at = str(dates.enroll_on), dates.instant
    actions = (Row.enroll_on.set(row.enroll_on), Row.enroll_at.set(row.enroll_at), _set_due_by(dates.due_by))
    writes = [
        Write("update", Row(row.pk, row.sk), unmoved, actions),
        # The job that follows makes the schedules again. Making one twice is harmless.
        batches_store.update_batch(key, Batch.schedules_made.set(False), set_next_date(rows, now), as_read=batch),
    ]
    if old_instant not in {other.enroll_at for other in rows}:
        writes.append(due.done(reconcile_job(key, old_instant)))
    is_now = dates.instant <= to_text(now)
    return writes + ([due.write(reconcile_job(key, dates.instant))] if is_now else next_due_writes(key, rows, now))


def due_date_writes(key: BatchKey, row: Row, due_by: date | None, change_id: str | None, now: datetime) -> list[Write]:
    """Give a row that has run another due date. `change_id` is the change of its learners, None without learners.

    ConditionFailed when the row changed since it was read, or has another change.
    """
    actions: tuple[Action, ...] = (_set_due_by(due_by),)
    if change_id is not None:
        actions = (*actions, Row.changing.set(change_id))
    unchanged = (Row.status == row.status) & (Row.run == row.run) & Row.changing.does_not_exist()
    mails = mail_events.due_date_writes(key, row, str(due_by) if due_by else None, now)
    return [Write("update", Row(row.pk, row.sk), unchanged, actions), *mails]


def move_rows(
    key: BatchKey, batch: Batch, rows: Sequence[Row], old_instants: Sequence[tuple[Row, str]], now: datetime
) -> None:
    """Store the new instants of some of `rows`, which have them in memory; each is given with its old instant.

    ConditionFailed when a row started, or dates of the batch changed, since they were read.
    """
    writes = [
        Write(
            "update",
            Row(row.pk, row.sk),
            (Row.status == RowStatus.SCHEDULED) & (Row.enroll_at == old),
            (Row.enroll_at.set(row.enroll_at),),
        )
        for row, old in old_instants
    ]
    writes.append(batches_store.update_batch(key, as_read=batch))
    unneeded = {old for _, old in old_instants} - {row.enroll_at for row in rows}
    writes += [due.done(reconcile_job(key, instant)) for instant in sorted(unneeded)]
    starts_now = any(row.enroll_at <= to_text(now) for row, _ in old_instants)
    writes += [due.write(reconcile_job(key, to_text(now)))] if starts_now else next_due_writes(key, rows, now)
    table.transact(writes)
    batches_store.bump_dates_revision(batch)


def _set_due_by(due_by: date | None) -> Action:
    return Row.due_by.set(str(due_by)) if due_by else Row.due_by.remove()

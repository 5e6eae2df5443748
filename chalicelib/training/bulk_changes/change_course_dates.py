"""New dates for one course of a batch: both while it is scheduled, then the due date of those who are not done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.aws.table import Action, Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import org_of, zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.cancel import batch_and_rows
from chalicelib.training.batches.local_dates import enroll_instant, local_date, parse_hour
from chalicelib.training.batches.mail_events import due_date_writes
from chalicelib.training.batches.messages import ReconcileBatch
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.schedule_store import date_of, is_later, next_due_writes, reconcile_job, set_next_date
from chalicelib.training.batches.states import RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.bulk_changes import bulk_change
from chalicelib.training.bulk_changes.models import DUE_DATE, BulkChange
from chalicelib.training.bulk_changes.schemas import RowDates

# A scheduled row among these ran before, and waits for its retry.
_AT_WORK = frozenset({RowStatus.SCHEDULED, RowStatus.ENROLLING, RowStatus.CANCELLED})

_TRIES = 4


@dataclass(frozen=True)
class _Dates:
    """What a row is to have."""

    enroll_on: date
    instant: str
    due_by: date | None


def change_dates(scope: Scope, key: BatchKey, course_id: str, asked: RowDates, seed: str, now: datetime) -> Row:
    """Answers the row as it then is.

    Raises NotFound, Invalid for wrong dates, Conflict when the row's status does not allow it.
    """
    org = org_of(scope.msp_id, key.org_id)
    for _ in range(_TRIES):
        batch, rows = batch_and_rows(key, now)
        row = next((row for row in rows if row.course_id == course_id), None)
        if row is None:
            raise NotFound()
        today = local_date(now, zone_of(org))
        if row.status != RowStatus.SCHEDULED or row.num_chunks:
            _change_after_run(scope, key, row, asked, today, seed, now)
            return batches_store.row(key, course_id) or row
        dates = _dates_of(org, row, asked, now)
        _validate(asked, dates.enroll_on, dates.due_by, today)
        if _reschedule(scope, key, batch, rows, row, dates, now):
            return batches_store.row(key, course_id) or row
    raise Conflict("changed_meanwhile", "Other courses of this batch keep changing; try again.")


def _change_after_run(
    scope: Scope, key: BatchKey, row: Row, asked: RowDates, today: date, seed: str, now: datetime
) -> None:
    """Of a course that has run."""
    if "enroll_on" in asked.model_fields_set:
        raise Conflict("already_ran", f"This course is {row.status}; its enroll-on date is past.")
    if row.changing and row.due_by == _text(asked.due_by):
        # The same request, whose answer was lost: its change is at work.
        return
    if row.status in _AT_WORK or row.changing or row.chunks_left:
        problem = "This course is cancelled, or at work: once it has ended, or was retried, try again."
        raise Conflict("not_changeable", problem)
    _validate(asked, date_of(row), asked.due_by, today)
    _change_due_date(scope, key, row, asked.due_by, seed, now)


def _reschedule(
    scope: Scope, key: BatchKey, batch: Batch, rows: list[Row], row: Row, dates: _Dates, now: datetime
) -> bool:
    """False when dates of the batch's other courses changed since they were read."""
    before = {"enroll_on": row.enroll_on, "due_by": row.due_by}
    after = {"enroll_on": str(dates.enroll_on), "due_by": _text(dates.due_by)}
    if (before, row.enroll_at) != (after, dates.instant):
        try:
            writes = _dates_writes(key, batch, rows, row, dates, now)
            audit.commit(org_pk(key.org_id), _audit_entry(scope, key, row, before, after), writes, now)
        except ConditionFailed as error:
            if 0 in error.failed:
                problem = "This course started at the same moment; read it again."
                raise Conflict("started_meanwhile", problem) from None
            return False
    # Sent again for the same dates, for the request that set them may have died before it sent this.
    job = ReconcileBatch(msp_id=key.msp_id, org_id=key.org_id, batch_id=key.batch_id)
    queue.send_soon(job)
    return True


def _change_due_date(scope: Scope, key: BatchKey, row: Row, due_by: date | None, seed: str, now: datetime) -> None:
    """The row at once, and those of its learners who have not completed chunk by chunk."""
    new = _text(due_by)
    if new == row.due_by:
        return
    change_id = derived_id(seed, "due date")
    actions: tuple[Action, ...] = (_due_action(due_by),)
    if row.num_chunks:
        actions = (*actions, Row.changing.set(change_id))
    unchanged = (Row.status == row.status) & (Row.run == row.run) & Row.changing.does_not_exist()
    writes = [Write("update", Row(row.pk, row.sk), unchanged, actions)]
    writes += due_date_writes(key, row, new, now)
    told = _audit_entry(scope, key, row, {"due_by": row.due_by}, {"due_by": new})
    made = BulkChange(kind=DUE_DATE, course_ids=[row.course_id], due_by=new, requested_at=to_text(now))
    try:
        if row.num_chunks:
            bulk_change.request(key, change_id, made, told, writes, now)
        else:
            audit.commit(org_pk(key.org_id), told, writes, now)
    except ConditionFailed:
        raise Conflict("changed_meanwhile", "This course changed at the same moment; read it again.") from None


def _dates_of(org: Org, row: Row, asked: RowDates, now: datetime) -> _Dates:
    due_by = asked.due_by if "due_by" in asked.model_fields_set else _day(row.due_by)
    if "enroll_on" not in asked.model_fields_set or (asked.enroll_on is None and not is_later(row, now)):
        return _Dates(date_of(row), row.enroll_at, due_by)
    instant = enroll_instant(asked.enroll_on, parse_hour(org.enroll_hour), zone_of(org), now)
    return _Dates(asked.enroll_on or local_date(now, zone_of(org)), to_text(instant), due_by)


def _dates_writes(key: BatchKey, batch: Batch, rows: list[Row], row: Row, dates: _Dates, now: datetime) -> list[Write]:
    """ConditionFailed: index 0 when the row started or moved, 1 when dates of other rows changed."""
    old_instant = row.enroll_at
    unmoved = (Row.status == RowStatus.SCHEDULED) & (Row.enroll_at == old_instant) & (Row.run == row.run)
    row.enroll_on, row.enroll_at = str(dates.enroll_on), dates.instant
    actions = (Row.enroll_on.set(row.enroll_on), Row.enroll_at.set(row.enroll_at), _due_action(dates.due_by))
    next_date = set_next_date(rows, now)
    writes = [
        Write("update", Row(row.pk, row.sk), unmoved, actions),
        # Made again by the job that follows; those of instants that stay are made already, which is harmless.
        batches_store.update_batch(key, Batch.schedules_made.set(False), next_date, as_read=batch),
    ]
    if old_instant not in {one.enroll_at for one in rows}:
        writes.append(due.done(reconcile_job(key, old_instant)))
    is_now = dates.instant <= to_text(now)
    return writes + ([due.write(reconcile_job(key, dates.instant))] if is_now else next_due_writes(key, rows, now))


def _validate(asked: RowDates, enroll_on: date | None, due_by: date | None, today: date) -> None:
    wrong = []
    if asked.enroll_on is not None and asked.enroll_on < today:
        wrong.append(FieldError("enroll_on", "in_the_past", f"The enroll-on date is past; today is {today}."))
    if due_by is not None and due_by <= max(
        enroll_on or today, today if "due_by" in asked.model_fields_set else date.min
    ):
        problem = f"The due date must be after the enroll date, {enroll_on or today}, and in the future."
        wrong.append(FieldError("due_by", "not_after_enroll", problem))
    if wrong:
        raise Invalid(*wrong)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _text(day: date | None) -> str | None:
    return str(day) if day else None


def _due_action(due_by: date | None) -> Action:
    return Row.due_by.set(str(due_by)) if due_by else Row.due_by.remove()


def _audit_entry(
    scope: Scope, key: BatchKey, row: Row, before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> AuditEntry:
    target = f"batch/{key.batch_id}/course/{row.course_id}"
    return AuditEntry(scope.account_id, "course.dates_changed", target, dict(before), dict(after))

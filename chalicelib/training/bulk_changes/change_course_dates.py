"""New dates for one course of a batch: both dates while it is scheduled, afterwards the due date alone."""

from collections.abc import Mapping
from datetime import date, datetime

from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.jobs import queue
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import org_of, zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.cancel import batch_and_rows
from chalicelib.training.batches.local_dates import enroll_instant, is_due_date_after, local_date, parse_hour
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.schedule_store import date_of, is_later, reconcile_job
from chalicelib.training.batches.states import RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.visibility import within_of
from chalicelib.training.bulk_changes import dates_store, store
from chalicelib.training.bulk_changes.dates_store import Dates
from chalicelib.training.bulk_changes.messages import start_change
from chalicelib.training.bulk_changes.models import DUE_DATE, BulkChange
from chalicelib.training.bulk_changes.schemas import RowDates

# A scheduled row among these ran before, and waits for its retry.
_NOT_CHANGEABLE = frozenset({RowStatus.SCHEDULED, RowStatus.ENROLLING, RowStatus.CANCELLED})

_TRIES = 4


def change_dates(scope: Scope, key: BatchKey, course_id: str, form: RowDates, seed: str, now: datetime) -> Row:
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
            _change_after_run(scope, key, row, form, today, seed, now)
            return batches_store.row(key, course_id) or row
        dates = _dates_of(org, row, form, now)
        _validate(form, dates.enroll_on, dates.due_by, today)
        if _reschedule(scope, key, batch, rows, row, dates, now):
            return batches_store.row(key, course_id) or row
    raise Conflict("changed_meanwhile", "Other courses of this batch are being changed. Please try again.")


def _change_after_run(
    scope: Scope, key: BatchKey, row: Row, form: RowDates, today: date, seed: str, now: datetime
) -> None:
    """For a course that has run, the due date alone."""
    if "enroll_on" in form.model_fields_set:
        raise Conflict(
            "already_ran",
            "It is too late to change the enrollment date of this course.",
        )
    if row.changing and row.due_by == _text(form.due_by):
        # The same request, whose answer was lost: its change is at work.
        return
    if row.status in _NOT_CHANGEABLE or row.changing or row.chunks_left:
        problem = "This course is cancelled, or at work: once it has ended, or was retried, try again."
        raise Conflict("not_changeable", problem)
    _validate(form, date_of(row), form.due_by, today)
    _change_due_date(scope, key, row, form.due_by, seed, now)


def _reschedule(
    scope: Scope, key: BatchKey, batch: Batch, rows: list[Row], row: Row, dates: Dates, now: datetime
) -> bool:
    """False when dates of the batch's other courses changed since they were read."""
    before = {"enroll_on": row.enroll_on, "due_by": row.due_by}
    after = {"enroll_on": str(dates.enroll_on), "due_by": _text(dates.due_by)}
    if (before, row.enroll_at) != (after, dates.instant):
        try:
            writes = dates_store.scheduled_row_writes(key, batch, rows, row, dates, now)
            audit.commit(org_pk(key.org_id), _audit_entry(scope, key, row, before, after), writes, now)
        except ConditionFailed as error:
            if 0 in error.failed:
                problem = "This course started at the same moment; read it again."
                raise Conflict("started_meanwhile", problem) from None
            return False
    # Also when the row has these dates: the request that set them may have died before it sent this.
    queue.send_soon(reconcile_job(key))
    return True


def _change_due_date(scope: Scope, key: BatchKey, row: Row, due_by: date | None, seed: str, now: datetime) -> None:
    """The row at once, and those of its learners who have not completed chunk by chunk."""
    before, after = {"due_by": row.due_by}, {"due_by": _text(due_by)}
    if before == after:
        return
    audit_entry = _audit_entry(scope, key, row, before, after)
    change_id = derived_id(seed, "due date") if row.num_chunks else None
    writes = dates_store.due_date_writes(key, row, due_by, change_id, now)
    try:
        if change_id is None:
            audit.commit(org_pk(key.org_id), audit_entry, writes, now)
            return
        job = start_change(key, change_id, now)
        change = BulkChange(
            kind=DUE_DATE,
            course_ids=[row.course_id],
            due_by=_text(due_by),
            requested_at=to_text(now),
            within=within_of(scope),
        )
        if store.create(job, change, audit_entry, now, *writes):
            queue.send_soon(job)
    except ConditionFailed:
        raise Conflict("changed_meanwhile", "Someone changed this course at the same time. Please try again.") from None


def _dates_of(org: Org, row: Row, form: RowDates, now: datetime) -> Dates:
    """The row's dates, with those of the form in their place."""
    old_due_by = date.fromisoformat(row.due_by) if row.due_by else None
    due_by = form.due_by if "due_by" in form.model_fields_set else old_due_by
    if "enroll_on" not in form.model_fields_set or (form.enroll_on is None and not is_later(row, now)):
        return Dates(date_of(row), row.enroll_at, due_by)
    instant = enroll_instant(form.enroll_on, parse_hour(org.enroll_hour), zone_of(org), now)
    return Dates(form.enroll_on or local_date(now, zone_of(org)), to_text(instant), due_by)


def _validate(form: RowDates, enroll_on: date | None, due_by: date | None, today: date) -> None:
    errors = []
    if form.enroll_on is not None and form.enroll_on < today:
        errors.append(FieldError("enroll_on", "in_the_past", f"This date is in the past. Today is {today}."))
    earliest = today if "due_by" in form.model_fields_set else date.min
    if due_by is not None and not is_due_date_after(max(enroll_on or today, earliest), due_by):
        problem = f"The due date must be after the enroll date, {enroll_on or today}, and in the future."
        errors.append(FieldError("due_by", "not_after_enroll", problem))
    if errors:
        raise Invalid(*errors)


def _text(day: date | None) -> str | None:
    return str(day) if day else None


def _audit_entry(
    scope: Scope, key: BatchKey, row: Row, before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> AuditEntry:
    target = f"batch/{key.batch_id}/course/{row.course_id}"
    return AuditEntry(scope.account_id, "course.dates_changed", target, dict(before), dict(after))

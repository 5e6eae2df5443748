"""New dates for one course of a batch: both while it is scheduled, then the due date of those who are not done."""

from collections.abc import Mapping
from datetime import date, datetime

from chalicelib.access import audit
from chalicelib.access.audit import Change
from chalicelib.access.models import org_pk
from chalicelib.access.service import Scope
from chalicelib.aws.queues import Message, Queue
from chalicelib.aws.table import Action, Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.enrollment import batch_store
from chalicelib.enrollment.batch_store import BatchKey
from chalicelib.enrollment.calendar import enroll_instant, local_date, parse_hour
from chalicelib.enrollment.cancel import rows_of
from chalicelib.enrollment.changes import ChangesService
from chalicelib.enrollment.expand import date_of, due_of, is_later, next_due, set_next_date, zone_of
from chalicelib.enrollment.mail_due import dated_writes
from chalicelib.enrollment.messages import AdvanceBatch
from chalicelib.enrollment.models import DUE_DATE, Batch, BulkChange, Row
from chalicelib.enrollment.schemas import RowDates
from chalicelib.enrollment.states import RowStatus
from chalicelib.enrollment.views import org_of

# A scheduled row among these ran before, and waits for its retry.
_AT_WORK = frozenset({RowStatus.SCHEDULED, RowStatus.ENROLLING, RowStatus.CANCELLED})


class RowDatesService:
    def __init__(self, queue: Queue, changes: ChangesService) -> None:
        self._queue = queue
        self._changes = changes

    def change(self, scope: Scope, key: BatchKey, course_id: str, asked: RowDates, seed: str, now: datetime) -> Row:
        """Answers the row as it then is.

        Raises NotFound, Invalid for wrong dates, Conflict when the row's status does not allow it.
        """
        org = org_of(scope.msp_id, key.org_id)
        rows = rows_of(key, now)
        row = next((row for row in rows if row.course_id == course_id), None)
        if row is None:
            raise NotFound()
        today = local_date(now, zone_of(org))
        if row.status == RowStatus.SCHEDULED and not row.num_chunks:
            enroll_on, instant = date_of(row), row.enroll_at
            if "enroll_on" in asked.model_fields_set:
                enroll_on = asked.enroll_on or today
                instant = to_text(enroll_instant(asked.enroll_on, parse_hour(org.enroll_hour), zone_of(org), now))
            _check(asked, enroll_on, _due_of(row, asked), today)
            self._reschedule(scope, key, rows, row, enroll_on, instant, asked, now)
        else:
            if "enroll_on" in asked.model_fields_set:
                problem = f"This course is {row.status}; its enroll-on date is past."
                raise Conflict("already_ran", problem)
            if row.status in _AT_WORK or row.changing or row.chunks_left:
                problem = "This course is cancelled, or at work: once it has ended, or was retried, try again."
                raise Conflict("not_changeable", problem)
            _check(asked, date_of(row), asked.due_by, today)
            self._change_due_date(scope, key, row, asked.due_by, seed, now)
        return batch_store.row(key, course_id) or row

    def _reschedule(
        self,
        scope: Scope,
        key: BatchKey,
        rows: list[Row],
        row: Row,
        enroll_on: date,
        instant: str,
        asked: RowDates,
        now: datetime,
    ) -> None:
        old_instant, before = row.enroll_at, {"enroll_on": row.enroll_on, "due_by": row.due_by}
        unmoved = (Row.status == RowStatus.SCHEDULED) & (Row.enroll_at == old_instant) & (Row.run == row.run)
        row.enroll_on, row.enroll_at = str(enroll_on), instant
        due_by = _due_of(row, asked)
        actions = [Row.enroll_on.set(row.enroll_on), Row.enroll_at.set(instant), _due_action(due_by)]
        later = [one for one in rows if is_later(one, now)]
        writes = [
            Write("update", Row(row.pk, row.sk), unmoved, tuple(actions)),
            # Made again by the job that follows; those of instants that stay are made already, which is harmless.
            batch_store.update_batch(key, Batch.schedules_made.set(False), set_next_date(later)),
        ]
        if old_instant not in {one.enroll_at for one in rows}:
            writes.append(Write("delete", due_of(key, old_instant)))
        writes += [Write("put", due_of(key, instant))] if instant <= to_text(now) else next_due(key, rows, now)
        after = {"enroll_on": row.enroll_on, "due_by": str(due_by) if due_by else None}
        try:
            audit.commit(org_pk(key.org_id), _told(scope, key, row, before, after), writes, now)
        except ConditionFailed:
            raise Conflict("started_meanwhile", "This course started at the same moment; read it again.") from None
        job = AdvanceBatch(msp_id=key.msp_id, org_id=key.org_id, batch_id=key.batch_id)
        self._queue.send_soon([Message(job.body(), key.org_id)])

    def _change_due_date(
        self, scope: Scope, key: BatchKey, row: Row, due_by: date | None, seed: str, now: datetime
    ) -> None:
        """The row at once, and those of its learners who have not completed chunk by chunk."""
        new = str(due_by) if due_by else None
        if new == row.due_by:
            return
        change_id = derived_id(seed, "due date")
        actions: tuple[Action, ...] = (_due_action(due_by),)
        if row.num_chunks:
            actions = (*actions, Row.changing.set(change_id))
        unchanged = (Row.status == row.status) & (Row.run == row.run) & Row.changing.does_not_exist()
        writes = [Write("update", Row(row.pk, row.sk), unchanged, actions)]
        writes += dated_writes(key.msp_id, key.org_id, key.batch_id, row, new, now)
        told = _told(scope, key, row, {"due_by": row.due_by}, {"due_by": new})
        made = BulkChange(kind=DUE_DATE, course_ids=[row.course_id], due_by=new, requested_at=to_text(now))
        try:
            if row.num_chunks:
                self._changes.request(key, change_id, made, told, writes, now)
            else:
                audit.commit(org_pk(key.org_id), told, writes, now)
        except ConditionFailed:
            raise Conflict("changed_meanwhile", "This course changed at the same moment; read it again.") from None


def _check(asked: RowDates, enroll_on: date | None, due_by: date | None, today: date) -> None:
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


def _due_of(row: Row, asked: RowDates) -> date | None:
    if "due_by" in asked.model_fields_set:
        return asked.due_by
    return date.fromisoformat(row.due_by) if row.due_by else None


def _due_action(due_by: date | None) -> Action:
    return Row.due_by.set(str(due_by)) if due_by else Row.due_by.remove()


def _told(
    scope: Scope, key: BatchKey, row: Row, before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> Change:
    target = f"batch/{key.batch_id}/course/{row.course_id}"
    return Change(scope.account_id, "course.dates_changed", target, dict(before), dict(after))

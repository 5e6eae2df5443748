"""Results and due dates that an admin enters for one enrollment."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.people.members.reach import reach_writes
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.courses.models import Course
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.local_dates import due_instant, is_due_date_after, local_date, parse_hour
from chalicelib.training.batches.mail_events import REMINDERS_ON, learner_detail, reminder_writes
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.progress import store
from chalicelib.training.progress.certify import certificate_writes
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from chalicelib.training.progress.progress import completed_at_values, find_course, find_enrollment, require_current
from chalicelib.training.progress.schemas import CourseResult, EnrollmentChange, EnrollmentOut
from chalicelib.training.progress.store import Values
from chalicelib.training.progress.views import enrollment_out

_TRIES = 4


def enter(scope: Scope, enrollment_id: EnrollmentId, change: EnrollmentChange, now: datetime) -> EnrollmentOut:
    """Entering the same again changes nothing, and leaves no audit entry.

    Raises NotFound, Invalid for wrong dates, Conflict when the enrollment's status does not allow it.
    """
    course = find_course(scope.msp_id, enrollment_id)
    enrollment, zone = until_settled(lambda: _enter(scope, enrollment_id, course, change, now), _TRIES)
    return enrollment_out(scope.org, enrollment_id.member_id, enrollment, course.title, zone, now)


def _enter(
    scope: Scope, enrollment_id: EnrollmentId, course: Course, change: EnrollmentChange, now: datetime
) -> tuple[Enrollment, ZoneInfo]:
    """Gives the enrollment as it then is. ConditionFailed when it changed since it was read."""
    old, org = find_enrollment(scope.msp_id, enrollment_id)
    if old.left_at:
        # Withdrawn when the learner was archived.
        raise NotFound()
    zone = zone_of(org)
    values = _values(old, change, zone, now)
    if not values:
        return old, zone
    audit_entry = AuditEntry(
        scope.account_id,
        "enrollment.changed",
        f"member/{enrollment_id.member_id}/course/{old.course_id}",
        {"status": old.status, "due_by": old.due_by, "score": old.score, "completed_at": old.completed_at},
        change.model_dump(mode="json", exclude_unset=True),
    )
    writes = [*store.change_writes(old, values), *reach_writes(scope, enrollment_id.member_id)]
    writes += certificate_writes(org, course, enrollment_id, values, now)
    if values.get("due_by") and _has_reminders(scope.msp_id, org.org_id, old):
        key = BatchKey(scope.msp_id, org.org_id, str(old.batch_id))
        detail, hour = learner_detail(values["due_by"], enrollment_id.member_id), parse_hour(org.enroll_hour)
        writes += reminder_writes(key, old.course_id, detail, hour, zone, now)
    audit.commit(org_pk(scope.org), audit_entry, writes, now)
    enrollment, org = find_enrollment(scope.msp_id, enrollment_id)
    return enrollment, zone_of(org)


def _values(old: Enrollment, change: EnrollmentChange, zone: ZoneInfo, now: datetime) -> Values:
    require_current(old)
    values = _due_date_values(old, change, zone)
    if change.result is None:
        return values
    result = _result_values(old, change.result, zone, now)
    if values and "status" in result:
        problem = "Enter the result alone: a completed course needs no other due date."
        raise Invalid(FieldError("due_by", "beside_result", problem))
    return {**values, **result}


def _due_date_values(old: Enrollment, change: EnrollmentChange, zone: ZoneInfo) -> Values:
    if "due_by" not in change.model_fields_set or str(change.due_by or "") == (old.due_by or ""):
        return {}
    if old.status == EnrollmentStatus.COMPLETED:
        raise Conflict("already_completed", "This course is already completed, so its due date can't be changed.")
    enrolled_on = local_date(to_instant(old.enrolled_at), zone)
    if change.due_by is not None and not is_due_date_after(enrolled_on, change.due_by):
        raise Invalid(FieldError("due_by", "not_after_enroll", "The due date must be after the day of enrollment."))
    return {"due_by": str(change.due_by) if change.due_by else None}


def _result_values(old: Enrollment, result: CourseResult, zone: ZoneInfo, now: datetime) -> Values:
    day = result.completed_at
    if day is not None and day > local_date(now, zone):
        raise Invalid(FieldError("result.completed_at", "in_the_future", "The completion date can't be in the future."))
    values: Values = {}
    if old.status != EnrollmentStatus.COMPLETED:
        values = completed_at_values(old, now if day is None else _end_of(day, zone, now), now)
    elif day is not None and day != local_date(to_instant(str(old.completed_at)), zone):
        values = {"completed_at": to_text(_end_of(day, zone, now))}
    if result.score is not None and result.score != old.score:
        values = {**values, "score": result.score}
    return values


def _end_of(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    """The instant that stands for a day without an hour: its last second, or now if it is today."""
    return min(due_instant(day, zone) - timedelta(seconds=1), now)


def _has_reminders(msp_id: str, org_id: str, enrollment: Enrollment) -> bool:
    """The reminders of the row are about its own due date; a learner's other date needs reminders of its own."""
    if enrollment.batch_id is None:
        return False
    row = batches_store.row(BatchKey(msp_id, org_id, enrollment.batch_id), enrollment.course_id)
    return row is not None and REMINDERS_ON in (row.mails or "")

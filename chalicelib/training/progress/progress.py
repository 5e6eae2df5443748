"""Learners start and complete courses. Each change of an enrollment and its count happen together."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.tenants.courses import store as courses_store
from chalicelib.tenants.courses.models import Course
from chalicelib.tenants.organizations.lookups import org_of, zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.progress import store
from chalicelib.training.progress.certify import certificate_writes
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from chalicelib.training.progress.schemas import EnrollmentOut, StartedOut
from chalicelib.training.progress.store import Values
from chalicelib.training.progress.views import enrollment_out

# What a step changes: new values for the enrollment as it was read, none when it was taken before.
Step = Callable[[Enrollment, datetime], Values]

_TRIES = 4


def start(msp_id: str, enrollment_id: EnrollmentId, now: datetime) -> StartedOut:
    """Answers the course's link. Starting twice changes nothing more."""
    course = find_course(msp_id, enrollment_id)
    enrollment, zone = _change(msp_id, enrollment_id, course, now, start_values)
    out = enrollment_out(enrollment_id.org_id, enrollment_id.member_id, enrollment, course.title, zone, now)
    return StartedOut(enrollment=out, launch_url=course.launch_url)


def complete(msp_id: str, enrollment_id: EnrollmentId, now: datetime) -> EnrollmentOut:
    course = find_course(msp_id, enrollment_id)
    enrollment, zone = _change(msp_id, enrollment_id, course, now, complete_values)
    return enrollment_out(enrollment_id.org_id, enrollment_id.member_id, enrollment, course.title, zone, now)


def find_course(msp_id: str, enrollment_id: EnrollmentId) -> Course:
    course = courses_store.course(msp_id, enrollment_id.course_id)
    if course is None:
        raise NotFound()
    return course


def find_enrollment(msp_id: str, enrollment_id: EnrollmentId) -> tuple[Enrollment, Org]:
    enrollment = enrollment_store.enrollment(enrollment_id.org_id, enrollment_id.member_id, enrollment_id.sk)
    if enrollment is None:
        raise NotFound()
    return enrollment, org_of(msp_id, enrollment_id.org_id)


def _change(
    msp_id: str, enrollment_id: EnrollmentId, course: Course, now: datetime, step: Step
) -> tuple[Enrollment, ZoneInfo]:
    """Gives the enrollment as it then is. When another tab or an admin was first, the step is decided again."""

    def change() -> tuple[Enrollment, ZoneInfo]:
        enrollment, org = find_enrollment(msp_id, enrollment_id)
        values = step(enrollment, now)
        if values:
            store.change(enrollment, values, certificate_writes(org, course, enrollment_id, values, now))
            enrollment, org = find_enrollment(msp_id, enrollment_id)
        return enrollment, zone_of(org)

    return until_settled(change, _TRIES)


def start_values(old: Enrollment, now: datetime) -> Values:
    require_current(old)
    if old.status != EnrollmentStatus.ENROLLED:
        return {}
    return {"status": EnrollmentStatus.IN_PROGRESS.value, "started_at": to_text(now)}


def complete_values(old: Enrollment, now: datetime) -> Values:
    require_current(old)
    if old.status == EnrollmentStatus.COMPLETED:
        return {}
    return completed_at_values(old, now, now)


def completed_at_values(old: Enrollment, at: datetime, now: datetime) -> Values:
    """Completing a course that was not started starts it too, so that no more learners complete than start."""
    values = {"status": EnrollmentStatus.COMPLETED.value, "completed_at": to_text(at)}
    if old.status == EnrollmentStatus.ENROLLED:
        values["started_at"] = to_text(min(at, now))
    return values


def require_current(enrollment: Enrollment) -> None:
    """Raises Conflict for history, and for what was withdrawn."""
    require_not_history(enrollment)
    if enrollment.status == EnrollmentStatus.CANCELLED:
        raise Conflict("enrollment_cancelled", "This enrollment was withdrawn.")


def require_not_history(enrollment: Enrollment) -> None:
    if "#HISTORY#" in enrollment.sk:
        raise Conflict("superseded", "A newer enrollment has replaced this one.")

"""Courses on one's own account: taken, started and completed, without any organization and its counts."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.courses import store as courses_store
from chalicelib.tenants.courses.models import Course
from chalicelib.training.batches.models import Enrollment, enrollment_sk
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.certificates import issue
from chalicelib.training.progress import store as progress_store
from chalicelib.training.progress.certify import completed, is_certified
from chalicelib.training.progress.progress import Step, complete_values, start_values
from chalicelib.training.progress.schemas import EnrollmentOut, StartedOut
from chalicelib.training.progress.store import Values
from chalicelib.training.progress.views import enrollment_out
from chalicelib.training.self_enrollment import store
from chalicelib.training.self_enrollment.models import SELF_ENROLLED, self_enrollments_pk

_TRIES = 4
_ZONE = ZoneInfo("UTC")


def take(account_id: str, course_id: str, seed: str, now: datetime) -> EnrollmentOut:
    """The same request again, by its `seed`, answers the same.

    Raises Invalid for a course without self-enrollment, Conflict when it was taken before.
    """
    pointer = courses_store.open_course(course_id)
    course = courses_store.course(pointer.msp_id, course_id) if pointer else None
    if pointer is None or course is None or not course.self_enroll:
        problem = "There is no such course in the library."
        raise Invalid(FieldError("course_id", "unknown_course", problem))
    enrollment = Enrollment(
        self_enrollments_pk(account_id),
        enrollment_sk(course_id),
        status=EnrollmentStatus.ENROLLED.value,
        enrolled_at=to_text(now),
        msp_id=pointer.msp_id,
        changed_by=seed,
    )
    try:
        store.create(enrollment)
    except ConditionFailed:
        existing = store.enrollment(account_id, course_id)
        if existing is None or existing.changed_by != seed:
            raise Conflict("already_enrolled", "You already have this course. It is among your courses.") from None
        enrollment = existing
    return self_enrollment_out(account_id, enrollment, course.title, now)


def start(account_id: str, course_id: str, now: datetime) -> StartedOut:
    """Answers the course's link. Starting twice changes nothing more."""
    enrollment, course = _change(account_id, course_id, now, start_values)
    out = self_enrollment_out(account_id, enrollment, course.title, now)
    return StartedOut(enrollment=out, launch_url=course.launch_url)


def complete(account_id: str, name: str, course_id: str, now: datetime) -> EnrollmentOut:
    """`name` is the account's, for the certificate."""
    enrollment, course = _change(account_id, course_id, now, complete_values, name)
    return self_enrollment_out(account_id, enrollment, course.title, now)


def page(account_id: str, limit: int, after: str | None, now: datetime) -> tuple[list[EnrollmentOut], str | None]:
    """One page of the account's self-enrollments, and the position of the next."""
    enrollments = store.enrollments(account_id, limit, after)
    titles = store.titles(enrollments.items)
    items = [
        self_enrollment_out(account_id, enrollment, titles.get(enrollment.course_id, ""), now)
        for enrollment in enrollments.items
    ]
    return items, enrollments.next_position


def _change(account_id: str, course_id: str, now: datetime, step: Step, name: str = "") -> tuple[Enrollment, Course]:
    """Gives the enrollment as it then is. When another tab was first, or an offer was accepted, it is decided again."""

    def change() -> tuple[Enrollment, Course]:
        enrollment, course = _find(account_id, course_id)
        values = step(enrollment, now)
        if values:
            certificate = _certificate_writes(account_id, name, course, enrollment, values, now)
            progress_store.change(enrollment, values, certificate)
            enrollment, course = _find(account_id, course_id)
        return enrollment, course

    return until_settled(change, _TRIES)


def _certificate_writes(
    account_id: str, name: str, course: Course, enrollment: Enrollment, values: Values, now: datetime
) -> list[Write]:
    if not is_certified(course, values):
        return []
    msp_id = str(enrollment.msp_id)
    msp = access_store.msp(msp_id)
    provider = msp.name if msp else ""
    return issue.writes([issue.to_account(msp_id, provider, account_id, name, completed(course, values), now)])


def _find(account_id: str, course_id: str) -> tuple[Enrollment, Course]:
    enrollment = store.enrollment(account_id, course_id)
    course = courses_store.course(str(enrollment.msp_id), course_id) if enrollment else None
    if enrollment is None or course is None:
        raise NotFound()
    return enrollment, course


def self_enrolled_course(account_id: str, enrollment_id: str) -> str | None:
    """The course of a self-enrollment; None for an enrollment in an organization.

    Raises NotFound for a self-enrollment of another account.
    """
    if not enrollment_id.startswith(f"{SELF_ENROLLED}."):
        return None
    parts = enrollment_id.split(".")
    if len(parts) != 3 or parts[1] != account_id or not parts[2]:
        raise NotFound()
    return parts[2]


def self_enrollment_out(account_id: str, enrollment: Enrollment, title: str, now: datetime) -> EnrollmentOut:
    out = enrollment_out(SELF_ENROLLED, account_id, enrollment, title, _ZONE, now)
    return out.model_copy(update={"org_id": None, "carried_over_to": list(enrollment.carried_to or ())})

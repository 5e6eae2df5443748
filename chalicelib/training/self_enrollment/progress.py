"""Courses on one's own account: taken, started, completed, without any organization and its counts."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.aws import table
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound
from chalicelib.tenants.courses import store as catalog_store
from chalicelib.tenants.courses.models import Course
from chalicelib.training.batches.models import Enrollment, course_sk
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.progress.progress import Steps, completed, course_of, enrollment_out, started
from chalicelib.training.progress.schemas import EnrollmentOut, StartedOut
from chalicelib.training.self_enrollment import store as own_store
from chalicelib.training.self_enrollment.models import OWN, own_pk

_TRIES = 4
_ZONE = ZoneInfo("UTC")


def take(account_id: str, course_id: str, seed: str, now: datetime) -> EnrollmentOut:
    """Raises Invalid for a course that is not to be taken so, Conflict when it was taken before."""
    pointer = catalog_store.open_course(course_id)
    course = catalog_store.course(pointer.msp_id, course_id) if pointer else None
    if pointer is None or course is None or not course.self_enroll:
        problem = "There is no such course to take on your own; look into the library."
        raise Invalid(FieldError("course_id", "unknown_course", problem))
    made = Enrollment(
        own_pk(account_id),
        course_sk(course_id),
        status=EnrollmentStatus.ENROLLED.value,
        enrolled_at=to_text(now),
        msp_id=pointer.msp_id,
        changed_by=seed,
    )
    try:
        table.transact([table.put_new(made)])
    except ConditionFailed:
        known = own_store.own(account_id, course_id)
        if known is None or known.changed_by != seed:
            raise Conflict("already_enrolled", "You have taken this course; it is among your courses.") from None
        made = known
    return own_out(account_id, made, course.title, now)


def start(account_id: str, course_id: str, now: datetime) -> StartedOut:
    """Answers the course's link. Starting twice changes nothing more."""
    enrollment, course = _change(account_id, course_id, now, started)
    return StartedOut(enrollment=own_out(account_id, enrollment, course.title, now), launch_url=course.launch_url)


def complete(account_id: str, course_id: str, now: datetime) -> EnrollmentOut:
    enrollment, course = _change(account_id, course_id, now, completed)
    return own_out(account_id, enrollment, course.title, now)


def page(account_id: str, limit: int, after: str | None, now: datetime) -> tuple[list[EnrollmentOut], str | None]:
    found = own_store.owns(account_id, limit, after)
    titles = own_store.titles(found.items)
    items = [own_out(account_id, one, titles.get(course_of(one), ""), now) for one in found.items]
    return items, found.next_position


def _change(
    account_id: str, course_id: str, now: datetime, step: Callable[[Enrollment, datetime], Steps]
) -> tuple[Enrollment, Course]:
    for _ in range(_TRIES):
        old = own_store.own(account_id, course_id)
        course = catalog_store.course(str(old.msp_id), course_id) if old else None
        if old is None or course is None:
            raise NotFound()
        actions = step(old, now).actions
        if not actions:
            return old, course
        try:
            table.transact([own_store.change_write(old, actions)])
        except ConditionFailed:
            # Another tab was first, or somebody accepted what was offered.
            continue
    raise ConditionFailed()


def own_course_of(account_id: str, enrollment_id: str) -> str | None:
    """The course of an enrollment of one's own; None for one in an organization. Raises NotFound for others' own."""
    if not enrollment_id.startswith(f"{OWN}."):
        return None
    parts = enrollment_id.split(".")
    if len(parts) != 3 or parts[1] != account_id or not parts[2]:
        raise NotFound()
    return parts[2]


def own_out(account_id: str, enrollment: Enrollment, title: str, now: datetime) -> EnrollmentOut:
    out = enrollment_out(OWN, account_id, enrollment, title, _ZONE, now)
    return out.model_copy(update={"org_id": None, "carried_over_to": list(enrollment.carried_to or ())})

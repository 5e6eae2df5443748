"""Learners' progress: start, complete, and results that admins enter. Each change and its count happen together."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.aws import table
from chalicelib.aws.table import Action, Write
from chalicelib.core.clock import to_date, to_instant, to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.courses.models import Course, courses_pk
from chalicelib.tenants.courses.models import course_sk as library_sk
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.training.batches import enrollment_store as learner_store
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.local_dates import due_instant, local_date, parse_hour
from chalicelib.training.batches.mail_events import REMINDERS_ON, own_detail, reminder_writes
from chalicelib.training.batches.models import Enrollment, Row
from chalicelib.training.batches.states import LIVE, EnrollmentStatus
from chalicelib.training.batches.store import BatchKey, add_open_due
from chalicelib.training.progress.schemas import CourseResult, EnrollmentChange, EnrollmentOut, StartedOut

_TRIES = 4


class Steps(NamedTuple):
    """What changes on the enrollment, and what is counted on its row."""

    actions: Sequence[Action] = ()
    row_actions: Sequence[Action] = ()
    completes: bool = False


class EnrollmentId:
    """`<org>.<member>.<course>` names a current enrollment; a fourth part one of its history."""

    def __init__(self, org_id: str, member_id: str, sk: str) -> None:
        self.org_id, self.member_id, self.sk = org_id, member_id, sk

    @classmethod
    def parse(cls, text: str) -> "EnrollmentId":
        parts = text.split(".")
        if len(parts) not in (3, 4) or not all(parts):
            raise NotFound()
        sk = f"COURSE#{parts[2]}" + (f"#HISTORY#{parts[3]}" if len(parts) == 4 else "")
        return cls(parts[0], parts[1], sk)

    @classmethod
    def of(cls, org_id: str, member_id: str, enrollment: Enrollment) -> str:
        parts = enrollment.sk.split("#")
        return ".".join([org_id, member_id, parts[1], *parts[3:]])


def course_of(enrollment: Enrollment) -> str:
    return str(enrollment.sk.split("#")[1])


def start(msp_id: str, enrollment_id: EnrollmentId, now: datetime) -> StartedOut:
    """Answers the course's link. Starting twice changes nothing more."""
    course = _course(msp_id, enrollment_id)
    enrollment, zone = _change(msp_id, enrollment_id, now, started)
    out = enrollment_out(enrollment_id.org_id, enrollment_id.member_id, enrollment, course.title, zone, now)
    return StartedOut(enrollment=out, launch_url=course.launch_url)


def complete(msp_id: str, enrollment_id: EnrollmentId, now: datetime) -> EnrollmentOut:
    course = _course(msp_id, enrollment_id)
    enrollment, zone = _change(msp_id, enrollment_id, now, completed)
    return enrollment_out(enrollment_id.org_id, enrollment_id.member_id, enrollment, course.title, zone, now)


def enter(scope: Scope, enrollment_id: EnrollmentId, change: EnrollmentChange, now: datetime) -> EnrollmentOut:
    """An admin's result or due date for one enrollment."""
    course = _course(scope.msp_id, enrollment_id)
    for _ in range(_TRIES):
        old, org = _read(scope.msp_id, enrollment_id)
        if old.left_at:
            # It went with the learner when they were archived.
            raise NotFound()
        zone = zone_of(org)
        steps = _entered(old, change, zone, now)
        if not steps.actions:
            # Said before, perhaps by the same request whose answer was lost: nothing changes, nothing is told.
            return enrollment_out(scope.org, enrollment_id.member_id, old, course.title, zone, now)
        told = AuditEntry(
            scope.account_id,
            "enrollment.changed",
            f"member/{enrollment_id.member_id}/course/{course_of(old)}",
            _told(old),
            change.model_dump(mode="json", exclude_unset=True),
        )
        writes = _writes(enrollment_id.org_id, old, steps)
        if change.due_by is not None and str(change.due_by) != old.due_by:
            writes += _reminders(scope.msp_id, org, enrollment_id.member_id, old, str(change.due_by), now)
        try:
            audit.commit(org_pk(scope.org), told, writes, now)
        except ConditionFailed:
            continue
        enrollment, org = _read(scope.msp_id, enrollment_id)
        return enrollment_out(scope.org, enrollment_id.member_id, enrollment, course.title, zone_of(org), now)
    raise ConditionFailed()


def _course(msp_id: str, enrollment_id: EnrollmentId) -> Course:
    course = table.get(Course, courses_pk(msp_id), library_sk(enrollment_id.sk.split("#")[1]), consistent=False)
    if course is None:
        raise NotFound()
    return course


def _read(msp_id: str, enrollment_id: EnrollmentId) -> tuple[Enrollment, Org]:
    enrollment = learner_store.enrollment(enrollment_id.org_id, enrollment_id.member_id, enrollment_id.sk)
    org = table.get(Org, msp_pk(msp_id), org_sk(enrollment_id.org_id), consistent=False)
    if enrollment is None or org is None:
        raise NotFound()
    return enrollment, org


def _change(
    msp_id: str, enrollment_id: EnrollmentId, now: datetime, step: Callable[[Enrollment, datetime], Steps]
) -> tuple[Enrollment, ZoneInfo]:
    for _ in range(_TRIES):
        old, org = _read(msp_id, enrollment_id)
        steps = step(old, now)
        if not steps.actions:
            return old, zone_of(org)
        try:
            table.transact(_writes(enrollment_id.org_id, old, steps))
        except ConditionFailed:
            # Another tab, or an admin, was first; what they did decides.
            continue
        enrollment, org = _read(msp_id, enrollment_id)
        return enrollment, zone_of(org)
    raise ConditionFailed()


def started(old: Enrollment, now: datetime) -> Steps:
    _must_be_current(old)
    if old.status != EnrollmentStatus.ENROLLED:
        return Steps()
    return Steps(_starting(now), (Row.num_started.add(1),))


def completed(old: Enrollment, now: datetime) -> Steps:
    _must_be_current(old)
    if old.status == EnrollmentStatus.COMPLETED:
        return Steps()
    return _completing(old, now, now)


def _must_be_current(old: Enrollment) -> None:
    if "#HISTORY#" in old.sk:
        raise Conflict("superseded", "This enrollment is history; a later one took its place.")
    if old.status == EnrollmentStatus.CANCELLED:
        raise Conflict("enrollment_cancelled", "This enrollment was withdrawn.")


def _starting(at: datetime) -> tuple[Action, ...]:
    return (Enrollment.status.set(EnrollmentStatus.IN_PROGRESS.value), Enrollment.started_at.set(to_text(at)))


def _completing(old: Enrollment, at: datetime, now: datetime) -> Steps:
    """Completing what was not started starts it too, so that never more complete than started."""
    actions: list[Action] = [
        Enrollment.status.set(EnrollmentStatus.COMPLETED.value),
        Enrollment.completed_at.set(to_text(at)),
    ]
    row_actions: list[Action] = [Row.num_completed.add(1)]
    if old.status == EnrollmentStatus.ENROLLED:
        actions.append(Enrollment.started_at.set(to_text(min(at, now))))
        row_actions.append(Row.num_started.add(1))
    if old.due_by:
        row_actions.append(add_open_due(old.due_by, -1))
    return Steps(actions, row_actions, completes=True)


def _entered(old: Enrollment, change: EnrollmentChange, zone: ZoneInfo, now: datetime) -> Steps:
    _must_be_current(old)
    actions: list[Action] = []
    row_actions: list[Action] = []
    given = change.model_fields_set
    if "due_by" in given and str(change.due_by or "") != (old.due_by or ""):
        if old.status == EnrollmentStatus.COMPLETED:
            raise Conflict("already_completed", "The course is completed; its due date stays as it was.")
        if change.due_by is not None and change.due_by <= local_date(to_instant(old.enrolled_at), zone):
            raise Invalid(FieldError("due_by", "not_after_enroll", "The due date must be after the day of enrollment."))
        new_due = str(change.due_by) if change.due_by else None
        actions.append(Enrollment.due_by.set(new_due) if new_due else Enrollment.due_by.remove())
        row_actions += [add_open_due(old.due_by, -1)] if old.due_by else []
        row_actions += [add_open_due(new_due, 1)] if new_due else []
    if change.result is not None:
        result = _result(old, change.result, zone, now)
        if row_actions and result.row_actions:
            problem = "Enter the result alone: a completed course needs no other due date."
            raise Invalid(FieldError("due_by", "beside_result", problem))
        return Steps([*actions, *result.actions], [*row_actions, *result.row_actions], result.completes)
    return Steps(actions, row_actions)


def _result(old: Enrollment, result: CourseResult, zone: ZoneInfo, now: datetime) -> Steps:
    steps = Steps()
    actions: list[Action] = []
    day = result.completed_at
    if day is not None and day > local_date(now, zone):
        raise Invalid(FieldError("result.completed_at", "in_the_future", "A course cannot be completed in the future."))
    if old.status != EnrollmentStatus.COMPLETED:
        at = now if day is None else _end_of(day, zone, now)
        steps = _completing(old, at, now)
    elif day is not None and day != local_date(to_instant(str(old.completed_at)), zone):
        actions.append(Enrollment.completed_at.set(to_text(_end_of(day, zone, now))))
    if result.score is not None and result.score != old.score:
        actions.append(Enrollment.score.set(result.score))
    return steps._replace(actions=[*steps.actions, *actions])


def _end_of(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    """A day without an hour is told as its last second, today as now."""
    return min(due_instant(day, zone) - timedelta(seconds=1), now)


def _writes(org_id: str, old: Enrollment, steps: Steps) -> list[Write]:
    counts = old.batch_id and not old.left_at
    row = learner_store.row_key(org_id, str(old.batch_id), course_of(old)) if counts else None
    writes = learner_store.change(old, steps.actions, row, steps.row_actions)
    return [*writes, bump_revision(org_id, "completions")] if steps.completes else writes


def _reminders(msp_id: str, org: Org, member_id: str, old: Enrollment, due_by: str, now: datetime) -> list[Write]:
    """Of a date of one's own, which the row's reminders know nothing of."""
    if old.batch_id is None:
        return []
    key = BatchKey(msp_id, org.org_id, old.batch_id)
    row = batch_store.row(key, course_of(old))
    if row is None or REMINDERS_ON not in (row.mails or ""):
        return []
    detail = own_detail(due_by, member_id)
    hour = parse_hour(org.enroll_hour)
    return reminder_writes(msp_id, org.org_id, key.batch_id, row.course_id, detail, hour, zone_of(org), now)


def _told(old: Enrollment) -> dict[str, object]:
    return {"status": old.status, "due_by": old.due_by, "score": old.score, "completed_at": old.completed_at}


def is_overdue(status: str, due_by: str | None, zone: ZoneInfo, now: datetime) -> bool:
    """Derived, never stored: live, and the midnight that closes its due date has passed."""
    return bool(due_by and status in LIVE and due_instant(to_date(due_by), zone) <= now)


def enrollment_out(
    org_id: str, member_id: str, enrollment: Enrollment, title: str, zone: ZoneInfo, now: datetime
) -> EnrollmentOut:
    return EnrollmentOut(
        enrollment_id=EnrollmentId.of(org_id, member_id, enrollment),
        org_id=org_id,
        course_id=course_of(enrollment),
        title=title,
        status=EnrollmentStatus(enrollment.status),
        overdue=is_overdue(enrollment.status, enrollment.due_by, zone, now),
        due_by=to_date(enrollment.due_by) if enrollment.due_by else None,
        enrolled_at=enrollment.enrolled_at,
        started_at=enrollment.started_at,
        completed_at=enrollment.completed_at,
        score=int(enrollment.score) if enrollment.score is not None else None,
        batch_id=enrollment.batch_id,
        earlier="#HISTORY#" in enrollment.sk,
    )

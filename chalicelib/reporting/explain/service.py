"""The explanation of one person and one course."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.core.errors import NotFound
from chalicelib.people.members.changes import member_of
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.reporting.explain.explanations import explain as explanation_of
from chalicelib.reporting.explain.facts_store import Attempt, Facts, facts_of
from chalicelib.reporting.explain.schemas import Cause, ExplainOut, Step
from chalicelib.reporting.explain.steps import Waiting, way_of
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses import store as courses_store
from chalicelib.tenants.structure.store import departments_below
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.create_rows import planned_rows
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.recipients import resolved
from chalicelib.training.batches.states import LIVE, EnrollmentStatus, RowStatus
from chalicelib.training.progress.archive import visible_to_admins

_STATUS_STEPS = {
    EnrollmentStatus.ENROLLED: ("enrolled", "carried_over"),
    EnrollmentStatus.IN_PROGRESS: ("started", "carried_over", "left_in_progress"),
    EnrollmentStatus.COMPLETED: ("completed", "carried_over"),
}


def explain(scope: Scope, member_id: str, course_id: str) -> ExplainOut:
    """Raises NotFound for an unknown member or course."""
    member = member_of(scope.org, member_id)
    course = courses_store.course(scope.msp_id, course_id)
    if course is None:
        raise NotFound("There is no such course")
    facts = _visible(_with_planned(scope, course_id, facts_of(member, scope.org, course_id)))
    waiting = {one.batch.batch_id: _waiting(scope, one) for one in facts.attempts if _is_waiting(one)}
    way = way_of(scope.org, course_id, facts, waiting)
    current = next((one for one in facts.enrollments if "#HISTORY#" not in one.sk), None)
    status = EnrollmentStatus(current.status) if current is not None else None
    is_enrolled = status in LIVE or status == EnrollmentStatus.COMPLETED
    if current is not None and is_enrolled:
        decisive = _of_enrollment(current, way.steps)
    else:
        decisive = _against(member, facts, way.steps)
    return ExplainOut(
        member_id=member_id,
        course_id=course_id,
        title=course.title,
        enrolled=is_enrolled,
        status=status,
        code=decisive.code,
        decided_by=decisive.cause if decisive.cause.kind != "member" else None,
        sentence=decisive.sentence,
        next_step=decisive.next_step,
        steps=list(way.steps),
        would_be_enrolled=list(way.would),
    )


def _of_enrollment(current: Enrollment, steps: Sequence[Step]) -> Step:
    """The step that put the current enrollment into its status."""
    codes = _STATUS_STEPS[EnrollmentStatus(current.status)]
    of_it = [step for step in steps if step.cause.batch_id == current.batch_id and step.code in codes]
    return of_it[-1]


def _against(member: Member, facts: Facts, steps: Sequence[Step]) -> Step:
    """What keeps the person from being enrolled: that they are no active member, or else the latest that decided."""
    if member.status != MemberStatus.ACTIVE:
        return _of_member("not_active", status=str(member.status))
    past = [step for step in steps if not step.planned]
    coming = [step for step in steps if step.code == "scheduled_for"] or [step for step in steps if step.planned]
    if past:
        return past[-1]
    if coming:
        return coming[0]
    return _of_member("never_assigned" if facts.has_access else "no_access")


def _of_member(code: str, **names: str) -> Step:
    explanation = explanation_of(code, **names)
    return Step(
        at=None, code=code, cause=Cause(kind="member"), sentence=explanation.sentence, next_step=explanation.next_step
    )


def _visible(facts: Facts) -> Facts:
    """Admins no longer see the progress of who was archived."""
    is_visible = visible_to_admins(MemberStatus(facts.member.status))
    if facts.member.status != MemberStatus.ARCHIVED:
        return facts
    hidden = {one.batch_id for one in facts.enrollments if not is_visible(one)}
    return facts.without(hidden, [one for one in facts.enrollments if is_visible(one)])


def _with_planned(scope: Scope, course_id: str, facts: Facts) -> Facts:
    """In the seconds after a launch, the rows as they will be."""
    planned = [
        Attempt(batch, row, None, None, None, None)
        for batch in facts.new_batches
        for row in planned_rows(batches_store.BatchKey(scope.msp_id, scope.org, batch.batch_id), batch)
        if row.course_id == course_id
    ]
    if not planned:
        return facts
    return replace(facts, attempts=sorted([*facts.attempts, *planned], key=lambda one: str(one.batch.batch_id)))


def _is_waiting(attempt: Attempt) -> bool:
    return bool(attempt.row.status == RowStatus.SCHEDULED and attempt.batch.group_id is None)


def _waiting(scope: Scope, attempt: Attempt) -> Waiting:
    key = batches_store.BatchKey(scope.msp_id, scope.org, attempt.batch.batch_id)
    plan, _ = batches_store.plan_and_org(key, attempt.batch.rollout_id)
    recipients = resolved(plan, scope.org).recipients
    if attempt.row.retried_within is not None:
        # Its next run is by an admin who is limited to departments.
        own = departments_below(scope.org, attempt.row.retried_within)
        limits = own if recipients.departments is None else own.intersection(recipients.departments)
        recipients = replace(recipients, departments=sorted(limits))
    return Waiting(recipients, plan.reenroll_completed)

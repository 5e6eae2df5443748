"""The way to what is: the steps that are on record about one person and one course. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from chalicelib.people.members import history
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.reporting.explain.explanations import explain
from chalicelib.reporting.explain.facts_store import Attempt, Facts, GroupGift
from chalicelib.reporting.explain.recipients import Mismatch, mismatch
from chalicelib.reporting.explain.schemas import Cause, Step, WouldEnroll
from chalicelib.tenants.structure.models import Group
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.recipients import Recipients
from chalicelib.training.batches.states import LIVE, EnrollmentStatus, Outcome, RowStatus, outcome_of
from chalicelib.training.batches.visibility import launched_by
from chalicelib.training.progress.reasons import ended_by, reason_of

# Steps that say nothing against an enrollment, in the order in which they come within a second.
_ENROLLING = ("enrolled", "carried_over", "started", "completed")

_NO_NAMES: Mapping[str, str] = MappingProxyType({})

_CODE_BY_END = {"admin": "cancelled_by_admin", "undo": "undone", "archive": "archived_before_start"}


@dataclass(frozen=True)
class Way:
    """`would` are batches and groups that will enroll the person as things are."""

    steps: Sequence[Step]
    would: Sequence[WouldEnroll]


@dataclass(frozen=True)
class Waiting:
    """Whom a row that waits for its date is for, as things are now."""

    recipients: Recipients
    reenroll_completed: bool


def way_of(org_id: str, course_id: str, facts: Facts, waiting_by_batch: Mapping[str, Waiting]) -> Way:
    """`waiting_by_batch` has the rows that wait for their date."""
    steps = list(_enrollment_steps(facts))
    would: list[WouldEnroll] = []
    enrolled_by = {one.batch_id for one in facts.enrollments if one.batch_id}
    for attempt in facts.attempts:
        batch = attempt.batch
        if batch.group_id is not None:
            steps += _group_refusal(facts, attempt)
        elif attempt.row.status == RowStatus.SCHEDULED:
            step, coming = _planned(org_id, facts, attempt, waiting_by_batch[batch.batch_id])
            steps.append(step)
            would += coming
        elif batch.batch_id not in enrolled_by:
            steps.append(_outcome(org_id, facts, attempt))
    for gift in facts.gifts:
        if gift.group.group_id in facts.member.group_ids:
            given, coming = _gift(course_id, facts, gift)
            steps += given
            would += coming
    return Way(sorted(steps, key=_order), would)


def _order(step: Step) -> tuple[bool, str, int]:
    """Planned ones last, and what has no instant before them: it is so now."""
    rank = _ENROLLING.index(step.code) + 1 if step.code in _ENROLLING else len(_ENROLLING) + 1
    return step.planned, step.at or "~", rank


# ------------------------------------------------------------ enrollments


def _enrollment_steps(facts: Facts) -> Iterator[Step]:
    batches = {attempt.batch.batch_id: attempt.batch for attempt in facts.attempts}
    for enrollment in facts.enrollments:
        reason = reason_of(enrollment, batches.get(enrollment.batch_id or ""))
        cause = Cause(**reason.model_dump())
        if enrollment.batch_id is None:
            yield _step(enrollment.carried_at or enrollment.enrolled_at, "carried_over", cause)
        else:
            yield _step(enrollment.enrolled_at, "enrolled", cause)
            if enrollment.started_at:
                yield _step(enrollment.started_at, "started", cause)
            if enrollment.completed_at:
                yield _step(enrollment.completed_at, "completed", cause)
        yield from _end(enrollment, cause)


def _end(enrollment: Enrollment, cause: Cause) -> Iterator[Step]:
    ended = ended_by(enrollment)
    if ended is not None:
        yield _step(enrollment.cancelled_at or enrollment.left_at, _CODE_BY_END[ended], cause)
    elif enrollment.left_at and enrollment.status != EnrollmentStatus.CANCELLED:
        yield _step(enrollment.left_at, "left_in_progress", cause)


# ------------------------------------------------------------ batches


def _outcome(org_id: str, facts: Facts, attempt: Attempt) -> Step:
    """What a row whose date came did about somebody whom it did not enroll."""
    row, cause = attempt.row, _batch_cause(attempt)
    partition, ran_at = attempt.partition, attempt.ran_at
    if attempt.code is not None:
        is_tried_again = outcome_of(attempt.code) == Outcome.FAILED and row.enroll_at > max(ran_at, default="")
        failed_with = row.code or row.code_before
        if is_tried_again and failed_with in _ROW_CODES:
            # A retry, which is for them, did not get as far as them.
            return _step(row.enroll_at, failed_with, cause)
        return _step(_decided_at(facts, attempt, attempt.code), attempt.code, cause)
    if partition is not None:
        recipients = Recipients.from_json(partition.recipients)
        # Without ranges nobody matched when they were made.
        for at in ran_at or ([partition.made_at] if partition.made_at and not partition.bounds else []):
            found = _mismatch_at(org_id, facts, recipients, at)
            if found is not None:
                return _step(at, found.code, cause, names=found.names)
    if row.cancelled_at:
        is_undone = attempt.undo is not None and attempt.undo.requested_at <= row.cancelled_at
        return _step(row.cancelled_at, "batch_undone" if is_undone else "batch_cancelled", cause)
    if ran_at and row.retried_within is not None and ran_at[-1] >= row.enroll_at:
        # They are for the batch, but not for the admin who asked for this run.
        return _step(ran_at[-1], "not_in_department", cause)
    if ran_at:
        # Every run looked for recipients in the very second in which the person came.
        return _step(ran_at[0], "joined_after", cause)
    if row.status == RowStatus.ENROLLING:
        return _step(row.enroll_at, "in_work", cause)
    return _step(row.enroll_at, row.code if row.code in _ROW_CODES else "processing_failed", cause)


_ROW_CODES = ("org_not_ready", "access_denied", "processing_failed")


def _decided_at(facts: Facts, attempt: Attempt, code: str) -> str:
    """Who failed is tried again by each run; who held the course already was left alone by the first that saw it."""
    if not attempt.ran_at:
        return str(attempt.row.enroll_at)
    if outcome_of(code) == Outcome.FAILED:
        return attempt.ran_at[-1]
    seen = (at for at in attempt.ran_at if any(_is_held(one, at) for one in facts.held))
    return next(seen, attempt.ran_at[-1])


def _is_held(enrollment: Enrollment, at: str) -> bool:
    began = enrollment.carried_at or enrollment.enrolled_at
    return bool(began <= at and (enrollment.cancelled_at is None or enrollment.cancelled_at > at))


def _mismatch_at(org_id: str, facts: Facts, recipients: Recipients, at: str) -> Mismatch | None:
    """Of what changed in that very second, either may have come first: what does not match decided."""
    for before in (False, True):
        then = history.as_of(facts.member, facts.changes, at, before=before)
        found = mismatch(org_id, recipients, then, facts.member, facts.groups)
        if found is not None:
            return found
    return None


def _planned(org_id: str, facts: Facts, attempt: Attempt, waiting: Waiting) -> tuple[Step, Sequence[WouldEnroll]]:
    """A row that waits for its date, or for its next run, which is for those who failed and those not reached."""
    row, cause = attempt.row, _batch_cause(attempt)
    found = mismatch(org_id, waiting.recipients, facts.member, facts.member, facts.groups)
    if found is not None:
        return _step(row.enroll_at, found.code, cause, planned=True, names=found.names), ()
    current = next((one for one in facts.enrollments if "#HISTORY#" not in one.sk), None)
    if current is not None and current.status in LIVE:
        return _step(row.enroll_at, "already_enrolled", cause, planned=True), ()
    if current is not None and current.status == EnrollmentStatus.COMPLETED and not waiting.reenroll_completed:
        return _step(row.enroll_at, "already_completed", cause, planned=True), ()
    if attempt.result is not None and (attempt.code is None or outcome_of(attempt.code) != Outcome.FAILED):
        return _outcome(org_id, facts, attempt), ()
    return _step(row.enroll_at, "scheduled_for", cause, planned=True), [WouldEnroll(by=cause, on=row.enroll_at)]


def _batch_cause(attempt: Attempt) -> Cause:
    batch = attempt.batch
    return Cause(
        kind="batch", name=batch.name, batch_id=batch.batch_id, group_id=batch.group_id, launched_by=launched_by(batch)
    )


# ------------------------------------------------------------ groups


def _group_refusal(facts: Facts, attempt: Attempt) -> Iterator[Step]:
    """A group's courses that the person did not get when they came to it."""
    if attempt.code is None:
        return
    group_id = str(attempt.batch.group_id)
    at = attempt.ran_at[-1] if attempt.ran_at else None
    yield _step(at, attempt.code, _group_cause(facts, group_id, attempt.batch.name))


def _gift(course_id: str, facts: Facts, gift: GroupGift) -> tuple[Sequence[Step], Sequence[WouldEnroll]]:
    """A group of the person that has the course, when no join was processed for it."""
    group, member = gift.group, facts.member
    cause = Cause(kind="group", name=group.name, group_id=group.group_id)
    if member.status in (MemberStatus.PROSPECT, MemberStatus.PENDING):
        return (), [WouldEnroll(by=cause, on=None)]
    if member.status != MemberStatus.ACTIVE or (gift.joins is not None and gift.joins.join_ids):
        return (), ()
    attached_at = (group.attached_at or {}).get(course_id, "")
    came_at = _came_at(facts, group)
    if attached_at > came_at:
        return [_step(attached_at, "attached_later", cause)], ()
    return [_step(came_at, "joining", cause)], ()


def _came_at(facts: Facts, group: Group) -> str:
    """Since when the person has been an active member of the group."""
    later: Member = facts.member
    for change in reversed(facts.changes):
        before = members_store.copy_with(later, **change.before)
        if before.status != MemberStatus.ACTIVE or group.group_id not in before.group_ids:
            return str(change.at)
        later = before
    return str(facts.member.created_at)


def _group_cause(facts: Facts, group_id: str, batch_name: str) -> Cause:
    name = next((group.name for group in facts.groups if group.group_id == group_id), batch_name)
    return Cause(kind="group", name=name, group_id=group_id)


def _step(
    at: str | None, code: str, cause: Cause, *, planned: bool = False, names: Mapping[str, str] = _NO_NAMES
) -> Step:
    text = f"planned_{code}" if planned and code != "scheduled_for" else code
    explanation = explain(text, name=f"“{cause.name}”" if cause.name else "It", **names)
    return Step(
        at=at, code=code, cause=cause, sentence=explanation.sentence, next_step=explanation.next_step, planned=planned
    )

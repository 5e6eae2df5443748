"""Who joins a group gets its courses, each joining once: through the group's standing batch, with its seats and counts.

Accepting an invitation, being added to a group, and an admin who has a group's courses applied to its members are
joinings; each has an id, and every row that it concerns notes that it answered it, with what it did.
"""

from collections.abc import Sequence
from datetime import date, datetime

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core import observability
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.jobs import due
from chalicelib.people.members import store as members_store
from chalicelib.people.members.events import MemberJoined
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.tenants.structure.models import Group
from chalicelib.training.auto_enrollment import group_batch as standing
from chalicelib.training.auto_enrollment import store as joiner_store
from chalicelib.training.auto_enrollment.store import LIMIT, SEAT, Joiner
from chalicelib.training.batches.local_dates import local_date
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.states import JOINABLE, LIVE, Code, EnrollmentStatus, Outcome, outcome_of
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.progress.archive import leave_courses

_TRIES = 8


def run(job: MemberJoined, now: datetime, *, give_up: bool = False) -> None:
    """Enroll the person in the courses of the groups that they are in by now. Any number of times.

    With `give_up` (a dead letter), what is missing fails, with the reason.
    """
    member = members_store.member(job.org_id, job.member_id)
    own: set[str] = set()
    if member is not None and member.status == MemberStatus.ACTIVE:
        own = set(member.group_ids)
        if member.archive_id is not None:
            # Somebody who was archived is back; first they leave what they had then.
            leave_courses(job.org_id, member)
    wanted = sorted(own if job.group_ids is None else own & set(job.group_ids))
    if job.course_id is not None:
        _try_again(job, job.course_id, wanted, now, give_up)
    elif wanted:
        org, groups = joiner_store.org_and_groups(job.msp_id, job.org_id, wanted)
        for group_id in wanted:
            if group_id in groups:
                _join(job, org, groups[group_id], now, give_up)
    if job.due_at is not None:
        table.transact([due.done(job)])


def give_up(job: MemberJoined, now: datetime) -> None:
    """A dead letter: what is missing fails, with the reason."""
    run(job, now, give_up=True)


def _join(job: MemberJoined, org: Org, group: Group, now: datetime, give_up: bool) -> None:
    member_ids = [job.member_id]
    done = joiner_store.answered(org.org_id, group.group_id, group.course_ids, member_ids, job.join_id)
    course_ids = [course_id for course_id in group.course_ids if (course_id, job.member_id) not in done]
    for _ in range(_TRIES):
        if not course_ids:
            return
        key, known = standing.batch_with_rows(org, group, course_ids, now)
        # An undo may close the batch meanwhile: whom it did not take in is for the next one.
        course_ids = [
            course_id
            for course_id in known
            if not _answered(key, job, org, group.group_id, course_id, now, give_up=give_up)
        ]
    if course_ids:
        raise Unavailable()


def _try_again(job: MemberJoined, course_id: str, group_ids: Sequence[str], now: datetime, give_up: bool) -> None:
    """For one row that could not enroll this person; by now they may have left, or the group the course."""
    for group_id in job.group_ids or ():
        key, _ = standing.open_batch(job.msp_id, job.org_id, group_id)
        org, groups = joiner_store.org_and_groups(job.msp_id, job.org_id, [group_id])
        is_wanted = group_id in group_ids and group_id in groups and course_id in groups[group_id].course_ids
        _answered(key, job, org, group_id, course_id, now, give_up=give_up, is_wanted=is_wanted)


def _answered(
    key: BatchKey,
    job: MemberJoined,
    org: Org,
    group_id: str,
    course_id: str,
    now: datetime,
    *,
    give_up: bool,
    is_wanted: bool = True,
) -> bool:
    """Let one row answer this joining, once. False when the row takes in nobody any more."""
    full_at: int | None = None
    for _ in range(_TRIES):
        one = joiner_store.joiner(key, group_id, course_id, job.member_id)
        row = one.row
        if row is None or row.status not in JOINABLE:
            return False
        if one.has_answered(job.join_id):
            return True
        code = _code(one, org, is_wanted, give_up)
        if code == Outcome.ENROLLED and full_at is not None and full_at == one.seat_limit:
            code = Code.NO_SEAT
        try:
            table.transact(_writes(one, row, job.join_id, code, org, now))
            return True
        except ConditionFailed as error:
            # Somebody else is at work on the row, the person or the seats; what they did decides.
            is_full = code == Outcome.ENROLLED and SEAT in error.failed and LIMIT not in error.failed
            full_at = one.seat_limit if is_full else None
    raise Unavailable()


def _code(one: Joiner, org: Org, is_wanted: bool, give_up: bool) -> Outcome | Code | None:
    """ENROLLED for who is to be enrolled, a code for who is not, None for whom there is nothing to do."""
    there = one.enrollment
    if there is not None and there.batch_id == one.key.batch_id and there.status != EnrollmentStatus.CANCELLED:
        return None
    if not is_wanted:
        return None
    if there is not None and there.status in LIVE:
        return Code.ALREADY_ENROLLED
    if there is not None and there.status == EnrollmentStatus.COMPLETED:
        return Code.ALREADY_COMPLETED
    if give_up:
        return Code.PROCESSING_FAILED
    if missing_of(org):
        return Code.ORG_NOT_READY
    return Outcome.ENROLLED if one.seat_limit is not None else Code.ACCESS_DENIED


def _writes(one: Joiner, row: Row, join_id: str, code: Outcome | Code | None, org: Org, now: datetime) -> list[Write]:
    if code is None:
        return joiner_store.leave_writes(one, row, join_id)
    if isinstance(code, Code):
        if outcome_of(code) == Outcome.FAILED:
            observability.warning("joiner could not be enrolled", batch_id=one.key.batch_id, course_id=row.course_id)
        return joiner_store.refuse_writes(one, row, join_id, code)
    return joiner_store.enroll_writes(one, row, join_id, int(one.seat_limit or 0), due_by_of(row, org, now), now)


def due_by_of(row: Row, org: Org, now: datetime) -> str | None:
    """The date that an admin gave the row, as long as it is to come."""
    today = local_date(now, zone_of(org))
    return row.due_by if row.due_by and date.fromisoformat(row.due_by) > today else None

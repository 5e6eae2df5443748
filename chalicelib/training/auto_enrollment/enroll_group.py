"""All members of a group join at once, or those are tried again whom a row could not enroll.

Most of them are new to the course. As many as fit a transaction are enrolled in one, since each of them counts on the
same row. The others, and those whose transaction failed, are enrolled one by one (enroll_member.py).
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.core import observability
from chalicelib.core.errors import ConditionFailed, MusterError, Unavailable
from chalicelib.jobs import due, queue
from chalicelib.people.members import store as members_store
from chalicelib.people.members.events import MemberJoined
from chalicelib.people.members.models import group_roster_pk, member_sk
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.tenants.structure.events import GroupCoursesApplied
from chalicelib.training.auto_enrollment import enroll_member, group_batch, new_members_store, store
from chalicelib.training.auto_enrollment.enroll_member import future_due_date
from chalicelib.training.auto_enrollment.messages import EnrollMembers
from chalicelib.training.batches import chunk_store
from chalicelib.training.batches.states import JOINABLE
from chalicelib.training.batches.store import BatchKey

# The roster entries that one message reads, and the calls to AWS after which it leaves the rest to another, in about
# twenty seconds; and the members who fit one transaction: three writes each, and four for all, of at most 100.
_PER_PAGE = 500
_MAX_CALLS = 500
_AT_ONCE = 25


def run(job: GroupCoursesApplied, now: datetime) -> None:
    """Enroll the next members, and send a message for those after them. Any number of times.

    The walk goes on only when they are enrolled, so that nobody is left out wherever it is interrupted. Those who
    cannot be now have a message of their own, and do not stop the others.
    """
    if not due.is_current(job):
        return
    ids_by_position, position = _active_members(job) if job.course_id is None else _failed_members(job, job.course_id)
    positions = list(ids_by_position)
    shared = job.model_dump(include={"msp_id", "org_id", "group_id", "join_id", "course_id"})
    num_calls = 0
    for start in range(0, len(positions), _AT_ONCE):
        if num_calls >= _MAX_CALLS:
            position = positions[start - 1]
            break
        member_ids = [ids_by_position[one] for one in positions[start : start + _AT_ONCE]]
        num_calls += _enroll_or_send(EnrollMembers(**shared, member_ids=member_ids), now)
    if position is None:
        due.close(job)
    elif (following := due.advance(job, position, now)) is not None:
        queue.send([following])


def _enroll_or_send(job: EnrollMembers, now: datetime) -> int:
    """About how many calls that took."""
    try:
        return enroll_members(job, now)
    except MusterError:
        observability.failure("members are left to a message of their own", group_id=job.group_id)
        queue.send([job])
        return _MAX_CALLS


def enroll_members(job: EnrollMembers, now: datetime, *, is_dead_letter: bool = False) -> int:
    """Any number of times. One member's error does not stop the others; the message is delivered again for it.

    Gives about how many calls it made.
    """
    num_courses, one_by_one = 1, list(job.member_ids)
    if not (job.course_id or is_dead_letter):
        num_courses, one_by_one = _enroll_together(job, now)
    num_broken = 0
    for member_id in one_by_one:
        join = MemberJoined(
            msp_id=job.msp_id, org_id=job.org_id, member_id=member_id, join_id=job.join_id,
            group_ids=[job.group_id], course_id=job.course_id,
        )  # fmt: skip
        try:
            enroll_member.run(join, now, is_dead_letter=is_dead_letter)
        except MusterError:
            observability.failure("auto-enrollment of a member failed", group_id=job.group_id, member_id=member_id)
            num_broken += 1
    if num_broken:
        raise Unavailable("members_left", f"{num_broken} members are left; the next delivery tries again.")
    return (1 + len(one_by_one)) * (5 + 2 * num_courses)


def on_dead_letter(job: EnrollMembers, now: datetime) -> None:
    """For each member, what is missing fails, with the reason."""
    enroll_members(job, now, is_dead_letter=True)


def _active_members(job: GroupCoursesApplied) -> tuple[dict[str, str], str | None]:
    """The next members by their positions, and the position of the page's end, None at the last."""
    page = members_store.roster(group_roster_pk(job.org_id, job.group_id), _PER_PAGE, job.position)
    active = [entry for entry in page.items if entry.status == MemberStatus.ACTIVE]
    return {entry.sk: entry.sk.removeprefix(member_sk("")) for entry in active}, page.next_position


def _failed_members(job: GroupCoursesApplied, course_id: str) -> tuple[dict[str, str], str | None]:
    key, _ = group_batch.open_batch(job.msp_id, job.org_id, job.group_id)
    page = chunk_store.chunk_page(key, course_id, _PER_PAGE, job.position)
    failed = [result for result in page.items if result.num_failed]
    return {result.sk: result.sk.rsplit("#", 1)[1] for result in failed}, page.next_position


def _enroll_together(job: EnrollMembers, now: datetime) -> tuple[int, list[str]]:
    """Enroll the new members of each course in one transaction.

    Gives the number of courses, and who is left, to be enrolled one by one.
    """
    org, groups = store.org_and_groups(job.msp_id, job.org_id, [job.group_id])
    group = groups.get(job.group_id)
    if group is None or missing_of(org):
        return len(group.course_ids) if group else 0, list(job.member_ids)
    course_ids = list(group.course_ids)
    processed = store.processed_pairs(org.org_id, group.group_id, course_ids, job.member_ids, job.join_id)
    waiting = [
        member_id
        for member_id in job.member_ids
        if any((course_id, member_id) not in processed for course_id in course_ids)
    ]
    if not waiting:
        return len(course_ids), []
    key, with_row = group_batch.ensure_rows(org, group, course_ids, now)
    left: set[str] = set()
    for course_id in with_row:
        left |= set(waiting) - _enroll_new(key, job, org, course_id, waiting, now)
    return len(course_ids), sorted(left)


def _enroll_new(
    key: BatchKey, job: EnrollMembers, org: Org, course_id: str, member_ids: Sequence[str], now: datetime
) -> set[str]:
    """Gives whom it enrolled."""
    new = new_members_store.new_members(key, job.group_id, course_id, member_ids)
    if new is None or new.row.status not in JOINABLE or new.seat_limit is None or not new.member_ids:
        return set()
    try:
        new_members_store.enroll_together(new, job.join_id, future_due_date(new.row, org, now), now)
    except ConditionFailed:
        # One of them is not new any more, or there are not seats for all.
        return set()
    return set(new.member_ids)

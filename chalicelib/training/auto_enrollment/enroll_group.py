"""All members of a group join at once, or those are tried again whom a row could not enroll.

Most of them are new to the course. As many as fit a transaction are enrolled in one, since each of them counts on the
same row. The others, and those parse_detail transaction failed, are enrolled one by one (enroll_member.py).
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

# Members whom one run of `fan_out` reads, and members of one message that it sends: three writes for each of them, and
# four for all, in one transaction of at most 100.
_PER_MESSAGE = 500
_AT_ONCE = 25


def fan_out(job: GroupCoursesApplied, now: datetime) -> None:
    """Send messages for the next members, and one for those after them."""
    if job.course_id is None:
        member_ids, position = _active_members(job)
    else:
        member_ids, position = _failed_members(job, job.course_id)
    shared = job.model_dump(include={"msp_id", "org_id", "group_id", "join_id", "course_id"})
    jobs: list[EnrollMembers | GroupCoursesApplied] = [
        EnrollMembers(**shared, member_ids=member_ids[start : start + _AT_ONCE])
        for start in range(0, len(member_ids), _AT_ONCE)
    ]
    if position is not None:
        jobs.append(job.model_copy(update={"position": position}))
    queue.send(jobs)
    if position is None:
        due.close(job)


def enroll_members(job: EnrollMembers, now: datetime, *, is_dead_letter: bool = False) -> None:
    """Any number of times. One member's error does not stop the others; the message is delivered again for it."""
    one_by_one = list(job.member_ids) if job.course_id or is_dead_letter else _enroll_together(job, now)
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


def on_dead_letter(job: EnrollMembers, now: datetime) -> None:
    """For each member, what is missing fails, with the reason."""
    enroll_members(job, now, is_dead_letter=True)


def _active_members(job: GroupCoursesApplied) -> tuple[list[str], str | None]:
    page = members_store.roster(group_roster_pk(job.org_id, job.group_id), _PER_MESSAGE, job.position)
    active = [entry for entry in page.items if entry.status == MemberStatus.ACTIVE]
    return [entry.sk.removeprefix(member_sk("")) for entry in active], page.next_position


def _failed_members(job: GroupCoursesApplied, course_id: str) -> tuple[list[str], str | None]:
    key, _ = group_batch.open_batch(job.msp_id, job.org_id, job.group_id)
    page = chunk_store.chunk_page(key, course_id, _PER_MESSAGE, job.position)
    failed = [result for result in page.items if result.num_failed]
    return [result.sk.rsplit("#", 1)[1] for result in failed], page.next_position


def _enroll_together(job: EnrollMembers, now: datetime) -> list[str]:
    """Enroll the new members of each course in one transaction. Gives who is left, to be enrolled one by one."""
    org, groups = store.org_and_groups(job.msp_id, job.org_id, [job.group_id])
    group = groups.get(job.group_id)
    if group is None or missing_of(org):
        return list(job.member_ids)
    course_ids = list(group.course_ids)
    processed = store.processed_pairs(org.org_id, group.group_id, course_ids, job.member_ids, job.join_id)
    waiting = [
        member_id
        for member_id in job.member_ids
        if any((course_id, member_id) not in processed for course_id in course_ids)
    ]
    if not waiting:
        return []
    key, with_row = group_batch.ensure_rows(org, group, course_ids, now)
    left: set[str] = set()
    for course_id in with_row:
        left |= set(waiting) - _enroll_new(key, job, org, course_id, waiting, now)
    return sorted(left)


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

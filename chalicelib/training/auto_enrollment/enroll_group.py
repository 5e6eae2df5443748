"""All members of a group join at once, and those try again whom a standing row could not enroll.

Most of them are new to the course: so many as fit a transaction are enrolled in one, for every one of them writes
to the same row. Whoever is not new, or whose neighbour in it was not, goes through it alone (joiners.py).
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.aws import table
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
from chalicelib.training.auto_enrollment import enroll_member
from chalicelib.training.auto_enrollment import group_batch as standing
from chalicelib.training.auto_enrollment import store as joiner_store
from chalicelib.training.auto_enrollment.enroll_member import due_by_of
from chalicelib.training.auto_enrollment.messages import EnrollMembers
from chalicelib.training.batches import chunk_store
from chalicelib.training.batches.states import STANDING
from chalicelib.training.batches.store import BatchKey

# Members of a group whom one message sends on, in messages of so many: three writes each, and four for all, in one
# transaction of at most 100.
_PER_MESSAGE = 500
_AT_ONCE = 25


def run(job: GroupCoursesApplied, now: datetime) -> None:
    """Messages for the next members, and one for those after them."""
    if job.course_id is None:
        member_ids, position = _members(job)
    else:
        member_ids, position = _failed(job, job.course_id)
    more = job.model_dump(include={"msp_id", "org_id", "group_id", "join_id", "course_id"})
    jobs: list[EnrollMembers | GroupCoursesApplied] = [
        EnrollMembers(**more, member_ids=member_ids[start : start + _AT_ONCE])
        for start in range(0, len(member_ids), _AT_ONCE)
    ]
    if position is not None:
        jobs.append(job.model_copy(update={"position": position}))
    queue.send(jobs)
    if position is None:
        table.transact([due.done(job)])


def run_many(job: EnrollMembers, now: datetime, *, give_up: bool = False) -> None:
    """Any number of times. One person's trouble does not stop the others; the message comes again for it."""
    left = list(job.member_ids) if job.course_id or give_up else _enroll_together(job, now)
    num_broken = 0
    for member_id in left:
        one = MemberJoined(
            msp_id=job.msp_id, org_id=job.org_id, member_id=member_id, join_id=job.join_id,
            group_ids=[job.group_id], course_id=job.course_id,
        )  # fmt: skip
        try:
            enroll_member.run(one, now, give_up=give_up)
        except MusterError:
            observability.failure("joiner broke", group_id=job.group_id, member_id=member_id)
            num_broken += 1
    if num_broken:
        raise Unavailable("joiners_left", f"{num_broken} people are left; the next delivery tries again.")


def give_up_many(job: EnrollMembers, now: datetime) -> None:
    """A dead letter: for each of them, what is missing fails, with the reason."""
    run_many(job, now, give_up=True)


def _members(job: GroupCoursesApplied) -> tuple[list[str], str | None]:
    page = members_store.roster(group_roster_pk(job.org_id, job.group_id), _PER_MESSAGE, job.position)
    active = [entry for entry in page.items if entry.status == MemberStatus.ACTIVE]
    return [entry.sk.removeprefix(member_sk("")) for entry in active], page.next_position


def _failed(job: GroupCoursesApplied, course_id: str) -> tuple[list[str], str | None]:
    key, _ = standing.open_batch(job.msp_id, job.org_id, job.group_id)
    page = chunk_store.chunk_page(key, course_id, _PER_MESSAGE, job.position)
    failed = [result for result in page.items if result.num_failed]
    return [result.sk.rsplit("#", 1)[1] for result in failed], page.next_position


def _enroll_together(job: EnrollMembers, now: datetime) -> list[str]:
    """Who is new to a course, in one transaction for each course; gives who is left to be looked at alone."""
    org, groups = joiner_store.org_and_groups(job.msp_id, job.org_id, [job.group_id])
    group = groups.get(job.group_id)
    if group is None or missing_of(org):
        return list(job.member_ids)
    course_ids = list(group.course_ids)
    done = joiner_store.answered(org.org_id, group.group_id, course_ids, job.member_ids, job.join_id)
    waiting = [one for one in job.member_ids if any((course_id, one) not in done for course_id in course_ids)]
    if not waiting:
        return []
    key, known = standing.batch_with_rows(org, group, course_ids, now)
    left: set[str] = set()
    for course_id in known:
        left |= set(waiting) - _enrolled_together(key, job, org, course_id, waiting, now)
    return sorted(left)


def _enrolled_together(
    key: BatchKey, job: EnrollMembers, org: Org, course_id: str, member_ids: Sequence[str], now: datetime
) -> set[str]:
    crowd = joiner_store.crowd(key, job.group_id, course_id, member_ids)
    row = crowd.row
    if row is None or row.status not in STANDING or crowd.seat_limit is None or not crowd.fresh:
        return set()
    due_by = due_by_of(row, org, now)
    try:
        table.transact(
            joiner_store.enroll_all_writes(key, row, crowd.fresh, job.join_id, crowd.seat_limit, due_by, now)
        )
    except ConditionFailed:
        # One of them is not new any more, or there are seats for some of them only.
        return set()
    return set(crowd.fresh)

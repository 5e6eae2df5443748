"""All members of a group join at once, and those try again whom a standing row could not enroll.

Most of them are new to the course: so many as fit a transaction are enrolled in one, for every one of them writes
to the same row. Whoever is not new, or whose neighbour in it was not, goes through it alone (joiners.py).
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.queues import Message, Queue
from chalicelib.aws.table import Write
from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, MusterError, Unavailable
from chalicelib.core.ids import derived_id
from chalicelib.people.members import store as members_store
from chalicelib.people.members.events import EnrollJoiner
from chalicelib.people.members.models import group_roster_pk, member_sk
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import Change
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.tenants.structure.events import EnrollGroup
from chalicelib.training.auto_enrollment import group_batch as standing
from chalicelib.training.auto_enrollment import store as joiner_store
from chalicelib.training.auto_enrollment.enroll_member import JoinersService, due_by_of
from chalicelib.training.auto_enrollment.messages import EnrollJoiners
from chalicelib.training.auto_enrollment.models import group_due
from chalicelib.training.batches import chunk_store
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.retry import not_retryable
from chalicelib.training.batches.states import STANDING, RowStatus
from chalicelib.training.batches.store import BatchKey

# Members of a group whom one message sends on, in messages of so many: three writes each, and four for all, in one
# transaction of at most 100.
_PER_MESSAGE = 500
_AT_ONCE = 25


class GroupJoinersService:
    def __init__(self, queue: Queue, joiners: JoinersService) -> None:
        self._queue = queue
        self._joiners = joiners

    def run(self, job: EnrollGroup, now: datetime) -> None:
        """Messages for the next members, and one for those after them."""
        if job.course_id is None:
            member_ids, position = _members(job)
        else:
            member_ids, position = _failed(job, job.course_id)
        more = job.model_dump(include={"msp_id", "org_id", "group_id", "join_id", "course_id"})
        jobs: list[EnrollJoiners | EnrollGroup] = [
            EnrollJoiners(**more, member_ids=member_ids[start : start + _AT_ONCE])
            for start in range(0, len(member_ids), _AT_ONCE)
        ]
        if position is not None:
            jobs.append(job.model_copy(update={"position": position}))
        self._queue.send(Message(one.body(), job.org_id) for one in jobs)
        if position is None:
            due = group_due(job.due_at, job.msp_id, job.org_id, job.group_id, job.join_id, None)
            table.transact([Write("delete", due)])

    def run_many(self, job: EnrollJoiners, now: datetime, *, give_up: bool = False) -> None:
        """Any number of times. One person's trouble does not stop the others; the message comes again for it."""
        left = list(job.member_ids) if job.course_id or give_up else _enroll_together(job, now)
        num_broken = 0
        for member_id in left:
            one = EnrollJoiner(
                msp_id=job.msp_id, org_id=job.org_id, member_id=member_id, join_id=job.join_id,
                group_ids=[job.group_id], course_id=job.course_id,
            )  # fmt: skip
            try:
                self._joiners.run(one, now, give_up=give_up)
            except MusterError:
                observability.failure("joiner broke", group_id=job.group_id, member_id=member_id)
                num_broken += 1
        if num_broken:
            raise Unavailable("joiners_left", f"{num_broken} people are left; the next delivery tries again.")


def retry(queue: Queue, key: BatchKey, row: Row, actor: str, request_id: str, now: datetime) -> Row:
    """Try again for those whom a standing row could not enroll; it is partial until none of them is left.

    The same request again changes nothing more. Raises Conflict when nobody failed.
    """
    group_id, instant = str(row.group_id), to_text(now)
    job = EnrollGroup(
        msp_id=key.msp_id, org_id=key.org_id, group_id=group_id, join_id=derived_id(request_id, "joiners"),
        course_id=row.course_id, due_at=instant,
    )  # fmt: skip
    if row.retried_by != request_id:
        if row.status != RowStatus.PARTIAL:
            raise not_retryable(row)
        # Whoever fails or is enrolled meanwhile changes the same row, which is no reason to refuse.
        unchanged = (Row.status == row.status) & (Row.run == row.run)
        due = group_due(instant, key.msp_id, key.org_id, group_id, job.join_id, row.course_id)
        writes = [
            Write("update", Row(row.pk, row.sk), unchanged, (Row.run.add(1), Row.retried_by.set(request_id))),
            Write("put", due),
        ]
        target = f"batch/{key.batch_id}/course/{row.course_id}"
        change = Change(actor, "course.retried", target, {"status": row.status}, {"run": row.run + 1})
        try:
            audit.commit(org_pk(key.org_id), change, writes, now)
        except ConditionFailed:
            raise not_retryable(batch_store.row(key, row.course_id) or row) from None
        queue.send_soon([Message(job.body(), key.org_id)])
    return batch_store.row(key, row.course_id) or row


def _members(job: EnrollGroup) -> tuple[list[str], str | None]:
    page = members_store.roster(group_roster_pk(job.org_id, job.group_id), _PER_MESSAGE, job.position)
    active = [entry for entry in page.items if entry.status == MemberStatus.ACTIVE]
    return [entry.sk.removeprefix(member_sk("")) for entry in active], page.position


def _failed(job: EnrollGroup, course_id: str) -> tuple[list[str], str | None]:
    key, _ = standing.open_batch(job.msp_id, job.org_id, job.group_id)
    page = chunk_store.chunk_page(key, course_id, _PER_MESSAGE, job.position)
    failed = [result for result in page.items if result.num_failed]
    return [result.sk.rsplit("#", 1)[1] for result in failed], page.position


def _enroll_together(job: EnrollJoiners, now: datetime) -> list[str]:
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
    key: BatchKey, job: EnrollJoiners, org: Org, course_id: str, member_ids: Sequence[str], now: datetime
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

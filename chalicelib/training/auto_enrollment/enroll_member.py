"""A member who joined groups is enrolled in their courses: once per join, through the batch of each group.

A member joins by accepting an invitation, by being added to a group, or when an admin applies a group's courses to its
members. Each join has an id, and every row that it concerns records which joins it has processed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.core import observability
from chalicelib.core.errors import ConditionFailed, NotFound, Unavailable
from chalicelib.jobs import due
from chalicelib.people.members.events import MemberJoined
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.tenants.structure.models import Group
from chalicelib.training.auto_enrollment import group_batch, store
from chalicelib.training.auto_enrollment.models import BY_INVITATION
from chalicelib.training.auto_enrollment.store import LIMIT, SEAT, MemberState
from chalicelib.training.batches.local_dates import is_due_date_after, local_date
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.states import JOINABLE, LIVE, Code, EnrollmentStatus, Outcome, outcome_of
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.progress.archive import withdraw_courses

_TRIES = 8


def run(job: MemberJoined, now: datetime, *, is_dead_letter: bool = False) -> None:
    """Enroll the member in the courses of the groups that they are in by now. Any number of times.

    For a dead letter, what is missing fails, with the reason.
    """
    member, org = store.member_and_org(job.msp_id, job.org_id, job.member_id)
    current: set[str] = set()
    if member is not None and member.status == MemberStatus.ACTIVE:
        current = set(member.group_ids)
        if member.archive_id is not None:
            # Archived and active again, before the courses of that time were withdrawn.
            withdraw_courses(job.org_id, member)
    group_ids = sorted(current if job.group_ids is None else current & set(job.group_ids))
    if job.course_id is not None:
        _retry_course(job, job.course_id, group_ids, now, is_dead_letter)
    elif group_ids:
        if org is None:
            raise NotFound()
        join_run = JoinRun(job, org, now, is_dead_letter)
        groups = store.groups_and_batches(job.org_id, group_ids)
        for group, batch in groups:
            join_run.process(group, batch)
    if job.due_at is not None:
        due.close(job)


def on_dead_letter(job: MemberJoined, now: datetime) -> None:
    """What is missing fails, with the reason."""
    run(job, now, is_dead_letter=True)


def _retry_course(
    job: MemberJoined, course_id: str, group_ids: Sequence[str], now: datetime, is_dead_letter: bool
) -> None:
    """For one row that could not enroll the member, who may have left the group meanwhile, or the group the course."""
    for group_id in job.group_ids or ():
        key, _ = group_batch.open_batch(job.msp_id, job.org_id, group_id)
        org, groups = store.org_and_groups(job.msp_id, job.org_id, [group_id])
        is_recipient = group_id in group_ids and group_id in groups and course_id in groups[group_id].course_ids
        JoinRun(job, org, now, is_dead_letter).process_row(key, group_id, course_id, is_recipient=is_recipient)


@dataclass
class JoinRun:
    """One delivery of a join. For a dead letter, who is not enrolled yet fails."""

    job: MemberJoined
    org: Org
    now: datetime
    is_dead_letter: bool

    def process(self, group: Group, batch: Batch | None) -> None:
        """`batch` is the group's first. Raises Unavailable when rows of the group keep being closed."""
        job, course_ids = self.job, list(group.course_ids)
        if batch is not None and not batch.num_cancelled:
            # Nearly always it is the open one, with a row for each course.
            key = BatchKey(job.msp_id, job.org_id, batch.batch_id)
            course_ids = self._process_rows(key, group.group_id, course_ids)
        if not course_ids:
            return
        processed = store.processed_pairs(job.org_id, group.group_id, course_ids, [job.member_id], job.join_id)
        course_ids = [course_id for course_id in course_ids if (course_id, job.member_id) not in processed]
        for _ in range(_TRIES):
            if not course_ids:
                return
            key, with_row = group_batch.ensure_rows(self.org, group, course_ids, self.now)
            # Rows that an undo closed meanwhile are left; the next batch has others.
            course_ids = self._process_rows(key, group.group_id, with_row)
        if course_ids:
            raise Unavailable()

    def _process_rows(self, key: BatchKey, group_id: str, course_ids: Sequence[str]) -> list[str]:
        """Gives the courses whose row is closed, or is not there."""
        return [course_id for course_id in course_ids if not self.process_row(key, group_id, course_id)]

    def process_row(self, key: BatchKey, group_id: str, course_id: str, *, is_recipient: bool = True) -> bool:
        """Let one row process the join, once. False when the row is closed.

        Who is no recipient any more is not enrolled, and no longer counts as failed.
        """
        full_at: int | None = None
        for _ in range(_TRIES):
            state = store.member_state(key, group_id, course_id, self.job.member_id)
            if state is None or state.row.status not in JOINABLE:
                return False
            if state.has_processed(self.job.join_id):
                return True
            decision = self._decide(state) if is_recipient else None
            if decision == Outcome.ENROLLED and full_at is not None and full_at == state.seat_limit:
                decision = Code.NO_SEAT
            try:
                self._apply(state, decision)
                return True
            except ConditionFailed as error:
                # The row, the member or the seats changed since they were read: decide again.
                is_full = decision == Outcome.ENROLLED and SEAT in error.failed and LIMIT not in error.failed
                full_at = state.seat_limit if is_full else None
        raise Unavailable()

    def _decide(self, state: MemberState) -> Outcome | Code | None:
        """ENROLLED, or the code that says why not; None for who is enrolled by this row already."""
        existing = state.enrollment
        if existing is not None and existing.status != EnrollmentStatus.CANCELLED:
            if existing.batch_id == state.key.batch_id:
                return None
            return Code.ALREADY_ENROLLED if existing.status in LIVE else Code.ALREADY_COMPLETED
        if self.is_dead_letter:
            return Code.PROCESSING_FAILED
        if missing_of(self.org):
            return Code.ORG_NOT_READY
        return Outcome.ENROLLED if state.seat_limit is not None else Code.ACCESS_DENIED

    def _apply(self, state: MemberState, decision: Outcome | Code | None) -> None:
        join_id = self.job.join_id
        if decision is None:
            store.leave_as_is(state, join_id)
        elif isinstance(decision, Code):
            if outcome_of(decision) == Outcome.FAILED:
                course_id = state.row.course_id
                observability.warning(
                    "member could not be auto-enrolled", batch_id=state.key.batch_id, course_id=course_id
                )
            store.refuse(state, join_id, decision, self.now)
        else:
            due_by = future_due_date(state.row, self.org, self.now)
            origin = BY_INVITATION if self.job.group_ids is None else None
            store.enroll(state, join_id, due_by, self.now, origin)


def future_due_date(row: Row, org: Org, now: datetime) -> str | None:
    """The due date that an admin gave the row; None once it has come."""
    today = local_date(now, zone_of(org))
    return row.due_by if row.due_by and is_due_date_after(today, date.fromisoformat(row.due_by)) else None

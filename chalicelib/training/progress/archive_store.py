"""Writes for archived members: one enrollment with the counts of its row, and the end of the archiving."""

from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.tenants.organizations.seat_store import count_write
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.models import Enrollment, Row
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.batches.store import add_open_due


def withdraw(org_id: str, old: Enrollment, archived_at: str) -> None:
    """Cancel a course that is not started, with its seat. One in progress goes on, but no longer counts on its row.

    ConditionFailed when the enrollment changed since it was read.
    """
    actions: list[Action] = [Enrollment.left_at.set(archived_at)]
    row_actions: list[Action] = [Row.num_withdrawn.add(1)]
    freed: list[Write] = []
    if old.due_by:
        row_actions.append(add_open_due(old.due_by, -1))
    if old.status == EnrollmentStatus.ENROLLED:
        actions += [Enrollment.status.set(EnrollmentStatus.CANCELLED.value), Enrollment.cancelled_at.set(archived_at)]
        freed = [count_write(org_id, old.course_id, -1)]
    else:
        row_actions.append(Row.num_started.add(-1))
    if old.batch_id is None:
        # Taken over from a self-enrollment: no row counts it, and it took no seat.
        table.transact(enrollment_store.change_writes(old, actions, None, ()))
        return
    row = enrollment_store.row_key(org_id, old.batch_id, old.course_id)
    table.transact([*enrollment_store.change_writes(old, actions, row, row_actions), *freed])


def finish(org_id: str, member_id: str, archive_id: str) -> None:
    """ConditionFailed when this archiving was finished before."""
    member = Member(members_pk(org_id), member_sk(member_id))
    actions = (Member.archive_id.remove(), Member.archived_at.remove(), Member.revision.add(1))
    table.transact([Write("update", member, Member.archive_id == archive_id, actions)])

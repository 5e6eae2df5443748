"""What becomes of one enrollment, and of its row's counts, when its learner is archived."""

from pynamodb.expressions.update import Action

from chalicelib.aws.table import Write
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.organizations.seat_store import count_write
from chalicelib.training.batches import enrollment_store as learner_store
from chalicelib.training.batches.models import Enrollment, Row
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.batches.store import add_open_due


def leave_writes(org_id: str, old: Enrollment, course_id: str, left_at: str) -> list[Write]:
    """Cancel what is not started, with its seat; leave to the learner what is. ConditionFailed with index 0 when it
    changed since it was read.
    """
    actions: list[Action] = [Enrollment.left_at.set(left_at)]
    row_actions: list[Action] = [Row.num_withdrawn.add(1)]
    more: list[Write] = []
    if old.due_by:
        row_actions.append(add_open_due(old.due_by, -1))
    if old.status == EnrollmentStatus.ENROLLED:
        actions.append(Enrollment.status.set(EnrollmentStatus.CANCELLED.value))
        more = [count_write(org_id, course_id, -1), bump_revision(org_id, "enrollments")]
    else:
        row_actions.append(Row.num_started.add(-1))
    if old.batch_id is None:
        # Nothing counts it, and it took no seat.
        return learner_store.change(old, actions, None, ())
    row = learner_store.row_key(org_id, old.batch_id, course_id)
    return [*learner_store.change(old, actions, row, row_actions), *more]


def done_write(org_id: str, member_id: str, archive_id: str) -> Write:
    """ConditionFailed when this archiving was done with before."""
    member = Member(members_pk(org_id), member_sk(member_id))
    actions = (Member.archive_id.remove(), Member.archived_at.remove(), Member.revision.add(1))
    return Write("update", member, Member.archive_id == archive_id, actions)

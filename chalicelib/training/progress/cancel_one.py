"""An admin cancels the enrollment of one member: the seat is free again, and what was started stays on record."""

from datetime import datetime

from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.people.members.reach import reach_writes
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.progress import store
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from chalicelib.training.progress.progress import find_enrollment, require_not_history

_TRIES = 4


def cancel(scope: Scope, enrollment_id: EnrollmentId, now: datetime) -> None:
    """Cancelling again changes nothing. The person can be enrolled again afterwards.

    Raises NotFound, and Conflict for a completed one and for history.
    """
    until_settled(lambda: _cancel(scope, enrollment_id, now), _TRIES)


def _cancel(scope: Scope, enrollment_id: EnrollmentId, now: datetime) -> None:
    """Raises ConditionFailed when it changed since it was read: the learner started it, or an undo withdrew it."""
    old, _ = find_enrollment(scope.msp_id, enrollment_id)
    if old.left_at:
        # Withdrawn when the learner was archived.
        raise NotFound()
    require_not_history(old)
    if old.status == EnrollmentStatus.CANCELLED:
        return
    if old.status == EnrollmentStatus.COMPLETED:
        raise Conflict("already_completed", "This course is completed. Completed courses can't be cancelled.")
    entry = AuditEntry(
        scope.account_id,
        "enrollment.cancelled",
        f"member/{enrollment_id.member_id}/course/{old.course_id}",
        {"status": old.status},
        {"status": EnrollmentStatus.CANCELLED.value},
    )
    writes = store.cancel_writes(scope.org, old, scope.account_id, now)
    writes += reach_writes(scope, enrollment_id.member_id)
    audit.commit(org_pk(scope.org), entry, writes, now)

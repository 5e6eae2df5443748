"""Archiving: a member has left the organization, and keeps the courses that they have started."""

from datetime import datetime

from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.core.ids import derived_id
from chalicelib.core.settle import until_settled
from chalicelib.jobs import due, queue
from chalicelib.people.members import store
from chalicelib.people.members.changes import member_of
from chalicelib.people.members.events import member_archived
from chalicelib.people.members.reach import place_writes
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.revision_store import bump_revision


def archive(scope: Scope, member_id: str, seed: str, now: datetime) -> None:
    """Archiving again changes nothing. Raises NotFound, and Conflict for a member who is not active."""
    archive_id = derived_id(seed, "archive")
    until_settled(lambda: _archive(scope, member_id, archive_id, now))


def _archive(scope: Scope, member_id: str, archive_id: str, now: datetime) -> None:
    """Raises ConditionFailed when the member changed since it was read."""
    member = member_of(scope.org, member_id)
    if member.status == MemberStatus.ARCHIVED:
        return
    if member.status != MemberStatus.ACTIVE:
        problem = f"This person is {member.status}. Only active members can be archived."
        raise Conflict("not_active", problem)
    if member.archive_id is not None:
        # Archived before and active again, while the job of that archiving has not run to its end.
        raise Unavailable("archiving", "This person is still being archived. Please try again in a moment.")
    after = store.copy_with(member, status=MemberStatus.ARCHIVED.value, archive_id=archive_id, archived_at=to_text(now))
    event = member_archived(scope.msp_id, scope.org, member_id, archive_id, now)
    entry = AuditEntry(
        scope.account_id, "member.archived", f"member/{member_id}",
        {"status": member.status}, {"status": after.status},
    )  # fmt: skip
    writes = [
        *store.change_writes(scope.org, member, after, now),
        *place_writes(scope, member.department_id),
        bump_revision(scope.org, "people"),
        due.write(event),
    ]
    audit.commit(scope.tenant_pk, entry, writes, now)
    queue.send_soon(event)

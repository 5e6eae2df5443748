"""Archiving: somebody has left the organization, and keeps what they have begun."""

from datetime import datetime
from typing import Any, Protocol

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, Unavailable
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.people.members import store
from chalicelib.people.members.changes import member_of
from chalicelib.people.members.events import member_archived
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.revision_store import bump_revision

_TRIES = 5


class Courses(Protocol):
    """What lets somebody leave their courses: writes for the transaction that archives, and a job to send after it."""

    def archived_writes(
        self, msp_id: str, org_id: str, member_id: str, archive_id: str, now: datetime
    ) -> tuple[list[Write], Any]: ...

    def send(self, job: Any) -> None: ...


def archive(scope: Scope, member_id: str, seed: str, now: datetime) -> None:
    """Asking again changes nothing. Raises NotFound, and Conflict for who is not active."""
    archive_id = derived_id(seed, "archive")
    for _ in range(_TRIES):
        member = member_of(scope.org, member_id)
        if member.status == MemberStatus.ARCHIVED:
            return
        if member.status != MemberStatus.ACTIVE:
            problem = f"This person is {member.status}; only active members can be archived."
            raise Conflict("not_active", problem)
        if member.archive_id is not None:
            # Archived, back again, and their courses not settled yet: the job for that is on its way.
            raise Unavailable("archiving", "An earlier archiving of this person is still at work.")
        after = store.changed(
            member, status=MemberStatus.ARCHIVED.value, archive_id=archive_id, archived_at=to_text(now)
        )
        archived = member_archived(scope.msp_id, scope.org, member_id, archive_id, now)
        told = AuditEntry(
            scope.account_id, "member.archived", f"member/{member_id}",
            {"status": member.status}, {"status": after.status},
        )  # fmt: skip
        moved = [
            *store.change_writes(scope.org, member, after),
            bump_revision(scope.org, "people"),
            due.write(archived),
        ]
        try:
            audit.commit(scope.tenant_pk, told, moved, now)
        except ConditionFailed:
            continue
        queue.send_soon(archived)
        return
    raise Unavailable()

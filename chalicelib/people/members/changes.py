"""What admins change about a member: groups, department, location, profile, names; and that somebody has left."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from chalicelib.aws.table import Write
from chalicelib.core.errors import (
    ConditionFailed,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
    refuse_unknown,
)
from chalicelib.jobs import due, queue
from chalicelib.people.members import store
from chalicelib.people.members.events import MemberJoined, member_joined
from chalicelib.people.members.models import Member
from chalicelib.people.members.schemas import MemberPatch
from chalicelib.people.members.states import NAME_SHOWN, ON_ROSTERS, MemberStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.structure import store as structure_store

_TRIES = 5

_NAMES = ("first_name", "last_name")
_BLOCKED = "mail_blocked"
# Whose values the audit trail may keep. Of all else it has the name alone, so that erasing a person leaves nothing of
# them there: what is added to a member is personal until it stands here.
_NOT_PERSONAL = frozenset({"group_ids", "department_id", "location_id", _BLOCKED})


class Joiners(Protocol):
    """What enrolls who is added to groups: writes for the transaction that does it, and a job to send after it."""

    def joined_writes(
        self, msp_id: str, org_id: str, member_id: str, now: datetime, group_ids: Sequence[str]
    ) -> tuple[list[Write], Any]: ...

    def send(self, job: Any) -> None: ...


def change(scope: Scope, member_id: str, asked: MemberPatch, now: datetime) -> None:
    """Groups that an active member is added to enroll them in their courses.

    Raises NotFound; Invalid for unknown groups, departments and locations; Conflict for who has left, and for names
    of who has not accepted; Forbidden for a department outside the caller's own.
    """
    given = asked.model_dump(exclude_unset=True)
    _refuse_unknown(scope, given)
    for _ in range(_TRIES):
        member = member_of(scope.org, member_id)
        _refuse_status(member, given)
        changes = {name: value for name, value in given.items() if _told(member, name) != value}
        if not changes:
            return
        # A block is kept as its reason, and so taken away as a whole.
        after = store.changed(member, **{**changes, **({_BLOCKED: None} if _BLOCKED in changes else {})})
        writes = store.change_writes(scope.org, member, after)
        jobs: list[MemberJoined] = []
        if member.status == MemberStatus.ACTIVE:
            writes.append(bump_revision(scope.org, "people"))
            joined = sorted(set(after.group_ids) - set(member.group_ids))
            if joined:
                jobs.append(member_joined(scope.msp_id, scope.org, member_id, now, joined))
                writes += map(due.write, jobs)
        try:
            audit.commit(scope.tenant_pk, _change(scope, member, changes), writes, now)
        except ConditionFailed:
            continue
        queue.send_soon(*jobs)
        return
    raise Unavailable()


def member_of(org_id: str, member_id: str) -> Member:
    found = store.member(org_id, member_id)
    if found is None:
        raise NotFound("There is no such member")
    return found


def _refuse_unknown(scope: Scope, given: Mapping[str, Any]) -> None:
    group_ids = given.get("group_ids", ())
    unknown = [group_id for group_id in group_ids if structure_store.group(scope.org, group_id) is None]
    refuse_unknown("group_ids", group_ids, unknown, "group")
    location_id = given.get("location_id")
    if location_id and structure_store.location(scope.org, location_id) is None:
        raise Invalid(FieldError("location_id", "unknown_location", "There is no such location."))
    if "department_id" not in given:
        return
    department_id = given["department_id"]
    department = structure_store.department(scope.org, department_id) if department_id else None
    if department_id and department is None:
        raise Invalid(FieldError("department_id", "unknown_department", "There is no such department."))
    if scope.department_ids is not None and not scope.department_ids & set(department.path if department else ()):
        raise Forbidden("You may move people within your departments only.")


def _refuse_status(member: Member, given: Mapping[str, Any]) -> None:
    if member.status not in ON_ROSTERS and set(given) != {_BLOCKED}:
        problem = f"This person is {member.status}; invite them again first."
        raise Conflict("not_a_member", problem)
    if member.status not in NAME_SHOWN and any(name in given for name in _NAMES):
        problem = "This person has not accepted yet; until then nobody here sees or changes their name."
        raise Conflict("not_accepted", problem)


def _told(member: Member, name: str) -> Any:
    if name == "fields":
        return store.fields_of(member)
    if name == "group_ids":
        return list(member.group_ids)
    if name == _BLOCKED:
        return bool(member.mail_blocked)
    return getattr(member, name)


def _change(scope: Scope, member: Member, changes: Mapping[str, Any]) -> AuditEntry:
    before = {name: _told(member, name) for name in changes if name in _NOT_PERSONAL}
    after = {name: value for name, value in changes.items() if name in _NOT_PERSONAL}
    personal = sorted(name for name in changes if name not in _NOT_PERSONAL)
    if personal:
        after["personal"] = personal
    return AuditEntry(scope.account_id, "member.changed", f"member/{member.member_id}", before, after)

"""What admins change about a member: groups, department, location, profile and names."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.core.errors import Conflict, FieldError, Invalid, NotFound, refuse_unknown
from chalicelib.core.settle import until_settled
from chalicelib.jobs import due, queue
from chalicelib.people.members import store
from chalicelib.people.members.events import MemberJoined, member_joined
from chalicelib.people.members.models import Member, fields_of
from chalicelib.people.members.reach import place_writes
from chalicelib.people.members.schemas import MemberPatch
from chalicelib.people.members.states import NAME_SHOWN, ON_ROSTERS, MemberStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.structure import store as structure_store

_NAMES = ("first_name", "last_name")
_BLOCKED = "mail_blocked"
# The audit trail keeps the values of these fields. Of all others it keeps only the name, so that nothing personal is
# left in it when a person is erased. A new field is personal until it is added here.
_NOT_PERSONAL = frozenset({"group_ids", "department_id", "location_id", _BLOCKED})


def change(scope: Scope, member_id: str, patch: MemberPatch, now: datetime) -> None:
    """An active member who is added to a group gets its courses.

    Raises NotFound; Invalid for unknown groups, departments and locations, and when neither name is left; Conflict for
    a member who has left, and for names of a person who has not accepted; Forbidden for a department outside the
    caller's own, before or after.
    """
    fields = patch.model_dump(exclude_unset=True)
    refuse_unknown_places(scope, fields)
    until_settled(lambda: _change(scope, member_id, fields, now))


def member_of(org_id: str, member_id: str) -> Member:
    """Raises NotFound."""
    member = store.member(org_id, member_id)
    if member is None:
        raise NotFound("There is no such member")
    return member


def _change(scope: Scope, member_id: str, fields: Mapping[str, Any], now: datetime) -> None:
    """Raises ConditionFailed when the member changed since it was read."""
    member = member_of(scope.org, member_id)
    _refuse_status(member, fields)
    changes = {name: value for name, value in fields.items() if _value_of(member, name) != value}
    if not changes:
        return
    if any(name in changes for name in _NAMES) and not any(changes.get(name, getattr(member, name)) for name in _NAMES):
        raise Invalid(FieldError("first_name", "required", "Enter a first or a last name."))
    # The item keeps the reason of a block, not a flag: to lift the block is to remove the reason.
    after = store.copy_with(member, **{**changes, **({_BLOCKED: None} if _BLOCKED in changes else {})})
    writes = [*store.change_writes(scope.org, member, after, now), *place_writes(scope, member.department_id)]
    if "department_id" in changes:
        writes += place_writes(scope, after.department_id)
    jobs: list[MemberJoined] = []
    if member.status == MemberStatus.ACTIVE:
        writes.append(bump_revision(scope.org, "people"))
        new_group_ids = sorted(set(after.group_ids) - set(member.group_ids))
        if new_group_ids:
            jobs.append(member_joined(scope.msp_id, scope.org, member_id, now, new_group_ids))
            writes += map(due.write, jobs)
    audit.commit(scope.tenant_pk, _audit_entry(scope, member, changes), writes, now)
    queue.send_soon(*jobs)


def refuse_unknown_places(scope: Scope, fields: Mapping[str, Any]) -> None:
    """Raises Invalid for groups, a department and a location that are not there."""
    group_ids = fields.get("group_ids", ())
    unknown = [group_id for group_id in group_ids if structure_store.group(scope.org, group_id) is None]
    refuse_unknown("group_ids", group_ids, unknown, "group")
    location_id = fields.get("location_id")
    if location_id and structure_store.location(scope.org, location_id) is None:
        raise Invalid(FieldError("location_id", "unknown_location", "There is no such location."))
    if "department_id" not in fields:
        return
    department_id = fields["department_id"]
    if department_id and structure_store.department(scope.org, department_id) is None:
        raise Invalid(FieldError("department_id", "unknown_department", "There is no such department."))


def _refuse_status(member: Member, fields: Mapping[str, Any]) -> None:
    if member.status not in ON_ROSTERS and set(fields) != {_BLOCKED}:
        problem = f"This person is {member.status}. Invite them again first."
        raise Conflict("not_a_member", problem)
    if member.status not in NAME_SHOWN and any(name in fields for name in _NAMES):
        problem = "This person hasn't accepted yet. Until then, nobody here can see or change their name."
        raise Conflict("not_accepted", problem)


def _value_of(member: Member, name: str) -> Any:
    if name == "fields":
        return fields_of(member)
    if name == "group_ids":
        return list(member.group_ids)
    if name == _BLOCKED:
        return bool(member.mail_blocked)
    return getattr(member, name)


def _audit_entry(scope: Scope, member: Member, changes: Mapping[str, Any]) -> AuditEntry:
    before = {name: _value_of(member, name) for name in changes if name in _NOT_PERSONAL}
    after = {name: value for name, value in changes.items() if name in _NOT_PERSONAL}
    personal = sorted(name for name in changes if name not in _NOT_PERSONAL)
    if personal:
        after["personal"] = personal
    return AuditEntry(scope.account_id, "member.changed", f"member/{member.member_id}", before, after)

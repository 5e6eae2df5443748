"""An account's own view: its roles and memberships, in every organization."""

from collections.abc import Sequence

from chalicelib.people.members import store
from chalicelib.people.members.schemas import MembershipOut, MeOut, RoleOut
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.models import AccountEntry
from chalicelib.tenants.access.service import chosen_permissions
from chalicelib.tenants.access.states import Permission, Role


def me(account_id: str, entries: Sequence[AccountEntry]) -> MeOut:
    names, members = store.names_and_members(entries)
    roles = [
        RoleOut(
            role=Role(entry.role),
            msp_id=entry.msp_id,
            org_id=entry.org_id,
            name=names.get(entry.org_id or entry.msp_id, ""),
            department_ids=list(entry.department_ids or ()),
            permissions=[Permission(name) for name in chosen_permissions(entry)],
        )
        for entry in entries
        if entry.role
    ]
    memberships = [
        MembershipOut(
            org_id=entry.org_id,
            name=names.get(entry.org_id, ""),
            member_id=entry.member_id,
            status=MemberStatus(members[entry.member_id].status),
        )
        for entry in entries
        if entry.member_id in members
    ]
    return MeOut(account_id=account_id, roles=roles, memberships=memberships)

"""Authorization: every route calls this first.

What belongs to another tenant is not found (404). Without permission in one's own tenant the answer is 403.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.core.errors import FieldError, Forbidden, Invalid, NotFound
from chalicelib.tenants.access import store
from chalicelib.tenants.access.models import AccountEntry, msp_pk, org_pk
from chalicelib.tenants.access.permissions import PERMISSIONS_BY_ROLE, beyond_departments, with_included
from chalicelib.tenants.access.states import Permission, Role


@dataclass(frozen=True)
class Scope:
    """A tenant that the caller may act in, and the caller. `department_ids` limit it when not None.

    `permissions` are all that the caller has here: nobody can give what they don't have.
    """

    account_id: str
    msp_id: str
    org_id: str | None = None
    department_ids: frozenset[str] | None = None
    is_msp_admin: bool = False
    permissions: frozenset[Permission] = frozenset()

    @property
    def org(self) -> str:
        if self.org_id is None:
            raise ValueError("this scope is an MSP, not an organization")
        return self.org_id

    @property
    def tenant_pk(self) -> str:
        return org_pk(self.org_id) if self.org_id else msp_pk(self.msp_id)


def entries(account_id: str) -> list[AccountEntry]:
    return store.entries_of(account_id)


def msp(account_id: str, permission: str, msp_id: str | None = None) -> Scope:
    """The MSP that the account administers; `msp_id` chooses when it is an admin of several."""
    roles = [entry for entry in store.entries_of(account_id) if entry.role == Role.MSP_ADMIN]
    if msp_id is not None:
        roles = [entry for entry in roles if entry.msp_id == msp_id]
    permissions = PERMISSIONS_BY_ROLE[Role.MSP_ADMIN]
    if not roles or permission not in permissions:
        raise Forbidden("Only MSP admins can do this.")
    if len(roles) > 1:
        raise Invalid(FieldError("Muster-Msp", "ambiguous", "You manage several MSPs. Choose one in this header."))
    return Scope(account_id, roles[0].msp_id, is_msp_admin=True, permissions=permissions)


def org(account_id: str, org_id: str, permission: str, department_path: Iterable[str] | None = None) -> Scope:
    """The organization, if the account may do this in it.

    `department_path` is the department concerned and all above it: roles that are limited to
    departments reach what lies in or below theirs, and nothing that concerns the whole organization.
    """
    scope = org_or_departments(account_id, org_id, permission)
    if scope.department_ids is not None and not scope.department_ids & frozenset(department_path or ()):
        raise Forbidden()
    return scope


def org_or_departments(account_id: str, org_id: str, permission: str) -> Scope:
    """For what can be answered for a part of the people: the caller has to keep to the scope's `department_ids`."""
    entries = store.entries_of(account_id)
    msps = {entry.msp_id for entry in entries if entry.role == Role.MSP_ADMIN}
    msp_id = store.msp_of(org_id) if msps else None
    if msp_id in msps and permission in PERMISSIONS_BY_ROLE[Role.MSP_ADMIN]:
        permissions = PERMISSIONS_BY_ROLE[Role.MSP_ADMIN]
        return Scope(account_id, str(msp_id), org_id, is_msp_admin=True, permissions=permissions)
    in_org = [entry for entry in entries if entry.org_id == org_id]
    for entry in in_org:
        if entry.role is not None and permission in (permissions := _permissions(entry)):
            limits = frozenset(entry.department_ids) if entry.department_ids else None
            return Scope(account_id, entry.msp_id, org_id, limits, permissions=permissions)
    if in_org or msp_id in msps:
        raise Forbidden()
    raise NotFound()


def chosen_permissions(entry: AccountEntry) -> list[str]:
    """Of a custom role: its own, or as they are now those of the role that is kept under a name."""
    if entry.role_id is None:
        return list(entry.permissions or ())
    kept = store.custom_role(str(entry.org_id), entry.role_id)
    return list(kept.permissions) if kept is not None else []


def _permissions(entry: AccountEntry) -> frozenset[Permission]:
    """Of a limited role, without what concerns the whole organization."""
    role = Role(entry.role)
    if role != Role.CUSTOM:
        return PERMISSIONS_BY_ROLE[role]
    permissions = with_included(chosen_permissions(entry))
    return permissions - set(beyond_departments(permissions)) if entry.department_ids else permissions

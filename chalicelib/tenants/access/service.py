"""Authorization: every route calls this first.

What belongs to another tenant is not found (404). Without permission in one's own tenant the answer is 403.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.core.errors import FieldError, Forbidden, Invalid, NotFound
from chalicelib.tenants.access import store
from chalicelib.tenants.access.models import AccountEntry, msp_pk, org_pk
from chalicelib.tenants.access.states import PERMISSIONS_BY_ROLE, Permission, Role


@dataclass(frozen=True)
class Scope:
    """A tenant that the caller may act in, and the caller. `department_ids` limit it when not None."""

    account_id: str
    msp_id: str
    org_id: str | None = None
    department_ids: frozenset[str] | None = None
    is_msp_admin: bool = False

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


def msp(account_id: str, permission: Permission, msp_id: str | None = None) -> Scope:
    """The MSP that the account administers; `msp_id` chooses when it is an admin of several."""
    roles = [entry for entry in store.entries_of(account_id) if entry.role == Role.MSP_ADMIN]
    if msp_id is not None:
        roles = [entry for entry in roles if entry.msp_id == msp_id]
    if not roles or permission not in PERMISSIONS_BY_ROLE[Role.MSP_ADMIN]:
        raise Forbidden("Only MSP admins can do this.")
    if len(roles) > 1:
        raise Invalid(FieldError("Muster-Msp", "ambiguous", "You manage several MSPs. Choose one in this header."))
    return Scope(account_id, roles[0].msp_id, is_msp_admin=True)


def org(account_id: str, org_id: str, permission: Permission, department_path: Iterable[str] | None = None) -> Scope:
    """The organization, if the account may do this in it.

    `department_path` is the department concerned and all above it: roles that are limited to
    departments reach what lies in or below theirs, and nothing that concerns the whole organization.
    """
    entries = store.entries_of(account_id)
    in_org = [entry for entry in entries if entry.org_id == org_id]
    for entry in in_org:
        if entry.role is not None and permission in _permissions(entry):
            limits = frozenset(entry.department_ids) if entry.department_ids else None
            if limits is None or limits & frozenset(department_path or ()):
                return Scope(account_id, entry.msp_id, org_id, limits)
    msps = {entry.msp_id for entry in entries if entry.role == Role.MSP_ADMIN}
    msp_id = store.msp_of(org_id) if msps else None
    if msp_id in msps:
        return Scope(account_id, str(msp_id), org_id, is_msp_admin=True)
    if in_org:
        raise Forbidden()
    raise NotFound()


def _permissions(entry: AccountEntry) -> frozenset[Permission]:
    if entry.role == Role.CUSTOM:
        return frozenset(Permission(name) for name in entry.permissions or ())
    return PERMISSIONS_BY_ROLE.get(Role(entry.role), frozenset())

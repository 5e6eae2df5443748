"""Appointing and removing admins, of MSPs and of organizations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws.identity import identity
from chalicelib.core.addresses import shown
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound, refuse_unknown
from chalicelib.core.ids import derived_id, new_id
from chalicelib.core.text import normalized
from chalicelib.notifications import outbox
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import (
    SELF_SK,
    AccountEntry,
    CustomRole,
    Msp,
    OrgPointer,
    account_pk,
    msp_pk,
    org_pk,
)
from chalicelib.tenants.access.permissions import PERMISSIONS_BY_ROLE, beyond_departments
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission, Role
from chalicelib.tenants.admins import roles, store
from chalicelib.tenants.admins.models import Admin, admin_sk, admins_pk, msp_role_sk, org_role_sk
from chalicelib.tenants.admins.schemas import AdminOut, AdminPage, AppointOrgAdmin
from chalicelib.tenants.admins.states import ADMIN_APPOINTED
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import open_org_of
from chalicelib.tenants.structure.departments import unknown_departments
from chalicelib.web.paging import Pager
from chalicelib.web.sessions import service as sessions

# The actor of changes by an operator's command.
COMMAND = "command"


# Appointing again is also how somebody gets a first password who missed the days of the last one (aws/identity.py).
_ALREADY = (
    "This person is already an admin here. To change what they can do, remove them and appoint them again. If they "
    "have never logged in, we email them a new temporary password, at most once a day."
)


@dataclass(frozen=True)
class FirstAdmin:
    msp_id: str
    account_id: str


def page(scope: Scope, pager: Pager) -> AdminPage:
    admins = store.admins(scope.tenant_pk, pager.limit, pager.position)
    return AdminPage(items=[_out(admin) for admin in admins.items], next_cursor=pager.cursor(admins.next_position))


def appoint_msp_admin(scope: Scope, email: str, seed: str, now: datetime) -> AdminOut:
    return _appoint(scope, email, Role.MSP_ADMIN, [], [], seed, now)


def appoint_org_admin(scope: Scope, form: AppointOrgAdmin, seed: str, now: datetime) -> AdminOut:
    unknown = unknown_departments(scope.org, form.department_ids)
    refuse_unknown("department_ids", form.department_ids, unknown, "department")
    permissions: Collection[str] = form.permissions or PERMISSIONS_BY_ROLE.get(form.role, ())
    kept = roles.role_of(scope, form.role_id) if form.role_id else None
    if kept is not None:
        permissions = list(kept.permissions)
    roles.refuse_beyond_own(scope, permissions)
    beyond = beyond_departments(permissions) if form.department_ids else []
    if beyond:
        problem = f"These apply to the whole organization, not to departments: {', '.join(beyond)}."
        raise Invalid(FieldError("role_id" if kept else "permissions", "not_for_departments", problem))
    return _appoint(scope, form.email, form.role, form.department_ids, form.permissions, seed, now, kept)


def dismiss(scope: Scope, account_id: str, now: datetime) -> None:
    """Raises NotFound when the account is no admin here, Conflict for the last admin of an MSP."""
    admin = store.admin(scope.tenant_pk, account_id)
    if admin is None:
        raise NotFound("There is no such admin")
    # An organization needs no admin of its own: the admins of its MSP remain.
    at_least = 0 if scope.org_id else 1
    entry = AccountEntry(account_pk(account_id), _role_sk(scope))
    audit_entry = AuditEntry(scope.account_id, "admin.removed", f"admin/{account_id}", before=_audit_values(admin))
    try:
        writes = [*store.dismiss_writes(admin, entry, _counter(scope), at_least)]
        writes += [store.release_write(scope.tenant_pk, admin.role_id)] if admin.role_id else []
        # Their roles are gone at once in any case; what is open on their screens goes, too.
        writes.append(sessions.end_all_write(account_id, now))
        audit.commit(scope.tenant_pk, audit_entry, writes, now)
    except ConditionFailed as error:
        if 0 in error.failed and store.admin(scope.tenant_pk, account_id) is not None:
            # Removed and appointed again, since we looked.
            raise
        if 0 in error.failed:
            raise NotFound("There is no such admin") from None
        raise Conflict("last_admin", "This is the last admin of the MSP. Add another one first.") from None


def first_admin(msp_name: str, email: str, now: datetime) -> FirstAdmin:
    """Create an MSP and its first admin. Doing it again gives those that exist."""
    account_id = identity().account_for(email, now, msp_name)
    for entry in access_store.entries_of(account_id):
        msp = access_store.msp(entry.msp_id) if entry.role == Role.MSP_ADMIN else None
        if msp is not None and msp.name == msp_name:
            return FirstAdmin(entry.msp_id, account_id)
    scope = Scope(COMMAND, new_id(now), is_msp_admin=True)
    msp = Msp(msp_pk(scope.msp_id), SELF_SK, name=msp_name, num_admins=1)
    admin, entry = _items(scope, account_id, email, Role.MSP_ADMIN, [], [], new_id(now), now)
    audit_entry = AuditEntry(COMMAND, "admin.appointed", f"admin/{account_id}", after=_audit_values(admin))
    audit.commit(scope.tenant_pk, audit_entry, store.first_admin_writes(msp, admin, entry), now)
    return FirstAdmin(scope.msp_id, account_id)


def _appoint(
    scope: Scope,
    email: str,
    role: Role,
    department_ids: Sequence[str],
    permissions: Sequence[Permission],
    seed: str,
    now: datetime,
    kept: CustomRole | None = None,
) -> AdminOut:
    account_id = identity().account_for(email, now, _tenant_name(scope))
    appointment_id = derived_id(seed, "appointment")
    admin, entry = _items(scope, account_id, email, role, department_ids, permissions, appointment_id, now)
    admin.role_id = entry.role_id = kept.role_id if kept else None
    audit_entry = AuditEntry(scope.account_id, "admin.appointed", f"admin/{account_id}", after=_audit_values(admin))
    about = {"msp_id": scope.msp_id, "org_id": scope.org_id, "account_id": account_id}
    mail_id = derived_id(appointment_id, ADMIN_APPOINTED)
    mail_writes = outbox.writes(mail_id, ADMIN_APPOINTED, scope.tenant_pk, about, now)
    try:
        writes = [*store.appoint_writes(admin, entry, _counter(scope)), *mail_writes]
        writes += [store.hold_write(kept)] if kept else []
        audit.commit(scope.tenant_pk, audit_entry, writes, now)
        outbox.wake()
    except ConditionFailed:
        existing = store.admin(scope.tenant_pk, account_id)
        if existing is None:
            raise
        # An earlier try of the same request appointed the admin and could not answer.
        if existing.appointment_id != appointment_id:
            raise Conflict("already_admin", _ALREADY) from None
        admin = existing
    return _out(admin)


def _items(
    scope: Scope,
    account_id: str,
    email: str,
    role: Role,
    department_ids: Sequence[str],
    permissions: Sequence[Permission],
    appointment_id: str,
    now: datetime,
) -> tuple[Admin, AccountEntry]:
    """The admin in the tenant's list, and the role in the account's."""
    limits: dict[str, Any] = {
        "department_ids": list(department_ids) or None,
        "permissions": [str(permission) for permission in permissions] or None,
    }
    admin = Admin(
        admins_pk(scope.tenant_pk),
        admin_sk(account_id),
        account_id=account_id,
        email=normalized(email),
        role=role,
        appointment_id=appointment_id,
        appointed_at=to_text(now),
        **limits,
    )
    entry = AccountEntry(
        account_pk(account_id), _role_sk(scope), role=role, msp_id=scope.msp_id, org_id=scope.org_id, **limits
    )
    return admin, entry


def _role_sk(scope: Scope) -> str:
    return org_role_sk(scope.org_id) if scope.org_id else msp_role_sk(scope.msp_id)


def _counter(scope: Scope) -> Msp | OrgPointer:
    return OrgPointer(scope.tenant_pk, SELF_SK) if scope.org_id else Msp(scope.tenant_pk, SELF_SK)


def _audit_values(admin: Admin) -> dict[str, object]:
    """Without the address: the audit trail is kept when a person is erased."""
    values: dict[str, object] = {"role": admin.role}
    if admin.department_ids:
        values["department_ids"] = list(admin.department_ids)
    if admin.permissions:
        values["permissions"] = list(admin.permissions)
    if admin.role_id:
        values["role_id"] = admin.role_id
    return values


def _tenant_name(scope: Scope) -> str:
    """Raises Conflict for a client that was closed."""
    if scope.org_id is not None:
        return open_org_of(scope.msp_id, scope.org_id).name
    msp = access_store.msp(scope.msp_id)
    return msp.name if msp else ""


def _out(admin: Admin) -> AdminOut:
    return AdminOut(
        account_id=admin.account_id,
        email=shown(admin.email),
        role=Role(admin.role),
        department_ids=list(admin.department_ids or ()),
        permissions=[Permission(name) for name in admin.permissions or ()],
        role_id=admin.role_id,
        appointed_at=admin.appointed_at,
    )


def any_of(org_id: str) -> str | None:
    """Whether the organization has admins of its own."""
    return "admins" if store.admins(org_pk(org_id), 1, None).items else None

"""Custom roles: named sets of permissions of one organization. Who holds one may what it says now, at each request."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from chalicelib.aws.table import put_new
from chalicelib.core.errors import ConditionFailed, Conflict, Forbidden, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import CustomRole, custom_role_sk
from chalicelib.tenants.access.permissions import with_included
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.admins import store
from chalicelib.tenants.admins.schemas import CustomRoleOut, CustomRolePage, RoleCreate, RolePatch
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.structure.names import name_taken
from chalicelib.tenants.structure.store import release_name, reserve_name
from chalicelib.web.paging import Pager

_KIND = "role"


def page(scope: Scope, pager: Pager) -> CustomRolePage:
    roles = store.custom_roles(scope.tenant_pk, pager.limit, pager.position)
    return CustomRolePage(items=[_out(role) for role in roles.items], next_cursor=pager.cursor(roles.next_position))


def create(scope: Scope, form: RoleCreate, seed: str, now: datetime) -> CustomRoleOut:
    """Raises Forbidden for permissions that the caller lacks, Conflict for a name that is taken."""
    refuse_beyond_own(scope, form.permissions)
    role_id = derived_id(seed, _KIND)
    role = CustomRole(
        scope.tenant_pk, custom_role_sk(role_id), role_id=role_id, name=form.name,
        permissions=[str(name) for name in form.permissions],
    )  # fmt: skip
    entry = _entry(scope, "created", role_id, after=form.model_dump(mode="json"))
    writes = [put_new(role), reserve_name(scope.org, _KIND, form.name, role_id)]
    try:
        audit.commit(scope.tenant_pk, entry, writes, now)
    except ConditionFailed as error:
        # The id is derived from the request's seed: an earlier try of the same request made it.
        existing = access_store.custom_role(scope.org, role_id) if 0 in error.failed else None
        if existing is None:
            raise name_taken(_KIND) from None
        role = existing
    return _out(role)


def change(scope: Scope, role_id: str, form: RolePatch, now: datetime) -> CustomRoleOut:
    """Raises NotFound, Forbidden for permissions that the caller lacks, before or after, and Conflict for a name."""
    role = role_of(scope, role_id)
    refuse_beyond_own(scope, role.permissions)
    patch = form.model_dump(mode="json", exclude_unset=True)
    refuse_beyond_own(scope, patch.get("permissions", ()))
    changes: dict[str, Any] = {name: value for name, value in patch.items() if getattr(role, name) != value}
    if not changes:
        return _out(role)
    before = {name: getattr(role, name) for name in changes}
    writes = [store.change_role_write(role, changes)]
    if "name" in changes:
        writes += [
            reserve_name(scope.org, _KIND, changes["name"], role_id), release_name(scope.org, _KIND, role.name),
        ]  # fmt: skip
    try:
        audit.commit(scope.tenant_pk, _entry(scope, "changed", role_id, before, changes), writes, now)
    except ConditionFailed as error:
        if 1 in error.failed and "name" in changes and 0 not in error.failed:
            raise name_taken(_KIND) from None
        raise
    return _out(role_of(scope, role_id))


def delete(scope: Scope, role_id: str, now: datetime) -> None:
    """Raises NotFound, and Conflict while somebody holds it."""
    role = role_of(scope, role_id)
    refuse_beyond_own(scope, role.permissions)
    before = {"name": role.name, "permissions": list(role.permissions)}
    writes = [store.delete_role_write(role), release_name(scope.org, _KIND, role.name)]
    try:
        audit.commit(scope.tenant_pk, _entry(scope, "deleted", role_id, before), writes, now)
    except ConditionFailed:
        if not role_of(scope, role_id).num_admins:
            raise
        problem = "Some admins have this role. Give them another one first."
        raise Conflict("in_use", problem, extra={"used_by": ["admins"]}) from None


def role_of(scope: Scope, role_id: str) -> CustomRole:
    """Raises NotFound."""
    role = access_store.custom_role(scope.org, role_id)
    if role is None:
        raise NotFound("There is no such role")
    return role


def refuse_beyond_own(scope: Scope, permissions: Collection[str]) -> None:
    """Nobody gives, changes or takes away what they don't have. Raises Forbidden."""
    beyond = sorted(with_included(permissions) - scope.permissions)
    if beyond:
        raise Forbidden(f"You don't have these permissions yourself: {', '.join(beyond)}.", "beyond_own")


def _entry(
    scope: Scope, verb: str, role_id: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
) -> AuditEntry:
    return AuditEntry(scope.account_id, f"role.{verb}", f"role/{role_id}", before, after)


def _out(role: CustomRole) -> CustomRoleOut:
    return CustomRoleOut(
        role_id=role.role_id,
        name=role.name,
        permissions=[Permission(name) for name in role.permissions],
        num_admins=int(role.num_admins),
    )

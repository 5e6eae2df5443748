"""Admins of the organization: who they are and what they may do, appointing and removing them, roles of one's own."""

from contextlib import suppress
from typing import Any

from chalicelib.core.errors import Conflict, Forbidden, Invalid, MusterError, NotFound
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.orgs import choices
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.permissions import CHOOSABLE, PERMISSIONS_BY_ROLE, TABLE, with_included
from chalicelib.tenants.access.states import Permission, Reach, Role
from chalicelib.tenants.admins import roles
from chalicelib.tenants.admins import service as admins
from chalicelib.tenants.admins.schemas import AdminOut, AppointOrgAdmin, CustomRoleOut, RoleCreate, RolePatch
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.ORG_ADMINS)

_ADMINS = "/orgs/{org_id}/admins"
_ROLES = _ADMINS + "/roles"
_ROLE = _ROLES + "/{role_id}"
# In the form the roles that are kept stand beside those that everybody has.
_KEPT = "kept:"

_REFUSED = (Invalid, Conflict, Forbidden)


@pages.get(_ADMINS)
def show(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post(_ADMINS)
def appoint(visit: Visit) -> GoTo | Shown:
    chosen = visit.form.one("role")
    given: dict[str, Any] = {"email": visit.form.one("email").strip(), "role": chosen}
    if chosen.startswith(_KEPT):
        given |= {"role": Role.CUSTOM.value, "role_id": chosen.removeprefix(_KEPT)}
    if chosen != Role.ORG_ADMIN:
        given["department_ids"] = visit.form.many("department_id")
    try:
        form = visit.read(AppointOrgAdmin, given)
        scope = visit.org_scope
        idempotent(visit.call(), AdminOut, lambda seed: admins.appoint_org_admin(scope, form, seed, visit.now))
    except (*_REFUSED, NotFound) as error:
        return _page(visit, error)
    return _to(visit, "", "appointed")


@pages.get(_ADMINS + "/{admin_id}/remove")
def ask_remove(visit: Visit) -> Shown:
    everybody = choices.every(lambda pager: admins.page(visit.org_scope, pager))
    found = next((one for one in everybody if one.account_id == visit.params["admin_id"]), None)
    if found is None:
        raise NotFound("There is no such admin")
    facts = {"admin": found, "is_only": len(everybody) == 1, "is_self": found.account_id == visit.account_id}
    return Shown("orgs/remove_admin.html", facts)


@pages.post(_ADMINS + "/{admin_id}/remove")
def remove(visit: Visit) -> GoTo:
    with suppress(NotFound):
        admins.dismiss(visit.org_scope, visit.params["admin_id"], visit.now)
    if visit.params["admin_id"] == visit.account_id and not visit.org_scope.is_msp_admin:
        return GoTo("/")
    return _to(visit, "", "removed")


@pages.post(_ROLES)
def create_role(visit: Visit) -> GoTo | Shown:
    given = {"name": visit.form.one("name").strip(), "permissions": visit.form.many("permission")}
    try:
        form = visit.read(RoleCreate, given)
        scope = visit.org_scope
        idempotent(visit.call(), CustomRoleOut, lambda seed: roles.create(scope, form, seed, visit.now))
    except _REFUSED as error:
        return _page(visit, error)
    return _to(visit, "", "role")


@pages.get(_ROLE)
def show_role(visit: Visit) -> Shown:
    return _role(visit, None)


@pages.post(_ROLE)
def change_role(visit: Visit) -> GoTo | Shown:
    given = {"name": visit.form.one("name").strip(), "permissions": visit.form.many("permission")}
    try:
        roles.change(visit.org_scope, visit.params["role_id"], visit.read(RolePatch, given), visit.now)
    except _REFUSED as error:
        return _role(visit, error)
    return _to(visit, f"/roles/{visit.params['role_id']}", "saved")


@pages.post(_ROLE + "/delete")
def delete_role(visit: Visit) -> GoTo | Shown:
    try:
        roles.delete(visit.org_scope, visit.params["role_id"], visit.now)
    except _REFUSED as error:
        return _role(visit, error)
    except NotFound:
        pass
    return _to(visit, "", "deleted")


def _to(visit: Visit, rest: str, done: str) -> GoTo:
    return GoTo(visit.address(f"/orgs/{visit.org_id}/admins{rest}", done=done))


def _page(visit: Visit, error: MusterError | None) -> Shown:
    scope, form = visit.org_scope, visit.form
    kept = choices.every(lambda pager: roles.page(scope, pager))
    facts = {
        "shown": admins.page(scope, visit.pager()),
        "zone": str(zone_in(scope.msp_id, scope.org)),
        "is_first": not visit.query.one("cursor"),
        "kept": {role.role_id: role for role in kept},
        "role_choices": [
            (Role.ORG_ADMIN.value, "Organization admin"), (Role.DEPARTMENT_ADMIN.value, "Department admin"),
            *((_KEPT + role.role_id, role.name) for role in kept),
        ],
        "departments": choices.department_names(scope),
        "typed": {"email": form.one("email"), "role": form.one("role"), "name": form.one("name"),
                  "departments": form.many("department_id"), "permissions": form.many("permission")},
        "choosable": _choosable(scope.permissions),
        "matrix": _matrix(kept),
        "problem": error,
        "done": visit.query.one("done"),
    }  # fmt: skip
    return Shown("orgs/admins.html", facts, error.status if error else 200)


def _role(visit: Visit, error: MusterError | None) -> Shown:
    found = roles.role_of(visit.org_scope, visit.params["role_id"])
    typed = visit.form if error and "name" in visit.form else None
    facts = {
        "role": found,
        "name": typed.one("name") if typed else found.name,
        "chosen": typed.many("permission") if typed else list(found.permissions),
        "choosable": _choosable(visit.org_scope.permissions),
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("orgs/role.html", facts, error.status if error else 200)


def _choosable(own: frozenset[Permission]) -> list[tuple[str, str, bool]]:
    """What a role of one's own can have: name, what it permits, and whether it can be limited to departments."""
    return [
        (str(name), rule.permits, rule.reach == Reach.DEPARTMENTS)
        for name, rule in TABLE.items()
        if name in CHOOSABLE and name in own
    ]


def _matrix(kept: list[CustomRoleOut]) -> list[tuple[str, list[bool]]]:
    """What is permitted, and who may: organization admins, department admins, each role that is kept."""
    sets = [PERMISSIONS_BY_ROLE[Role.ORG_ADMIN], PERMISSIONS_BY_ROLE[Role.DEPARTMENT_ADMIN]]
    sets += [with_included(role.permissions) for role in kept]
    return [(rule.permits, [name in held for held in sets]) for name, rule in TABLE.items() if rule.reach != Reach.MSP]

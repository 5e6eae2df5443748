"""HTTP: admins of MSPs and organizations."""

from typing import Any

from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.admins import roles
from chalicelib.tenants.admins import service as admins
from chalicelib.tenants.admins.schemas import (
    AdminOut,
    AdminPage,
    AppointMspAdmin,
    AppointOrgAdmin,
    CustomRoleOut,
    CustomRolePage,
    RoleCreate,
    RolePatch,
)
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Admins", __name__, needs=Permission.ORG_ADMINS)

_ROLES = "/orgs/{org_id}/roles"


@routes.add(
    "GET", "/msp/admins", summary="Admins of the MSP", answer=AdminPage, query=PageQuery, needs=Permission.MSP_ADMINS
)
def list_msp_admins(call: Call[Empty, PageQuery]) -> AdminPage:
    return admins.page(_msp(call), Pager.of(call))


@routes.add(
    "POST", "/msp/admins", summary="Appoint an admin of the MSP", answer=AdminOut, body=AppointMspAdmin, status=201,
    idempotent=True, needs=Permission.MSP_ADMINS,
)  # fmt: skip
def appoint_msp_admin(call: Call[AppointMspAdmin, Empty]) -> AdminOut:
    """Who has no account yet gets one, and a mail with a first password."""
    scope = _msp(call)
    return idempotent(call, AdminOut, lambda seed: admins.appoint_msp_admin(scope, call.body.email, seed, call.now))


@routes.add(
    "DELETE",
    "/msp/admins/{account_id}",
    summary="Remove an admin of the MSP",
    answer=None,
    status=204,
    needs=Permission.MSP_ADMINS,
)
def dismiss_msp_admin(call: Call[Empty, Empty]) -> None:
    """The last one stays: 409 `last_admin`."""
    admins.dismiss(_msp(call), call.params["account_id"], call.now)


@routes.add("GET", "/orgs/{org_id}/admins", summary="Admins of the organization", answer=AdminPage, query=PageQuery)
def list_org_admins(call: Call[Empty, PageQuery]) -> AdminPage:
    return admins.page(_org(call), Pager.of(call))


@routes.add(
    "POST", "/orgs/{org_id}/admins", summary="Appoint an admin of the organization", answer=AdminOut,
    body=AppointOrgAdmin, status=201, idempotent=True,
)  # fmt: skip
def appoint_org_admin(call: Call[AppointOrgAdmin, Empty]) -> AdminOut:
    """An account has one role in an organization; to change it, remove it and appoint again."""
    scope = _org(call)
    return idempotent(call, AdminOut, lambda seed: admins.appoint_org_admin(scope, call.body, seed, call.now))


@routes.add(
    "DELETE", "/orgs/{org_id}/admins/{account_id}", summary="Remove an admin of the organization", answer=None,
    status=204,
)  # fmt: skip
def dismiss_org_admin(call: Call[Empty, Empty]) -> None:
    admins.dismiss(_org(call), call.params["account_id"], call.now)


@routes.add("GET", _ROLES, summary="Custom roles of the organization", answer=CustomRolePage, query=PageQuery)
def list_roles(call: Call[Empty, PageQuery]) -> CustomRolePage:
    return roles.page(_org(call), Pager.of(call))


@routes.add(
    "POST", _ROLES, summary="Create a custom role", answer=CustomRoleOut, body=RoleCreate, status=201, idempotent=True
)
def create_role(call: Call[RoleCreate, Empty]) -> CustomRoleOut:
    """A named set of permissions; who is appointed with it has it over the organization, or over departments."""
    scope = _org(call)
    return idempotent(call, CustomRoleOut, lambda seed: roles.create(scope, call.body, seed, call.now))


@routes.add("PATCH", _ROLES + "/{role_id}", summary="Change a custom role", answer=CustomRoleOut, body=RolePatch)
def change_role(call: Call[RolePatch, Empty]) -> CustomRoleOut:
    """Holds at once for everybody who has it."""
    return roles.change(_org(call), call.params["role_id"], call.body, call.now)


@routes.add("DELETE", _ROLES + "/{role_id}", summary="Delete a custom role", answer=None, status=204)
def delete_role(call: Call[Empty, Empty]) -> None:
    """Refused while an admin has it: 409 `in_use`."""
    roles.delete(_org(call), call.params["role_id"], call.now)


def _msp(call: Call[Any, Any]) -> Scope:
    return access.msp(call.account_id, call.needs, call.msp_id)


def _org(call: Call[Any, Any]) -> Scope:
    return access.org(call.account_id, call.params["org_id"], call.needs)

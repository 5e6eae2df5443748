"""HTTP: groups, departments and locations of an organization."""

from typing import Any

from chalicelib.people.members.service import uses as members_in
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.structure import departments
from chalicelib.tenants.structure import service as structure
from chalicelib.tenants.structure.schemas import (
    DepartmentCreate,
    DepartmentOut,
    DepartmentPage,
    DepartmentPatch,
    GroupCreate,
    GroupOut,
    GroupPage,
    GroupPatch,
    LocationCreate,
    LocationOut,
    LocationPage,
    LocationPatch,
)
from chalicelib.training.rollouts.target_uses import batch_uses
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

_READ: Any = {"needs": Permission.STRUCTURE_READ, "limited": True}

# Rooms above know what uses a group, department or location. They are asked before one is deleted.
USES = (members_in, batch_uses)

routes = Routes("Structure", __name__, needs=Permission.STRUCTURE)


@routes.add(
    "GET", "/orgs/{org_id}/groups", summary="Groups of the organization", answer=GroupPage, query=PageQuery, **_READ
)
def list_groups(call: Call[Empty, PageQuery]) -> GroupPage:
    return structure.groups(_reader(call), Pager.of(call))


@routes.add(
    "POST", "/orgs/{org_id}/groups", summary="Create a group", answer=GroupOut, body=GroupCreate,
    status=201, idempotent=True,
)  # fmt: skip
def create_group(call: Call[GroupCreate, Empty]) -> GroupOut:
    scope = _scope(call)
    return idempotent(call, GroupOut, lambda seed: structure.create_group(scope, call.body, seed, call.now))


@routes.add(
    "PATCH",
    "/orgs/{org_id}/groups/{group_id}",
    summary="Rename a group, or change its courses",
    answer=GroupOut,
    body=GroupPatch,
)
def change_group(call: Call[GroupPatch, Empty]) -> GroupOut:
    return structure.change_group(_scope(call), call.params["group_id"], call.body, call.now)


@routes.add("DELETE", "/orgs/{org_id}/groups/{group_id}", summary="Delete a group", answer=None, status=204)
def delete_group(call: Call[Empty, Empty]) -> None:
    """Refused while in use: 409 `in_use`, with `used_by`."""
    structure.delete_group(_scope(call), call.params["group_id"], USES, call.now)


@routes.add(
    "GET",
    "/orgs/{org_id}/departments",
    summary="Departments of the organization",
    answer=DepartmentPage,
    query=PageQuery,
    **_READ,
)
def list_departments(call: Call[Empty, PageQuery]) -> DepartmentPage:
    return departments.page(_reader(call), Pager.of(call))


@routes.add(
    "POST", "/orgs/{org_id}/departments", summary="Create a department", answer=DepartmentOut, body=DepartmentCreate,
    status=201, idempotent=True,
)  # fmt: skip
def create_department(call: Call[DepartmentCreate, Empty]) -> DepartmentOut:
    scope = _scope(call)
    return idempotent(call, DepartmentOut, lambda seed: departments.create(scope, call.body, seed, call.now))


@routes.add(
    "PATCH",
    "/orgs/{org_id}/departments/{department_id}",
    summary="Rename or move a department",
    answer=DepartmentOut,
    body=DepartmentPatch,
)
def change_department(call: Call[DepartmentPatch, Empty]) -> DepartmentOut:
    return departments.change(_scope(call), call.params["department_id"], call.body, call.now)


@routes.add(
    "DELETE", "/orgs/{org_id}/departments/{department_id}", summary="Delete a department", answer=None, status=204
)
def delete_department(call: Call[Empty, Empty]) -> None:
    """Refused while in use: 409 `in_use`, with `used_by`."""
    departments.delete(_scope(call), call.params["department_id"], USES, call.now)


@routes.add(
    "GET",
    "/orgs/{org_id}/locations",
    summary="Locations of the organization",
    answer=LocationPage,
    query=PageQuery,
    **_READ,
)
def list_locations(call: Call[Empty, PageQuery]) -> LocationPage:
    return structure.locations(_reader(call), Pager.of(call))


@routes.add(
    "POST", "/orgs/{org_id}/locations", summary="Create a location", answer=LocationOut, body=LocationCreate,
    status=201, idempotent=True,
)  # fmt: skip
def create_location(call: Call[LocationCreate, Empty]) -> LocationOut:
    scope = _scope(call)
    return idempotent(call, LocationOut, lambda seed: structure.create_location(scope, call.body, seed, call.now))


@routes.add(
    "PATCH",
    "/orgs/{org_id}/locations/{location_id}",
    summary="Rename a location",
    answer=LocationOut,
    body=LocationPatch,
)
def change_location(call: Call[LocationPatch, Empty]) -> LocationOut:
    return structure.change_location(_scope(call), call.params["location_id"], call.body, call.now)


@routes.add("DELETE", "/orgs/{org_id}/locations/{location_id}", summary="Delete a location", answer=None, status=204)
def delete_location(call: Call[Empty, Empty]) -> None:
    """Refused while in use: 409 `in_use`, with `used_by`."""
    structure.delete_location(_scope(call), call.params["location_id"], USES, call.now)


def _scope(call: Call[Any, Any]) -> Scope:
    return access.org(call.account_id, call.params["org_id"], call.needs)


def _reader(call: Call[Any, Any]) -> Scope:
    return access.org_or_departments(call.account_id, call.params["org_id"], call.needs)

"""Departments, as a tree, and locations."""

from typing import Any

from chalicelib.core.errors import Conflict, Invalid, MusterError, NotFound
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.orgs import choices
from chalicelib.portal.orgs.groups import USES
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.structure import departments
from chalicelib.tenants.structure import service as structure
from chalicelib.tenants.structure.schemas import (
    DepartmentCreate,
    DepartmentOut,
    DepartmentPatch,
    LocationCreate,
    LocationOut,
    LocationPatch,
)
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.STRUCTURE)

_DEPARTMENTS = "/orgs/{org_id}/departments"
_DEPARTMENT = _DEPARTMENTS + "/{department_id}"
_LOCATIONS = "/orgs/{org_id}/locations"
_LOCATION = _LOCATIONS + "/{location_id}"


@pages.get(_DEPARTMENTS, needs=Permission.STRUCTURE_READ)
def show_departments(visit: Visit) -> Shown:
    return _departments(visit, None)


@pages.post(_DEPARTMENTS)
def create_department(visit: Visit) -> GoTo | Shown:
    given = {"name": visit.form.one("name").strip(), "parent_id": visit.form.one("parent_id") or None}
    try:
        form = visit.read(DepartmentCreate, given)
        idempotent(visit.call(), DepartmentOut, lambda seed: departments.create(visit.org_scope, form, seed, visit.now))
    except (Invalid, Conflict) as error:
        return _departments(visit, error)
    return _to(visit, "departments", "created")


@pages.get(_DEPARTMENT)
def show_department(visit: Visit) -> Shown:
    return _department(visit, None)


@pages.post(_DEPARTMENT)
def change_department(visit: Visit) -> GoTo | Shown:
    given = {"name": visit.form.one("name").strip(), "parent_id": visit.form.one("parent_id") or None}
    try:
        patch = visit.read(DepartmentPatch, given)
        departments.change(visit.org_scope, visit.params["department_id"], patch, visit.now)
    except (Invalid, Conflict) as error:
        return _department(visit, error)
    return _to(visit, "departments", "saved")


@pages.post(_DEPARTMENT + "/delete")
def delete_department(visit: Visit) -> GoTo | Shown:
    try:
        departments.delete(visit.org_scope, visit.params["department_id"], USES, visit.now)
    except Conflict as error:
        return _department(visit, error)
    except NotFound:
        pass
    return _to(visit, "departments", "deleted")


@pages.get(_LOCATIONS, needs=Permission.STRUCTURE_READ)
def show_locations(visit: Visit) -> Shown:
    return _locations(visit, None)


@pages.post(_LOCATIONS)
def create_location(visit: Visit) -> GoTo | Shown:
    try:
        form = visit.read(LocationCreate, {"name": visit.form.one("name").strip()})
        idempotent(
            visit.call(), LocationOut, lambda seed: structure.create_location(visit.org_scope, form, seed, visit.now)
        )
    except (Invalid, Conflict) as error:
        return _locations(visit, error)
    return _to(visit, "locations", "created")


@pages.get(_LOCATION)
def show_location(visit: Visit) -> Shown:
    return _location(visit, None)


@pages.post(_LOCATION)
def change_location(visit: Visit) -> GoTo | Shown:
    try:
        patch = visit.read(LocationPatch, {"name": visit.form.one("name").strip()})
        structure.change_location(visit.org_scope, visit.params["location_id"], patch, visit.now)
    except (Invalid, Conflict) as error:
        return _location(visit, error)
    return _to(visit, "locations", "saved")


@pages.post(_LOCATION + "/delete")
def delete_location(visit: Visit) -> GoTo | Shown:
    try:
        structure.delete_location(visit.org_scope, visit.params["location_id"], USES, visit.now)
    except Conflict as error:
        return _location(visit, error)
    except NotFound:
        pass
    return _to(visit, "locations", "deleted")


def _to(visit: Visit, part: str, done: str) -> GoTo:
    return GoTo(visit.address(f"/orgs/{visit.org_id}/{part}", done=done))


def _departments(visit: Visit, error: MusterError | None) -> Shown:
    found = choices.department_list(visit.org_scope)
    ids = {one.department_id for one in found}
    below: dict[str, list[DepartmentOut]] = {}
    for one in sorted(found, key=lambda one: one.name.casefold()):
        # Who is limited to departments does not see what is above theirs.
        below.setdefault(one.parent_id if one.parent_id in ids else "", []).append(one)
    facts = {"below": below, "names": choices.names_in(found), **_common(visit, error)}
    return Shown("orgs/departments.html", facts, error.status if error else 200)


def _department(visit: Visit, error: MusterError | None) -> Shown:
    department_id = visit.params["department_id"]
    everything = choices.department_list(visit.org_scope)
    found = next((one for one in everything if one.department_id == department_id), None)
    if found is None:
        raise NotFound("There is no such department")
    others = [pair for pair in choices.names_in(everything) if pair[0] != department_id]
    facts = {"department": found, "others": others, **_common(visit, error, found.name, found.parent_id or "")}
    return Shown("orgs/department.html", facts, error.status if error else 200)


def _locations(visit: Visit, error: MusterError | None) -> Shown:
    facts = {"locations": choices.locations(visit.org_scope), **_common(visit, error)}
    return Shown("orgs/locations.html", facts, error.status if error else 200)


def _location(visit: Visit, error: MusterError | None) -> Shown:
    location_id = visit.params["location_id"]
    name = structure.location(visit.org_scope, location_id).name
    facts = {"location_id": location_id, "location": name, **_common(visit, error, name)}
    return Shown("orgs/location.html", facts, error.status if error else 200)


def _common(visit: Visit, error: MusterError | None, name: str = "", parent_id: str = "") -> dict[str, Any]:
    """What was typed stays in the form; before anything was, it shows how things are."""
    typed = visit.form if error and "name" in visit.form else None
    return {
        "name": typed.one("name") if typed else name,
        "parent_id": typed.one("parent_id") if typed else parent_id,
        "problem": error,
        "done": visit.query.one("done"),
    }

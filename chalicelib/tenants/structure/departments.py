"""The tree of departments. Every department knows its path, so that who is below whom is one look.

A parent counts its children. Whoever moves or deletes says how many there were, and whoever adds one
says where the parent stood: so no child is lost between two admins who work at the same moment.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Write, put_new
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.organizations import store
from chalicelib.tenants.structure import store as structure_store
from chalicelib.tenants.structure.models import Department, department_sk
from chalicelib.tenants.structure.names import DEPARTMENT, Uses, name_taken, refuse_while_used, told
from chalicelib.tenants.structure.schemas import DepartmentCreate, DepartmentOut, DepartmentPage, DepartmentPatch
from chalicelib.web.paging import Pager

MAX_DEPTH = 10

# One transaction takes 100 writes: the department, two parents, two names and the audit entry come beside these.
MAX_MOVED_BELOW = 90


def page(scope: Scope, pager: Pager) -> DepartmentPage:
    found = structure_store.structure_page(Department, scope.org, department_sk(""), pager.limit, pager.position)
    return DepartmentPage(items=[_out(one) for one in found.items], next_cursor=pager.cursor(found.next_position))


def create(scope: Scope, asked: DepartmentCreate, seed: str, now: datetime) -> DepartmentOut:
    department_id = derived_id(seed, DEPARTMENT)
    parent = _parent(scope.org, asked.parent_id)
    made = Department(
        org_pk(scope.org),
        department_sk(department_id),
        department_id=department_id,
        name=asked.name,
        parent_id=asked.parent_id,
        path=[*(parent.path if parent else ()), department_id],
    )
    _refuse_depth(len(made.path))
    writes = [put_new(made), _claim(scope.org, asked.parent_id, asked.name, department_id)]
    if parent is not None:
        writes.append(_adopt(parent, 1))
    change = told(scope, DEPARTMENT, "created", department_id, after=asked.model_dump())
    try:
        audit.commit(scope.tenant_pk, change, writes, now)
    except ConditionFailed as error:
        if 0 in error.failed and (existing := structure_store.department(scope.org, department_id)):
            # The id comes from the request's seed: an earlier try of the same request made it.
            return _out(existing)
        if 1 in error.failed:
            raise name_taken(DEPARTMENT) from None
        raise
    return _out(made)


def change(scope: Scope, department_id: str, asked: DepartmentPatch, now: datetime) -> DepartmentOut:
    known = _department(scope.org, department_id)
    given = asked.model_dump(exclude_unset=True)
    changes: dict[str, Any] = {name: value for name, value in given.items() if getattr(known, name) != value}
    if not changes:
        return _out(known)
    before = {name: getattr(known, name) for name in changes}
    writes = [
        _claim(scope.org, changes.get("parent_id", known.parent_id), changes.get("name", known.name), department_id),
        _unclaim(scope.org, known.parent_id, known.name),
    ]
    own_changes = dict(changes)
    if "parent_id" in changes:
        parent = _parent(scope.org, changes["parent_id"])
        own_changes["path"] = [*(parent.path if parent else ()), department_id]
        writes += _move(scope.org, known, parent)
    writes.append(store.change_write(known, own_changes, unchanged=["num_children"]))
    told_change = told(scope, DEPARTMENT, "changed", department_id, before, changes)
    try:
        audit.commit(scope.tenant_pk, told_change, writes, now)
    except ConditionFailed as error:
        if 0 in error.failed:
            raise name_taken(DEPARTMENT) from None
        raise
    for name, value in own_changes.items():
        setattr(known, name, value)
    return _out(known)


def delete(scope: Scope, department_id: str, uses: Sequence[Uses], now: datetime) -> None:
    known = _department(scope.org, department_id)
    below = ["departments below it"] if known.num_children else []
    refuse_while_used(uses, scope.org, DEPARTMENT, department_id, below)
    writes = [
        Write("delete", known, Department.num_children == 0),
        _unclaim(scope.org, known.parent_id, known.name),
    ]
    if known.parent_id:
        writes.append(_adopt(Department(known.pk, department_sk(known.parent_id)), -1))
    before = {"name": known.name, "parent_id": known.parent_id}
    audit.commit(scope.tenant_pk, told(scope, DEPARTMENT, "deleted", department_id, before), writes, now)


def _move(org_id: str, known: Department, parent: Department | None) -> list[Write]:
    """The writes that a move takes beside the department's own."""
    new_path = [*(parent.path if parent else ()), known.department_id]
    if known.department_id in new_path[:-1]:
        problem = "A department cannot be below itself."
        raise Invalid(FieldError("parent_id", "cycle", problem))
    below = [one for one in structure_store.departments(org_id) if known.department_id in one.path[:-1]]
    if len(below) > MAX_MOVED_BELOW:
        raise Conflict(
            "too_many_below",
            f"{len(below)} departments are below this one, and {MAX_MOVED_BELOW} at most can move with it.",
        )
    deeper = len(new_path) - len(known.path)
    _refuse_depth(max(len(one.path) for one in [known, *below]) + deeper)
    writes = [
        store.change_write(one, {"path": [*new_path, *one.path[len(known.path) :]]}, unchanged=["num_children"])
        for one in below
    ]
    if known.parent_id:
        writes.append(_adopt(Department(known.pk, department_sk(known.parent_id)), -1))
    if parent is not None:
        writes.append(_adopt(parent, 1))
    return writes


def _adopt(parent: Department, children: int) -> Write:
    """Count a child in or out; counting in requires that the parent still stands where it was read."""
    condition = Department.path == parent.path if children > 0 else Department.pk.exists()
    return Write("update", parent, condition, (Department.num_children.add(children),))


def _claim(org_id: str, parent_id: str | None, name: str, department_id: str) -> Write:
    return structure_store.claim_write(org_id, _kind(parent_id), name, department_id)


def _unclaim(org_id: str, parent_id: str | None, name: str) -> Write:
    return structure_store.unclaim_write(org_id, _kind(parent_id), name)


def _kind(parent_id: str | None) -> str:
    """Names are unique among the children of one parent."""
    return f"{DEPARTMENT}:{parent_id or ''}"


def _department(org_id: str, department_id: str) -> Department:
    found = structure_store.department(org_id, department_id)
    if found is None:
        raise NotFound("There is no such department")
    return found


def _parent(org_id: str, parent_id: str | None) -> Department | None:
    if parent_id is None:
        return None
    found = structure_store.department(org_id, parent_id)
    if found is None:
        raise Invalid(FieldError("parent_id", "unknown_department", "There is no such department."))
    return found


def _refuse_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        problem = f"Departments can be {MAX_DEPTH} levels deep at most."
        raise Invalid(FieldError("parent_id", "too_deep", problem))


def _out(one: Department) -> DepartmentOut:
    return DepartmentOut(department_id=one.department_id, name=one.name, parent_id=one.parent_id, path=list(one.path))

"""The tree of departments. Each department has its path, so that nobody has to walk the tree.

A parent counts its children. A move or a deletion requires that the count is as it was read; adding a child requires
that the parent's path is. So two admins who work at the same moment lose no child.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.core.paging import Page, filtered_page
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.structure import store
from chalicelib.tenants.structure.models import Department, department_sk
from chalicelib.tenants.structure.names import Uses, audit_entry, name_taken, refuse_while_used
from chalicelib.tenants.structure.schemas import DepartmentCreate, DepartmentOut, DepartmentPage, DepartmentPatch
from chalicelib.tenants.structure.states import DEPARTMENT
from chalicelib.web.paging import Pager

MAX_DEPTH = 10

# Departments that one request of a limited list looks at: 500.
_PER_READ, _MAX_READS = 100, 5

# One transaction takes 100 writes: the department, two parents, two names and the audit entry come beside these.
MAX_MOVED_BELOW = 90


def page(scope: Scope, pager: Pager) -> DepartmentPage:
    """Who is limited to departments sees these and those below them. Their `path` still names what is above."""
    limits = scope.department_ids

    def read(after: str | None) -> Page[Department]:
        return store.structure_page(Department, scope.org, department_sk(""), _PER_READ, after)

    if limits is None:
        departments = store.structure_page(Department, scope.org, department_sk(""), pager.limit, pager.position)
    else:
        departments = filtered_page(
            read, lambda one: bool(limits & set(one.path)), lambda one: one.sk, pager.limit, pager.position, _MAX_READS
        )
    return DepartmentPage(
        items=[_out(department) for department in departments.items],
        next_cursor=pager.cursor(departments.next_position),
    )


def create(scope: Scope, form: DepartmentCreate, seed: str, now: datetime) -> DepartmentOut:
    department_id = derived_id(seed, DEPARTMENT)
    parent = _parent(scope.org, form.parent_id)
    department = Department(
        org_pk(scope.org),
        department_sk(department_id),
        department_id=department_id,
        name=form.name,
        parent_id=form.parent_id,
        path=_path_below(parent, department_id),
    )
    _refuse_depth(len(department.path))
    writes = [
        store.create_department_write(department),
        store.reserve_name(scope.org, _name_kind(form.parent_id), form.name, department_id),
    ]
    if parent is not None:
        writes.append(store.add_child(parent))
    entry = audit_entry(scope, DEPARTMENT, "created", department_id, after=form.model_dump())
    try:
        audit.commit(scope.tenant_pk, entry, writes, now)
    except ConditionFailed as error:
        if 0 in error.failed and (existing := store.department(scope.org, department_id)):
            # The id is derived from the request's seed: an earlier try of the same request created it.
            return _out(existing)
        if 1 in error.failed:
            raise name_taken(DEPARTMENT) from None
        raise
    return _out(department)


def change(scope: Scope, department_id: str, form: DepartmentPatch, now: datetime) -> DepartmentOut:
    department = _department(scope.org, department_id)
    patch = form.model_dump(exclude_unset=True)
    changes: dict[str, Any] = {name: value for name, value in patch.items() if getattr(department, name) != value}
    if not changes:
        return _out(department)
    before = {name: getattr(department, name) for name in changes}
    new_kind = _name_kind(changes.get("parent_id", department.parent_id))
    writes = [
        store.reserve_name(scope.org, new_kind, changes.get("name", department.name), department_id),
        store.release_name(scope.org, _name_kind(department.parent_id), department.name),
    ]
    attributes = dict(changes)
    if "parent_id" in changes:
        parent = _parent(scope.org, changes["parent_id"])
        new_path = attributes["path"] = _path_below(parent, department_id)
        writes += store.move_writes(department, _below(scope.org, department, new_path), parent, new_path)
        # A rollout may be for departments with all below them.
        writes.append(bump_revision(scope.org, "people"))
    writes.append(store.change_department_write(department, attributes))
    entry = audit_entry(scope, DEPARTMENT, "changed", department_id, before, changes)
    try:
        audit.commit(scope.tenant_pk, entry, writes, now)
    except ConditionFailed as error:
        if 0 in error.failed:
            raise name_taken(DEPARTMENT) from None
        raise
    for name, value in attributes.items():
        setattr(department, name, value)
    return _out(department)


def delete(scope: Scope, department_id: str, uses: Sequence[Uses], now: datetime) -> None:
    department = _department(scope.org, department_id)
    children = ["departments below it"] if department.num_children else []
    refuse_while_used(uses, scope.org, DEPARTMENT, department_id, children)
    writes = [
        store.delete_department_write(department),
        store.release_name(scope.org, _name_kind(department.parent_id), department.name),
    ]
    if department.parent_id:
        writes.append(store.remove_child(department.pk, department.parent_id))
    before = {"name": department.name, "parent_id": department.parent_id}
    audit.commit(scope.tenant_pk, audit_entry(scope, DEPARTMENT, "deleted", department_id, before), writes, now)


def unknown_departments(org_id: str, department_ids: Sequence[str]) -> list[str]:
    existing = store.existing_departments(org_id, department_ids)
    return [department_id for department_id in department_ids if department_id not in existing]


def _below(org_id: str, department: Department, new_path: Sequence[str]) -> list[Department]:
    """The departments that move along. Raises Invalid or Conflict when the move is not possible."""
    if department.department_id in new_path[:-1]:
        problem = "A department can't be inside itself."
        raise Invalid(FieldError("parent_id", "cycle", problem))
    below = [other for other in store.departments(org_id) if department.department_id in other.path[:-1]]
    if len(below) > MAX_MOVED_BELOW:
        raise Conflict(
            "too_many_below",
            f"{len(below)} departments are below this one, and at most {MAX_MOVED_BELOW} can move with it.",
        )
    levels = len(new_path) - len(department.path)
    _refuse_depth(max(len(other.path) for other in [department, *below]) + levels)
    return below


def _path_below(parent: Department | None, department_id: str) -> list[str]:
    return [*(parent.path if parent else ()), department_id]


def _name_kind(parent_id: str | None) -> str:
    """Names are unique among the children of one parent."""
    return f"{DEPARTMENT}:{parent_id or ''}"


def _department(org_id: str, department_id: str) -> Department:
    department = store.department(org_id, department_id)
    if department is None:
        raise NotFound("There is no such department")
    return department


def _parent(org_id: str, parent_id: str | None) -> Department | None:
    if parent_id is None:
        return None
    parent = store.department(org_id, parent_id)
    if parent is None:
        raise Invalid(FieldError("parent_id", "unknown_department", "There is no such department."))
    return parent


def _refuse_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        problem = f"Departments can be up to {MAX_DEPTH} levels deep."
        raise Invalid(FieldError("parent_id", "too_deep", problem))


def _out(department: Department) -> DepartmentOut:
    return DepartmentOut(
        department_id=department.department_id,
        name=department.name,
        parent_id=department.parent_id,
        path=list(department.path),
    )

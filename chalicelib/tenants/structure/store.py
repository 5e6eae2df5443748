"""Reads and writes of groups, departments and locations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.aws.updates import update_as_read
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.structure.models import (
    Department,
    Group,
    Location,
    ReservedName,
    department_ref,
    department_sk,
    group_sk,
    location_sk,
    name_ref,
    name_sk,
)
from chalicelib.tenants.structure.states import GROUP

T = TypeVar("T", Group, Department, Location)


def structure_page(model: type[T], org_id: str, prefix: str, limit: int, after: str | None) -> Page[T]:
    """A page of the organization's groups, departments or locations; `prefix` is that of their sort keys."""
    return table.query(model, org_pk(org_id), prefix=prefix, limit=limit, after=after, consistent=True)


# ---------------------------------------------------------------- names


def reserve_name(org_id: str, kind: str, name: str, owner_id: str) -> Write:
    """ConditionFailed when the name is taken."""
    return put_new(ReservedName(org_pk(org_id), name_sk(kind, name), owner_id=owner_id))


def release_name(org_id: str, kind: str, name: str) -> Write:
    return Write("delete", ReservedName(org_pk(org_id), name_sk(kind, name)))


def groups_named(org_id: str, names: Sequence[str]) -> dict[str, str]:
    """Ids of the groups that have one of these names, compared exactly, by name. Names of no group are left out."""
    ref_by_name = {name: name_ref(org_id, GROUP, name) for name in names}
    found = table.fetch_mixed(ref_by_name.values(), consistent=False)
    reserved = {name: found.get(ref) for name, ref in ref_by_name.items()}
    return {name: str(item.owner_id) for name, item in reserved.items() if item is not None}


# ---------------------------------------------------------------- groups and locations


def groups(org_id: str, *, consistent: bool = True) -> list[Group]:
    return table.query_all(Group, org_pk(org_id), prefix=group_sk(""), consistent=consistent)


def locations(org_id: str, *, consistent: bool = True) -> list[Location]:
    return table.query_all(Location, org_pk(org_id), prefix=location_sk(""), consistent=consistent)


def group(org_id: str, group_id: str) -> Group | None:
    return table.get(Group, org_pk(org_id), group_sk(group_id))


def location(org_id: str, location_id: str) -> Location | None:
    return table.get(Location, org_pk(org_id), location_sk(location_id))


def group_check(org_id: str, group_id: str) -> Write:
    """ConditionFailed when the group was deleted since it was read."""
    return Write("check", Group(org_pk(org_id), group_sk(group_id)), Group.pk.exists())


def create_writes(org_id: str, kind: str, item_id: str, item: Group | Location) -> list[Write]:
    """ConditionFailed with index 0 when the id is taken, 1 when the name is."""
    return [put_new(item), reserve_name(org_id, kind, item.name, item_id)]


def change_writes(
    org_id: str, kind: str, item_id: str, item: Group | Location, changes: Mapping[str, Any]
) -> list[Write]:
    """ConditionFailed with index 0 when the item is not as it was read, 1 when the new name is taken."""
    writes = [update_as_read(item, changes)] if changes else []
    if "name" in changes:
        writes += [reserve_name(org_id, kind, changes["name"], item_id), release_name(org_id, kind, item.name)]
    return writes


def delete_writes(org_id: str, kind: str, item: Group | Location) -> list[Write]:
    """ConditionFailed with index 0 when the item has another name by now, or is gone."""
    return [Write("delete", item, type(item).name == item.name), release_name(org_id, kind, item.name)]


# ---------------------------------------------------------------- departments


def department(org_id: str, department_id: str) -> Department | None:
    return table.get(Department, org_pk(org_id), department_sk(department_id))


def department_check(department: Department) -> Write:
    """ConditionFailed when the department was moved or deleted since it was read."""
    return Write("check", Department(department.pk, department.sk), Department.path == department.path)


def departments(org_id: str) -> list[Department]:
    """The whole tree."""
    return table.query_all(Department, org_pk(org_id), prefix=department_sk(""))


def departments_below(org_id: str, department_ids: Iterable[str]) -> frozenset[str]:
    """These departments and all below them, as the tree is now; those that are gone are left out."""
    roots = frozenset(department_ids)
    return frozenset(one.department_id for one in departments(org_id) if roots & set(one.path)) if roots else roots


def existing_departments(org_id: str, department_ids: Iterable[str]) -> set[str]:
    """Those of these ids that are departments of the organization."""
    return set(departments_by_id(org_id, department_ids))


def departments_by_id(org_id: str, department_ids: Iterable[str]) -> dict[str, Department]:
    """Those that exist."""
    refs = [department_ref(org_id, department_id) for department_id in department_ids]
    return {department.department_id: department for department in table.fetch_all(refs)}


def create_department_write(department: Department) -> Write:
    """ConditionFailed when the id is taken."""
    return put_new(department)


def change_department_write(department: Department, changes: Mapping[str, Any]) -> Write:
    """ConditionFailed when one of these attributes, or the number of children, is not as it was read."""
    return update_as_read(department, changes, unchanged=["num_children"])


def move_writes(
    department: Department, below: Sequence[Department], parent: Department | None, new_path: Sequence[str]
) -> list[Write]:
    """What a move changes beside the department itself: the paths below it, and both parents' numbers of children."""
    writes = [
        change_department_write(other, {"path": [*new_path, *other.path[len(department.path) :]]}) for other in below
    ]
    if department.parent_id:
        writes.append(remove_child(department.pk, department.parent_id))
    if parent is not None:
        writes.append(add_child(parent))
    return writes


def delete_department_write(department: Department) -> Write:
    """ConditionFailed when it has children."""
    return Write("delete", department, Department.num_children == 0)


def add_child(parent: Department) -> Write:
    """ConditionFailed when the parent is not where it was read."""
    return Write("update", parent, Department.path == parent.path, (Department.num_children.add(1),))


def remove_child(pk: str, parent_id: str) -> Write:
    """ConditionFailed when the parent is gone."""
    parent = Department(pk, department_sk(parent_id))
    return Write("update", parent, Department.pk.exists(), (Department.num_children.add(-1),))

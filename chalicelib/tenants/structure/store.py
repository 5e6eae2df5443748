"""Reads and writes of groups, departments and locations."""

from collections.abc import Iterable, Sequence

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.store import I
from chalicelib.tenants.structure.models import (
    Department,
    Group,
    Location,
    NameClaim,
    department_sk,
    group_sk,
    location_sk,
    name_sk,
)


def group_check(org_id: str, group_id: str) -> Write:
    """ConditionFailed when the group was deleted meanwhile."""
    return Write("check", Group(org_pk(org_id), group_sk(group_id)), Group.pk.exists())


def group(org_id: str, group_id: str) -> Group | None:
    return table.get(Group, org_pk(org_id), group_sk(group_id))


def department(org_id: str, department_id: str) -> Department | None:
    return table.get(Department, org_pk(org_id), department_sk(department_id))


def departments(org_id: str) -> list[Department]:
    """The whole tree."""
    return table.query_all(Department, org_pk(org_id), prefix=department_sk(""))


def known_departments(org_id: str, department_ids: Iterable[str]) -> set[str]:
    wanted = [(Department, org_pk(org_id), department_sk(department_id)) for department_id in department_ids]
    return {sk.removeprefix(department_sk("")) for _, sk in table.batch_get(wanted)}


def location(org_id: str, location_id: str) -> Location | None:
    return table.get(Location, org_pk(org_id), location_sk(location_id))


def structure_page(model: type[I], org_id: str, prefix: str, limit: int, after: str | None) -> Page[I]:
    """A page of the groups, departments or locations: of whatever has the prefix."""
    return table.query(model, org_pk(org_id), prefix=prefix, limit=limit, after=after, consistent=True)


def claim_write(org_id: str, kind: str, name: str, owner_id: str) -> Write:
    """ConditionFailed when the name is taken."""
    return put_new(NameClaim(org_pk(org_id), name_sk(kind, name), owner_id=owner_id))


def unclaim_write(org_id: str, kind: str, name: str) -> Write:
    return Write("delete", NameClaim(org_pk(org_id), name_sk(kind, name)))


GROUP_KIND = "group"


def group_ids_named(org_id: str, names: Sequence[str]) -> list[str]:
    """The groups that have one of these names, compared exactly; names that no group has give nothing."""
    keys = [(NameClaim, org_pk(org_id), name_sk(GROUP_KIND, name)) for name in dict.fromkeys(names)]
    found = table.batch_get(keys, consistent=False)
    return sorted(item.owner_id for item in found.values() if isinstance(item, NameClaim))

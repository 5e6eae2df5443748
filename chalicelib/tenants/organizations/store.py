"""Reads and writes of organizations."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.aws.updates import update_as_read
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import SELF_SK, OrgPointer, msp_pk, org_pk
from chalicelib.tenants.organizations.models import (
    ENTITLEMENTS_SK,
    ClientName,
    Entitlements,
    Org,
    client_name_sk,
    org_sk,
)


def org(msp_id: str, org_id: str, *, consistent: bool = True) -> Org | None:
    return table.get(Org, msp_pk(msp_id), org_sk(org_id), consistent=consistent)


def orgs(msp_id: str, limit: int, after: str | None) -> Page[Org]:
    return table.query(Org, msp_pk(msp_id), prefix=org_sk(""), limit=limit, after=after)


def create_writes(org: Org, taken_by: ClientName | None, *, same_name: bool) -> Sequence[Write]:
    """`taken_by` is who had the name when it was read.

    ConditionFailed with index 0 when the id is taken, with 2 when somebody took the name meanwhile, unless `same_name`
    says that this is on purpose.
    """
    name = take_name_write(org.msp_id, org.org_id, org.name, taken_by, same_name=same_name)
    return put_new(org), put_new(OrgPointer(org_pk(org.org_id), SELF_SK, msp_id=org.msp_id)), name


def take_name_write(msp_id: str, org_id: str, name: str, taken_by: ClientName | None, *, same_name: bool) -> Write:
    """ConditionFailed when somebody else took the name since it was read, as above."""
    taken = ClientName(msp_pk(msp_id), client_name_sk(name), org_id=org_id)
    if same_name:
        return Write("put", taken)
    as_read = ClientName.pk.does_not_exist() if taken_by is None else ClientName.org_id == taken_by.org_id
    return Write("put", taken, as_read)


def taker_of_name(msp_id: str, name: str) -> tuple[ClientName | None, Org | None]:
    """Who took this name last, and that client if it is there and has the name still."""
    taken = table.get(ClientName, msp_pk(msp_id), client_name_sk(name))
    owner = org(msp_id, taken.org_id) if taken is not None else None
    return taken, owner if owner is not None and client_name_sk(owner.name) == client_name_sk(name) else None


def delete_writes(org: Org) -> Sequence[Write]:
    """ConditionFailed when a batch or an admin came meanwhile."""
    empty = Org.pk.exists() & (Org.num_batches == 0)
    no_admins = OrgPointer.num_admins.does_not_exist() | (OrgPointer.num_admins == 0)
    return (
        Write("delete", Org(org.pk, org.sk), empty),
        Write("delete", OrgPointer(org_pk(org.org_id), SELF_SK), no_admins),
        Write("delete", Entitlements(org_pk(org.org_id), ENTITLEMENTS_SK)),
    )


def change_write(org: Org, changes: Mapping[str, Any]) -> Write:
    """ConditionFailed when one of these attributes is not as it was read."""
    return update_as_read(org, changes)

"""Reads and writes of organizations."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.aws.updates import update_as_read
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import SELF_SK, OrgPointer, msp_pk, org_pk
from chalicelib.tenants.organizations.models import Org, org_sk


def org(msp_id: str, org_id: str, *, consistent: bool = True) -> Org | None:
    return table.get(Org, msp_pk(msp_id), org_sk(org_id), consistent=consistent)


def orgs(msp_id: str, limit: int, after: str | None) -> Page[Org]:
    return table.query(Org, msp_pk(msp_id), prefix=org_sk(""), limit=limit, after=after)


def create_writes(org: Org) -> Sequence[Write]:
    """ConditionFailed when the id is taken."""
    return put_new(org), put_new(OrgPointer(org_pk(org.org_id), SELF_SK, msp_id=org.msp_id))


def change_write(org: Org, changes: Mapping[str, Any]) -> Write:
    """ConditionFailed when one of these attributes is not as it was read."""
    return update_as_read(org, changes)

"""Reads of accounts, their roles and memberships."""

from chalicelib.aws import table
from chalicelib.tenants.access.models import (
    SELF_SK,
    AccountEntry,
    CustomRole,
    Msp,
    OrgPointer,
    account_pk,
    custom_role_sk,
    msp_pk,
    org_pk,
)


def entries_of(account_id: str) -> list[AccountEntry]:
    """Roles and memberships; read consistently, so that a removed admin is out at once."""
    return table.query_all(AccountEntry, account_pk(account_id))


def msp_of(org_id: str) -> str | None:
    pointer = table.get(OrgPointer, org_pk(org_id), SELF_SK, consistent=False)
    return pointer.msp_id if pointer else None


def msp(msp_id: str) -> Msp | None:
    return table.get(Msp, msp_pk(msp_id), SELF_SK)


def custom_role(org_id: str, role_id: str) -> CustomRole | None:
    """Read consistently, so that what is taken out of a role is out at once."""
    return table.get(CustomRole, org_pk(org_id), custom_role_sk(role_id))

"""Items of MSPs and of accounts, and the keys that every tenant has."""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Ref


def account_pk(account_id: str) -> str:
    return f"ACCOUNT#{account_id}"


def msp_pk(msp_id: str) -> str:
    return f"MSP#{msp_id}"


def org_pk(org_id: str) -> str:
    return f"ORG#{org_id}"


# Sorts before everything else of its partition, so that pages of the other items need not skip it.
SELF_SK = "A#MSP"


class AccountEntry(CoreItem):
    """One role or one membership of an account. One query reads all of them."""

    role = UnicodeAttribute(null=True)
    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute(null=True)
    member_id = UnicodeAttribute(null=True)
    department_ids: ListAttribute[str] = ListAttribute(null=True)
    permissions: ListAttribute[str] = ListAttribute(null=True)
    # Of a custom role that is kept under a name: its permissions are those of the role, as they are at each request.
    role_id = UnicodeAttribute(null=True)


class CustomRole(CoreItem):
    """`ORG#o` / `ROLE#r`: a named set of permissions. `num_admins` counts who holds it."""

    role_id = UnicodeAttribute()
    name = UnicodeAttribute()
    permissions: ListAttribute[str] = ListAttribute(default=list)
    num_admins = NumberAttribute(default=0)
    revision = NumberAttribute(default=1)


def custom_role_sk(role_id: str) -> str:
    return f"ROLE#{role_id}"


def membership_sk(org_id: str, member_id: str) -> str:
    return f"MEMBER#{org_id}#{member_id}"


class Msp(CoreItem):
    """`MSP#m` / `A#MSP`."""

    name = UnicodeAttribute()
    num_admins = NumberAttribute(default=0)


def msp_ref(msp_id: str) -> Ref[Msp]:
    return Ref(Msp, msp_pk(msp_id), SELF_SK)


class OrgPointer(CoreItem):
    """`ORG#o` / `A#MSP`: the MSP of an organization. Never changes."""

    msp_id = UnicodeAttribute()
    num_admins = NumberAttribute(default=0)


def org_pointer_ref(org_id: str) -> Ref[OrgPointer]:
    return Ref(OrgPointer, org_pk(org_id), SELF_SK)

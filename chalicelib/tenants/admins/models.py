"""Items of admins."""

from pynamodb.attributes import ListAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem


def msp_role_sk(msp_id: str) -> str:
    return f"ROLE#MSP#{msp_id}"


def org_role_sk(org_id: str) -> str:
    return f"ROLE#ORG#{org_id}"


class Admin(CoreItem):
    """`MSP#m#ADMINS` or `ORG#o#ADMINS` / `ADMIN#<account>`."""

    PERSONAL = frozenset({"email"})

    account_id = UnicodeAttribute()
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    department_ids: ListAttribute[str] = ListAttribute(null=True)
    permissions: ListAttribute[str] = ListAttribute(null=True)
    role_id = UnicodeAttribute(null=True)
    appointed_at = UnicodeAttribute()
    # Of the request that appointed: a repeated request finds by it that it did so before.
    appointment_id = UnicodeAttribute(null=True)


def admins_pk(tenant_pk: str) -> str:
    return f"{tenant_pk}#ADMINS"


def admin_sk(account_id: str) -> str:
    return f"ADMIN#{account_id}"

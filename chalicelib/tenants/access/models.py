"""Items of accounts, admins and the audit trail."""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.table import CoreItem


def account_pk(account_id: str) -> str:
    return f"ACCOUNT#{account_id}"


def msp_pk(msp_id: str) -> str:
    return f"MSP#{msp_id}"


def org_pk(org_id: str) -> str:
    return f"ORG#{org_id}"


# Sorts before everything else of its partition, so that a page of the rest never meets it.
SELF_SK = "A#MSP"


class AccountEntry(CoreItem):
    """One role or one membership of an account; all of them are one query."""

    role = UnicodeAttribute(null=True)
    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute(null=True)
    member_id = UnicodeAttribute(null=True)
    department_ids: ListAttribute[str] = ListAttribute(null=True)
    permissions: ListAttribute[str] = ListAttribute(null=True)


def msp_role_sk(msp_id: str) -> str:
    return f"ROLE#MSP#{msp_id}"


def org_role_sk(org_id: str) -> str:
    return f"ROLE#ORG#{org_id}"


def membership_sk(org_id: str, member_id: str) -> str:
    return f"MEMBER#{org_id}#{member_id}"


class Msp(CoreItem):
    """`MSP#m` / `A#MSP`."""

    name = UnicodeAttribute()
    num_admins = NumberAttribute(default=0)


class OrgPointer(CoreItem):
    """`ORG#o` / `A#MSP`: whose client an organization is. Never changes."""

    msp_id = UnicodeAttribute()
    num_admins = NumberAttribute(default=0)


class Admin(CoreItem):
    """`MSP#m#ADMINS` or `ORG#o#ADMINS` / `ADMIN#<account>`."""

    account_id = UnicodeAttribute()
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    department_ids: ListAttribute[str] = ListAttribute(null=True)
    permissions: ListAttribute[str] = ListAttribute(null=True)
    appointed_at = UnicodeAttribute()
    # Which request appointed: by it, the same request knows what it made before.
    appointment_id = UnicodeAttribute(null=True)


def admins_pk(tenant_pk: str) -> str:
    return f"{tenant_pk}#ADMINS"


def admin_sk(account_id: str) -> str:
    return f"ADMIN#{account_id}"


class AuditEntry(CoreItem):
    """`<tenant>#AUDIT` / a sequence number of 12 digits. `before` and `after` are JSON."""

    at = UnicodeAttribute()
    actor = UnicodeAttribute()
    action = UnicodeAttribute()
    target = UnicodeAttribute()
    before = UnicodeAttribute(null=True)
    after = UnicodeAttribute(null=True)
    previous_hash = UnicodeAttribute()
    hash = UnicodeAttribute()


def audit_pk(tenant_pk: str) -> str:
    return f"{tenant_pk}#AUDIT"

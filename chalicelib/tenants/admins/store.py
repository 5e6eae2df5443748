"""Reads and writes of admins."""

from collections.abc import Sequence

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import AccountEntry, Msp, OrgPointer
from chalicelib.tenants.admins.models import Admin, admin_sk, admins_pk


def admins(tenant_pk: str, limit: int, after: str | None) -> Page[Admin]:
    return table.query(Admin, admins_pk(tenant_pk), limit=limit, after=after, consistent=True)


def admin(tenant_pk: str, account_id: str) -> Admin | None:
    return table.get(Admin, admins_pk(tenant_pk), admin_sk(account_id))


def first_admin_writes(msp: Msp, admin: Admin, entry: AccountEntry) -> Sequence[Write]:
    return put_new(msp), put_new(admin), put_new(entry)


def appoint_writes(admin: Admin, entry: AccountEntry, counter: Msp | OrgPointer) -> Sequence[Write]:
    """ConditionFailed with index 0 or 1 when the account is an admin here already."""
    return (
        put_new(admin),
        put_new(entry),
        Write("update", counter, type(counter).pk.exists(), (type(counter).num_admins.add(1),)),
    )


def dismiss_writes(admin: Admin, entry: AccountEntry, counter: Msp | OrgPointer, at_least: int) -> Sequence[Write]:
    """ConditionFailed with index 0 when the account is no admin any more, 2 when no more than `at_least` are left."""
    return (
        Write("delete", admin, Admin.pk.exists()),
        Write("delete", entry),
        Write(
            "update",
            counter,
            type(counter).num_admins > at_least,
            (type(counter).num_admins.add(-1),),
        ),
    )


def email_write(admin: Admin, email: str) -> Write:
    """ConditionFailed when the account is no admin any more."""
    return Write("update", Admin(*admin.key), Admin.pk.exists(), (Admin.email.set(email),))

"""Reads and writes of admins."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.aws.updates import update_as_read
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import AccountEntry, CustomRole, Msp, OrgPointer, custom_role_sk
from chalicelib.tenants.admins.models import Admin, admin_sk, admins_pk


def admins(tenant_pk: str, limit: int, after: str | None) -> Page[Admin]:
    return table.query(Admin, admins_pk(tenant_pk), limit=limit, after=after, consistent=True)


def admin(tenant_pk: str, account_id: str) -> Admin | None:
    return table.get(Admin, admins_pk(tenant_pk), admin_sk(account_id))


def admins_by_id(account_ids: Sequence[str], *tenant_pks: str) -> list[dict[str, Admin]]:
    """Those that are admins, by account, for each of the tenants."""
    keys = [(admins_pk(pk), admin_sk(one)) for pk in tenant_pks for one in account_ids]
    found = table.batch_get([(Admin, *key) for key in keys])
    return [
        {item.account_id: item for item in found.values() if isinstance(item, Admin) and item.pk == admins_pk(pk)}
        for pk in tenant_pks
    ]


def first_admin_writes(msp: Msp, admin: Admin, entry: AccountEntry) -> Sequence[Write]:
    return put_new(msp), put_new(admin), put_new(entry)


def appoint_writes(admin: Admin, entry: AccountEntry, counter: Msp | OrgPointer) -> Sequence[Write]:
    """ConditionFailed with index 0 or 1 when the account is an admin here already, 3 when the role is not as read."""
    return (
        put_new(admin),
        put_new(entry),
        Write("update", counter, type(counter).pk.exists(), (type(counter).num_admins.add(1),)),
    )


def hold_write(role: CustomRole) -> Write:
    """One more admin holds the role. ConditionFailed when it was changed or deleted since it was read."""
    return Write("update", _bare(role), CustomRole.revision == role.revision, (CustomRole.num_admins.add(1),))


def release_write(org_pk: str, role_id: str) -> Write:
    role = CustomRole(org_pk, custom_role_sk(role_id))
    return Write("update", role, CustomRole.pk.exists(), (CustomRole.num_admins.add(-1),))


def custom_roles(org_pk: str, limit: int, after: str | None) -> Page[CustomRole]:
    return table.query(CustomRole, org_pk, prefix=custom_role_sk(""), limit=limit, after=after, consistent=True)


def change_role_write(role: CustomRole, changes: Mapping[str, Any]) -> Write:
    """ConditionFailed when the role is not as it was read."""
    return update_as_read(role, {**changes, "revision": role.revision + 1})


def delete_role_write(role: CustomRole) -> Write:
    """ConditionFailed when the role was changed since it was read, or somebody holds it."""
    return Write("delete", _bare(role), (CustomRole.revision == role.revision) & (CustomRole.num_admins == 0))


def _bare(role: CustomRole) -> CustomRole:
    return CustomRole(role.pk, role.sk)


def dismiss_writes(admin: Admin, entry: AccountEntry, counter: Msp | OrgPointer, at_least: int) -> Sequence[Write]:
    """ConditionFailed with index 0 when the appointment is over, 2 when no more than `at_least` admins are left."""
    same = Admin.appointment_id == admin.appointment_id if admin.appointment_id else Admin.pk.exists()
    return (
        Write("delete", Admin(*admin.key), same),
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

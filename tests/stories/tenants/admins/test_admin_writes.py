"""Admins and the roles that they hold, write by write: what each does, and when it must not."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.errors import ConditionFailed
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
from chalicelib.tenants.admins import store
from chalicelib.tenants.admins.models import Admin, admin_sk, admins_pk, msp_role_sk, org_role_sk
from tests.harness import World

ORG, MSP = org_pk("1"), msp_pk("1")
Counter = Msp | OrgPointer


def _admin(account_id: str = "ann", tenant: str = ORG, appointment_id: str | None = "m") -> Admin:
    said: dict[str, Any] = {"account_id": account_id, "email": "ann@example.com", "role": "org_admin"}
    key = admins_pk(tenant), admin_sk(account_id)
    return Admin(*key, appointed_at="2027-01-04T10:00:00Z", appointment_id=appointment_id, **said)


def _entry(account_id: str = "ann", tenant: str = ORG) -> AccountEntry:
    sk = org_role_sk("1") if tenant == ORG else msp_role_sk("1")
    return AccountEntry(account_pk(account_id), sk, role="org_admin", msp_id="1")


def _counter(tenant: str = ORG) -> Counter:
    return OrgPointer(ORG, SELF_SK) if tenant == ORG else Msp(MSP, SELF_SK)


def _role(**values: Any) -> CustomRole:
    said = {"role_id": "r", "name": "Auditor", "permissions": ["audit"], "revision": 5, **values}
    return CustomRole(ORG, custom_role_sk("r"), **said)


def _put(*items: Any) -> None:
    table.transact([Write("put", item) for item in items])


def _failed(writes: Sequence[Write]) -> tuple[int, ...]:
    """The indexes of the writes that must not be."""
    try:
        table.transact(writes)
    except ConditionFailed as refused:
        return refused.failed
    return ()


def _num_admins(tenant: str = ORG) -> int:
    found = table.get(type(_counter(tenant)), tenant, SELF_SK)
    assert found is not None
    return int(found.num_admins)


def _kept_role() -> tuple[str, list[str], int, int] | None:
    """Name, permissions, who holds it, revision."""
    found = table.get(CustomRole, ORG, custom_role_sk("r"))
    return None if found is None else (found.name, list(found.permissions), int(found.num_admins), int(found.revision))


@pytest.fixture(autouse=True)
def _tenants(world: World) -> None:
    _put(OrgPointer(ORG, SELF_SK, msp_id="1"), Msp(MSP, SELF_SK, name="Northwind"))


def _appoints(tenant: str, *account_ids: str) -> None:
    for one in account_ids:
        assert _failed(store.appoint_writes(_admin(one, tenant), _entry(one, tenant), _counter(tenant))) == ()


# ------------------------------------------------------------ appointing


@pytest.mark.parametrize("tenant", [ORG, MSP])
def test_who_is_appointed_is_counted_once(tenant: str) -> None:
    _appoints(tenant, "ann", "bob")
    again = store.appoint_writes(_admin("ann", tenant, "n"), _entry("ann", tenant), _counter(tenant))
    assert _failed(again) == (0, 1)
    assert _num_admins(tenant) == 2
    kept = store.admin(tenant, "ann")
    assert kept is not None
    assert kept.appointment_id == "m"


def test_a_role_of_the_account_stops_an_appointment_alone() -> None:
    """As one that was left behind: what is kept of the account is what counts for its requests."""
    _put(_entry("ann"))
    assert _failed(store.appoint_writes(_admin(), _entry(), _counter())) == (1,)
    assert (store.admin(ORG, "ann"), _num_admins()) == (None, 0)


@pytest.mark.parametrize("counter", [OrgPointer(org_pk("2"), SELF_SK), Msp(msp_pk("2"), SELF_SK)])
def test_nobody_is_appointed_in_a_tenant_that_is_not_there(counter: Counter) -> None:
    assert _failed(store.appoint_writes(_admin(), _entry(), counter)) == (2,)
    assert store.admin(ORG, "ann") is None


def test_the_first_admin_of_an_msp_comes_with_it_and_replaces_nothing(world: World) -> None:
    new = Msp(msp_pk("2"), SELF_SK, name="Southwind", num_admins=1)
    ann = _admin("ann", msp_pk("2")), _entry("ann", MSP)
    assert _failed(store.first_admin_writes(new, *ann)) == ()
    before = world.dump("core")
    assert _failed(store.first_admin_writes(new, *ann)) == (0, 1, 2)
    assert world.dump("core") == before


# ------------------------------------------------------------ removing


@pytest.mark.parametrize(
    ("tenant", "at_least", "num_admins", "failed"),
    [(ORG, 0, 1, ()), (MSP, 1, 1, (2,)), (MSP, 1, 2, ()), (MSP, 1, 3, ()), (MSP, 1, 0, (2,)), (ORG, 0, 0, (2,))],
)
def test_so_many_admins_stay(tenant: str, at_least: int, num_admins: int, failed: tuple[int, ...]) -> None:
    _appoints(tenant, *["ann", "bob", "eve"][:num_admins])
    ann, entry = _admin("ann", tenant), _entry("ann", tenant)
    # Also when the count says that there are none.
    _put(ann, entry)
    assert _failed(store.dismiss_writes(ann, entry, _counter(tenant), at_least)) == failed
    assert _num_admins(tenant) == num_admins - (0 if failed else 1)
    assert (store.admin(tenant, "ann") is None) == (not failed)
    assert (table.get(AccountEntry, *entry.key) is None) == (not failed)


@pytest.mark.parametrize(
    ("read", "by_now", "failed"),
    [
        ("m", "m", ()),
        # Removed and appointed again since: an id before or behind the one that was read.
        ("m", "a", (0,)),
        ("m", "z", (0,)),
        # Of the time before appointments had ids.
        (None, None, ()),
        ("m", None, (0,)),
    ],
)
def test_only_the_appointment_that_was_read_ends(read: str | None, by_now: str | None, failed: tuple[int, ...]) -> None:
    _appoints(ORG, "ann", "bob")
    _put(_admin("ann", ORG, by_now))
    assert _failed(store.dismiss_writes(_admin("ann", ORG, read), _entry("ann"), _counter(), 0)) == failed
    assert (store.admin(ORG, "ann") is None, _num_admins()) == (not failed, 2 if failed else 1)


@pytest.mark.parametrize("read", ["m", None])
def test_who_is_no_admin_any_more_is_not_counted_off_again(read: str | None) -> None:
    _appoints(ORG, "bob")
    assert _failed(store.dismiss_writes(_admin("ann", ORG, read), _entry("ann"), _counter(), 0)) == (0,)
    assert _num_admins() == 1


# ------------------------------------------------------------ reading, and another address


def test_admins_are_found_in_each_tenant_that_is_asked_for() -> None:
    _appoints(ORG, "ann", "bob")
    _appoints(MSP, "ann", "eve")
    found = store.admins_by_id(["ann", "bob", "eve", "nobody"], ORG, MSP)
    assert [sorted(one) for one in found] == [["ann", "bob"], ["ann", "eve"]]
    assert [one["ann"].pk for one in found] == [admins_pk(ORG), admins_pk(MSP)]
    assert store.admins_by_id(["ann"], MSP)[0]["ann"].key == _admin("ann", MSP).key
    page = store.admins(ORG, 1, None)
    assert [one.account_id for one in page.items] == ["ann"]
    assert [one.account_id for one in store.admins(ORG, 1, page.next_position).items] == ["bob"]


def test_lists_have_whoever_was_appointed_a_moment_ago(world: World) -> None:
    with world.asked("Query") as asked:
        store.admins(ORG, 9, None)
        store.custom_roles(ORG, 9, None)
    assert [query["ConsistentRead"] for query in asked] == [True, True]


def test_an_admin_gets_another_address_and_who_is_none_gets_none() -> None:
    _appoints(ORG, "ann")
    assert _failed([store.email_write(_admin("ann"), "new@example.com")]) == ()
    assert _failed([store.email_write(_admin("bob"), "new@example.com")]) == (0,)
    changed = store.admin(ORG, "ann")
    assert changed is not None
    assert (changed.email, changed.appointment_id, store.admin(ORG, "bob")) == ("new@example.com", "m", None)


# ------------------------------------------------------------ roles under a name


def test_who_holds_a_role_is_counted() -> None:
    _put(_role(num_admins=1))
    assert _failed([store.hold_write(_role())]) == ()
    assert _kept_role() == ("Auditor", ["audit"], 2, 5)
    assert _failed([store.release_write(ORG, "r")]) == ()
    assert _kept_role() == ("Auditor", ["audit"], 1, 5)


@pytest.mark.parametrize("revision", [4, 6])
@pytest.mark.parametrize(
    "write",
    [
        store.hold_write,
        store.delete_role_write,
        lambda role: store.change_role_write(role, {"permissions": ["members"]}),
    ],
)
def test_a_role_that_is_not_as_it_was_read_is_left(revision: int, write: Callable[[CustomRole], Write]) -> None:
    _put(_role(revision=revision))
    assert _failed([write(_role())]) == (0,)
    assert _kept_role() == ("Auditor", ["audit"], 0, revision)


@pytest.mark.parametrize(
    "write",
    [
        store.hold_write,
        store.delete_role_write,
        lambda role: store.change_role_write(role, {"permissions": ["members"]}),
        lambda role: store.release_write(role.pk, role.role_id),
    ],
)
def test_a_role_that_is_gone_stays_so(write: Callable[[CustomRole], Write]) -> None:
    assert _failed([write(_role())]) == (0,)
    assert _kept_role() is None


def test_a_role_changes_and_says_so_by_its_revision() -> None:
    _put(_role(num_admins=3))
    changes = {"permissions": ["members"], "name": "Reader"}
    assert _failed([store.change_role_write(_role(), changes)]) == ()
    assert _kept_role() == ("Reader", ["members"], 3, 6)


@pytest.mark.parametrize(("held_by", "failed"), [(0, ()), (1, (0,)), (2, (0,))])
def test_a_role_goes_once_nobody_holds_it(held_by: int, failed: tuple[int, ...]) -> None:
    _put(_role(num_admins=held_by))
    assert _failed([store.delete_role_write(_role())]) == failed
    assert (_kept_role() is None) == (not failed)


def test_roles_come_in_pages_and_nothing_else_with_them() -> None:
    _put(_role(), CustomRole(ORG, custom_role_sk("s"), role_id="s", name="Second"))
    page = store.custom_roles(ORG, 1, None)
    assert [role.role_id for role in page.items] == ["r"]
    assert [role.role_id for role in store.custom_roles(ORG, 9, page.next_position).items] == ["s"]

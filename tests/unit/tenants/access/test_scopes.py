"""What an account may do where: by its roles, and by nothing else that is written of it."""

from collections.abc import Collection
from typing import Any

import pytest

from chalicelib.core.errors import Forbidden, Invalid, NotFound
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access import store
from chalicelib.tenants.access.models import AccountEntry, CustomRole
from chalicelib.tenants.access.permissions import PERMISSIONS_BY_ROLE, TABLE
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission, Role

ANN = "ann"
# The MSP of each organization. Ids that come before and behind one another in the alphabet.
MSPS = {"o1": "m1", "o2": "m1", "o3": "m2", "o0": "m0"}
ROLES = {("o2", "r1"): ["training"], ("o1", "r1"): ["audit"], ("o3", "r1"): ["audit"]}


class Account:
    def __init__(self) -> None:
        self.entries: list[AccountEntry] = []

    def entries_of(self, account_id: str) -> list[AccountEntry]:
        return self.entries if account_id == ANN else []

    def is_msp_admin(self, *msp_ids: str) -> None:
        self.entries += [AccountEntry(role=Role.MSP_ADMIN, msp_id=msp_id) for msp_id in msp_ids]

    def has(self, role: str, org_id: str = "o2", **limits: Any) -> None:
        self.entries.append(AccountEntry(role=role, msp_id=MSPS[org_id], org_id=org_id, **limits))

    def is_member(self, org_id: str = "o2") -> None:
        self.entries.append(AccountEntry(msp_id=MSPS[org_id], org_id=org_id, member_id="1"))


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    one = Account()
    monkeypatch.setattr(store, "entries_of", one.entries_of)
    monkeypatch.setattr(store, "msp_of", MSPS.get)
    monkeypatch.setattr(store, "custom_role", _custom_role)
    return one


def _custom_role(org_id: str, role_id: str) -> CustomRole | None:
    permissions = ROLES.get((org_id, role_id))
    return None if permissions is None else CustomRole(permissions=permissions)


def _msp(permission: str = "clients", msp_id: str | None = None, account_id: str = ANN) -> Scope:
    return access.msp(account_id, permission, msp_id)


def _org(permission: str, org_id: str = "o2", path: Collection[str] | None = None) -> Scope | type[Exception]:
    """What may be done, or why not."""
    try:
        return access.org(ANN, org_id, permission, path)
    except (Forbidden, NotFound) as refused:
        return type(refused)


def _may(org_id: str = "o2") -> set[str]:
    """All permissions with which something opens, for the people of department `d` or without departments."""
    return {name for name in Permission if isinstance(_org(name, org_id, ["d"]), Scope)}


# ------------------------------------------------------------ a scope


def test_a_scope_is_of_an_organization_or_of_an_msp() -> None:
    assert (Scope(ANN, "m1", "o1").org, Scope(ANN, "m1", "o1").tenant_pk) == ("o1", "ORG#o1")
    assert Scope(ANN, "m1").tenant_pk == "MSP#m1"
    with pytest.raises(ValueError, match="MSP"):
        assert Scope(ANN, "m1").org
    plain = Scope(ANN, "m1")
    assert (plain.is_msp_admin, plain.department_ids, plain.permissions) == (False, None, frozenset())


# ------------------------------------------------------------ MSPs


def test_an_msp_is_for_its_admins(account: Account) -> None:
    account.has("org_admin")
    account.is_member()
    with pytest.raises(Forbidden):
        _msp()
    account.is_msp_admin("m1")
    scope = _msp()
    assert (scope.account_id, scope.msp_id, scope.org_id, scope.is_msp_admin) == (ANN, "m1", None, True)
    assert scope.permissions == PERMISSIONS_BY_ROLE[Role.MSP_ADMIN]
    assert scope.department_ids is None
    with pytest.raises(Forbidden):
        _msp("no permission of anybody's")
    with pytest.raises(Forbidden):
        _msp(account_id="bob")


def test_an_admin_of_several_msps_chooses_one_of_them(account: Account) -> None:
    account.is_msp_admin("m1", "m2")
    with pytest.raises(Invalid) as refused:
        _msp()
    assert [(error.field, error.code) for error in refused.value.errors] == [("Muster-Msp", "ambiguous")]
    assert [_msp(msp_id=msp_id).msp_id for msp_id in ("m1", "m2")] == ["m1", "m2"]
    for other in ("m0", "m3", ""):
        with pytest.raises(Forbidden):
            _msp(msp_id=other)


def test_an_msp_admin_may_all_that_an_organizations_admin_may_in_each_client(account: Account) -> None:
    account.is_msp_admin("m1")
    for org_id in ("o1", "o2"):
        assert _may(org_id) == PERMISSIONS_BY_ROLE[Role.MSP_ADMIN] >= PERMISSIONS_BY_ROLE[Role.ORG_ADMIN]
        scope = _org("audit", org_id)
        assert isinstance(scope, Scope)
        assert (scope.account_id, scope.msp_id, scope.org_id, scope.is_msp_admin) == (ANN, "m1", org_id, True)
        assert (scope.permissions, scope.department_ids) == (PERMISSIONS_BY_ROLE[Role.MSP_ADMIN], None)
    assert _org("no permission of anybody's", "o1") == Forbidden
    # Of other MSPs, and of none.
    assert {_org(name, org_id) for org_id in ("o0", "o3", "o9") for name in Permission} == {NotFound}


def test_an_admin_of_several_msps_has_the_clients_of_all(account: Account) -> None:
    account.is_msp_admin("m1", "m2")
    found = {org_id: _org("settings", org_id) for org_id in MSPS}
    told = {org_id: scope.msp_id for org_id, scope in found.items() if isinstance(scope, Scope)}
    assert told == {"o1": "m1", "o2": "m1", "o3": "m2"}
    assert found["o0"] == NotFound


def test_an_msp_admin_who_is_an_admin_of_anothers_client_has_only_that_role_there(account: Account) -> None:
    account.is_msp_admin("m1")
    account.has("department_admin", "o3", department_ids=["d"])
    assert _may("o3") == PERMISSIONS_BY_ROLE[Role.DEPARTMENT_ADMIN]
    scope = _org("members", "o3", ["d"])
    assert isinstance(scope, Scope)
    assert (scope.msp_id, scope.is_msp_admin, scope.department_ids) == ("m2", False, {"d"})
    # And a smaller role in a client of one's own MSP takes nothing away.
    account.has("custom", "o1", permissions=["audit"])
    assert _may("o1") == PERMISSIONS_BY_ROLE[Role.MSP_ADMIN]


# ------------------------------------------------------------ organizations


@pytest.mark.parametrize("role", [Role.ORG_ADMIN, Role.DEPARTMENT_ADMIN])
def test_a_role_opens_its_permissions_in_its_organization(account: Account, role: Role) -> None:
    account.has(role, department_ids=["d"] if role == Role.DEPARTMENT_ADMIN else None)
    assert _may() == PERMISSIONS_BY_ROLE[role]
    assert {_org(name) for name in Permission if name not in PERMISSIONS_BY_ROLE[role]} == {Forbidden}
    assert {_org(name, other) for other in ("o0", "o1", "o3", "o9") for name in Permission} == {NotFound}
    scope = _org("members", path=["d"])
    assert isinstance(scope, Scope)
    assert (scope.account_id, scope.msp_id, scope.org_id, scope.is_msp_admin) == (ANN, "m1", "o2", False)
    assert scope.permissions == PERMISSIONS_BY_ROLE[role]


def test_a_member_without_a_role_may_do_nothing_there_and_finds_nothing_elsewhere(account: Account) -> None:
    account.is_member()
    assert {_org(name) for name in Permission} == {Forbidden}
    assert {_org(name, "o1") for name in Permission} == {NotFound}


def test_a_role_counts_beside_a_membership(account: Account) -> None:
    account.is_member()
    account.has("org_admin")
    account.is_member()
    assert _may() == PERMISSIONS_BY_ROLE[Role.ORG_ADMIN]


def test_departments_limit_a_role_to_what_lies_in_or_below_them(account: Account) -> None:
    account.has("department_admin", department_ids=["d", "e"])
    for path in (["d"], ["e"], ["x", "d"], ["e", "d", "x"]):
        scope = _org("members", path=path)
        assert isinstance(scope, Scope)
        assert scope.department_ids == {"d", "e"}
    for other in (["x"], [], None):
        assert _org("members", path=other) == Forbidden
    whole = access.org_or_departments(ANN, "o2", "members")
    assert whole.department_ids == {"d", "e"}


def test_a_role_without_departments_reaches_all(account: Account) -> None:
    account.has("custom", permissions=["members"], department_ids=[])
    for path in (["x"], [], None):
        scope = _org("members", path=path)
        assert isinstance(scope, Scope)
        assert scope.department_ids is None


# ------------------------------------------------------------ custom roles


def test_a_custom_role_may_what_was_chosen_and_what_that_includes(account: Account) -> None:
    account.has("custom", permissions=["members", "audit"])
    assert _may() == {"members", "members_read", "audit"}
    scope = _org("audit")
    assert isinstance(scope, Scope)
    assert scope.permissions == {"members", "members_read", "audit"}


def test_a_custom_role_over_departments_has_nothing_that_concerns_all(account: Account) -> None:
    """Such a role is refused when it is made. One that was changed since must not open more either."""
    account.has("custom", permissions=[str(name) for name in TABLE], department_ids=["d"])
    limited = PERMISSIONS_BY_ROLE[Role.DEPARTMENT_ADMIN]
    assert _may() == limited
    scope = _org("members", path=["d"])
    assert isinstance(scope, Scope)
    assert scope.permissions == limited


def test_a_role_that_is_kept_under_a_name_is_as_it_is_now(account: Account) -> None:
    """What was copied into the entry once does not count, nor does a role of that id elsewhere."""
    account.has("custom", permissions=["settings"], role_id="r1")
    assert _may() == {"training", "training_read"}
    assert access.chosen_permissions(account.entries[0]) == ["training"]


def test_a_role_that_is_gone_or_empty_opens_nothing(account: Account) -> None:
    account.has("custom", permissions=["settings"], role_id="gone")
    assert (_may(), access.chosen_permissions(account.entries[0])) == (set(), [])
    account.entries.clear()
    account.has("custom")
    assert (_may(), access.chosen_permissions(account.entries[0])) == (set(), [])


def test_entries_are_those_of_the_account(account: Account) -> None:
    account.is_member()
    assert (access.entries(ANN), access.entries("bob")) == (account.entries, [])

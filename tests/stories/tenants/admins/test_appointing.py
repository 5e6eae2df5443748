"""Appointing and removing, rule by rule: who gets which role, what is told of it, and what happens meanwhile."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.core.errors import ConditionFailed, Conflict, Forbidden, Invalid, MusterError, NotFound
from chalicelib.core.ids import new_id
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import CustomRole
from chalicelib.tenants.access.permissions import PERMISSIONS_BY_ROLE
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission, Role
from chalicelib.tenants.admins import service, store
from chalicelib.web.sessions import store as sessions_store
from chalicelib.web.sessions.models import BrowserSession, session_sk, sessions_pk
from tests.harness import World
from tests.stories.tenants.admins.office import ANN, Office


@pytest.fixture
def office(world: World, monkeypatch: pytest.MonkeyPatch) -> Office:
    one = Office(world)
    monkeypatch.setattr(service, "identity", lambda: SimpleNamespace(account_for=one.account_for))
    return one


# ------------------------------------------------------------ appointing


def test_an_appointment_gives_the_role_to_the_account_and_tells_of_it(office: Office) -> None:
    department = office.world.department(office.org_id)
    made = office.appoints("custom", "Ann@Example.com", permissions=["members", "results"], department_ids=[department])
    assert made.model_dump() == {
        "account_id": "ann", "email": ANN, "role": "custom", "department_ids": [department], "role_id": None,
        "permissions": ["members", "results"], "appointed_at": "2027-01-04T10:00:00Z",
    }  # fmt: skip
    limits = {"department_ids": [department], "permissions": ["members", "results"]}
    given = {"role": "custom", "msp_id": office.msp_id, "org_id": office.org_id, "role_id": None}
    assert office.entry() == {**given, **limits}
    assert [(address.lower(), name) for address, name in office.asked_for] == [(ANN, "Acme")]
    (told,) = office.told()
    assert (told.actor, told.action, told.target, told.before) == ("boss", "admin.appointed", "admin/ann", None)
    assert all(one in str(told.after) for one in ("custom", department, "members", "results"))
    assert "@" not in str(told.after)
    (mail,) = office.mails()
    assert (mail["kind"], mail["queue"]) == ("admin_appointed", office.org.tenant_pk)
    assert all(one in mail["about"] for one in (office.msp_id, office.org_id, '"ann"'))
    assert office.world.messages("mail") != []
    assert (office.num_admins(office.org), office.num_admins(office.msp)) == (1, 0)


def test_an_admin_of_an_msp_is_one_of_no_organization(office: Office) -> None:
    made = office.appoints_at_msp()
    assert (made.account_id, made.role, made.department_ids, made.permissions) == ("ann", "msp_admin", [], [])
    given = {"role": "msp_admin", "msp_id": office.msp_id, "org_id": None, "role_id": None}
    assert office.entry() == {**given, "department_ids": [], "permissions": []}
    assert office.asked_for == [(ANN, "Northwind")]
    assert [one.action for one in office.told(office.msp)] == ["admin.appointed"]
    assert [mail["queue"] for mail in office.mails()] == [office.msp.tenant_pk]
    assert (office.num_admins(office.msp), office.num_admins(office.org)) == (1, 0)
    assert office.told() == []


@pytest.mark.parametrize(
    ("form", "own", "beyond"),
    [
        ({"role": "org_admin"}, {"org_admins"}, True),
        ({"role": "org_admin"}, PERMISSIONS_BY_ROLE[Role.ORG_ADMIN], False),
        ({"role": "org_admin"}, PERMISSIONS_BY_ROLE[Role.ORG_ADMIN] - {"audit"}, True),
        ({"role": "custom", "permissions": ["audit"]}, {"audit"}, False),
        ({"role": "custom", "permissions": ["audit"]}, {"members"}, True),
        # Who may change people may read them.
        ({"role": "custom", "permissions": ["members"]}, {"members"}, True),
        ({"role": "custom", "permissions": ["members"]}, {"members", "members_read"}, False),
        ({"role": "custom", "role_id": "auditors"}, {"training", "training_read"}, False),
        ({"role": "custom", "role_id": "auditors"}, {"audit", "members"}, True),
    ],
)
def test_nobody_gives_what_they_do_not_have(office: Office, form: dict[str, Any], own: Any, beyond: bool) -> None:
    office.role("training")
    office.org = Scope("boss", office.msp_id, office.org_id, permissions=frozenset(map(Permission, own)))
    if not beyond:
        assert office.appoints(**form).account_id == "ann"
        return
    with pytest.raises(Forbidden) as refused:
        office.appoints(**form)
    assert (refused.value.code, office.asked_for, office.num_holders()) == ("beyond_own", [], 0)


@pytest.mark.parametrize(
    ("form", "field"),
    [({"permissions": ["audit", "members", "settings"]}, "permissions"), ({"role_id": "auditors"}, "role_id")],
)
def test_departments_cannot_have_what_concerns_all(office: Office, form: dict[str, Any], field: str) -> None:
    office.role("audit", "members", "settings")
    departments = [office.world.department(office.org_id)]
    with pytest.raises(Invalid) as refused:
        office.appoints("custom", department_ids=departments, **form)
    (error,) = refused.value.errors
    assert (error.field, error.code, office.asked_for) == (field, "not_for_departments", [])
    assert "audit, settings" in error.message
    # For all of the organization it may be.
    assert office.appoints("custom", **form).account_id == "ann"


def test_departments_and_roles_are_of_this_organization(office: Office) -> None:
    elsewhere = Office(office.world)
    with pytest.raises(Invalid):
        office.appoints("department_admin", department_ids=[office.world.department(elsewhere.org_id)])
    with pytest.raises(NotFound):
        office.appoints("custom", role_id=elsewhere.role("audit"))
    assert office.asked_for == []


def test_nobody_is_appointed_at_a_client_that_was_closed(office: Office) -> None:
    office.org_id = office.world.org(office.msp_id, "Closed", courses=[], closed_at="2027-01-01T00:00:00Z")
    office.org = Scope("boss", office.msp_id, office.org_id, permissions=PERMISSIONS_BY_ROLE[Role.ORG_ADMIN])
    with pytest.raises(Conflict) as refused:
        office.appoints()
    assert (refused.value.code, office.asked_for) == ("client_closed", [])


def test_a_role_under_a_name_is_given_as_it_is_and_counted(office: Office) -> None:
    role_id = office.role("audit")
    assert office.appoints("custom", role_id=role_id).role_id == role_id
    assert (office.entry()["role_id"], office.entry()["permissions"], office.num_holders()) == (role_id, [], 1)
    assert role_id in str(office.told()[0].after)
    office.appoints("custom", "bob@example.com", role_id=role_id)
    office.dismisses("ann")
    assert (office.num_holders(), access_store.entries_of("ann")) == (1, [])
    assert role_id in str(office.told()[-1].before)


def test_the_same_request_appoints_once_and_another_is_refused(office: Office) -> None:
    for appoints in (office.appoints, office.appoints_at_msp):
        seed = new_id(office.world.now)
        made = appoints(email=ANN, seed=seed)
        assert appoints(email=ANN, seed=seed) == made
        # A request of before as well as one of afterwards.
        for days in (-1, 1):
            with pytest.raises(Conflict) as refused:
                appoints(email=ANN, seed=new_id(office.world.now + timedelta(days=days)))
            assert refused.value.code == "already_admin"
    assert (office.num_admins(office.org), office.num_admins(office.msp), len(office.mails())) == (1, 1, 2)
    assert (len(office.told()), len(office.told(office.msp))) == (1, 1)


def test_what_changed_while_somebody_is_appointed_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    role_id, read = office.role("audit"), access_store.custom_role

    def read_and_change(org_id: str, role_id: str) -> CustomRole | None:
        role = read(org_id, role_id)
        assert role is not None
        table.transact([store.change_role_write(role, {"permissions": ["members"]})])
        return role

    monkeypatch.setattr(access_store, "custom_role", read_and_change)
    with pytest.raises(ConditionFailed) as refused:
        office.appoints("custom", role_id=role_id)
    assert (refused.value.code, access_store.entries_of("ann"), office.mails()) == ("changed_meanwhile", [], [])


# ------------------------------------------------------------ removing


def _log_in(account_id: str) -> None:
    key = sessions_pk(account_id), session_sk("s")
    sessions_store.create(BrowserSession(*key, account_id=account_id, created=1, seen=1, ttl=9))


def test_who_is_removed_loses_the_role_and_what_is_open_on_their_screens(office: Office) -> None:
    for email in (ANN, "bob@example.com"):
        office.appoints(email=email)
        _log_in(email.partition("@")[0])
    office.dismisses()
    assert (access_store.entries_of("ann"), store.admin(office.org.tenant_pk, "ann")) == ([], None)
    assert (len(access_store.entries_of("bob")), office.num_admins(office.org)) == (1, 1)
    assert (sessions_store.find("ann", "s"), sessions_store.find("bob", "s") is None) == (None, False)
    told = office.told()[-1]
    assert (told.actor, told.action, told.target) == ("boss", "admin.removed", "admin/ann")
    assert (told.after, "org_admin" in str(told.before), "@" in str(told.before)) == (None, True, False)


def test_an_organization_needs_no_admin_and_an_msp_needs_one(office: Office) -> None:
    office.appoints()
    office.dismisses()
    office.appoints_at_msp()
    with pytest.raises(Conflict) as refused:
        office.dismisses(scope=office.msp)
    assert (refused.value.code, len(access_store.entries_of("ann"))) == ("last_admin", 1)
    office.appoints_at_msp("bob@example.com")
    office.dismisses(scope=office.msp)
    assert [office.num_admins(scope) for scope in (office.org, office.msp)] == [0, 1]


def test_a_role_in_one_tenant_is_none_in_another(office: Office) -> None:
    office.appoints()
    for scope in (office.msp, Office(office.world).org):
        with pytest.raises(NotFound):
            office.dismisses(scope=scope)
    assert len(access_store.entries_of("ann")) == 1


@pytest.mark.parametrize(("comes_back", "error"), [(False, NotFound), (True, ConditionFailed)])
def test_who_was_removed_meanwhile_is_not_found_and_who_came_back_stays(
    office: Office, monkeypatch: pytest.MonkeyPatch, comes_back: bool, error: type[MusterError]
) -> None:
    office.appoints()
    office.appoints(email="bob@example.com")
    read = store.admin

    def read_and_remove(tenant_pk: str, account_id: str) -> Any:
        admin = read(tenant_pk, account_id)
        monkeypatch.setattr(store, "admin", read)
        office.dismisses()
        if comes_back:
            office.appoints()
        return admin

    monkeypatch.setattr(store, "admin", read_and_remove)
    with pytest.raises(MusterError) as refused:
        office.dismisses()
    assert type(refused.value) is error
    assert office.num_admins(office.org) == (2 if comes_back else 1)
    assert len(access_store.entries_of("ann")) == (1 if comes_back else 0)


# ------------------------------------------------------------ the first of an MSP


def test_the_first_admin_makes_the_msp_and_is_told_in_its_trail(office: Office) -> None:
    made = service.first_admin("Southwind", ANN, office.world.now)
    assert (made.account_id, office.asked_for) == ("ann", [(ANN, "Southwind")])
    there = Scope("ann", made.msp_id)
    assert office.entry()["role"] == "msp_admin"
    assert (office.entry()["msp_id"], office.num_admins(there)) == (made.msp_id, 1)
    (told,) = office.told(there)
    assert (told.actor, told.action, told.target) == ("command", "admin.appointed", "admin/ann")
    assert service.first_admin("Southwind", ANN, office.world.now) == made
    # A smaller role there is not that of its first admin, nor is an MSP of another name theirs.
    org = office.world.org(made.msp_id, courses=[])
    office.org = Scope("boss", made.msp_id, org, permissions=PERMISSIONS_BY_ROLE[Role.ORG_ADMIN])
    office.appoints(email="bob@example.com")
    office.appoints("custom", "eve@example.com", permissions=["audit"])
    ids = {service.first_admin("Southwind", f"{one}@example.com", office.world.now).msp_id for one in ("bob", "eve")}
    ids |= {service.first_admin(name, ANN, office.world.now).msp_id for name in ("Eastwind", "Westwind")}
    assert len(ids | {made.msp_id}) == 5


def test_an_organization_says_whether_it_has_admins_of_its_own(office: Office) -> None:
    office.appoints_at_msp()
    assert service.any_of(office.org_id) is None
    office.appoints()
    assert service.any_of(office.org_id) == "admins"

"""F1: custom roles, kept under a name, over an organization or over departments."""

from typing import Any

import pytest

from tests.gateway import Answer
from tests.harness import World

NOBODY = "00000000-0000-0000-0000-00000000000a"


@pytest.fixture
def org(world: World) -> str:
    return world.org(world.msp(), "Acme")


@pytest.fixture
def admin(world: World, org: str) -> str:
    return world.org_admin(org)


def _role(world: World, org: str, admin: str, *permissions: str, name: str = "Auditor") -> str:
    made = world.post(f"/orgs/{org}/roles", admin, {"name": name, "permissions": list(permissions)})
    assert made.status == 201, made.text
    return str(made.json["role_id"])


def _appoint(world: World, org: str, admin: str, **form: Any) -> Answer:
    return world.post(f"/orgs/{org}/admins", admin, {"email": "ann@example.com", "role": "custom", **form})


def test_a_role_gives_what_it_says_from_the_next_request_on(world: World, org: str, admin: str) -> None:
    role_id = _role(world, org, admin, "audit")
    holder = _appoint(world, org, admin, role_id=role_id).json["account_id"]
    assert world.get(f"/orgs/{org}/audit", holder).status == 200
    assert world.get(f"/orgs/{org}/members", holder).status == 403
    changed = world.patch(f"/orgs/{org}/roles/{role_id}", admin, {"permissions": ["members"]})
    assert (changed.status, changed.json["permissions"], changed.json["num_admins"]) == (200, ["members"], 1)
    assert world.get(f"/orgs/{org}/audit", holder).status == 403
    # Who may change people may read them.
    assert world.get(f"/orgs/{org}/members", holder).status == 200
    (mine,) = world.get("/me", holder).json["roles"]
    assert mine["permissions"] == ["members"]


def test_roles_are_listed_renamed_and_deleted_once_nobody_holds_them(world: World, org: str, admin: str) -> None:
    role_id = _role(world, org, admin, "audit")
    assert world.post(f"/orgs/{org}/roles", admin, {"name": "Auditor", "permissions": ["audit"]}).status == 409
    holder = _appoint(world, org, admin, role_id=role_id).json["account_id"]
    refused = world.delete(f"/orgs/{org}/roles/{role_id}", admin)
    assert (refused.status, refused.json["code"]) == (409, "in_use")
    assert world.patch(f"/orgs/{org}/roles/{role_id}", admin, {"name": "Reviewer"}).json["name"] == "Reviewer"
    # Its old name is free again.
    _role(world, org, admin, "members", name="Auditor")
    assert world.delete(f"/orgs/{org}/admins/{holder}", admin).status == 204
    assert world.get(f"/orgs/{org}/audit", holder).status == 404
    listed = world.get(f"/orgs/{org}/roles", admin).json["items"]
    assert {(role["name"], role["num_admins"]) for role in listed} == {("Reviewer", 0), ("Auditor", 0)}
    assert world.delete(f"/orgs/{org}/roles/{role_id}", admin).status == 204
    assert world.patch(f"/orgs/{org}/roles/{role_id}", admin, {"name": "Again"}).status == 404
    assert _appoint(world, org, admin, role_id=role_id).status == 404


def test_the_same_request_makes_one_role(world: World, org: str, admin: str) -> None:
    form = {"name": "Auditor", "permissions": ["audit"]}
    answers = [world.post(f"/orgs/{org}/roles", admin, form, headers={"Idempotency-Key": "1"}) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert len(world.get(f"/orgs/{org}/roles", admin).json["items"]) == 1


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        ({"name": "Auditor", "permissions": []}, "permissions", "too_short"),
        ({"name": "Auditor", "permissions": ["org_admins"]}, "permissions", "not_choosable"),
        ({"name": "Auditor", "permissions": ["rollouts"]}, "permissions", "not_choosable"),
        ({"name": " ", "permissions": ["audit"]}, "name", "string_pattern_mismatch"),
    ],
)
def test_wrong_roles_are_refused(world: World, org: str, admin: str, form: Any, field: str, code: str) -> None:
    refused = world.post(f"/orgs/{org}/roles", admin, form)
    assert refused.status == 422
    assert refused.json["errors"][0]["field"] == field


def test_over_departments_a_role_has_nothing_that_concerns_the_whole_organization(
    world: World, org: str, admin: str
) -> None:
    department = world.department(org)
    role_id = _role(world, org, admin, "audit", "members_read")
    refused = _appoint(world, org, admin, role_id=role_id, department_ids=[department])
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "role_id")
    refused = _appoint(world, org, admin, permissions=["audit"], department_ids=[department])
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "not_for_departments")
    world.patch(f"/orgs/{org}/roles/{role_id}", admin, {"permissions": ["members_read"]})
    holder = _appoint(world, org, admin, role_id=role_id, department_ids=[department]).json["account_id"]
    world.patch(f"/orgs/{org}/roles/{role_id}", admin, {"permissions": ["members_read", "audit"]})
    assert world.get(f"/orgs/{org}/audit", holder).status == 403
    assert world.get(f"/orgs/{org}/members", holder).status == 200


def test_who_holds_a_role_gives_none(world: World, org: str, admin: str) -> None:
    holder = world.org_admin(org, role="custom", permissions=["audit", "members", "structure", "settings"])
    assert world.post(f"/orgs/{org}/roles", holder, {"name": "Mine", "permissions": ["audit"]}).status == 403
    assert _appoint(world, org, holder, permissions=["audit"]).status == 403


def test_a_role_that_changes_while_somebody_is_appointed_is_not_given(
    world: World, org: str, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.tenants.admins import roles

    role_id, read = _role(world, org, admin, "audit"), roles.role_of

    def read_and_change(*args: Any) -> Any:
        role = read(*args)
        monkeypatch.setattr(roles, "role_of", read)
        assert world.patch(f"/orgs/{org}/roles/{role_id}", admin, {"permissions": ["members"]}).status == 200
        return role

    monkeypatch.setattr(roles, "role_of", read_and_change)
    refused = _appoint(world, org, admin, role_id=role_id)
    assert (refused.status, refused.json["code"]) == (409, "changed_meanwhile")
    assert world.get(f"/orgs/{org}/roles", admin).json["items"][0]["num_admins"] == 0


def test_of_two_admins_who_change_a_role_at_once_one_reads_it_again(
    world: World, org: str, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.tenants.admins import roles

    role_id, original = _role(world, org, admin, "audit"), roles.audit.commit
    path = f"/orgs/{org}/roles/{role_id}"

    def other_first(change: Any) -> Any:
        def commit(*args: Any) -> Any:
            monkeypatch.setattr(roles.audit, "commit", original)
            assert change().status in (200, 201, 204)
            return original(*args)

        monkeypatch.setattr(roles.audit, "commit", commit)

    other_first(lambda: world.patch(path, admin, {"permissions": ["members"]}))
    refused = world.patch(path, admin, {"permissions": ["audit", "settings"]})
    assert (refused.status, refused.json["code"]) == (409, "changed_meanwhile")
    assert world.get(f"/orgs/{org}/roles", admin).json["items"][0]["permissions"] == ["members"]
    # Nor is one deleted that somebody is given at that moment.
    other_first(lambda: _appoint(world, org, admin, role_id=role_id))
    refused = world.delete(path, admin)
    assert (refused.status, refused.json["code"]) == (409, "in_use")
    # And nobody is given one that is deleted at that moment.
    other = _role(world, org, admin, "audit", name="Other")
    other_first(lambda: world.delete(f"/orgs/{org}/roles/{other}", admin))
    refused = _appoint(world, org, admin, role_id=other, email="bob@example.com")
    assert (refused.status, refused.json["code"]) == (409, "changed_meanwhile")
    assert len(world.get(f"/orgs/{org}/admins", admin).json["items"]) == 2

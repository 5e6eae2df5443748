"""F8: admins appoint and remove admins, as far as their own roles permit."""

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib.tenants.admins import service as admins
from tests.gateway import Answer
from tests.harness import World

NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def msp(world: World) -> str:
    return world.msp()


@pytest.fixture
def admin(world: World, msp: str) -> str:
    return world.msp_admin(msp)


@pytest.fixture
def org(world: World, msp: str) -> str:
    return world.org(msp, courses=[])


# MSP admins


def test_an_msp_admin_appoints_another_who_then_may_do_the_same(world: World, msp: str, admin: str) -> None:
    made = world.post("/msp/admins", admin, {"email": "Ann.Lee@Example.com"})
    assert made.status == 201
    assert made.json == {
        "account_id": made.json["account_id"],
        "email": "ann.lee@example.com",
        "role": "msp_admin",
        "department_ids": [],
        "permissions": [],
        "role_id": None,
        "appointed_at": "2027-01-04T10:00:00Z",
    }
    assert {item["account_id"] for item in world.every("/msp/admins", admin)} == {admin, made.json["account_id"]}
    assert world.post("/msp/admins", made.json["account_id"], {"email": "bob@example.com"}).status == 201


def test_who_has_no_account_gets_one_with_a_verified_address(world: World, admin: str) -> None:
    made = world.post("/msp/admins", admin, {"email": "Ann.Lee@Example.com"}).json
    users = _users(world)
    assert len(users) == 1
    assert users[0]["sub"] == made["account_id"]
    assert (users[0]["email"], users[0]["email_verified"]) == ("ann.lee@example.com", "true")
    assert "@" not in users[0]["Username"]


def test_who_has_an_account_keeps_it_however_the_address_is_written(world: World, org: str, admin: str) -> None:
    first = world.post("/msp/admins", admin, {"email": "ann@example.com"}).json
    second = _appoint(world, org, admin, email="  ANN@EXAMPLE.COM ").json
    assert first["account_id"] == second["account_id"]
    assert len(_users(world)) == 1


def test_an_account_that_never_proved_its_address_is_not_given_the_role(world: World, admin: str) -> None:
    squatter = _register(world, "ann@example.com")
    made = world.post("/msp/admins", admin, {"email": "ann@example.com"})
    assert made.status == 201
    assert made.json["account_id"] != squatter
    assert world.get("/me", squatter).json["roles"] == []


def test_an_account_that_is_made_at_the_same_moment_is_found(world: World, admin: str) -> None:
    def refuse(**_: Any) -> Any:
        _register(world, "ann@example.com", verified="true")
        return AWSResponse("", 400, {}, None), {
            "Error": {"Code": "AliasExistsException", "Message": ""},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }

    with world.answering("cognito-idp", "AdminCreateUser", refuse):
        made = world.post("/msp/admins", admin, {"email": "ann@example.com"})
    assert made.status == 201
    assert [user["sub"] for user in _users(world)] == [made.json["account_id"]]


def test_who_is_an_admin_already_is_not_appointed_again(world: World, org: str, admin: str) -> None:
    world.post("/msp/admins", admin, {"email": "ann@example.com"})
    again = world.post("/msp/admins", admin, {"email": "Ann@example.com"})
    assert (again.status, again.json["code"]) == (409, "already_admin")
    _appoint(world, org, admin, role="org_admin")
    again = _appoint(world, org, admin, role="custom", permissions=["audit"])
    assert (again.status, again.json["code"]) == (409, "already_admin")
    assert [item["role"] for item in world.every(f"/orgs/{org}/admins", admin)] == ["org_admin"]


def test_a_removed_admin_is_out_at_once_and_can_be_appointed_again(world: World, msp: str, admin: str) -> None:
    made = world.post("/msp/admins", admin, {"email": "ann@example.com"}).json
    path = f"/msp/admins/{made['account_id']}"
    assert world.delete(path, admin).status == 204
    assert world.get("/msp/organizations", made["account_id"]).status == 403
    assert world.delete(path, admin).status == 404
    assert world.post("/msp/admins", admin, {"email": "ann@example.com"}).status == 201


def test_the_last_admin_of_an_msp_stays(world: World, msp: str, admin: str) -> None:
    before = world.dump("core")
    refused = world.delete(f"/msp/admins/{admin}", admin)
    assert (refused.status, refused.json["code"]) == (409, "last_admin")
    assert world.dump("core") == before
    second = world.post("/msp/admins", admin, {"email": "ann@example.com"}).json["account_id"]
    assert world.delete(f"/msp/admins/{admin}", second).status == 204
    assert world.delete(f"/msp/admins/{second}", second).json["code"] == "last_admin"


def test_removing_nobody_is_not_mistaken_for_removing_the_last(world: World, admin: str) -> None:
    assert world.delete(f"/msp/admins/{NOBODY}", admin).status == 404


def test_admins_come_in_pages_and_each_once(world: World, msp: str, org: str, admin: str) -> None:
    made = {admin, *(world.msp_admin(msp) for _ in range(4))}
    listed = [item["account_id"] for item in world.every("/msp/admins?limit=2", admin)]
    assert len(listed) == 5
    assert set(listed) == made
    org_admins = {world.org_admin(org) for _ in range(3)}
    assert {item["account_id"] for item in world.every(f"/orgs/{org}/admins?limit=2", admin)} == org_admins


def test_the_first_admin_comes_from_a_command_and_only_once(world: World) -> None:
    made = admins.first_admin("Northwind", "Ann@Example.com", world.now)
    assert admins.first_admin("Northwind", "ann@example.com", world.now) == made
    me = world.get("/me", made.account_id).json
    assert [(role["role"], role["msp_id"], role["name"]) for role in me["roles"]] == [
        ("msp_admin", made.msp_id, "Northwind")
    ]
    assert world.delete(f"/msp/admins/{made.account_id}", made.account_id).json["code"] == "last_admin"
    other = admins.first_admin("Southwind", "ann@example.com", world.now)
    assert (other.account_id, other.msp_id != made.msp_id) == (made.account_id, True)


# Admins of organizations


def test_every_role_of_an_organization_can_be_appointed(world: World, org: str, admin: str) -> None:
    department = world.department(org)
    for given in (
        {"role": "org_admin"},
        {"role": "department_admin", "department_ids": [department]},
        {"role": "custom", "permissions": ["audit", "structure"]},
        {"role": "custom", "permissions": ["members_read"], "department_ids": [department]},
    ):
        made = _appoint(world, org, admin, email=f"admin{len(_users(world))}@example.com", **given)
        assert made.status == 201
        role = world.get("/me", made.json["account_id"]).json["roles"][0]
        for answer in (made.json, role):
            assert answer["role"] == given["role"]
            assert answer["department_ids"] == given.get("department_ids", [])
            assert answer["permissions"] == given.get("permissions", [])


def test_an_organization_admin_appoints_and_removes_admins_and_no_msp_admins(world: World, org: str) -> None:
    admin = world.org_admin(org)
    made = _appoint(world, org, admin, role="org_admin").json
    assert world.get(f"/orgs/{org}", made["account_id"]).status == 200
    assert world.delete(f"/orgs/{org}/admins/{made['account_id']}", admin).status == 204
    assert world.get(f"/orgs/{org}", made["account_id"]).status == 404
    assert world.post("/msp/admins", admin, {"email": "ann@example.com"}).status == 403


def test_the_last_admin_of_an_organization_may_go(world: World, org: str) -> None:
    admin = world.org_admin(org)
    assert world.delete(f"/orgs/{org}/admins/{admin}", admin).status == 204


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"email": "nobody"}, "email", "invalid_email"),
        ({"email": 'a"b@example.com'}, "email", "invalid_email"),
        ({"role": "msp_admin"}, "role", "literal_error"),
        ({"role": "owner"}, "role", "literal_error"),
        ({"role": "department_admin"}, "department_ids", "required"),
        ({"role": "department_admin", "department_ids": [NOBODY]}, "department_ids.0", "unknown_department"),
        ({"role": "org_admin", "department_ids": [NOBODY]}, "department_ids", "not_of_this_role"),
        ({"role": "custom"}, "permissions", "required"),
        ({"role": "custom", "permissions": ["org_admins"]}, "permissions", "not_choosable"),
        ({"role": "custom", "permissions": ["clients"]}, "permissions", "not_choosable"),
        ({"role": "custom", "permissions": ["fly"]}, "permissions.0", "enum"),
        ({"role": "org_admin", "permissions": ["audit"]}, "permissions", "not_of_this_role"),
        ({"scope": "all"}, "scope", "unknown_field"),
    ],
)
def test_a_wrong_appointment_is_refused_and_makes_no_account(
    world: World, org: str, admin: str, change: dict[str, Any], field: str, code: str
) -> None:
    before = world.dump("core")
    refused = _appoint(world, org, admin, **{"role": "org_admin", **change})
    assert refused.status == 422
    assert (refused.json["errors"][0]["field"], refused.json["errors"][0]["code"]) == (field, code)
    assert world.dump("core") == before
    assert _users(world) == []


def test_a_department_of_another_organization_is_refused(world: World, msp: str, org: str, admin: str) -> None:
    foreign = world.department(world.org(msp))
    refused = _appoint(world, org, admin, role="department_admin", department_ids=[foreign])
    assert refused.json["errors"][0]["code"] == "unknown_department"


def test_only_those_who_may_appoint_do(world: World, msp: str, org: str, admin: str) -> None:
    department = world.department(org)
    for account in (
        world.org_admin(org, role="department_admin", department_ids=[department]),
        world.org_admin(org, role="custom", permissions=["settings", "structure", "members_read", "audit"]),
        world.learner(org)[0],
    ):
        assert world.get(f"/orgs/{org}/admins", account).status == 403
        assert _appoint(world, org, account, role="org_admin").status == 403
        assert world.delete(f"/orgs/{org}/admins/{account}", account).status == 403
    for stranger in (world.org_admin(world.org(msp)), world.msp_admin(world.msp("Other"))):
        assert world.get(f"/orgs/{org}/admins", stranger).status == 404
        assert _appoint(world, org, stranger, role="org_admin").status == 404
        assert world.delete(f"/msp/admins/{admin}", stranger).status in (403, 404)
    assert _users(world) == []


def _appoint(world: World, org: str, admin: str, email: str = "ann@example.com", **given: Any) -> Answer:
    return world.post(f"/orgs/{org}/admins", admin, {"role": "org_admin", "email": email, **given})


def _users(world: World) -> list[dict[str, str]]:
    cognito = world.client("cognito-idp")
    users = cognito.list_users(UserPoolId=world.stage.environment["USER_POOL_ID"])["Users"]
    return [{"Username": user["Username"], **{a["Name"]: a["Value"] for a in user["Attributes"]}} for user in users]


def _register(world: World, email: str, verified: str = "false") -> str:
    """Somebody registers with an address; gives the account."""
    user = world.client("cognito-idp").admin_create_user(
        UserPoolId=world.stage.environment["USER_POOL_ID"],
        Username=f"registered{len(_users(world))}",
        UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": verified}],
        MessageAction="SUPPRESS",
    )["User"]
    return next(str(a["Value"]) for a in user["Attributes"] if a["Name"] == "sub")

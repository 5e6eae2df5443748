"""F7: the audit trail records every change that an admin makes, and tampering shows."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.structure import service as structure
from chalicelib.tenants.structure.schemas import GroupCreate
from tests.harness import World


@pytest.fixture
def msp(world: World) -> str:
    return world.msp()


@pytest.fixture
def admin(world: World, msp: str) -> str:
    return world.msp_admin(msp)


@pytest.fixture
def org(world: World, msp: str) -> str:
    return world.org(msp, courses=[], ready=False)


def test_every_change_tells_who_what_when_before_and_after(world: World, org: str, admin: str) -> None:
    group = world.post(f"/orgs/{org}/groups", admin, {"name": "Finance"}).json["group_id"]
    world.patch(f"/orgs/{org}/groups/{group}", admin, {"name": "Accounting"})
    world.delete(f"/orgs/{org}/groups/{group}", admin)
    deleted, changed, created = world.every(f"/orgs/{org}/audit", admin)
    assert {**created, "hash": ""} == {
        "number": 1,
        "at": "2027-01-04T10:00:00Z",
        "actor": admin,
        "action": "group.created",
        "target": f"group/{group}",
        "before": None,
        "after": {"name": "Finance", "course_ids": []},
        "hash": "",
    }
    assert (changed["before"], changed["after"]) == ({"name": "Finance"}, {"name": "Accounting"})
    assert (deleted["action"], deleted["before"]["name"], deleted["after"]) == ("group.deleted", "Accounting", None)


def test_every_kind_of_change_to_an_organization_leaves_one_entry(world: World, msp: str, admin: str) -> None:
    made = world.post("/msp/organizations", admin, {"name": "Acme", "time_zone": "Europe/Berlin"}).json
    org = made["org_id"]
    path, course = f"/msp/organizations/{org}", world.course(msp)
    world.patch(path, admin, {"name": "Acme Industries", "subscription": "active"})
    world.put(f"{path}/training-access", admin, {"course_ids": [course], "reply_to": "a@acme.example"})
    world.patch(f"/orgs/{org}", admin, {"enroll_hour": "07:15"})
    world.delete(f"{path}/training-access", admin)
    top = world.post(f"/orgs/{org}/departments", admin, {"name": "Top"}).json["department_id"]
    low = world.post(f"/orgs/{org}/departments", admin, {"name": "Low", "parent_id": top}).json["department_id"]
    world.patch(f"/orgs/{org}/departments/{low}", admin, {"parent_id": None})
    world.delete(f"/orgs/{org}/departments/{top}", admin)
    place = world.post(f"/orgs/{org}/locations", admin, {"name": "Berlin"}).json["location_id"]
    world.patch(f"/orgs/{org}/locations/{place}", admin, {"name": "Bonn"})
    world.delete(f"/orgs/{org}/locations/{place}", admin)
    appointed = world.post(f"/orgs/{org}/admins", admin, {"email": "ann@example.com", "role": "org_admin"}).json
    world.delete(f"/orgs/{org}/admins/{appointed['account_id']}", admin)
    told = {entry["number"]: entry for entry in world.every(f"/orgs/{org}/audit?limit=4", admin)}
    assert [told[number]["action"] for number in sorted(told)] == [
        "organization.created",
        "organization.changed",
        "training_access.provisioned",
        "organization.changed",
        "training_access.withdrawn",
        "department.created",
        "department.created",
        "department.changed",
        "department.deleted",
        "location.created",
        "location.changed",
        "location.deleted",
        "admin.appointed",
        "admin.removed",
    ]
    assert told[2]["before"] == {"name": "Acme", "subscription": "none"}
    assert told[3]["after"] == {"seats_by_course": {course: 0}, "reply_to": "a@acme.example"}
    assert (told[8]["before"], told[8]["after"]) == ({"parent_id": top}, {"parent_id": None})
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == {"ok": True, "num_entries": 14, "first_broken": None}


def test_no_address_of_a_person_stays_in_the_trail(world: World, org: str, admin: str) -> None:
    made = world.post(f"/orgs/{org}/admins", admin, {"email": "ann@example.com", "role": "org_admin"}).json
    world.delete(f"/orgs/{org}/admins/{made['account_id']}", admin)
    assert "ann@example.com" not in world.get(f"/orgs/{org}/audit", admin).text


def test_what_was_refused_leaves_no_entry(world: World, org: str, admin: str) -> None:
    world.group(org, "Finance")
    world.post(f"/orgs/{org}/groups", admin, {"name": "Finance"})
    world.post(f"/orgs/{org}/groups", admin, {"name": ""})
    world.patch(f"/orgs/{org}", admin, {"invitation_days": 0})
    assert world.every(f"/orgs/{org}/audit", admin) == []


def test_an_empty_trail_is_in_order(world: World, org: str, admin: str) -> None:
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == {"ok": True, "num_entries": 0, "first_broken": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actor", "somebody else"),
        ("at", "2020-01-01T00:00:00Z"),
        ("action", "group.deleted"),
        ("target", "group/another"),
        ("after", '{"name": "Another"}'),
        ("before", "{}"),
        ("previous_hash", "0" * 64),
        ("hash", "f" * 64),
    ],
)
def test_a_changed_entry_shows(world: World, org: str, admin: str, field: str, value: str) -> None:
    _make_entries(world, org, admin, 5)
    world.client("dynamodb").update_item(
        TableName=world.stage.table_names["core"],
        Key=_key(org, 3),
        UpdateExpression="SET #field = :value",
        ExpressionAttributeNames={"#field": field},
        ExpressionAttributeValues={":value": {"S": value}},
    )
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == {"ok": False, "num_entries": 5, "first_broken": 3}


def test_an_entry_that_was_taken_out_shows(world: World, org: str, admin: str) -> None:
    _make_entries(world, org, admin, 5)
    world.client("dynamodb").delete_item(TableName=world.stage.table_names["core"], Key=_key(org, 2))
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == {"ok": False, "num_entries": 4, "first_broken": 2}


def test_an_entry_that_was_rewritten_with_its_hash_shows_at_the_next(world: World, org: str, admin: str) -> None:
    from chalicelib.aws import loading, table
    from chalicelib.tenants.audit import log as audit
    from chalicelib.tenants.audit.models import AuditRecord

    _make_entries(world, org, admin, 3)
    entry = table.get(AuditRecord, f"ORG#{org}#AUDIT", audit.number_key(2))
    assert entry is not None
    entry.actor = "somebody else"
    entry.hash = audit.hash_of(entry)
    loading.put_all([entry])
    assert world.get(f"/orgs/{org}/audit/verify", admin).json["first_broken"] == 3


def test_admins_who_work_at_the_same_moment_share_one_unbroken_chain(
    world: World, msp: str, org: str, admin: str
) -> None:
    scope = Scope(admin, msp, org)
    seeds = [f"01MBG28E8000000000000000{number:02}" for number in range(12)]

    def create(number: int) -> None:
        structure.create_group(scope, GroupCreate(name=f"Group {number}"), seeds[number], world.now)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(create, range(12)))
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == {"ok": True, "num_entries": 12, "first_broken": None}
    assert len(world.every(f"/orgs/{org}/groups", admin)) == 12


def test_the_trail_is_read_by_those_who_may(world: World, msp: str, org: str, admin: str) -> None:
    _make_entries(world, org, admin, 1)
    reader = world.org_admin(org, role="custom", permissions=["audit"])
    assert len(world.every(f"/orgs/{org}/audit", reader)) == 1
    for account in (
        world.org_admin(org, role="custom", permissions=["settings"]),
        world.org_admin(org, role="department_admin", department_ids=[world.department(org)]),
        world.learner(org)[0],
    ):
        assert world.get(f"/orgs/{org}/audit", account).status == 403
        assert world.get(f"/orgs/{org}/audit/verify", account).status == 403
    stranger = world.org_admin(world.org(msp))
    assert world.get(f"/orgs/{org}/audit", stranger).status == 404
    assert world.get(f"/orgs/{org}/audit/verify", stranger).status == 404


def _make_entries(world: World, org: str, admin: str, count: int) -> None:
    for number in range(count):
        assert world.post(f"/orgs/{org}/groups", admin, {"name": f"Group {number}"}).status == 201


def _key(org: str, number: int) -> dict[str, Any]:
    return {"pk": {"S": f"ORG#{org}#AUDIT"}, "sk": {"S": f"{number:012d}"}}

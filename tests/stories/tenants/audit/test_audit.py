"""F7: the audit trail records every change that an admin makes, and tampering shows."""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log, store
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.audit.messages import AnchorAudit
from chalicelib.tenants.audit.models import AuditRecord
from chalicelib.tenants.structure import service as structure
from chalicelib.tenants.structure.schemas import GroupCreate
from tests.harness import World
from tests.stories.driver import Driver


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
        "chain": 0,
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
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == _whole(14)


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
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == _whole(0)


class Tamperer:
    """Somebody with write access to the tables, and five entries to tamper with."""

    def __init__(self, world: World, org: str, admin: str) -> None:
        self.world, self.org, self.admin = world, org, admin
        self.table = world.stage.table_names["core"]
        _make_entries(world, org, admin, 5)

    def items(self) -> list[dict[str, Any]]:
        """As they are stored, the oldest first."""
        answer = self.world.client("dynamodb").query(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"ORG#{self.org}#AUDIT"}},
        )
        return list(answer["Items"])

    def entry(self, number: int) -> dict[str, Any]:
        return next(item for item in self.items() if item["sk"]["S"].endswith(f"#00#{number:012d}"))

    def head(self) -> dict[str, Any]:
        return next(item for item in self.items() if item["sk"]["S"].startswith("~"))

    def put(self, item: dict[str, Any]) -> None:
        self.world.client("dynamodb").put_item(TableName=self.table, Item=item)

    def remove(self, item: dict[str, Any]) -> None:
        self.world.client("dynamodb").delete_item(TableName=self.table, Key={"pk": item["pk"], "sk": item["sk"]})

    def rehash(self, item: dict[str, Any]) -> dict[str, Any]:
        """With a hash that is right for what it says now."""
        record = AuditRecord.from_raw_data(item)
        return {**item, "hash": {"S": audit.hash_of(record)}}

    def change(self, number: int, **fields: str) -> None:
        self.put({**self.entry(number), **{name: {"S": value} for name, value in fields.items()}})

    def rechain(self, start: int) -> None:
        """Every entry from this one on, and the head, as if they had been written so."""
        previous = self.entry(start - 1)["hash"]["S"] if start > 1 else audit.FIRST_HASH
        for number in range(start, 6):
            item = self.rehash({**self.entry(number), "previous_hash": {"S": previous}})
            self.put(item)
            previous = item["hash"]["S"]
        self.put({**self.head(), "hash": {"S": previous}})

    def breaks(self) -> list[tuple[str, int]]:
        """What is found, and where."""
        answer = self.world.get(f"/orgs/{self.org}/audit/verify", self.admin).json
        assert answer["ok"] is (answer["broken"] == [])
        assert answer["first_broken"] == (answer["broken"][0]["number"] if answer["broken"] else None)
        return [(one["problem"], one["number"]) for one in answer["broken"]]


def _swap(tamperer: Tamperer, one: int, other: int) -> None:
    """Two entries change places."""
    first, second = tamperer.entry(one), tamperer.entry(other)
    tamperer.put({**first, "pk": second["pk"], "sk": second["sk"]})
    tamperer.put({**second, "pk": first["pk"], "sk": first["sk"]})


def _move_in_time(tamperer: Tamperer) -> None:
    item = tamperer.entry(3)
    tamperer.remove(item)
    tamperer.put({**item, "sk": {"S": f"2027-01-03T10:00:00Z#00#{3:012d}"}})


def _cut_off(tamperer: Tamperer) -> None:
    for number in (4, 5):
        tamperer.remove(tamperer.entry(number))


def _cut_off_with_head(tamperer: Tamperer) -> None:
    _cut_off(tamperer)
    last = tamperer.entry(3)
    tamperer.put({**tamperer.head(), "hash": last["hash"], "number": {"N": "3"}})


def _replace(tamperer: Tamperer) -> None:
    tamperer.put(tamperer.rehash({**tamperer.entry(3), "actor": {"S": "somebody else"}}))


def _remove_first(tamperer: Tamperer) -> None:
    tamperer.remove(tamperer.entry(1))


def _rewrite_all(tamperer: Tamperer) -> None:
    tamperer.change(3, actor="somebody else")
    tamperer.rechain(3)


WAYS: dict[str, tuple[Callable[[Tamperer], object], tuple[str, int]]] = {
    "another actor": (lambda it: it.change(3, actor="somebody else"), ("changed", 3)),
    "another action": (lambda it: it.change(3, action="group.deleted"), ("changed", 3)),
    "another target": (lambda it: it.change(3, target="group/another"), ("changed", 3)),
    "another time": (lambda it: it.change(3, at="2020-01-01T00:00:00Z"), ("changed", 3)),
    "other values after": (lambda it: it.change(3, after='{"name": "Another"}'), ("changed", 3)),
    "values before": (lambda it: it.change(3, before="{}"), ("changed", 3)),
    "another hash before it": (lambda it: it.change(3, previous_hash="0" * 64), ("changed", 3)),
    "another hash": (lambda it: it.change(3, hash="f" * 64), ("changed", 3)),
    "rewritten with its hash": (_replace, ("changed", 4)),
    "taken out": (lambda it: it.remove(it.entry(3)), ("missing", 3)),
    "the first taken out": (_remove_first, ("missing", 1)),
    "two swapped": (lambda it: _swap(it, 2, 4), ("changed", 2)),
    "moved in time": (_move_in_time, ("missing", 1)),
    "cut off": (_cut_off, ("cut_off", 4)),
    "the head taken away": (lambda it: it.remove(it.head()), ("head", 5)),
    "a head of a chain that never was": (
        lambda it: it.put({**it.head(), "sk": {"S": "~HEAD#07"}, "number": {"N": "0"}}),
        ("head", 0),
    ),
    "another head": (lambda it: it.put({**it.head(), "hash": {"S": "f" * 64}}), ("head", 5)),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_tampering_is_named_with_its_place(world: World, org: str, admin: str, way: str) -> None:
    tamperer = Tamperer(world, org, admin)
    assert tamperer.breaks() == []
    tamper, place = WAYS[way]
    tamper(tamperer)
    assert tamperer.breaks()[0] == place


def test_admins_who_work_at_the_same_moment_share_one_unbroken_chain(
    world: World, msp: str, org: str, admin: str
) -> None:
    scope = Scope(admin, msp, org)
    seeds = [f"01MBG28E8000000000000000{number:02}" for number in range(12)]

    def create(number: int) -> None:
        structure.create_group(scope, GroupCreate(name=f"Group {number}"), seeds[number], world.now)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(create, range(12)))
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == _whole(12)
    assert len(world.every(f"/orgs/{org}/groups", admin)) == 12
    assert sorted(world.every(f"/orgs/{org}/audit?limit=5", admin), key=lambda one: (one["chain"], one["number"]))


def _anchor(world: World, driver: Driver) -> None:
    """The next day, at the minute of the hour at which the sweep looks."""
    world.now += timedelta(days=1)
    world.now = world.now.replace(minute=7)
    driver.sweep()
    driver.work()


@pytest.mark.parametrize(("tamper", "place"), [(_rewrite_all, ("rewritten", 5)), (_cut_off_with_head, ("cut_off", 4))])
def test_what_fits_together_again_is_told_by_the_anchor(
    world: World, driver: Driver, tamper: Callable[[Tamperer], object], place: tuple[str, int]
) -> None:
    org = world.org(driver.msp, courses=[], ready=False)
    tamperer = Tamperer(world, org, driver.admin)
    _anchor(world, driver)
    answer = world.get(f"/orgs/{org}/audit/verify", driver.admin).json
    assert (answer["ok"], answer["anchored_at"]) == (True, "2027-01-05T10:07:00Z")
    tamper(tamperer)
    assert tamperer.breaks()[0] == place
    # Whoever may write to the bucket can put another file there, but not in place of the first.
    s3, bucket = world.client("s3"), world.stage.environment["ANCHORS_BUCKET"]
    (entry,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    s3.put_object(Bucket=bucket, Key=entry["Key"], Body=b'{"tenant": "", "at": "", "heads": {}}')
    s3.delete_object(Bucket=bucket, Key=entry["Key"])
    assert tamperer.breaks()[0] == place


def test_a_day_is_anchored_once_and_only_when_it_had_entries(world: World, driver: Driver) -> None:
    org = world.org(driver.msp, courses=[], ready=False)
    _make_entries(world, org, driver.admin, 2)
    _anchor(world, driver)
    s3, bucket = world.client("s3"), world.stage.environment["ANCHORS_BUCKET"]
    before = s3.list_object_versions(Bucket=bucket)["Versions"]
    job = AnchorAudit(tenant_pk=f"ORG#{org}", day="2027-01-04")
    driver.deliver([job.model_dump()])
    _anchor(world, driver)
    after = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [one["VersionId"] for one in after] == [one["VersionId"] for one in before]
    assert [item for item in world.dump("outbox") if item["pk"].startswith("ANCHOR#")] == []


def test_whoever_finds_the_number_taken_each_time_goes_to_another_chain(
    world: World, msp: str, org: str, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand entries, each of which meets another one at its first try: nobody fails, nobody tries a third time."""
    tenant, tries, taken = f"ORG#{org}", [], itertools.count()
    append = store.append

    def contended(record: AuditRecord, head: Any, writes: Any) -> None:
        tries.append(record.chain)
        if len(tries) % 2:
            # Somebody else's entry comes first.
            other = AuditEntry("other", "group.created", f"group/{next(taken)}")
            rival, rival_head = log._next_record(tenant, record.chain, other, world.now)
            append(rival, rival_head, [])
        append(record, head, writes)

    monkeypatch.setattr(store, "append", contended)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    for number in range(40):
        audit.commit(tenant, AuditEntry(admin, "group.created", f"group/mine-{number}"), [], world.now)
    assert len(tries) == 80
    assert len(set(tries)) > 1
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == _whole(80)


def test_entries_of_the_time_before_chains_had_heads_are_the_beginning(world: World, org: str, admin: str) -> None:
    from chalicelib.aws import loading

    previous = audit.FIRST_HASH
    for number in (1, 2):
        record = AuditRecord(
            f"ORG#{org}#AUDIT", f"{number:012d}", at="2026-12-01T10:00:00Z", actor=admin, action="group.created",
            target=f"group/{number}", previous_hash=previous,
        )  # fmt: skip
        record.hash = previous = audit.hash_of(record)
        loading.put_all([record])
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == _whole(2)
    _make_entries(world, org, admin, 2)
    assert world.get(f"/orgs/{org}/audit/verify", admin).json == _whole(4)
    assert [one["number"] for one in world.every(f"/orgs/{org}/audit?limit=3", admin)] == [4, 3, 2, 1]
    world.client("dynamodb").delete_item(
        TableName=world.stage.table_names["core"],
        Key={"pk": {"S": f"ORG#{org}#AUDIT"}, "sk": {"S": f"{2:012d}"}},
    )
    assert world.get(f"/orgs/{org}/audit/verify", admin).json["broken"][0]["number"] == 2


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


def _whole(num_entries: int) -> dict[str, Any]:
    return {"ok": True, "num_entries": num_entries, "first_broken": None, "broken": [], "anchored_at": None}


def test_a_moment_that_no_calendar_has_in_every_zone_is_refused(world: World, org: str, admin: str) -> None:
    for name, text in (("since", "0001-01-01T00:00:00%2B14:00"), ("until", "9999-12-31T23:00:00-05:00")):
        answer = world.get(f"/orgs/{org}/audit?{name}={text}", admin)
        assert (answer.status, answer.json["errors"][0]["code"]) == (422, "out_of_range")
    assert world.get(f"/orgs/{org}/audit?until=2999-12-31T23:00:00-05:00", admin).status == 200

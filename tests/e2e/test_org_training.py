"""Inside one organization, deployed: each part with the role that uses it, and the nearest that must not."""

import urllib.request
import uuid
from typing import Any

import pytest

from tests.e2e.deployed import Deployed, Person

FIRST, OWN = "First-password-1", "My-own-password-2"


class Firm:
    """Sales with North below it, and Legal beside; two people in each."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        make = deployed.make
        self.msp = make.msp()
        self.msp_admin = deployed.msp_admin(self.msp)
        self.course = make.course(self.msp, "Spotting Phishing")
        self.org = make.org(self.msp, "Acme Industries", courses=[self.course])
        self.sales, self.legal = make.department(self.org, "Sales"), make.department(self.org, "Legal")
        self.north = make.department(self.org, "North", self.sales)
        self.people = {
            department: [make.member(self.org, department_id=department) for _ in range(2)]
            for department in (self.sales, self.north, self.legal)
        }
        self.boss = deployed.org_admin(self.org)
        self.head = deployed.org_admin(self.org, role="department_admin", department_ids=[self.sales])
        self.neighbour = deployed.org_admin(self.org, role="department_admin", department_ids=[self.legal])

    def path(self, rest: str = "") -> str:
        return f"/orgs/{self.org}/training{rest}"

    def launch(self, who: Person, **targeting: Any) -> str:
        body = {"name": "Q1", "courses": [{"course_id": self.course}], "targeting": targeting}
        (result,) = self.deployed.post(self.path("/enrollment"), who, body)["results"]
        assert result["ok"], result
        self.deployed.until(
            lambda: self.deployed.get(self.path(f"/{result['batch_id']}"), who),
            lambda page: {row["status"] for row in page["courses"]} == {"enrolled"},
        )
        return str(result["batch_id"])

    def learners(self, who: Person, batch: str) -> set[str]:
        page = self.deployed.get(self.path(f"/{batch}/courses/{self.course}/learners?limit=100"), who)
        return {one["member_id"] for one in page["items"]}

    def row(self, who: Person, batch: str) -> dict[str, Any]:
        (row,) = self.deployed.get(self.path(f"/{batch}"), who)["courses"]
        return dict(row)

    def status(self, method: str, path: str, who: Person, body: Any = None) -> int:
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return self.deployed.send(method, path, who.token, body, headers=headers).status


@pytest.fixture
def firm(deployed: Deployed) -> Firm:
    return Firm(deployed)


def test_a_department_admin_enrolls_their_people_and_the_next_one_sees_nothing_of_it(firm: Firm) -> None:
    deployed, theirs = firm.deployed, {*firm.people[firm.sales], *firm.people[firm.north]}
    form = {"name": "Q1", "courses": [{"course_id": firm.course}], "targeting": {"mode": "all"}}
    plan = deployed.post(firm.path("/preview"), firm.head, form)["plan_id"]
    seen = deployed.until(
        lambda: deployed.get(firm.path(f"/preview/{plan}"), firm.head), lambda state: state["status"] == "ready"
    )
    assert seen["organizations"][0]["courses"][0]["will_enroll"] == 4
    assert firm.status("GET", firm.path(f"/preview/{plan}"), firm.neighbour) == 404

    batch = firm.launch(firm.head, mode="all")
    assert firm.learners(firm.head, batch) == theirs
    assert [one["launched_by"] for one in deployed.get(firm.path(), firm.boss)["items"]] == ["organization"]
    assert deployed.get(firm.path(), firm.neighbour)["items"] == []
    for verb in ("cancel", "undo"):
        assert firm.status("POST", firm.path(f"/{batch}/{verb}"), firm.neighbour) == 404

    moved = deployed.send(
        "PATCH", f"/orgs/{firm.org}/departments/{firm.north}", firm.boss.token, {"parent_id": firm.legal}
    )
    assert moved.status == 200, moved.text
    assert firm.learners(firm.head, batch) == set(firm.people[firm.sales])
    assert [firm.row(who, batch)["num_enrolled"] for who in (firm.head, firm.boss)] == [2, 4]
    members = deployed.get(f"/orgs/{firm.org}/members?limit=100", firm.neighbour)["items"]
    assert {one["member_id"] for one in members} == {*firm.people[firm.legal], *firm.people[firm.north]}

    asked = deployed.post(firm.path(f"/{batch}/courses/{firm.course}/learners/export"), firm.head)
    export = deployed.until(
        lambda: deployed.get(f"/orgs/{firm.org}/exports/{asked['export_id']}", firm.head),
        lambda state: state["status"] == "ready",
    )
    assert export["num_rows"] == 2
    with urllib.request.urlopen(export["url"], timeout=60) as file:
        text = file.read().decode()
    assert all(member in text for member in firm.people[firm.sales])
    assert not any(member in text for member in firm.people[firm.north])
    assert firm.status("GET", f"/orgs/{firm.org}/exports/{asked['export_id']}", firm.neighbour) == 404

    # Those of North, which is somebody else's now, keep theirs.
    deployed.post(firm.path(f"/{batch}/undo"), firm.head)
    undone = deployed.until(
        lambda: deployed.get(firm.path(f"/{batch}/undo"), firm.head), lambda state: state["status"] == "done"
    )
    assert undone["reversed"] == 2
    assert firm.row(firm.boss, batch)["num_enrolled"] == 2


def test_each_way_of_targeting_and_what_the_msp_launched(firm: Firm) -> None:
    deployed = firm.deployed
    one, other = firm.people[firm.sales][0], firm.people[firm.legal][0]
    assert firm.learners(firm.boss, firm.launch(firm.boss, mode="individuals", member_ids=[one, other])) == {one, other}
    assert firm.learners(firm.boss, firm.launch(firm.boss, mode="departments", department_ids=[firm.sales])) == {
        *firm.people[firm.sales], *firm.people[firm.north],
    }  # fmt: skip
    matching = {"department_ids": [firm.legal], "without": [other]}
    assert firm.learners(firm.boss, firm.launch(firm.boss, mode="filter", filter=matching)) == {
        firm.people[firm.legal][1]
    }
    refused = {"mode": "individuals", "member_ids": [other]}
    form = {"name": "Q1", "courses": [{"course_id": firm.course}], "targeting": refused}
    assert firm.status("POST", firm.path("/enrollment"), firm.head, form) == 422

    body = {"name": "Ours", "org_ids": [firm.org], "courses": [{"course_id": firm.course}]}
    (launched,) = deployed.post("/msp/training/enrollment", firm.msp_admin, body)["results"]
    listed = {item["batch_id"]: item["launched_by"] for item in deployed.get(firm.path(), firm.boss)["items"]}
    assert listed[launched["batch_id"]] == "msp"
    assert firm.status("POST", firm.path(f"/{launched['batch_id']}/undo"), firm.boss) == 403
    assert firm.status("GET", firm.path(f"/{launched['batch_id']}"), firm.head) == 404


def test_who_loses_the_role_after_the_preview_launches_nothing(firm: Firm) -> None:
    deployed = firm.deployed
    role = deployed.post(f"/orgs/{firm.org}/roles", firm.boss, {"name": "Trainer", "permissions": ["training"]}, 201)
    trainer = deployed.org_admin(firm.org, role="custom", role_id=role["role_id"])
    form = {"name": "Q1", "courses": [{"course_id": firm.course}], "targeting": {"mode": "all"}}
    plans = {who.account_id: deployed.post(firm.path("/preview"), who, form)["plan_id"] for who in (firm.head, trainer)}
    for who in (firm.head, trainer):
        path = firm.path(f"/preview/{plans[who.account_id]}")
        deployed.until(lambda path=path, who=who: deployed.get(path, who), lambda state: state["status"] == "ready")
    assert firm.status("DELETE", f"/orgs/{firm.org}/admins/{firm.head.account_id}", firm.boss) == 204
    narrowed = {"permissions": ["members_read"]}
    assert firm.status("PATCH", f"/orgs/{firm.org}/roles/{role['role_id']}", firm.boss, narrowed) == 200
    # The tokens are older than the change.
    for who, status in ((firm.head, 404), (trainer, 403)):
        quoted = {**form, "plan_id": plans[who.account_id]}
        assert firm.status("POST", firm.path("/enrollment"), who, quoted) == status
    assert deployed.get(firm.path(), firm.boss)["items"] == []


def test_a_custom_role_may_what_it_says_now(firm: Firm) -> None:
    deployed = firm.deployed
    role = deployed.post(f"/orgs/{firm.org}/roles", firm.boss, {"name": "Reader", "permissions": ["members_read"]}, 201)
    holder = deployed.org_admin(firm.org, role="custom", role_id=role["role_id"])
    assert firm.status("GET", f"/orgs/{firm.org}/members", holder) == 200
    assert firm.status("GET", firm.path(), holder) == 403
    assert firm.status("POST", f"/orgs/{firm.org}/roles", holder, {"name": "X", "permissions": ["audit"]}) == 403
    changed = firm.status(
        "PATCH", f"/orgs/{firm.org}/roles/{role['role_id']}", firm.boss, {"permissions": ["training"]}
    )
    assert changed == 200
    assert firm.status("GET", f"/orgs/{firm.org}/members", holder) == 403
    assert firm.status("GET", firm.path(), holder) == 200


def test_a_member_without_an_address_logs_in_by_name_with_a_password_of_their_own(firm: Firm) -> None:
    deployed, login = firm.deployed, f"ann.{uuid.uuid4().hex[:8]}"
    group = deployed.make.group(firm.org, "Drivers", [firm.course])
    form = {"login_name": login, "password": FIRST, "first_name": "Ann", "group_ids": [group]}
    path = f"/orgs/{firm.org}/members"
    assert firm.status("POST", path, firm.neighbour, {**form, "department_id": firm.sales}) == 422
    member = deployed.post(path, firm.head, {**form, "department_id": firm.sales}, 201)

    def log_in(**body: str) -> Any:
        return deployed.send("POST", "/auth/login", body={"login": login, **body}).json

    challenge = log_in(password=FIRST)
    assert challenge["challenge"] == "new_password_required"
    tokens = log_in(session=challenge["session"], new_password=OWN)
    ann = Person("", "", tokens["id_token"])
    courses = deployed.until(lambda: deployed.get("/me/courses", ann)["items"], bool)
    assert [one["course_id"] for one in courses] == [firm.course]
    reset = f"{path}/{member['member_id']}/first-password"
    assert firm.status("PUT", reset, firm.neighbour, {"password": FIRST}) == 403
    assert firm.status("PUT", reset, firm.head, {"password": FIRST}) == 204

"""Finding people, a member's page and why, deployed: with the role that uses each, and the nearest that must not."""

from typing import Any

import pytest

from chalicelib.core.clock import to_text, utc_now
from tests.e2e.deployed import Deployed, Person


class Ward:
    """Two departments, a group with a course, and an admin of each kind."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        make = deployed.make
        self.msp = make.msp()
        self.msp_admin = deployed.msp_admin(self.msp)
        self.course = make.course(self.msp, "Hand hygiene")
        self.org = make.org(self.msp, "Acme Clinics", courses=[self.course])
        self.surgery, self.kitchen = make.department(self.org, "Surgery"), make.department(self.org, "Kitchen")
        self.group = make.group(self.org, "Nights")
        # The deployed functions have the machine's time, not that of the factories.
        today = to_text(utc_now())
        nurse: dict[str, Any] = {"fields": {"job": "Nurse"}, "department_id": self.surgery, "created_at": today}
        self.ann = make.member(self.org, [self.group], first_name="Ann", **nurse)
        self.bob = make.member(self.org, first_name="Bob", **nurse)
        self.cook = make.member(self.org, first_name="Cleo", department_id=self.kitchen, fields={"job": "Cook"})
        self.boss = deployed.org_admin(self.org)
        self.head = deployed.org_admin(self.org, role="department_admin", department_ids=[self.surgery])
        self.chef = deployed.org_admin(self.org, role="department_admin", department_ids=[self.kitchen])

    def search(self, who: Person, body: Any, query: str = "") -> Any:
        answer = self.deployed.send("POST", f"/orgs/{self.org}/members/search{query}", who.token, body)
        assert answer.status == 200, answer.text
        return answer.json

    def found(self, who: Person, body: Any) -> set[str]:
        page = self.search(who, body)
        assert page["num_matching"] == len(page["items"])
        return {one["member_id"] for one in page["items"]}

    def member(self, member_id: str, rest: str) -> str:
        return f"/orgs/{self.org}/members/{member_id}/{rest}"

    def launch(self, **more: Any) -> str:
        body = {"name": "Q1", "org_ids": [self.org], "courses": [{"course_id": self.course}], **more}
        (result,) = self.deployed.post("/msp/training/enrollment", self.msp_admin, body)["results"]
        self.deployed.until(
            lambda: self.deployed.get(f"/msp/training/{self.org}/{result['batch_id']}", self.msp_admin),
            lambda page: {row["status"] for row in page["courses"]} == {"enrolled"},
        )
        return str(result["batch_id"])

    def explained(self, who: Person, member_id: str) -> Any:
        return self.deployed.get(self.member(member_id, f"explain?course_id={self.course}"), who)

    def status(self, method: str, path: str, who: Person, body: Any = None) -> int:
        return self.deployed.send(method, path, who.token, body).status


@pytest.fixture
def ward(deployed: Deployed) -> Ward:
    return Ward(deployed)


def test_people_are_found_by_a_filter_that_is_kept_and_never_outside_one_s_departments(ward: Ward) -> None:
    nurses = {"fields": {"job": ["nurse"]}, "also": [ward.cook], "without": [ward.bob]}
    assert ward.found(ward.boss, nurses) == {ward.ann, ward.cook}
    assert ward.found(ward.head, nurses) == {ward.ann}
    assert ward.found(ward.chef, nurses) == {ward.cook}
    assert ward.found(ward.boss, {"starts_with": {"name": "bo"}}) == {ward.bob}

    kept = ward.deployed.post(f"/orgs/{ward.org}/filters", ward.boss, {"name": "Nurses", "filter": nurses}, 201)
    assert ward.found(ward.boss, {"filter_id": kept["filter_id"]}) == {ward.ann, ward.cook}
    path = f"/orgs/{ward.org}/filters/{kept['filter_id']}"
    assert ward.status("PATCH", path, ward.head, {"name": "Mine"}) == 404
    assert ward.status("DELETE", path, ward.boss) == 204

    # Of more people than a request looks at, a job counts who matches.
    ward.deployed.make.members(ward.org, 1_100, fields={"job": "Porter"})
    page = ward.search(ward.boss, {"fields": {"job": ["porter"]}}, "?limit=10")
    assert (page["num_matching"], len(page["items"])) == (None, 10)
    asked = f"/orgs/{ward.org}/searches/{page['search_id']}"
    counted = ward.deployed.until(
        lambda: ward.deployed.get(asked, ward.boss), lambda answer: answer["status"] == "ready"
    )
    assert counted["num_matching"] == 1_100
    assert ward.status("GET", asked, ward.head) == 404


def test_a_member_s_page_says_why_and_one_is_cancelled(ward: Ward) -> None:
    ward.launch()
    path = ward.member(ward.ann, "enrollments")
    (one,) = ward.deployed.get(path, ward.head)["items"]
    assert (one["status"], one["why"]["kind"], one["why"]["launched_by"]) == ("enrolled", "batch", "msp")
    due = ward.deployed.send("PATCH", f"{path}/{one['enrollment_id']}", ward.head.token, {"due_by": "2099-01-31"})
    assert (due.status, due.json["due_by"]) == (200, "2099-01-31"), due.text
    assert ward.status("DELETE", f"{path}/{one['enrollment_id']}", ward.chef) == 403
    assert ward.status("DELETE", f"{path}/{one['enrollment_id']}", ward.head) == 204
    (one,) = ward.deployed.get(path, ward.head)["items"]
    assert (one["status"], one["cancelled_by"]) == ("cancelled", "admin")

    # Enrolled again from the page: this member is picked, another added.
    body = {
        "name": "Again", "courses": [{"course_id": ward.course}],
        "targeting": {"mode": "individuals", "member_ids": [ward.ann, ward.bob]},
    }  # fmt: skip
    ward.deployed.post(f"/orgs/{ward.org}/training/enrollment", ward.head, body)
    now, earlier = ward.deployed.until(lambda: ward.deployed.get(path, ward.head)["items"], lambda all_: len(all_) == 2)
    assert (now["status"], now["why"]["name"], earlier["earlier"]) == ("enrolled", "Again", True)
    result = {"result": {"score": 88}}
    assert ward.status("PATCH", f"{path}/{now['enrollment_id']}", ward.head, result) == 200


def test_a_member_s_page_has_their_live_trainings(ward: Ward) -> None:
    deployed, trainings = ward.deployed, f"/orgs/{ward.org}/trainings"
    training = deployed.post(trainings, ward.boss, {"title": "First aid"}, 201)["training_id"]
    form = {
        "starts_at": "2099-01-31T09:00", "ends_at": "2099-01-31T10:00", "time_zone": "Europe/Berlin", "place": "Room 1",
    }  # fmt: skip
    session = deployed.post(f"{trainings}/{training}/sessions", ward.boss, form, 201)["session_id"]
    chosen = {"member_ids": [ward.ann], "items": [{"training_id": training, "session_id": session}]}
    asked = deployed.post(f"{trainings}/enroll", ward.boss, chosen)["enroll_id"]
    path = ward.member(ward.ann, "trainings")
    (one,) = deployed.until(lambda: deployed.get(path, ward.head)["items"], bool)
    assert (one["title"], one["session"]["session_id"], one["participant"]["status"]) == (
        "First aid", session, "invited",
    )  # fmt: skip
    assert (one["why"]["enroll_id"], one["why"]["enrolled_by"]) == (asked, ward.boss.account_id)
    assert ward.status("GET", path, ward.chef) == 403


def test_everybody_who_may_ask_is_told_why(ward: Ward) -> None:
    batch = ward.launch(targeting={"mode": "groups", "group_ids": [ward.group]})
    told = ward.explained(ward.head, ward.ann)
    assert (told["enrolled"], told["decided_by"]["batch_id"]) == (True, batch)
    told = ward.explained(ward.head, ward.bob)
    assert (told["enrolled"], told["code"], told["sentence"]) == (
        False, "not_in_group", "“Q1” was for groups in which this person was not.",
    )  # fmt: skip
    moved = ward.deployed.send("PATCH", ward.member(ward.bob, "")[:-1], ward.boss.token, {"group_ids": [ward.group]})
    assert moved.status == 200, moved.text
    assert ward.explained(ward.boss, ward.bob)["code"] == "not_in_group", "as it was on the day"
    assert ward.status("GET", ward.member(ward.bob, f"explain?course_id={ward.course}"), ward.chef) == 403
    undo = f"/msp/training/{ward.org}/{batch}/undo"
    ward.deployed.post(undo, ward.msp_admin)
    ward.deployed.until(lambda: ward.deployed.get(undo, ward.msp_admin), lambda state: state["status"] == "done")
    assert ward.explained(ward.head, ward.ann)["code"] == "undone"

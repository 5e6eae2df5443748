"""What makes a rollout something to trust, on the deployed artifact: preview, seats, cancel, new dates, undo, mails."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra import mail
from tests.e2e.deployed import Deployed, Person
from tests.stories.inbox import mails_to

DOMAIN = "muster.example.com"


@pytest.fixture
def admin(deployed: Deployed) -> Person:
    return deployed.msp_admin(deployed.make.msp())


@pytest.fixture
def msp(deployed: Deployed, admin: Person) -> str:
    return str(deployed.get("/me", admin)["roles"][0]["msp_id"])


def row_of(deployed: Deployed, admin: Person, org: str, batch: str) -> Any:
    return deployed.get(f"/msp/training/{org}/{batch}", admin)["courses"][0]


def launched(deployed: Deployed, admin: Person, body: dict[str, Any]) -> str:
    return str(deployed.post("/msp/training/enrollment", admin, body)["results"][0]["batch_id"])


def ran(deployed: Deployed, admin: Person, org: str, batch: str) -> Any:
    def rows() -> Any:
        return deployed.get(f"/msp/training/{org}/{batch}", admin)["courses"]

    return deployed.until(rows, lambda found: found and found[0]["status"] not in ("scheduled", "enrolling"))[0]


def test_a_plan_that_was_reviewed_runs_within_its_seats_and_is_undone(
    deployed: Deployed, admin: Person, msp: str
) -> None:
    make = deployed.make
    course = make.course(msp)
    org = make.org(msp, "Acme Industries", courses=[course])
    learner = deployed.person()
    make._email_by_account[learner.account_id] = learner.email
    _, member = make.learner(org, account_id=learner.account_id, email=learner.email)
    make.members(org, 4)
    access = {"course_ids": [course], "reply_to": "training@client.example", "seats": {course: 4}}
    assert deployed.send("PUT", f"/msp/organizations/{org}/training-access", admin.token, access).status == 200
    body = {"name": "Reviewed", "org_ids": [org], "courses": [{"course_id": course, "due_by": "2099-01-31"}]}

    asked = deployed.post("/msp/training/preview", admin, body)
    path = f"/msp/training/preview/{asked['plan_id']}"
    seen = deployed.until(lambda: deployed.get(path, admin), lambda plan: plan["status"] == "ready")
    count = seen["organizations"][0]["courses"][0]
    assert (count["will_enroll"], count["no_seat"]) == (4, 1)
    make.member(org)
    quoting = {**body, "plan_id": asked["plan_id"]}
    refused = deployed.send("POST", "/msp/training/enrollment", admin.token, quoting, headers={"Idempotency-Key": "q"})
    assert (refused.status, refused.json["code"]) == (409, "plan_changed"), refused.text

    batch = launched(deployed, admin, {**quoting, "accept_changes": True})
    row = ran(deployed, admin, org, batch)
    assert (row["status"], row["num_enrolled"], row["num_failed"]) == ("partial", 4, 2)
    learners = deployed.get(f"/msp/training/{org}/{batch}/courses/{course}/learners?outcome=failed", admin)["items"]
    assert {one["code"] for one in learners} == {"no_seat"}

    due = {"due_by": "2099-02-28"}
    changed = deployed.send("PATCH", f"/msp/training/{org}/{batch}/courses/{course}", admin.token, due)
    assert changed.status == 200, changed.text
    deployed.until(
        lambda: deployed.get("/me/courses", learner)["items"], lambda mine: mine[0]["due_by"] == "2099-02-28"
    )
    deployed.post(f"/me/courses/{org}.{member}.{course}/start", learner, status=200)
    assert deployed.post(f"/msp/training/{org}/{batch}/undo", admin)["status"] == "running"
    undone = deployed.until(
        lambda: deployed.get(f"/msp/training/{org}/{batch}/undo", admin), lambda undo: undo["status"] == "done"
    )
    assert (undone["reversed"], undone["kept_started"], undone["not_reversed"]) == (3, 1, [])
    copy = deployed.get(f"/msp/training/{org}/{batch}/as-launch", admin)
    again = launched(deployed, admin, copy)
    assert ran(deployed, admin, org, again)["num_enrolled"] == 3


def test_a_scheduled_batch_is_moved_and_cancelled(deployed: Deployed, admin: Person, msp: str) -> None:
    make = deployed.make
    course = make.course(msp)
    org = make.org(msp, "Acme Industries", courses=[course], time_zone="UTC")
    soon, later = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (10, 20))
    courses = [{"course_id": course, "enroll_on": soon}]
    batch = launched(deployed, admin, {"name": "Later", "org_ids": [org], "courses": courses})
    deployed.until(lambda: deployed.get(f"/msp/training/{org}/{batch}", admin)["courses"], bool)
    path = f"/msp/training/{org}/{batch}"
    moved = deployed.send("PATCH", f"{path}/courses/{course}", admin.token, {"enroll_on": later})
    assert (moved.status, moved.json["enroll_on"]) == (200, later), moved.text

    def schedules() -> list[str]:
        found = deployed.cloud.client("scheduler").list_schedules(NamePrefix=batch)["Schedules"]
        return [one["Name"] for one in found]

    deployed.until(schedules, lambda names: any(later.replace("-", "") in name for name in names))
    assert deployed.post(f"{path}/cancel", admin)["status"] == "cancelled"
    assert deployed.get("/msp/training", admin)["totals"]["scheduled"] == 0


def test_who_is_enrolled_is_told_when_the_switch_is_on_and_reminded_when_an_admin_asks(
    deployed: Deployed, admin: Person, msp: str
) -> None:
    mail.verify_locally(deployed.cloud, DOMAIN)
    make = deployed.make
    course = make.course(msp, "Spotting Phishing")
    org = make.org(msp, "Acme & Sons", courses=[course])
    make.member(org, email="told.of.it@example.com")
    body = {
        "name": "Told",
        "org_ids": [org],
        "courses": [{"course_id": course}],
        "notifications": {"enrollment": True, "reminders": False},
    }
    batch = launched(deployed, admin, body)
    ran(deployed, admin, org, batch)

    def mails() -> list[Any]:
        return mails_to(deployed.cloud, "told.of.it@example.com")

    told = deployed.until(mails, bool)
    assert len(told) == 1
    assert "Spotting Phishing" in told[0]["BodyText"]
    asked = deployed.post(f"/msp/training/{org}/{batch}/courses/{course}/remind", admin)
    assert asked["num_not_completed"] == 1
    reminded = deployed.until(mails, lambda found: len(found) == 2)
    assert reminded[-1]["Subject"] == "Spotting Phishing: a reminder"

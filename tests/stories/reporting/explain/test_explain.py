"""B9: why somebody is, or is not, enrolled; what decided it, and the way there."""

from datetime import timedelta
from typing import Any

import pytest

from tests.harness import World
from tests.stories.driver import Driver, refused
from tests.stories.group_members import Client


@pytest.fixture
def at(driver: Driver, course: str) -> Client:
    return Client(driver, course)


def explained(at: Client, member: str, as_: str | None = None, course: str | None = None) -> dict[str, Any]:
    path = f"/orgs/{at.org}/members/{member}/explain?course_id={course or at.course}"
    answer = at.world.get(path, as_ or at.driver.admin)
    assert answer.status == 200, answer.text
    for step in answer.json["steps"]:
        assert step["sentence"]
        assert "{" not in step["sentence"] + step["next_step"]
    return dict(answer.json)


def way(found: dict[str, Any]) -> list[str]:
    return [step["code"] for step in found["steps"]]


def minutes(at: Client, number: int = 1) -> None:
    at.world.now += timedelta(minutes=number)


# Enrolled


def test_who_is_enrolled_is_by_the_batch_that_did_it(at: Client, world: World) -> None:
    account, member = world.learner(at.org)
    (batch,) = at.driver.launch(at.org, [at.course])
    found = explained(at, member)
    assert (found["enrolled"], found["code"], found["status"]) == (True, "enrolled", "enrolled")
    assert found["decided_by"] == {
        "kind": "batch", "name": "Q1 awareness", "batch_id": batch, "group_id": None, "launched_by": "msp",
    }  # fmt: skip
    assert found["sentence"] == "Enrolled by “Q1 awareness”."
    minutes(at)
    world.post(f"/me/courses/{at.org}.{member}.{at.course}/start", account)
    minutes(at)
    world.post(f"/me/courses/{at.org}.{member}.{at.course}/complete", account)
    found = explained(at, member)
    assert (found["code"], way(found)) == ("completed", ["enrolled", "started", "completed"])
    minutes(at)
    at.driver.launch(at.org, [at.course])
    assert way(explained(at, member))[-1] == "already_completed"
    at.driver.launch(at.org, [at.course], reenroll_completed=True, name="Once more")
    found = explained(at, member)
    assert (found["code"], found["decided_by"]["name"]) == ("enrolled", "Once more")


def test_a_group_an_invitation_and_a_course_brought_along(at: Client, world: World) -> None:
    group = world.group(at.org, "Sales", courses=[at.course])
    invited = at.somebody(group)
    assert explained(at, invited)["decided_by"]["kind"] == "invitation"
    added = world.member(at.org)
    assert world.patch(f"/orgs/{at.org}/members/{added}", at.driver.admin, {"group_ids": [group]}).status == 200
    found = explained(at, added)
    assert (found["enrolled"], found["code"]) == (False, "joining")
    at.driver.work()
    found = explained(at, added)
    assert (found["code"], found["decided_by"]["kind"], way(found)) == ("enrolled", "group", ["enrolled"])


# Not enrolled


def test_why_a_batch_left_somebody_out(at: Client, world: World) -> None:
    sales, legal = world.group(at.org, "Sales"), world.group(at.org, "Legal")
    here, pending = world.member(at.org, [sales]), world.member(at.org, [legal], status="pending")
    other = world.member(at.org)
    at.driver.launch(at.org, [at.course], targeting={"mode": "groups", "group_ids": [legal]})
    minutes(at)
    late = world.member(at.org, [legal])
    for member, code in ((here, "not_in_group"), (late, "not_there_yet"), (other, "not_in_group")):
        assert explained(at, member)["code"] == code
    found = explained(at, pending)
    assert (found["code"], way(found)) == ("not_active", ["not_active_then"])
    # Who comes to the group now was not in it then.
    world.patch(f"/orgs/{at.org}/members/{here}", at.driver.admin, {"group_ids": [sales, legal]})
    assert explained(at, here)["code"] == "not_in_group"
    minutes(at)
    body = {"mode": "exclude_groups", "group_ids": [sales]}
    at.driver.launch(at.org, [at.course], targeting=body, name="All but Sales")
    found = explained(at, here)
    assert (found["code"], way(found)) == ("excluded_by_group", ["not_in_group", "excluded_by_group"])
    assert found["sentence"] == "“All but Sales” left out the group Sales, and this person was in it."
    assert explained(at, late)["code"] == "enrolled"


def test_who_accepted_after_the_date_joined_after_it(at: Client, world: World) -> None:
    member = world.member(at.org, status="pending")
    at.driver.launch(at.org, [at.course])
    minutes(at)
    world.accepts(at.org, member)
    assert explained(at, member)["code"] == "joined_after"
    minutes(at)
    assert world.post(f"/orgs/{at.org}/members/{member}/archive", at.driver.admin).status == 200
    minutes(at)
    at.driver.launch(at.org, [at.course], name="Second")
    found = explained(at, member)
    assert (found["code"], way(found)) == ("not_active", ["joined_after", "not_active_then"])
    assert "archived" in found["steps"][1]["sentence"]


def test_seats_access_and_failures(at: Client, world: World, driver: Driver) -> None:
    at.seats(1)
    first, second = world.member(at.org), world.member(at.org)
    (batch,) = driver.launch(at.org, [at.course])
    assert [explained(at, one)["code"] for one in (first, second)] == ["enrolled", "no_seat"]
    at.seats(2)
    minutes(at)
    driver.retry(at.org, batch, at.course)
    # The retry waits in the queue.
    assert explained(at, second)["would_be_enrolled"][0]["by"]["batch_id"] == batch
    driver.work()
    assert explained(at, second)["code"] == "enrolled"
    other = world.course(driver.msp, "Not enabled")
    minutes(at)
    driver.launch(at.org, [other])
    assert explained(at, first, course=other)["code"] == "access_denied"
    third = world.member(at.org)
    at.seats(9)
    minutes(at)
    with refused(third):
        driver.launch(at.org, [at.course])
    assert explained(at, third)["code"] == "write_rejected"


def test_who_failed_and_does_not_match_the_retry(at: Client, world: World, driver: Driver) -> None:
    at.seats(1)
    group = world.group(at.org, "Sales")
    first, second = world.member(at.org, [group]), world.member(at.org, [group])
    (batch,) = driver.launch(at.org, [at.course], targeting={"mode": "groups", "group_ids": [group]})
    minutes(at)
    world.patch(f"/orgs/{at.org}/members/{second}", driver.admin, {"group_ids": []})
    at.seats(2)
    minutes(at)
    driver.retry(at.org, batch, at.course)
    driver.work()
    minutes(at)
    world.patch(f"/orgs/{at.org}/members/{second}", driver.admin, {"group_ids": [group]})
    found = explained(at, second)
    assert (found["code"], found["steps"][0]["at"]) == ("not_in_group", "2027-01-04T10:02:00Z")
    assert explained(at, first)["code"] == "enrolled"


def test_cancelled_undone_and_archived(at: Client, world: World, driver: Driver) -> None:
    ann, bob, cleo = (world.member(at.org) for _ in range(3))
    (batch,) = driver.launch(at.org, [at.course])
    minutes(at)
    path = f"/orgs/{at.org}/members/{ann}/enrollments/{at.org}.{ann}.{at.course}"
    assert world.delete(path, driver.admin).status == 204
    assert world.post(f"/orgs/{at.org}/members/{cleo}/archive", driver.admin).status == 200
    driver.work()
    minutes(at)
    world.post(f"/msp/training/{at.org}/{batch}/undo", driver.admin)
    driver.work()
    found = explained(at, ann)
    assert (found["enrolled"], found["status"], found["code"]) == (False, "cancelled", "cancelled_by_admin")
    assert way(found) == ["enrolled", "cancelled_by_admin"]
    found = explained(at, bob)
    assert (found["code"], found["steps"][1]["at"]) == ("undone", "2027-01-04T10:02:00Z")
    found = explained(at, cleo)
    assert (found["code"], found["status"], found["steps"]) == ("not_active", None, [])


def test_dates_to_come(at: Client, world: World, driver: Driver) -> None:
    group = world.group(at.org, "Sales")
    ann, bob = world.member(at.org, [group]), world.member(at.org)
    later = [{"course_id": at.course, "enroll_on": "2027-02-01"}]
    (batch,) = driver.launch(at.org, later, targeting={"mode": "groups", "group_ids": [group]})
    found = explained(at, ann)
    assert (found["code"], found["enrolled"]) == ("scheduled_for", False)
    assert [(one["by"]["batch_id"], one["on"]) for one in found["would_be_enrolled"]] == [
        (batch, "2027-02-01T08:00:00Z")
    ]
    found = explained(at, bob)
    assert (found["code"], found["would_be_enrolled"], found["steps"][0]["planned"]) == ("not_in_group", [], True)
    assert found["sentence"] == "“Q1 awareness” is for groups that this person is not in."
    invited = world.member(at.org, [group], status="pending")
    assert explained(at, invited)["steps"][0]["sentence"].endswith("This person is pending.")
    minutes(at)
    world.post(f"/msp/training/{at.org}/{batch}/cancel", driver.admin)
    driver.work()
    found = explained(at, ann)
    assert (found["code"], found["steps"][0]["at"], found["would_be_enrolled"]) == (
        "batch_cancelled", "2027-01-04T10:01:00Z", [],
    )  # fmt: skip
    (undone,) = driver.launch(at.org, later)
    world.post(f"/msp/training/{at.org}/{undone}/undo", driver.admin)
    driver.work()
    assert explained(at, ann)["code"] == "batch_undone"


def test_groups_whose_courses_came_later_and_invitations_that_are_open(at: Client, world: World) -> None:
    group = world.group(at.org, "Sales")
    member, pending = world.member(at.org, [group]), world.member(at.org, [group], status="pending")
    assert explained(at, member)["code"] == "never_assigned"
    minutes(at)
    at.change_group(group, course_ids=[at.course])
    found = explained(at, member)
    assert (found["code"], found["steps"][0]["at"]) == ("attached_later", "2027-01-04T10:01:00Z")
    found = explained(at, pending)
    assert found["code"] == "not_active"
    assert [(one["by"]["group_id"], one["on"]) for one in found["would_be_enrolled"]] == [(group, None)]
    at.change_group(group, apply_to_members=True)
    assert explained(at, member)["code"] == "enrolled"
    assert explained(at, member, course=world.course(at.driver.msp))["code"] == "no_access"


def test_the_organizations_own_wizard(at: Client, world: World, driver: Driver) -> None:
    sales, legal = world.department(at.org), world.department(at.org)
    ann = world.member(at.org, department_id=sales, fields={"job": "Nurse"})
    bob = world.member(at.org, department_id=legal, fields={"job": "Cook"})
    for targeting, code in (
        ({"mode": "departments", "department_ids": [sales]}, "not_in_department"),
        ({"mode": "individuals", "member_ids": [ann]}, "not_chosen"),
        ({"mode": "filter", "filter": {"fields": {"job": ["nurse"]}}}, "not_in_filter"),
    ):
        minutes(at)
        body = {"name": "Own", "courses": [{"course_id": at.course}], "targeting": targeting}
        path = f"/orgs/{at.org}/training/enrollment"
        answer = world.post(path, world.org_admin(at.org), body, headers={"Idempotency-Key": code})
        assert answer.status == 202, answer.text
        driver.work()
        minutes(at)
        # What is so now does not matter.
        now = {"department_id": sales, "fields": {"job": "Nurse"}}
        assert world.patch(f"/orgs/{at.org}/members/{bob}", driver.admin, now).status == 200
        found = explained(at, bob)
        assert (found["code"], found["decided_by"]["launched_by"]) == (code, "organization")
        before = {"department_id": legal, "fields": {"job": "Cook"}}
        assert world.patch(f"/orgs/{at.org}/members/{bob}", driver.admin, before).status == 200
    assert explained(at, ann)["enrolled"]


# Who may ask


def test_a_department_admin_asks_about_their_own_people(at: Client, world: World) -> None:
    mine, elsewhere = world.department(at.org), world.department(at.org)
    ann, bob = world.member(at.org, department_id=mine), world.member(at.org, department_id=elsewhere)
    limited = world.org_admin(at.org, role="department_admin", department_ids=[mine])
    assert explained(at, ann, limited)["code"] == "never_assigned"
    path = f"/orgs/{at.org}/members/{bob}/explain?course_id={at.course}"
    assert world.get(path, limited).status == 403
    assert world.get(f"/orgs/{at.org}/members/{ann}/explain", limited).status == 422
    assert world.get(f"/orgs/{at.org}/members/{ann}/explain?course_id=unknown", limited).status == 404
    assert world.get(f"/orgs/{at.org}/members/unknown/explain?course_id={at.course}", at.driver.admin).status == 404

"""O3: a member's page. Why each enrollment is there, and cancelling one."""

from typing import Any

import pytest

from tests.faults.invariants import problems
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.group_members import Client


@pytest.fixture
def at(driver: Driver, course: str) -> Client:
    return Client(driver, course)


def _why(at: Client, member: str) -> list[tuple[Any, ...]]:
    found = at.driver.enrollments(at.org, member)
    return [tuple(one["why"][name] for name in ("kind", "launched_by", "name")) for one in found]


def cancel(at: Client, member: str, course: str = "", as_: str | None = None) -> Answer:
    path = f"/orgs/{at.org}/members/{member}/enrollments/{at.org}.{member}.{course or at.course}"
    return at.world.delete(path, as_ or at.driver.admin)


def test_each_enrollment_says_what_made_it(at: Client, world: World) -> None:
    member = world.member(at.org)
    (batch,) = at.driver.launch(at.org, [at.course])
    assert _why(at, member) == [("batch", "msp", "Q1 awareness")]
    assert at.driver.enrollments(at.org, member)[0]["why"]["batch_id"] == batch
    sales = world.group(at.org, "Sales", courses=[at.course])
    invited = at.somebody(sales)
    assert _why(at, invited) == [("invitation", "group", "Joining Sales")]
    added = world.member(at.org, [sales])
    at.joins(added, [sales])
    assert _why(at, added) == [("group", "group", "Joining Sales")]
    assert at.driver.enrollments(at.org, added)[0]["why"]["group_id"] == sales


def test_what_an_admin_cancels_is_withdrawn_and_stays_listed(at: Client, world: World) -> None:
    world.member(at.org)
    account, member = world.learner(at.org)
    (batch,) = at.driver.launch(at.org, [{"course_id": at.course, "due_by": "2027-01-31"}])
    world.post(f"/me/courses/{at.org}.{member}.{at.course}/start", account)
    assert cancel(at, member).status == 204
    assert cancel(at, member).status == 204
    (one,) = at.driver.enrollments(at.org, member)
    assert (one["status"], one["cancelled_by"], one["started_at"]) == ("cancelled", "admin", "2027-01-04T10:00:00Z")
    row = at.driver.row(at.org, batch, at.course)
    assert (row["num_enrolled"], row["num_withdrawn"], row["num_started"]) == (1, 1, 0)
    assert world.post(f"/me/courses/{at.org}.{member}.{at.course}/complete", account).status == 409
    # Another launch enrolls them again, and the cancelled one is history.
    at.driver.launch(at.org, [at.course], name="Again")
    now, earlier = at.driver.enrollments(at.org, member)
    assert (now["status"], now["why"]["name"], earlier["earlier"], earlier["status"]) == (
        "enrolled", "Again", True, "cancelled",
    )  # fmt: skip
    assert problems(world) == []


def test_the_batch_says_of_a_cancelled_one_whether_it_was_started(at: Client, world: World) -> None:
    """Issue 10, 21: what the page says is so. Of everybody it said that they had not started."""
    account, starter = world.learner(at.org)
    other = world.member(at.org)
    (batch,) = at.driver.launch(at.org, [at.course])
    world.post(f"/me/courses/{at.org}.{starter}.{at.course}/start", account)
    assert [cancel(at, member).status for member in (starter, other)] == [204, 204]
    found = {one["member_id"]: one for one in at.driver.learners(at.org, batch, at.course, "outcome=withdrawn")}
    assert found[other]["sentence"].endswith("the enrollment was withdrawn before they started.")
    assert found[starter]["sentence"].endswith("an admin cancelled the enrollment after they had started.")
    assert {one["next_step"] for one in found.values()} == {"To enroll them again, launch again."}


def test_a_cancelled_enrollment_frees_its_seat(at: Client, world: World) -> None:
    at.seats(1)
    first = world.member(at.org)
    at.driver.launch(at.org, [at.course])
    second = world.member(at.org)
    assert cancel(at, first).status == 204
    group = at.group()
    at.joins(second, [group])
    assert world.patch(f"/orgs/{at.org}/members/{second}", at.driver.admin, {"group_ids": [group]}).status == 200
    at.driver.work()
    assert [one["status"] for one in at.driver.enrollments(at.org, second)] == ["enrolled"]
    assert problems(world) == []


def test_what_cannot_be_cancelled(at: Client, world: World) -> None:
    account, member = world.learner(at.org)
    at.driver.launch(at.org, [at.course])
    assert cancel(at, member, "01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 404
    world.post(f"/me/courses/{at.org}.{member}.{at.course}/complete", account)
    answer = cancel(at, member)
    assert (answer.status, answer.json["code"]) == (409, "already_completed")
    at.driver.launch(at.org, [at.course], reenroll_completed=True)
    (_, earlier) = at.driver.enrollments(at.org, member)
    path = f"/orgs/{at.org}/members/{member}/enrollments/{earlier['enrollment_id']}"
    assert world.delete(path, at.driver.admin).json["code"] == "superseded"
    other = world.member(at.org)
    path = f"/orgs/{at.org}/members/{other}/enrollments/{at.org}.{member}.{at.course}"
    assert world.delete(path, at.driver.admin).status == 404


def test_a_department_admin_cancels_for_their_own_people_only(at: Client, world: World) -> None:
    mine, elsewhere = world.department(at.org), world.department(at.org)
    ann, bob = world.member(at.org, department_id=mine), world.member(at.org, department_id=elsewhere)
    at.driver.launch(at.org, [at.course])
    limited = world.org_admin(at.org, role="department_admin", department_ids=[mine])
    assert cancel(at, ann, as_=limited).status == 204
    assert cancel(at, bob, as_=limited).status == 403
    reader = world.org_admin(at.org, role="custom", permissions=["training_read", "results"])
    assert cancel(at, bob, as_=reader).status == 403


def test_an_undo_does_not_count_who_was_cancelled_alone(at: Client, world: World) -> None:
    people = world.members(at.org, 3)
    (batch,) = at.driver.launch(at.org, [{"course_id": at.course, "due_by": "2027-01-31"}])
    assert cancel(at, people[0]).status == 204
    assert world.post(f"/msp/training/{at.org}/{batch}/undo", at.driver.admin).status == 202
    at.driver.work()
    seen = world.get(f"/msp/training/{at.org}/{batch}/undo", at.driver.admin).json
    assert (seen["status"], seen["reversed"]) == ("done", 2)
    assert [at.driver.enrollments(at.org, one)[0]["cancelled_by"] for one in people] == ["admin", "undo", "undo"]
    assert problems(world) == []

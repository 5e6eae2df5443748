"""B9: what is at work, what broke, and what ended an enrollment."""

from typing import Any

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.group_members import Client
from tests.stories.reporting.explain.test_explain import explained, minutes, way

LATER = "2027-02-01"


@pytest.fixture
def at(driver: Driver, course: str) -> Client:
    return Client(driver, course)


def _send(at: Client, **course: Any) -> None:
    answer = at.driver.send(at.driver.form([at.org], [{"course_id": at.course, **course}]))
    assert answer.status == 202, answer.text


def test_what_is_enrolling_at_this_moment(at: Client, world: World, driver: Driver) -> None:
    member = world.member(at.org)
    _send(at)
    (advance,) = world.messages()
    driver.deliver([advance])
    found = explained(at, member)
    assert (found["enrolled"], found["code"]) == (False, "in_work")
    assert found["sentence"] == "“Q1 awareness” is enrolling people right now."
    driver.work()
    assert explained(at, member)["code"] == "enrolled"


def test_what_broke_each_time(at: Client, world: World, driver: Driver) -> None:
    group = world.group(at.org, "Sales")
    member, other = world.member(at.org, [group]), world.member(at.org)
    body = driver.form([at.org], [at.course], targeting={"mode": "groups", "group_ids": [group]})
    batch = driver.send(body).json["results"][0]["batch_id"]
    (advance,) = world.messages()
    driver.deliver([advance])
    (chunk,) = world.messages()
    driver.handle_dead_letter(chunk)
    driver.work()
    found = explained(at, member)
    assert (found["code"], found["decided_by"]["batch_id"]) == ("processing_failed", batch)
    assert found["next_step"].startswith("Choose Retry")
    # It says why of everybody, not only of those for whom it broke.
    assert explained(at, other)["code"] == "not_in_group"
    minutes(at)
    assert driver.retry(at.org, batch, at.course).status == 202
    driver.work()
    assert way(explained(at, member)) == ["enrolled"]


def test_a_batch_that_never_came_to_its_people(at: Client, world: World, driver: Driver) -> None:
    member = world.member(at.org)
    _send(at)
    (advance,) = world.messages()
    driver.handle_dead_letter(advance)
    assert explained(at, member)["code"] == "processing_failed"


def test_an_organization_that_was_not_ready_on_the_date(at: Client, world: World, driver: Driver) -> None:
    member = world.member(at.org)
    _send(at, enroll_on=LATER)
    driver.work()
    assert world.delete(f"/msp/organizations/{at.org}/training-access", driver.admin).status == 204
    driver.until(f"{LATER}T08:00")
    driver.fire()
    found = explained(at, member)
    assert (found["code"], found["steps"][0]["at"]) == ("org_not_ready", f"{LATER}T08:00:00Z")
    assert found["sentence"] == "The organization was not ready for training when “Q1 awareness” was to enroll."


def test_a_course_that_was_never_assigned_and_is_not_enabled(at: Client, world: World, driver: Driver) -> None:
    member, other = world.member(at.org), world.course(driver.msp)
    found = explained(at, member, course=other)
    assert (found["code"], found["decided_by"], found["steps"]) == ("no_access", None, [])


def test_who_was_archived_and_is_back(at: Client, world: World, driver: Driver) -> None:
    account, started = world.learner(at.org)
    waiting = world.member(at.org)
    _send(at)
    driver.work()
    minutes(at)
    world.post(f"/me/courses/{at.org}.{started}.{at.course}/start", account)
    minutes(at)
    for member in (started, waiting):
        assert world.post(f"/orgs/{at.org}/members/{member}/archive", driver.admin).status == 200
    driver.work()
    assert [explained(at, one)["code"] for one in (started, waiting)] == ["not_active"] * 2
    minutes(at)
    for member in (started, waiting):
        world.accepts(at.org, member)
    found = explained(at, waiting)
    assert (found["enrolled"], found["code"], way(found)) == (
        False, "archived_before_start", ["enrolled", "archived_before_start"],
    )  # fmt: skip
    found = explained(at, started)
    assert (found["enrolled"], way(found)) == (True, ["enrolled", "started", "left_in_progress"])
    assert found["steps"][-1]["at"] == "2027-01-04T10:02:00Z"


def test_progress_that_was_brought_along(at: Client, world: World, driver: Driver) -> None:
    open_course = world.course(driver.msp, "Open", self_enroll=True)
    access = {"course_ids": [at.course, open_course], "reply_to": "training@acme.example"}
    assert world.put(f"/msp/organizations/{at.org}/training-access", driver.admin, access).status == 200
    account, member = world.learner(at.org)
    taken = world.post("/me/courses", account, {"course_id": open_course}).json["enrollment_id"]
    world.post(f"/me/courses/{taken}/start", account)
    offer = world.post(f"/me/courses/{taken}/offer", account, {"org_id": at.org}).json["offer_id"]
    minutes(at)
    accepted = world.post(f"/orgs/{at.org}/members/{member}/carry-over/{offer}/accept", driver.admin)
    assert accepted.status == 200, accepted.text
    found = explained(at, member, course=open_course)
    assert (found["enrolled"], found["code"], found["decided_by"]["kind"]) == (True, "carried_over", "own_course")
    assert found["steps"][-1]["at"] == "2027-01-04T10:01:00Z"
    assert found["sentence"] == "The person brought this progress along from their own account."

"""I8: an archived member keeps courses in progress, the organization what was completed; the rest is cancelled."""

import json
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.jobs import due
from chalicelib.people.members import store as members_store
from chalicelib.people.members.events import member_joined
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.group_members import Client
from tests.stories.mailbox import Mailbox

DUE = "2027-02-01"


@pytest.fixture
def client(driver: Driver, course: str) -> Client:
    return Client(driver, course)


def _archive(client: Client, member: str, as_: str | None = None, key: str = "archive") -> Answer:
    headers = {"Idempotency-Key": key}
    answer = client.world.post(
        f"/orgs/{client.org}/members/{member}/archive", as_ or client.driver.admin, headers=headers
    )
    client.driver.work()
    return answer


class Three:
    """One learner with three courses of one batch: not started, in progress, completed."""

    def __init__(self, client: Client) -> None:
        world, driver = client.world, client.driver
        self.courses = [client.course, *(world.course(driver.msp, title) for title in ("Begun", "Done"))]
        access = {
            "course_ids": self.courses,
            "reply_to": "training@acme.example",
            "seats": dict.fromkeys(self.courses, 5),
        }
        world.put(f"/msp/organizations/{client.org}/training-access", driver.admin, access)
        self.account, self.member = world.learner(client.org, email="ann@example.com", first_name="Ann")
        self.other = world.member(client.org)
        chosen = [{"course_id": course, "due_by": DUE} for course in self.courses]
        notifications = {"enrollment": False, "reminders": True}
        (self.batch,) = driver.launch(client.org, chosen, notifications=notifications)
        self.ids = {one["course_id"]: one["enrollment_id"] for one in world.every("/me/courses", self.account)}
        for course in self.courses[1:]:
            assert world.post(f"/me/courses/{self.ids[course]}/start", self.account).status == 200
        assert world.post(f"/me/courses/{self.ids[self.courses[2]]}/complete", self.account).status == 200


def _numbers(row: dict[str, Any]) -> tuple[int, int, int, int, int]:
    """Enrolled, withdrawn, started, completed, overdue."""
    names = ("enrolled", "withdrawn", "started", "completed", "overdue")
    return tuple(row[f"num_{name}"] for name in names)  # type: ignore[return-value]


def test_what_is_not_started_goes_what_is_in_progress_stays_with_the_learner_what_is_done_counts(
    client: Client, world: World
) -> None:
    three = Three(client)
    answer = _archive(client, three.member)
    assert (answer.status, answer.json["status"]) == (200, "archived")
    rows = client.driver.rows(client.org, three.batch)
    client.driver.until("2027-03-01T10:00")
    late = client.driver.rows(client.org, three.batch)
    fresh, begun, done = three.courses
    assert [_numbers(rows[course]) for course in three.courses] == [(1, 1, 0, 0, 0), (1, 1, 0, 0, 0), (2, 0, 1, 1, 0)]
    # Only the other learner is overdue.
    assert [late[course]["num_overdue"] for course in three.courses] == [1, 1, 1]
    for course, members in ((fresh, {three.other}), (begun, {three.other}), (done, {three.member, three.other})):
        assert {one["member_id"] for one in client.driver.learners(client.org, three.batch, course)} == members
    assert {item["sk"]: int(item["taken"]) for item in world.dump("core") if item["sk"].startswith("SEATS#")} == {
        f"SEATS#{fresh}": 1, f"SEATS#{begun}": 2, f"SEATS#{done}": 2,
    }  # fmt: skip
    client.settle()
    client.quiet()


def test_the_learner_goes_on_with_what_they_began_and_no_count_of_the_organization_moves(
    client: Client, world: World
) -> None:
    three = Three(client)
    _archive(client, three.member)
    mine = {one["course_id"]: one["status"] for one in world.every("/me/courses", three.account)}
    fresh, begun, done = three.courses
    assert mine == {fresh: "cancelled", begun: "in_progress", done: "completed"}
    assert world.post(f"/me/courses/{three.ids[fresh]}/start", three.account).status == 409
    before = client.driver.batch(client.org, three.batch)
    assert world.post(f"/me/courses/{three.ids[begun]}/complete", three.account).json["status"] == "completed"
    assert client.driver.batch(client.org, three.batch) == before
    client.settle()
    client.quiet()


def test_admins_see_of_an_archived_member_what_was_completed_and_enter_nothing(client: Client, world: World) -> None:
    three = Three(client)
    _archive(client, three.member)
    _, begun, done = three.courses
    assert [one["course_id"] for one in client.driver.enrollments(client.org, three.member)] == [done]
    world.post(f"/me/courses/{three.ids[begun]}/complete", three.account)
    assert [one["course_id"] for one in client.driver.enrollments(client.org, three.member)] == [done]
    path = f"/orgs/{client.org}/members/{three.member}/enrollments/{three.ids[begun]}"
    assert world.patch(path, client.driver.admin, {"result": {"score": 90}}).status == 404


def test_an_archived_member_leaves_rosters_and_keeps_name_and_address(client: Client, world: World) -> None:
    group, department = client.group(), world.department(client.org)
    member = world.member(client.org, [group], department_id=department, first_name="Ann", email="ann@example.com")
    _archive(client, member)
    directory = f"/orgs/{client.org}/members?"
    for query in (f"group_id={group}", f"department_id={department}", "status=active"):
        assert world.every(directory + query, client.driver.admin) == [], query
    for query in ("search=ann", "search=ann@example.com", "status=archived"):
        assert [one["member_id"] for one in world.every(directory + query, client.driver.admin)] == [member], query
    assert world.delete(f"/orgs/{client.org}/groups/{group}", client.driver.admin).status == 204
    client.driver.launch(client.org, [client.course])
    assert client.driver.enrolled(client.org, client.course) == set()


def test_reminders_to_archived_members_are_withheld(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox(world)
    monkeypatch.setenv("MAIL_FROM", mailbox.sender)
    three = Three(client)
    _archive(client, three.member)
    path = f"/msp/training/{client.org}/{three.batch}/courses/{three.courses[1]}/remind"
    assert world.post(path, client.driver.admin).json["num_not_completed"] == 1
    client.driver.until("2027-01-25T08:10")
    client.driver.sweep()
    client.driver.work()
    items = [item for item in world.dump("outbox") if item["pk"].startswith("MAIL#")]
    assert {json.loads(item["about"])["member_id"] for item in items} == {three.other}


def test_archiving_is_audited_once_and_for_active_members_only(client: Client, world: World) -> None:
    member = world.member(client.org)
    first = _archive(client, member)
    assert _archive(client, member).json == first.json
    assert _archive(client, member, key="another").json["status"] == "archived"
    entries = [
        one
        for one in world.every(f"/orgs/{client.org}/audit", client.driver.admin)
        if one["action"] == "member.archived"
    ]
    assert [(one["target"], one["before"], one["after"]) for one in entries] == [
        (f"member/{member}", {"status": "active"}, {"status": "archived"})
    ]
    refused = _archive(client, world.member(client.org, status="pending"), key="third")
    assert (refused.status, refused.json["code"]) == (409, "not_active")
    assert _archive(client, "01ARZ3NDEKTSV4RRFFQ69G5FAV", key="fourth").status == 404
    admin = world.org_admin(client.org, role="department_admin", department_ids=[world.department(client.org)])
    assert _archive(client, member, admin, key="fifth").status == 403


def _comes_back(client: Client, member: str) -> None:
    """As an invitation that was accepted leaves the member."""
    found = members_store.member(client.org, member)
    assert found is not None
    table.transact(
        members_store.change_writes(
            client.org, found, members_store.copy_with(found, status="active"), client.world.now
        )
    )
    client.joins(member)


def test_who_comes_back_is_enrolled_in_the_courses_of_their_groups_anew(client: Client, world: World) -> None:
    group = client.group()
    member = client.somebody(group)
    _archive(client, member)
    row = client.row(group)
    assert (row["num_enrolled"], row["num_withdrawn"]) == (0, 1)
    client.driver.until("2027-01-05T10:00")
    _comes_back(client, member)
    row = client.row(group)
    assert (row["num_targeted"], row["num_enrolled"], row["num_withdrawn"]) == (2, 1, 1)
    assert client.outcomes(group) == {member: "enrolled"}
    assert [one["status"] for one in client.driver.enrollments(client.org, member)] == ["enrolled"]
    client.settle()
    client.quiet()


def test_who_comes_back_before_their_courses_were_left_leaves_them_first(client: Client, world: World) -> None:
    group = client.group()
    member = client.somebody(group)
    headers = {"Idempotency-Key": "archive"}
    world.post(f"/orgs/{client.org}/members/{member}/archive", client.driver.admin, headers=headers)
    (lost,) = world.messages()
    client.driver.until("2027-01-05T10:00")
    _comes_back(client, member)
    assert (client.row(group)["num_enrolled"], client.row(group)["num_withdrawn"]) == (1, 1)
    client.driver.deliver([lost])
    assert (client.row(group)["num_enrolled"], client.row(group)["num_withdrawn"]) == (1, 1)
    client.settle()
    client.quiet()


def test_who_comes_back_leaves_first_even_if_their_joining_broke_every_time(client: Client, world: World) -> None:
    group = client.group()
    member = client.somebody(group)
    world.post(f"/orgs/{client.org}/members/{member}/archive", client.driver.admin)
    world.messages()
    client.driver.until("2027-01-05T10:00")
    found = members_store.member(client.org, member)
    assert found is not None
    job = member_joined(client.driver.msp, client.org, member, world.now)
    again = members_store.copy_with(found, status="active")
    back = members_store.change_writes(client.org, found, again, client.world.now)
    table.transact([*back, due.write(job)])
    client.driver.handle_dead_letter(job.body())
    row = client.row(group)
    assert (row["num_enrolled"], row["num_withdrawn"], row["num_failed"]) == (0, 1, 1)
    client.settle()
    client.quiet()


def test_an_undo_leaves_archived_learners_out(client: Client, world: World) -> None:
    three = Three(client)
    _archive(client, three.member)
    path = f"/msp/training/{client.org}/{three.batch}/undo"
    world.post(path, client.driver.admin)
    client.driver.work()
    answer = world.get(path, client.driver.admin).json
    # The other learner's three courses; of the archived one, the completed course is kept.
    assert (answer["status"], answer["reversed"], answer["kept_started"]) == ("done", 3, 1)
    client.settle()
    client.quiet()


def test_a_new_due_date_is_not_for_who_left(client: Client, world: World) -> None:
    three = Three(client)
    _archive(client, three.member)
    begun = three.courses[1]
    path = f"/msp/training/{client.org}/{three.batch}/courses/{begun}"
    assert world.patch(path, client.driver.admin, {"due_by": "2027-05-01"}).status == 200
    client.driver.work()
    (mine,) = [one for one in world.every("/me/courses", three.account) if one["course_id"] == begun]
    assert mine["due_by"] == DUE
    client.settle()
    client.quiet()

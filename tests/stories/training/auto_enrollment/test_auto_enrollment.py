"""I6, and the rule on groups: new members of a group are enrolled in its courses, once, and the pages count them."""

import pytest

from chalicelib.aws import table
from chalicelib.core.errors import Unavailable
from chalicelib.jobs import due
from chalicelib.people.members.events import member_joined
from chalicelib.training.auto_enrollment import enroll_member
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.group_members import Client


@pytest.fixture
def client(driver: Driver, course: str) -> Client:
    return Client(driver, course)


def test_who_joins_is_enrolled_in_the_courses_of_their_groups_and_counted(client: Client, world: World) -> None:
    more = world.course(client.driver.msp, "Passwords")
    path = f"/msp/organizations/{client.org}/training-access"
    world.put(path, client.driver.admin, {"course_ids": [client.course, more], "reply_to": "training@acme.example"})
    group, other = client.group(client.course, more), client.group()
    ann, ben = client.somebody(group), client.somebody(group)
    assert client.driver.enrolled(client.org, client.course) == client.driver.enrolled(client.org, more) == {ann, ben}
    for course in (client.course, more):
        assert client.numbers(group, course) == ("enrolled", 2, 2, 0, 0, 0)
        assert client.outcomes(group, course) == {ann: "enrolled", ben: "enrolled"}
    (item,) = client.driver.dashboard()["items"]
    assert (item["num_batches"], item["num_courses"], item["status"]) == (
        1, 2, {"completed": 2, "scheduled": 0, "failed": 0},
    )  # fmt: skip
    assert client.driver.dashboard()["totals"] == {"course_enrollments": 2, "completed": 2, "scheduled": 0}
    page = world.get(f"/msp/training/{client.org}", client.driver.admin).json
    assert [one["name"] for one in page["items"]] == [f"Joining {_name(world, client.org, group)}"]
    assert world.get(f"/msp/training/{client.org}/{client.batch(other)}", client.driver.admin).status == 404
    assert world.get("/msp/rollouts", client.driver.admin).json["items"] == []
    client.quiet()


def _name(world: World, org: str, group: str) -> str:
    return str(next(item["name"] for item in world.dump("core") if item["sk"] == f"GROUP#{group}"))


def test_progress_of_new_members_counts_on_the_row(client: Client, world: World) -> None:
    group = client.group()
    account, member = world.learner(client.org, [group])
    client.joins(member)
    (mine,) = world.every("/me/courses", account)
    assert world.post(f"/me/courses/{mine['enrollment_id']}/start", account).status == 200
    assert world.post(f"/me/courses/{mine['enrollment_id']}/complete", account).status == 200
    row = client.row(group)
    assert (row["num_started"], row["num_completed"]) == (1, 1)
    client.quiet()


def test_a_course_of_two_groups_is_enrolled_once(client: Client) -> None:
    first, second = sorted((client.group(), client.group()))
    member = client.somebody(first, second)
    assert client.driver.enrolled(client.org, client.course) == {member}
    assert client.numbers(first) == ("enrolled", 1, 1, 0, 0, 0)
    assert client.numbers(second) == ("enrolled", 1, 0, 1, 0, 0)
    assert client.outcomes(second) == {member: "already_enrolled"}
    client.quiet()


def test_who_holds_or_completed_the_course_keeps_what_there_is(client: Client, world: World) -> None:
    group = client.group()
    account, done = world.learner(client.org, [group])
    holds = world.member(client.org, [group])
    client.driver.launch(client.org, [client.course])
    (mine,) = world.every("/me/courses", account)
    world.post(f"/me/courses/{mine['enrollment_id']}/complete", account)
    for member in (done, holds):
        client.joins(member)
    assert client.numbers(group) == ("enrolled", 2, 0, 1, 1, 0)
    assert client.outcomes(group) == {done: "already_completed", holds: "already_enrolled"}
    client.quiet()


def test_a_launch_meets_who_was_enrolled_on_joining(client: Client) -> None:
    group = client.group()
    client.somebody(group)
    (batch,) = client.driver.launch(client.org, [client.course])
    assert client.driver.row(client.org, batch, client.course)["num_already_enrolled"] == 1
    assert client.numbers(group) == ("enrolled", 1, 1, 0, 0, 0)
    client.quiet()


def test_a_new_course_of_the_group_reaches_who_joins_later(client: Client, world: World) -> None:
    first, more = client.course, world.course(client.driver.msp, "Passwords")
    path = f"/msp/organizations/{client.org}/training-access"
    world.put(path, client.driver.admin, {"course_ids": [first, more], "reply_to": "training@acme.example"})
    group = client.group()
    ann = client.somebody(group)
    client.change_group(group, course_ids=[first, more])
    ben = client.somebody(group)
    assert client.driver.enrolled(client.org, first) == {ann, ben}
    assert client.driver.enrolled(client.org, more) == {ben}
    assert client.driver.batch(client.org, client.batch(group))["summary"]["enrolled"] == 2
    copied = world.get(f"/msp/training/{client.org}/{client.batch(group)}/as-launch", client.driver.admin).json
    assert {course["course_id"] for course in copied["courses"]} == {first, more}
    client.quiet()


def test_a_group_s_courses_reach_its_members_when_asked(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.training.auto_enrollment.enroll_group._PER_PAGE", 2)
    group = world.group(client.org)
    people = set(world.members(client.org, 5, [group]))
    world.member(client.org, [group], "pending")
    client.change_group(group, course_ids=[client.course])
    assert client.driver.enrolled(client.org, client.course) == set()
    client.change_group(group, apply_to_members=True)
    assert client.driver.enrolled(client.org, client.course) == people
    assert client.numbers(group) == ("enrolled", 5, 5, 0, 0, 0)
    client.change_group(group, name="Renamed", apply_to_members=True)
    assert client.numbers(group) == ("enrolled", 5, 5, 0, 0, 0)
    entries = world.every(f"/orgs/{client.org}/audit", client.driver.admin)
    assert [one["after"] for one in entries if one["action"] == "group.changed"] == [
        {"name": "Renamed", "apply_to_members": True},
        {"apply_to_members": True},
        {"course_ids": [client.course]},
    ]
    client.quiet()


def test_a_new_name_that_is_taken_applies_nothing(client: Client, world: World) -> None:
    group = client.group()
    world.group(client.org, "Taken")
    world.member(client.org, [group])
    path = f"/orgs/{client.org}/groups/{group}"
    refused = world.patch(path, client.driver.admin, {"name": "Taken", "apply_to_members": True})
    assert (refused.status, refused.json["code"]) == (409, "name_taken")
    assert client.driver.work() == 0
    assert client.driver.enrolled(client.org, client.course) == set()


def test_who_finds_no_seat_fails_and_is_enrolled_by_a_retry(client: Client) -> None:
    client.seats(1)
    group = client.group()
    ann, ben, cid = (client.somebody(group) for _ in range(3))
    assert client.numbers(group) == ("partial", 3, 1, 0, 0, 2)
    assert client.outcomes(group) == {ann: "enrolled", ben: "no_seat", cid: "no_seat"}
    row = client.row(group)
    assert (row["can_retry"], row["code"]) == (True, "some_failed")
    assert client.driver.dashboard()["items"][0]["status"] == {"completed": 0, "scheduled": 0, "failed": 1}
    client.seats(2)
    assert client.retry(group) == 202
    assert client.numbers(group) == ("partial", 3, 2, 0, 0, 1)
    client.seats(3)
    assert client.retry(group, "again") == 202
    assert client.numbers(group) == ("enrolled", 3, 3, 0, 0, 0)
    assert client.row(group)["code"] is None
    assert client.driver.dashboard()["items"][0]["status"] == {"completed": 1, "scheduled": 0, "failed": 0}
    assert client.retry(group, "once more") == 409
    client.quiet()


def test_who_left_meanwhile_no_longer_counts_as_failed_after_a_retry(client: Client, world: World) -> None:
    client.seats(1)
    group, member = client.group(), ""
    for _ in range(2):
        member = client.somebody(group)
    client.change_group(group, course_ids=[])
    assert client.outcomes(group)[member] == "no_seat"
    assert client.retry(group) == 202
    assert client.numbers(group) == ("enrolled", 1, 1, 0, 0, 0)
    client.quiet()


def test_a_course_that_the_organization_may_not_use_is_denied_until_it_may(client: Client, world: World) -> None:
    denied = world.course(client.driver.msp, "Denied")
    group = client.group(denied)
    member = client.somebody(group)
    assert client.numbers(group, denied) == ("partial", 1, 0, 0, 0, 1)
    assert client.outcomes(group, denied) == {member: "access_denied"}
    path = f"/msp/organizations/{client.org}/training-access"
    world.put(path, client.driver.admin, {"course_ids": [denied], "reply_to": "training@acme.example"})
    assert client.driver.retry(client.org, client.batch(group), denied).status == 202
    client.driver.work()
    assert client.outcomes(group, denied) == {member: "enrolled"}
    client.quiet()


def test_only_the_groups_that_somebody_was_added_to_count_as_joined(client: Client, world: World) -> None:
    old, new = client.group(), world.group(client.org, courses=[world.course(client.driver.msp)])
    member = world.member(client.org, [old, new])
    client.joins(member, [new])
    assert client.driver.enrolled(client.org, client.course) == set()


@pytest.mark.parametrize("status", ["archived", "cancelled"])
def test_who_is_not_active_any_more_is_not_enrolled(client: Client, status: str) -> None:
    member = client.somebody(client.group(), status=status)
    assert client.driver.enrolled(client.org, client.course) == set(), member
    client.quiet()


def test_a_lost_message_is_found_by_the_sweep(client: Client, world: World) -> None:
    group = client.group()
    member = world.member(client.org, [group])
    job = member_joined(client.driver.msp, client.org, member, world.now)
    table.transact([due.write(job)])
    client.driver.past_grace()
    assert client.driver.sweep() == 1
    assert client.driver.enrolled(client.org, client.course) == {member}
    client.quiet()


def test_a_message_that_comes_again_after_an_undo_enrolls_nobody(client: Client, world: World) -> None:
    group = client.group()
    member = world.member(client.org, [group])
    job = member_joined(client.driver.msp, client.org, member, world.now)
    table.transact([due.write(job)])
    client.driver.deliver([job.body()])
    _undo(client, group)
    assert client.row(group)["num_withdrawn"] == 1
    client.driver.deliver([job.body()])
    (held,) = client.driver.enrollments(client.org, member)
    assert held["status"] == "cancelled"
    client.quiet()


def _undo(client: Client, group: str) -> None:
    path = f"/msp/training/{client.org}/{client.batch(group)}/undo"
    assert client.world.post(path, client.driver.admin).status == 202
    client.driver.work()
    for _ in range(2):
        client.driver.past_grace()
        client.driver.sweep()
    assert client.world.get(path, client.driver.admin).json["status"] == "done"


def test_who_joins_after_an_undo_is_enrolled_by_the_next_batch_of_the_group(client: Client) -> None:
    group = client.group()
    client.somebody(group)
    _undo(client, group)
    member = client.somebody(group)
    assert client.row(group, number=1)["num_enrolled"] == 1
    assert client.driver.enrollments(client.org, member)[0]["batch_id"] == client.batch(group, 1)
    assert client.row(group)["status"] == "cancelled"
    client.quiet()


def test_learners_of_a_group_s_row_get_a_due_date_reminders_and_an_export(client: Client, world: World) -> None:
    group = client.group()
    members = {client.somebody(group) for _ in range(3)}
    path = f"/msp/training/{client.org}/{client.batch(group)}/courses/{client.course}"
    assert world.patch(path, client.driver.admin, {"due_by": "2027-02-01"}).status == 200
    client.driver.work()
    assert {one["due_by"] for one in client.driver.learners(client.org, client.batch(group), client.course)} == {
        "2027-02-01"
    }
    later = client.somebody(group)
    assert client.driver.enrollments(client.org, later)[0]["due_by"] == "2027-02-01"
    client.driver.until("2027-03-01T10:00")
    assert client.row(group)["num_overdue"] == 4
    assert client.driver.enrollments(client.org, client.somebody(group))[0]["due_by"] is None
    assert world.post(f"{path}/remind", client.driver.admin).json["num_not_completed"] == 5
    client.driver.work()
    mails = [item for item in world.dump("outbox") if item["pk"].startswith("MAIL#")]
    assert len(mails) == 5
    assert len(members) == 3
    client.quiet()


def test_a_group_s_batch_cannot_be_cancelled_since_it_has_run(client: Client, world: World) -> None:
    group = client.group()
    client.somebody(group)
    answer = world.post(f"/msp/training/{client.org}/{client.batch(group)}/cancel", client.driver.admin)
    assert (answer.status, answer.json["code"]) == (409, "not_cancelable")


def test_a_message_that_broke_every_time_fails_who_is_missing_and_retry_mends_it(client: Client, world: World) -> None:
    group = client.group()
    member = world.member(client.org, [group])
    job = member_joined(client.driver.msp, client.org, member, world.now)
    table.transact([due.write(job)])
    client.driver.handle_dead_letter(job.body())
    assert client.outcomes(group) == {member: "processing_failed"}
    client.quiet()
    assert client.retry(group) == 202
    assert client.outcomes(group) == {member: "enrolled"}
    client.quiet()


def test_sixty_members_of_a_group_are_enrolled_in_two_courses_and_each_counted(client: Client, world: World) -> None:
    more = world.course(client.driver.msp, "Passwords")
    path = f"/msp/organizations/{client.org}/training-access"
    seats = {client.course: 60, more: 58}
    body = {"course_ids": [client.course, more], "reply_to": "training@acme.example", "seats": seats}
    world.put(path, client.driver.admin, body)
    group = world.group(client.org)
    people = set(world.members(client.org, 60, [group]))
    client.change_group(group, course_ids=[client.course, more], apply_to_members=True)
    assert client.driver.enrolled(client.org, client.course) == people
    assert client.numbers(group) == ("enrolled", 60, 60, 0, 0, 0)
    # The last twenty-five find no seats together, and then alone as many as there are.
    assert client.numbers(group, more) == ("partial", 60, 58, 0, 0, 2)
    client.quiet()


def broken(*args: object, **more: object) -> None:
    raise Unavailable()


def test_a_retry_that_broke_every_time_still_leaves_out_who_is_no_longer_meant(client: Client, world: World) -> None:
    client.seats(1)
    group = client.group()
    for _ in range(2):
        client.somebody(group)
    client.change_group(group, course_ids=[])
    assert client.driver.retry(client.org, client.batch(group), client.course).status == 202
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(enroll_member, "run", broken)
        client.driver.deliver(world.messages())
    (message,) = world.messages()
    client.driver.handle_dead_letter(message)
    assert client.numbers(group) == ("enrolled", 1, 1, 0, 0, 0)
    client.quiet()

"""I6, and the rule on groups: who joins a group gets its courses, once, and the pages count them."""

import pytest

from chalicelib.aws import table
from chalicelib.jobs import due
from chalicelib.people.members.events import member_joined
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.group_members import Joiners


@pytest.fixture
def at(driver: Driver, course: str) -> Joiners:
    return Joiners(driver, course)


def test_who_joins_is_enrolled_in_the_courses_of_their_groups_and_counted(at: Joiners, world: World) -> None:
    more = world.course(at.driver.msp, "Passwords")
    path = f"/msp/organizations/{at.org}/training-access"
    world.put(path, at.driver.admin, {"course_ids": [at.course, more], "reply_to": "training@acme.example"})
    group, other = at.group(at.course, more), at.group()
    ann, ben = at.somebody(group), at.somebody(group)
    assert at.driver.enrolled(at.org, at.course) == at.driver.enrolled(at.org, more) == {ann, ben}
    for course in (at.course, more):
        assert at.numbers(group, course) == ("enrolled", 2, 2, 0, 0, 0)
        assert at.outcomes(group, course) == {ann: "enrolled", ben: "enrolled"}
    (item,) = at.driver.dashboard()["items"]
    assert (item["num_batches"], item["num_courses"], item["status"]) == (
        1, 2, {"completed": 2, "scheduled": 0, "failed": 0},
    )  # fmt: skip
    assert at.driver.dashboard()["totals"] == {"course_enrollments": 2, "completed": 2, "scheduled": 0}
    page = world.get(f"/msp/training/{at.org}", at.driver.admin).json
    assert [one["name"] for one in page["items"]] == [f"Joining {_name(world, at.org, group)}"]
    assert at.driver.world.get(f"/msp/training/{at.org}/{at.batch(other)}", at.driver.admin).status == 404
    assert world.get("/msp/rollouts", at.driver.admin).json["items"] == []
    at.quiet()


def _name(world: World, org: str, group: str) -> str:
    return str(next(item["name"] for item in world.dump("core") if item["sk"] == f"GROUP#{group}"))


def test_progress_of_joiners_counts_on_the_row(at: Joiners, world: World) -> None:
    group = at.group()
    account, member = world.learner(at.org, [group])
    at.joins(member)
    (mine,) = world.every("/me/courses", account)
    assert world.post(f"/me/courses/{mine['enrollment_id']}/start", account).status == 200
    assert world.post(f"/me/courses/{mine['enrollment_id']}/complete", account).status == 200
    row = at.row(group)
    assert (row["num_started"], row["num_completed"]) == (1, 1)
    at.quiet()


def test_a_course_of_two_groups_is_enrolled_once(at: Joiners) -> None:
    first, second = sorted((at.group(), at.group()))
    member = at.somebody(first, second)
    assert at.driver.enrolled(at.org, at.course) == {member}
    assert at.numbers(first) == ("enrolled", 1, 1, 0, 0, 0)
    assert at.numbers(second) == ("enrolled", 1, 0, 1, 0, 0)
    assert at.outcomes(second) == {member: "already_enrolled"}
    at.quiet()


def test_who_holds_or_completed_the_course_keeps_what_there_is(at: Joiners, world: World) -> None:
    group = at.group()
    account, done = world.learner(at.org, [group])
    holds = world.member(at.org, [group])
    at.driver.launch(at.org, [at.course])
    (mine,) = world.every("/me/courses", account)
    world.post(f"/me/courses/{mine['enrollment_id']}/complete", account)
    for member in (done, holds):
        at.joins(member)
    assert at.numbers(group) == ("enrolled", 2, 0, 1, 1, 0)
    assert at.outcomes(group) == {done: "already_completed", holds: "already_enrolled"}
    at.quiet()


def test_a_launch_meets_who_was_enrolled_on_joining(at: Joiners) -> None:
    group = at.group()
    at.somebody(group)
    (batch,) = at.driver.launch(at.org, [at.course])
    assert at.driver.row(at.org, batch, at.course)["num_already_enrolled"] == 1
    assert at.numbers(group) == ("enrolled", 1, 1, 0, 0, 0)
    at.quiet()


def test_a_new_course_of_the_group_reaches_who_joins_later(at: Joiners, world: World) -> None:
    first, more = at.course, world.course(at.driver.msp, "Passwords")
    path = f"/msp/organizations/{at.org}/training-access"
    world.put(path, at.driver.admin, {"course_ids": [first, more], "reply_to": "training@acme.example"})
    group = at.group()
    ann = at.somebody(group)
    at.change_group(group, course_ids=[first, more])
    ben = at.somebody(group)
    assert at.driver.enrolled(at.org, first) == {ann, ben}
    assert at.driver.enrolled(at.org, more) == {ben}
    assert at.driver.batch(at.org, at.batch(group))["summary"]["enrolled"] == 2
    copied = world.get(f"/msp/training/{at.org}/{at.batch(group)}/as-launch", at.driver.admin).json
    assert {course["course_id"] for course in copied["courses"]} == {first, more}
    at.quiet()


def test_a_group_s_courses_reach_its_members_when_asked(
    at: Joiners, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.training.auto_enrollment.enroll_group._PER_MESSAGE", 2)
    group = world.group(at.org)
    people = set(world.members(at.org, 5, [group]))
    world.member(at.org, [group], "pending")
    at.change_group(group, course_ids=[at.course])
    assert at.driver.enrolled(at.org, at.course) == set()
    at.change_group(group, apply_to_members=True)
    assert at.driver.enrolled(at.org, at.course) == people
    assert at.numbers(group) == ("enrolled", 5, 5, 0, 0, 0)
    at.change_group(group, name="Renamed", apply_to_members=True)
    assert at.numbers(group) == ("enrolled", 5, 5, 0, 0, 0)
    told = world.every(f"/orgs/{at.org}/audit", at.driver.admin)
    assert [one["after"] for one in told if one["action"] == "group.changed"] == [
        {"name": "Renamed", "apply_to_members": True},
        {"apply_to_members": True},
        {"course_ids": [at.course]},
    ]
    at.quiet()


def test_a_new_name_that_is_taken_applies_nothing(at: Joiners, world: World) -> None:
    group = at.group()
    world.group(at.org, "Taken")
    world.member(at.org, [group])
    path = f"/orgs/{at.org}/groups/{group}"
    refused = world.patch(path, at.driver.admin, {"name": "Taken", "apply_to_members": True})
    assert (refused.status, refused.json["code"]) == (409, "name_taken")
    assert at.driver.work() == 0
    assert at.driver.enrolled(at.org, at.course) == set()


def test_who_finds_no_seat_fails_and_is_enrolled_by_a_retry(at: Joiners) -> None:
    at.seats(1)
    group = at.group()
    ann, ben, cid = (at.somebody(group) for _ in range(3))
    assert at.numbers(group) == ("partial", 3, 1, 0, 0, 2)
    assert at.outcomes(group) == {ann: "enrolled", ben: "no_seat", cid: "no_seat"}
    row = at.row(group)
    assert (row["can_retry"], row["code"]) == (True, "some_failed")
    assert at.driver.dashboard()["items"][0]["status"] == {"completed": 0, "scheduled": 0, "failed": 1}
    at.seats(2)
    assert at.retry(group) == 202
    assert at.numbers(group) == ("partial", 3, 2, 0, 0, 1)
    at.seats(3)
    assert at.retry(group, "again") == 202
    assert at.numbers(group) == ("enrolled", 3, 3, 0, 0, 0)
    assert at.row(group)["code"] is None
    assert at.driver.dashboard()["items"][0]["status"] == {"completed": 1, "scheduled": 0, "failed": 0}
    assert at.retry(group, "once more") == 409
    at.quiet()


def test_who_left_meanwhile_no_longer_counts_as_failed_after_a_retry(at: Joiners, world: World) -> None:
    at.seats(1)
    group, member = at.group(), ""
    for _ in range(2):
        member = at.somebody(group)
    at.change_group(group, course_ids=[])
    assert at.outcomes(group)[member] == "no_seat"
    assert at.retry(group) == 202
    assert at.numbers(group) == ("enrolled", 1, 1, 0, 0, 0)
    at.quiet()


def test_a_course_that_the_organization_may_not_use_is_denied_until_it_may(at: Joiners, world: World) -> None:
    denied = world.course(at.driver.msp, "Denied")
    group = at.group(denied)
    member = at.somebody(group)
    assert at.numbers(group, denied) == ("partial", 1, 0, 0, 0, 1)
    assert at.outcomes(group, denied) == {member: "access_denied"}
    path = f"/msp/organizations/{at.org}/training-access"
    world.put(path, at.driver.admin, {"course_ids": [denied], "reply_to": "training@acme.example"})
    assert at.driver.retry(at.org, at.batch(group), denied).status == 202
    at.driver.work()
    assert at.outcomes(group, denied) == {member: "enrolled"}
    at.quiet()


def test_only_the_groups_that_somebody_was_added_to_count_as_joined(at: Joiners, world: World) -> None:
    old, new = at.group(), world.group(at.org, courses=[world.course(at.driver.msp)])
    member = world.member(at.org, [old, new])
    at.joins(member, [new])
    assert at.driver.enrolled(at.org, at.course) == set()


@pytest.mark.parametrize("status", ["archived", "cancelled"])
def test_who_is_not_active_any_more_is_not_enrolled(at: Joiners, status: str) -> None:
    member = at.somebody(at.group(), status=status)
    assert at.driver.enrolled(at.org, at.course) == set(), member
    at.quiet()


def test_a_lost_message_is_found_by_the_sweep(at: Joiners, world: World) -> None:
    group = at.group()
    member = world.member(at.org, [group])
    job = member_joined(at.driver.msp, at.org, member, world.now)
    table.transact([due.write(job)])
    at.driver.past_grace()
    assert at.driver.sweep() == 1
    assert at.driver.enrolled(at.org, at.course) == {member}
    at.quiet()


def test_a_message_that_comes_again_after_an_undo_enrolls_nobody(at: Joiners, world: World) -> None:
    group = at.group()
    member = world.member(at.org, [group])
    job = member_joined(at.driver.msp, at.org, member, world.now)
    table.transact([due.write(job)])
    at.driver.deliver([job.body()])
    _undo(at, group)
    assert at.row(group)["num_withdrawn"] == 1
    at.driver.deliver([job.body()])
    (held,) = at.driver.enrollments(at.org, member)
    assert held["status"] == "cancelled"
    at.quiet()


def _undo(at: Joiners, group: str) -> None:
    path = f"/msp/training/{at.org}/{at.batch(group)}/undo"
    assert at.world.post(path, at.driver.admin).status == 202
    at.driver.work()
    for _ in range(2):
        at.driver.past_grace()
        at.driver.sweep()
    assert at.world.get(path, at.driver.admin).json["status"] == "done"


def test_who_joins_after_an_undo_is_enrolled_by_the_next_standing_batch(at: Joiners) -> None:
    group = at.group()
    at.somebody(group)
    _undo(at, group)
    member = at.somebody(group)
    assert at.row(group, number=1)["num_enrolled"] == 1
    assert at.driver.enrollments(at.org, member)[0]["batch_id"] == at.batch(group, 1)
    assert at.row(group)["status"] == "cancelled"
    at.quiet()


def test_a_standing_row_s_learners_get_a_due_date_reminders_and_an_export(at: Joiners, world: World) -> None:
    group = at.group()
    members = {at.somebody(group) for _ in range(3)}
    path = f"/msp/training/{at.org}/{at.batch(group)}/courses/{at.course}"
    assert world.patch(path, at.driver.admin, {"due_by": "2027-02-01"}).status == 200
    at.driver.work()
    assert {one["due_by"] for one in at.driver.learners(at.org, at.batch(group), at.course)} == {"2027-02-01"}
    later = at.somebody(group)
    assert at.driver.enrollments(at.org, later)[0]["due_by"] == "2027-02-01"
    at.driver.until("2027-03-01T10:00")
    assert at.row(group)["num_overdue"] == 4
    assert at.driver.enrollments(at.org, at.somebody(group))[0]["due_by"] is None
    assert world.post(f"{path}/remind", at.driver.admin).json == {"num_not_completed": 5}
    at.driver.work()
    mails = [item for item in world.dump("outbox") if item["pk"].startswith("MAIL#")]
    assert len(mails) == 5
    assert len(members) == 3
    at.quiet()


def test_a_standing_batch_is_not_cancelled_for_it_has_run(at: Joiners, world: World) -> None:
    group = at.group()
    at.somebody(group)
    answer = world.post(f"/msp/training/{at.org}/{at.batch(group)}/cancel", at.driver.admin)
    assert (answer.status, answer.json["code"]) == (409, "not_cancelable")


def test_a_message_that_broke_every_time_fails_who_is_missing_and_retry_mends_it(at: Joiners, world: World) -> None:
    group = at.group()
    member = world.member(at.org, [group])
    job = member_joined(at.driver.msp, at.org, member, world.now)
    table.transact([due.write(job)])
    at.driver.handle_dead_letter(job.body())
    assert at.outcomes(group) == {member: "processing_failed"}
    at.quiet()
    assert at.retry(group) == 202
    assert at.outcomes(group) == {member: "enrolled"}
    at.quiet()


def test_sixty_members_of_a_group_are_enrolled_in_two_courses_and_each_counted(at: Joiners, world: World) -> None:
    more = world.course(at.driver.msp, "Passwords")
    path = f"/msp/organizations/{at.org}/training-access"
    seats = {at.course: 60, more: 58}
    body = {"course_ids": [at.course, more], "reply_to": "training@acme.example", "seats": seats}
    world.put(path, at.driver.admin, body)
    group = world.group(at.org)
    people = set(world.members(at.org, 60, [group]))
    at.change_group(group, course_ids=[at.course, more], apply_to_members=True)
    assert at.driver.enrolled(at.org, at.course) == people
    assert at.numbers(group) == ("enrolled", 60, 60, 0, 0, 0)
    # The last twenty-five find no seats together, and then alone as many as there are.
    assert at.numbers(group, more) == ("partial", 60, 58, 0, 0, 2)
    at.quiet()


def test_a_retry_that_broke_every_time_still_leaves_out_who_is_no_longer_meant(at: Joiners, world: World) -> None:
    at.seats(1)
    group = at.group()
    for _ in range(2):
        at.somebody(group)
    at.change_group(group, course_ids=[])
    assert at.driver.retry(at.org, at.batch(group), at.course).status == 202
    (page,) = world.messages()
    at.driver.deliver([page])
    (message,) = world.messages()
    at.driver.handle_dead_letter(message)
    assert at.numbers(group) == ("enrolled", 1, 1, 0, 0, 0)
    at.quiet()

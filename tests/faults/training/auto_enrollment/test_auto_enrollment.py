"""A member, or all members of a group, get its courses: broken at every call, twice at once, and beside others."""

from collections.abc import Callable

import pytest

from chalicelib.aws import table
from chalicelib.jobs import due
from chalicelib.people.members.events import member_joined
from chalicelib.training.auto_enrollment import enroll_group
from chalicelib.training.auto_enrollment.models import group_batch_id
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness, Rows, enrolled
from tests.faults.invariants import Tables
from tests.faults.kinds import DELETE, GET, GET_MANY, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault, each, pairs
from tests.faults.snapshots import built_once

_ROWS = [GET, GET_MANY, TRANSACT]  # no batch yet: titles, batch and rows
_PERSON = [GET_MANY, TRANSACT]
# Then the job is closed.
_BEGIN, _END = [GET_MANY, GET_MANY], [DELETE]

FIRST = [*_BEGIN, GET_MANY, *_ROWS, *_PERSON, *_END]
SECOND = [*_BEGIN, *_PERSON, *_END]
FULL = [*_BEGIN, *_PERSON, *_PERSON, *_END]
AGAIN = [GET, GET, QUERY, GET_MANY, GET, GET_MANY, *_PERSON, *_END]
MANY = [GET_MANY, GET_MANY, *_ROWS, *_PERSON]
GROUP = [GET, QUERY, *MANY, *_END]
GROUP_PAGE = [GET, QUERY, *MANY, TRANSACT, SEND]
ALONE = [GET_MANY, GET_MANY, *_PERSON]
MANY_MET = [*MANY, *ALONE]
# Two seats for three: none of them together, then each alone, the last of them twice.
MANY_FULL = [*MANY, *ALONE, *ALONE, *ALONE, *_PERSON]
RETRY = [QUERY, GET, GET, PUT, GET, QUERY, TRANSACT, SEND, GET, UPDATE]


def _joins(play: FaultHarness, org_id: str, member_id: str) -> Delivery:
    job = member_joined(play.msp_id, org_id, member_id, play.world.now)
    table.transact([due.write(job)])
    return Delivery(job.body())


@built_once
def _first(play: FaultHarness) -> tuple[Delivery, Rows]:
    """The first person of a group that has a course."""
    course = play.course()
    org_id = play.client(0, [course])
    member = play.world.member(org_id, [play.world.group(org_id, courses=[course])])
    play.people[org_id] = [member]
    return _joins(play, org_id, member), {(org_id, course): [enrolled(1)]}


@built_once
def _second(play: FaultHarness, seats: int = 0) -> tuple[Delivery, Rows]:
    """Another person of the group, for whom the row is there."""
    delivery, rows = _first(play)
    ((org_id, course),) = rows
    if seats:
        play.limit_seats(org_id, {course: seats})
    play.deliver_at_once(delivery)
    member = play.world.member(org_id, [_group(play)])
    play.people[org_id].append(member)
    return _joins(play, org_id, member), {(org_id, course): [enrolled(2)]}


@built_once
def _full(play: FaultHarness) -> tuple[Delivery, Rows]:
    delivery, rows = _second(play, seats=1)
    return delivery, {key: [("partial", 2, 1, 0, 0, 1)] for key in rows}


@built_once
def _withdrawn(play: FaultHarness) -> tuple[Delivery, Rows]:
    """Whose enrollment by the row was withdrawn for them alone, and who joins once more."""
    delivery, rows = _first(play)
    ((org_id, course),) = rows
    play.deliver_at_once(delivery)
    (member,) = play.people[org_id]
    _withdraw(play, org_id, member, course)
    return _joins(play, org_id, member), {(org_id, course): [enrolled(2)]}


def _withdraw(play: FaultHarness, org_id: str, member: str, course: str) -> None:
    """As an archive does, or an admin who cancels one enrollment."""
    found = {"pk": {"S": f"ORG#{org_id}#MEMBER#{member}"}, "sk": {"S": f"COURSE#{course}"}}
    names, dynamodb = play.world.stage.table_names, play.world.client("dynamodb")
    dynamodb.update_item(
        TableName=names["enrollments"],
        Key=found,
        UpdateExpression="SET #s = :c, revision = revision + :one",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":c": {"S": "cancelled"}, ":one": {"N": "1"}},
    )
    row = {"pk": {"S": f"ORG#{org_id}#BATCH#{group_batch_id(_group(play))}"}, "sk": {"S": f"COURSE#{course}"}}
    seats = {"pk": {"S": f"ORG#{org_id}"}, "sk": {"S": f"SEATS#{course}"}}
    for key, name, number in ((row, "num_withdrawn", "1"), (seats, "taken", "-1")):
        dynamodb.update_item(
            TableName=names["core"],
            Key=key,
            UpdateExpression="ADD #n :n",
            ExpressionAttributeNames={"#n": name},
            ExpressionAttributeValues={":n": {"N": number}},
        )


@built_once
def _again(play: FaultHarness) -> tuple[Delivery, Rows]:
    """One who found no seat is tried again after a retry, for which there is a seat now."""
    delivery, rows = _full(play)
    ((org_id, course),) = rows
    play.deliver_at_once(delivery)
    play.limit_seats(org_id, {course: 2})
    assert play.ask(_retry(play)).status == 202
    return play.outside.take_one(job="join_group"), {(org_id, course): [enrolled(2)]}


def _retry(play: FaultHarness) -> Request:
    ((org_id, batch_id, course),) = Tables.of(play.world).rows
    path = f"/msp/training/{org_id}/{batch_id}/courses/{course}/retry"
    return Request("POST", path, play.admin, key="retry")


def _group(play: FaultHarness) -> str:
    (group,) = [item["group_id"] for item in play.world.dump("core") if item["sk"].startswith("GROUP#")]
    return str(group)


def _applied(play: FaultHarness, per_page: int = 4) -> tuple[Delivery, Rows]:
    """An admin has a group's courses applied to the three people in it, so many of them in one message."""
    enroll_group._PER_PAGE = per_page
    return _asked_for(play)


@built_once
def _asked_for(play: FaultHarness) -> tuple[Delivery, Rows]:
    course = play.course()
    org_id = play.client(0, [course])
    group = play.world.group(org_id, courses=[course])
    play.people[org_id] = play.world.members(org_id, 3, [group])
    request = Request("PATCH", f"/orgs/{org_id}/groups/{group}", play.admin, {"apply_to_members": True})
    assert play.ask(request).status == 200
    return play.outside.take_one(job="join_group"), {(org_id, course): [enrolled(3)]}


@built_once
def _many(play: FaultHarness, seats: int = 0, held: int = 0) -> tuple[Delivery, Rows]:
    """Three people of a group in a message of their own; so many of them hold the course already."""
    course = play.course()
    org_id = play.client(0, [course])
    if seats:
        play.limit_seats(org_id, {course: seats})
    group = play.world.group(org_id, courses=[course])
    play.people[org_id] = sorted(play.world.members(org_id, 3, [group]))
    for person in range(held):
        play.enrolled_before(org_id, course, person, "in_progress")
    request = Request("PATCH", f"/orgs/{org_id}/groups/{group}", play.admin, {"apply_to_members": True})
    assert play.ask(request).status == 200
    body = play.outside.take_one(job="join_group").body
    assert isinstance(body, dict)
    ids = {name: body[name] for name in ("msp_id", "org_id", "group_id", "join_id")}
    some = {"job": "join_many", "member_ids": play.people[org_id], **ids}
    return Delivery(some), {(org_id, course): [enrolled(3)]}


@built_once
def _many_met(play: FaultHarness) -> tuple[Delivery, Rows]:
    delivery, rows = _many(play, held=1)
    return delivery, {key: [("enrolled", 3, 2, 1, 0, 0)] for key in rows}


@built_once
def _many_full(play: FaultHarness) -> tuple[Delivery, Rows]:
    delivery, rows = _many(play, seats=2)
    return delivery, {key: [("partial", 3, 2, 0, 0, 1)] for key in rows}


_SCENES: dict[str, tuple[Callable[[FaultHarness], tuple[Delivery, Rows]], list[str]]] = {
    "first of a group": (_first, FIRST),
    "another": (_second, SECOND),
    "no seat": (_full, FULL),
    "after a withdrawal": (_withdrawn, SECOND),
    "again": (_again, AGAIN),
    "group": (_applied, GROUP),
    "page of a group": (lambda play: _applied(play, 2), GROUP_PAGE),
    "many": (_many, MANY),
    "many, one of whom is enrolled": (_many_met, MANY_MET),
    "many, for few seats": (_many_full, MANY_FULL),
}
# They differ from the others in what one transaction holds, not in the calls around it.
_ALIKE = {"no seat", "after a withdrawal", "again", "many, one of whom is enrolled", "many, for few seats"}
_EACH = [pytest.param(name, *one.values, id=f"{name}: {one.id}") for name, (_, c) in _SCENES.items() for one in each(c)]
_EACH_FAULT = [
    pytest.param(name, *one.values, id=f"{name}: {one.id}")
    for name, (_, calls) in _SCENES.items()
    for one in pairs(calls, later.ESSENTIAL if name in _ALIKE else None)
]


@pytest.fixture(autouse=True)
def _pages_are_long_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enroll_group, "_PER_PAGE", enroll_group._PER_PAGE)


@pytest.mark.parametrize("name", _SCENES)
def test_a_join_makes_these_calls_and_has_this_result(play: FaultHarness, name: str) -> None:
    scene, expected = _SCENES[name]
    delivery, rows = scene(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == expected
    play.outside.until_quiet()
    play.assert_true(rows)
    # The same message once more, when everything was done: nothing is written.
    before = (play.world.dump("core"), play.world.dump("enrollments"))
    assert play.outside.deliver(Delivery(delivery.body))
    play.outside.until_quiet()
    assert (play.world.dump("core"), play.world.dump("enrollments")) == before


@pytest.mark.parametrize(("name", "at", "fault"), _EACH_FAULT)
def test_joining_comes_out_right_whichever_call_breaks(play: FaultHarness, name: str, at: int, fault: Fault) -> None:
    delivery, rows = _SCENES[name][0](play)
    later.broken_delivery(play, delivery, at, fault)
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("name", "at"), _EACH)
def test_a_join_that_is_delivered_twice_at_once_is_processed_once(play: FaultHarness, name: str, at: int) -> None:
    delivery, rows = _SCENES[name][0](play)
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize("at", each(FIRST))
def test_two_people_who_join_at_once_share_one_batch(play: FaultHarness, at: int) -> None:
    delivery, rows = _first(play)
    ((org_id, course),) = rows
    other = _joins(play, org_id, play.world.member(org_id, [_group(play)]))
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(other))
    play.outside.until_quiet()
    play.assert_true({(org_id, course): [enrolled(2)]})


@pytest.mark.parametrize("at", each(SECOND))
def test_two_people_who_join_at_once_for_one_seat_take_one(play: FaultHarness, at: int) -> None:
    delivery, rows = _second(play, seats=2)
    ((org_id, course),) = rows
    other = _joins(play, org_id, play.world.member(org_id, [_group(play)]))
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(other))
    play.outside.until_quiet()
    play.assert_true({(org_id, course): [("partial", 3, 2, 0, 0, 1)]})


@pytest.mark.parametrize("at", each(SECOND))
def test_a_launch_for_the_same_person_at_the_same_moment_enrolls_once(play: FaultHarness, at: int) -> None:
    delivery, rows = _second(play)
    ((org_id, course),) = rows

    def launch() -> None:
        play.launch([org_id], [{"course_id": course}])
        play.outside.work_off()

    later.while_delivering(play, delivery, at, launch)
    later.settle(play)
    rows_now = play.rows()[org_id, course]
    assert [(status, targeted) for status, targeted, *_ in rows_now] == [("enrolled", 2), ("enrolled", 2)]
    # Each of the two people is enrolled by their joining or by the launch, and by one of them only.
    assert sum(num_enrolled for _, _, num_enrolled, *_ in rows_now) == 2


@pytest.mark.parametrize("at", each(SECOND))
def test_a_course_that_the_group_loses_meanwhile_is_enrolled_or_not_and_counted_so(play: FaultHarness, at: int) -> None:
    delivery, rows = _second(play)
    ((org_id, course),) = rows
    request = Request("PATCH", f"/orgs/{org_id}/groups/{_group(play)}", play.admin, {"course_ids": []})
    later.while_delivering(play, delivery, at, lambda: play.ask(request))
    later.settle(play)
    assert play.rows()[org_id, course] in ([enrolled(1)], [enrolled(2)])


@pytest.mark.parametrize("at", each(SECOND))
def test_an_undo_at_the_same_moment_leaves_nobody_enrolled_beside_the_counts(play: FaultHarness, at: int) -> None:
    delivery, rows = _second(play)
    ((org_id, course),) = rows
    path = f"/msp/training/{org_id}/{group_batch_id(_group(play))}/undo"
    later.while_delivering(play, delivery, at, lambda: play.ask(Request("POST", path, play.admin, key="undo")))
    later.settle(play)
    undone, *others = sorted(play.rows()[org_id, course])
    # Either the first batch took both in and gave both back, or the second person is for the next one.
    assert (undone, others) in (
        (("cancelled", 2, 2, 0, 0, 0), []),
        (("cancelled", 1, 1, 0, 0, 0), [enrolled(1)]),
    )


@pytest.mark.parametrize("at", each(SECOND))
def test_training_access_that_is_withdrawn_meanwhile_denies_or_comes_too_late(play: FaultHarness, at: int) -> None:
    delivery, rows = _second(play)
    ((org_id, course),) = rows
    request = Request("DELETE", f"/msp/organizations/{org_id}/training-access", play.admin)
    later.while_delivering(play, delivery, at, lambda: play.ask(request))
    later.settle(play)
    assert play.rows()[org_id, course] in ([enrolled(2)], [("partial", 2, 1, 0, 0, 1)])


@pytest.mark.parametrize("at", each(SECOND))
def test_seats_that_are_limited_meanwhile_are_never_exceeded(play: FaultHarness, at: int) -> None:
    delivery, rows = _second(play)
    ((org_id, course),) = rows
    later.while_delivering(play, delivery, at, lambda: later.give_seats(play, org_id, [course], 2))
    later.settle(play)
    assert play.rows()[org_id, course] == [enrolled(2)]


@pytest.mark.parametrize(("at", "fault"), pairs(RETRY))
def test_a_retry_of_a_group_s_row_comes_out_right_whichever_call_breaks(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    delivery, rows = _full(play)
    ((org_id, course),) = rows
    play.deliver_at_once(delivery)
    play.limit_seats(org_id, {course: 2})
    later.broken_request(play, _retry(play), at, fault, 202)
    play.outside.until_quiet()
    play.assert_true({(org_id, course): [enrolled(2)]})


def test_a_retry_of_a_group_s_row_makes_these_calls(play: FaultHarness) -> None:
    delivery, _ = _full(play)
    play.deliver_at_once(delivery)
    with play.injector.watched() as calls:
        assert play.ask(_retry(play)).status == 202
    assert calls == RETRY


@pytest.mark.parametrize(("at", "fault"), pairs(FIRST))
def test_a_dead_letter_of_a_join_is_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    delivery, rows = _first(play)
    with play.injector.fault(at, fault):
        play.outside.handle_dead_letter(delivery)
    assert play.injector.struck
    # The due entry is gone: nothing tries again until an admin does.
    play.outside.until_quiet()
    play.assert_true({key: [("partial", 1, 0, 0, 0, 1)] for key in rows})
    play.retry_everything()
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(MANY, later.ESSENTIAL))
def test_a_dead_letter_of_many_who_join_is_right_whichever_call_breaks(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    delivery, rows = _many(play)
    with play.injector.fault(at, fault):
        play.outside.handle_dead_letter(delivery)
    assert play.injector.struck
    while play.outside.dead:
        play.outside.handle_dead_letter(play.outside.dead.pop(0))
    tables = Tables.of(play.world)
    assert not tables.enrollments
    assert play.rows(tables) == {key: [("partial", 3, 0, 0, 0, 3)] for key in rows}
    play.retry_everything()
    play.outside.until_quiet()
    play.assert_true(rows)

"""An organization's own launch, by who is limited to departments, broken at every call in every way."""

from typing import Any

import pytest

from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness, Rows, enrolled
from tests.faults.kinds import GET, GET_MANY, INSERT, KILLED_AFTER, KILLED_BEFORE, QUERY, SEND, TRANSACT, Fault, pairs
from tests.faults.snapshots import built_once

# Who asks, the key, the form, the tree of departments, the submission, its batch, its job.
LAUNCH = [QUERY, GET, GET_MANY, QUERY, TRANSACT, INSERT, SEND, TRANSACT]
SAVED_BY = 5

RECONCILE = [
    *(GET, GET_MANY, QUERY, TRANSACT, QUERY),  # create the row
    *(GET_MANY, GET, QUERY, QUERY, TRANSACT),  # the tree of departments, and the roster: start it
    *(QUERY, SEND, TRANSACT),
]

INDIVIDUALS = [
    *(GET, GET_MANY, QUERY, TRANSACT, QUERY),
    *(GET_MANY, GET, QUERY, GET_MANY, TRANSACT),  # the tree, and these people on the roster: start it
    *(QUERY, SEND, TRANSACT),
]


@built_once
def launching(play: FaultHarness, mode: str = "all") -> tuple[Request, Rows]:
    """The request, and the rows in the end. Two people are in the department or below it, one is elsewhere."""
    course = play.course()
    org_id = play.client(0, [course])
    world = play.world
    sales, legal = world.department(org_id, "Sales"), world.department(org_id, "Legal")
    north = world.department(org_id, "North", sales)
    people = [world.member(org_id, department_id=department) for department in (sales, north, legal)]
    play.people[org_id] = sorted(people)
    head = world.org_admin(org_id, role="department_admin", department_ids=[sales])
    targeting: dict[str, Any] = {"mode": mode, **({"member_ids": people[:2]} if mode == "individuals" else {})}
    body = {"name": "Spring", "courses": [{"course_id": course}], "targeting": targeting}
    path = f"/orgs/{org_id}/training/enrollment"
    return Request("POST", path, head, body, "launch"), {(org_id, course): [enrolled(2)]}


@built_once
def reconciling(play: FaultHarness, mode: str) -> tuple[Delivery, Rows]:
    request, rows = launching(play, mode)
    assert play.ask(request).status == 202
    return play.outside.take_one(job="advance"), rows


def test_a_launch_makes_these_calls(play: FaultHarness) -> None:
    request, rows = launching(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 202
    assert calls == LAUNCH
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(LAUNCH))
def test_a_launch_comes_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, rows = launching(play)
    with play.injector.fault(at, fault):
        first = play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status == 202, answer.text
    if first is not None and first.status == 202:
        assert first.json == answer.json
    play.outside.until_quiet()
    is_ok = answer.json["results"][0]["ok"]
    # DynamoDB was too busy for the batch in every try: it failed, and says so.
    assert is_ok or fault.name.endswith("again and again")
    play.assert_true(rows if is_ok else {})


@pytest.mark.parametrize(("at", "fault"), pairs(LAUNCH, [KILLED_BEFORE, KILLED_AFTER]))
def test_a_launch_that_nobody_asks_for_again_is_made_whole_or_not_at_all(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    request, rows = launching(play)
    with play.injector.fault(at, fault):
        assert play.outside.ask(request) is None
    play.outside.until_quiet()
    is_saved = (at, fault is KILLED_AFTER) >= (SAVED_BY, True)
    play.assert_true(rows if is_saved else {})


@pytest.mark.parametrize(("mode", "expected"), [("all", RECONCILE), ("individuals", INDIVIDUALS)])
def test_its_job_makes_these_calls(play: FaultHarness, mode: str, expected: list[str]) -> None:
    delivery, rows = reconciling(play, mode)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == expected
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(RECONCILE))
def test_its_job_comes_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    _comes_out_right(play, "all", at, fault)


@pytest.mark.parametrize(("at", "fault"), pairs(INDIVIDUALS))
def test_a_job_for_individuals_comes_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    _comes_out_right(play, "individuals", at, fault)


def _comes_out_right(play: FaultHarness, mode: str, at: int, fault: Fault) -> None:
    delivery, rows = reconciling(play, mode)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    # SQS delivers it again in any case.
    play.outside.deliver(delivery)
    play.outside.until_quiet()
    play.assert_true(rows)

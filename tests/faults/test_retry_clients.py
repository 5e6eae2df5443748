"""Launching again for the clients that failed at launch: of three clients two could not be written."""

import pytest

from tests.faults.kinds import (
    GET,
    GET_MANY,
    INSERT,
    KILLED_AFTER,
    KILLED_BEFORE,
    QUERY,
    SEND,
    TRANSACT,
    Fault,
    Refusal,
    pairs,
)
from tests.faults.outside import Request
from tests.faults.play import Play, Rows, enrolled
from tests.faults.truth import problems

CALLS = [QUERY, GET, TRANSACT, GET_MANY, TRANSACT, GET_MANY, GET_MANY, INSERT, SEND, SEND, TRANSACT, TRANSACT]


def _failed_clients(play: Play) -> tuple[Request, Request, Rows]:
    """The launch, the request that tries the failed clients again, and what the rows come to."""
    course = play.course()
    org_ids = [play.client(number, [course]) for number in (1, 0, 0)]
    launching = play.launching(org_ids, [{"course_id": course}])
    with play.injector.fault(0, bad_clients(org_ids[1:])):
        answer = play.ask(launching)
    assert [result["ok"] for result in answer.json["results"]] == [True, False, False]
    assert {result["error"]["code"] for result in answer.json["results"][1:]} == {"write_failed"}
    play.outside.until_quiet()
    play.assert_true({(org_ids[0], course): [enrolled(1)]})
    path = f"/msp/rollouts/{answer.json['rollout_id']}/retry"
    rows = {(org_id, course): [enrolled(len(play.people[org_id]))] for org_id in org_ids}
    return launching, Request("POST", path, play.admin, {"org_ids": org_ids[1:]}, "retry"), rows


def bad_clients(org_ids: list[str]) -> Refusal:
    """DynamoDB refuses the batches of these clients, for good."""
    return Refusal("bad clients", "ValidationError", wanted=lambda part: any(org_id in str(part) for org_id in org_ids))


def test_launching_again_for_failed_clients_makes_these_calls(play: Play) -> None:
    _, request, rows = _failed_clients(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 202
    assert calls == CALLS
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS))
def test_failed_clients_come_out_right_whichever_call_breaks(play: Play, at: int, fault: Fault) -> None:
    launching, request, rows = _failed_clients(play)
    answer_of_launch = play.ask(launching).json
    with play.injector.fault(at, fault):
        first = play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status == 202, answer.text
    if first is not None and first.status == 202:
        assert first.json == answer.json
    failed = [result["org_id"] for result in answer.json["results"] if not result["ok"]]
    assert bool(failed) == (fault.name == "one statement throttled again and again")
    play.outside.until_quiet()
    play.assert_true({key: truth for key, truth in rows.items() if key[0] not in failed})
    assert play.ask(request).json == answer.json
    assert play.ask(launching).json == answer_of_launch


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS, [KILLED_BEFORE, KILLED_AFTER]))
def test_a_retry_of_clients_that_nobody_asks_for_again_is_made_whole_or_not_at_all(
    play: Play, at: int, fault: Fault
) -> None:
    launching, request, rows = _failed_clients(play)
    answer_of_launch = play.ask(launching).json
    with play.injector.fault(at, fault):
        assert play.outside.ask(request) is None
    play.outside.until_quiet()
    is_saved = at > 5 or (at == 5 and fault is KILLED_AFTER)
    assert problems(play.world) == []
    assert play.rows() == (rows if is_saved else dict([next(iter(rows.items()))]))
    assert play.ask(launching).json == answer_of_launch

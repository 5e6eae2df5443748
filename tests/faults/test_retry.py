"""Retry of a row, from the request to its last chunk: one of its three people could not be enrolled at first."""

import pytest

from tests.faults.kinds import GET, GET_MANY, INSERT, PUT, QUERY, SEND, TRANSACT, Fault, Refusal, pairs
from tests.faults.outside import Request
from tests.faults.play import Play, Rows, enrolled

_CLAIM, _ANSWER = [GET, TRANSACT], [TRANSACT]

REQUEST = [QUERY, GET, *_CLAIM, GET, QUERY, TRANSACT, SEND, GET, *_ANSWER]
ADVANCE = [GET, QUERY, GET_MANY, GET, QUERY, TRANSACT, QUERY, QUERY, SEND, TRANSACT]
CHUNK = [GET_MANY, QUERY, PUT, INSERT, TRANSACT, GET, TRANSACT]


def _partial_row(play: Play) -> tuple[Request, Rows]:
    """The request that retries it, and what the row then comes to."""
    course = play.course()
    org_id = play.client(3, [course])
    batch_id = play.launch([org_id], [{"course_id": course, "due_by": "2087-02-01"}])[org_id]
    delivery = play.outside.take_one(job="chunk")
    with play.injector.fault(0, bad_learner(play.people[org_id][1])):
        assert play.outside.deliver(delivery)
    play.outside.work_off()
    play.assert_true({(org_id, course): [("partial", 3, 2, 0, 0, 1)]})
    path = f"/msp/training/{org_id}/{batch_id}/courses/{course}/retry"
    return Request("POST", path, play.admin, key="retry"), {(org_id, course): [enrolled(3)]}


def bad_learner(member_id: str) -> Refusal:
    """DynamoDB refuses everything about this member, for good."""
    return Refusal("bad learner", "ValidationError", wanted=lambda statement: member_id in str(statement))


def test_retrying_a_row_makes_these_calls(play: Play) -> None:
    request, rows = _partial_row(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 202
    assert calls == REQUEST
    for job, expected in (("advance", ADVANCE), ("chunk", CHUNK)):
        delivery = play.outside.take_one(job=job)
        with play.injector.watched() as calls:
            assert play.outside.deliver(delivery)
        assert calls == expected
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST))
def test_a_retry_comes_out_right_whichever_call_of_the_request_breaks(play: Play, at: int, fault: Fault) -> None:
    request, rows = _partial_row(play)
    with play.injector.fault(at, fault):
        first = play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status == 202, answer.text
    assert answer.json["status"] == "scheduled"
    if first is not None and first.status == 202:
        assert first.json == answer.json
    play.outside.until_quiet()
    play.assert_true(rows)
    assert play.ask(request).json == answer.json


@pytest.mark.parametrize(("at", "fault"), pairs(ADVANCE))
def test_a_retry_comes_out_right_whichever_call_of_its_start_breaks(play: Play, at: int, fault: Fault) -> None:
    _breaks(play, "advance", at, fault)


@pytest.mark.parametrize(("at", "fault"), pairs(CHUNK))
def test_a_retry_comes_out_right_whichever_call_of_its_chunk_breaks(play: Play, at: int, fault: Fault) -> None:
    _breaks(play, "chunk", at, fault)


def _breaks(play: Play, job: str, at: int, fault: Fault) -> None:
    request, rows = _partial_row(play)
    assert play.ask(request).status == 202
    delivery = play.outside.take_one(job=job)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(rows)

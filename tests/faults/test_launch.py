"""A launch: three clients, two batches a call and two messages a call, so that each step can be half done."""

import pytest

from tests.faults.kinds import GET, GET_MANY, INSERT, KILLED_AFTER, KILLED_BEFORE, QUERY, SEND, TRANSACT, Fault, pairs
from tests.faults.outside import Request
from tests.faults.play import Play, Rows, enrolled

CALLS = [QUERY, GET, GET_MANY, TRANSACT, INSERT, INSERT, SEND, SEND, TRANSACT]


def _launch(play: Play) -> tuple[Request, Rows]:
    """The request, and what its rows come to."""
    course = play.course()
    org_ids = [play.client(number, [course]) for number in (1, 0, 0)]
    truth = {(org_id, course): [enrolled(len(play.people[org_id]))] for org_id in org_ids}
    return play.launching(org_ids, [{"course_id": course, "due_by": "2087-02-01"}]), truth


def test_a_launch_makes_these_calls(play: Play) -> None:
    request, truth = _launch(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 202
    assert calls == CALLS
    play.outside.until_quiet()
    play.assert_true(truth)


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS))
def test_a_launch_comes_out_right_whichever_call_breaks(play: Play, at: int, fault: Fault) -> None:
    request, truth = _launch(play)
    with play.injector.fault(at, fault):
        first = play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status == 202
    if first is not None and first.status == 202:
        assert first.json == answer.json
    failed = [result["org_id"] for result in answer.json["results"] if not result["ok"]]
    assert bool(failed) == (fault.name == "one statement throttled again and again")
    play.outside.until_quiet()
    play.assert_true({key: rows for key, rows in truth.items() if key[0] not in failed})
    assert play.ask(request).json == answer.json
    if failed:
        path = f"/msp/rollouts/{answer.json['rollout_id']}/retry"
        play.ask(Request("POST", path, play.admin, {"org_ids": failed}, "retry"))
        play.outside.until_quiet()
        play.assert_true(truth)


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS, [KILLED_BEFORE, KILLED_AFTER]))
def test_a_launch_that_nobody_asks_for_again_is_made_whole_or_not_at_all(play: Play, at: int, fault: Fault) -> None:
    request, truth = _launch(play)
    with play.injector.fault(at, fault):
        assert play.outside.ask(request) is None
    play.outside.until_quiet()
    is_saved = at > 4 or (at == 4 and fault is KILLED_AFTER)
    play.assert_true(truth if is_saved else {})

"""A launch, and launching again for the clients that failed at it, each broken at every call in every way."""

import pytest

from tests.faults import scenarios
from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness
from tests.faults.invariants import problems
from tests.faults.kinds import KILLED_AFTER, KILLED_BEFORE, Fault, pairs

_KILLS = [KILLED_BEFORE, KILLED_AFTER]


def test_a_launch_makes_these_calls(play: FaultHarness) -> None:
    request, rows = scenarios.launching(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 202
    assert calls == scenarios.LAUNCH
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(scenarios.LAUNCH))
def test_a_launch_comes_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, rows = scenarios.launching(play)
    with play.injector.fault(at, fault):
        first = play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status == 202
    if first is not None and first.status == 202:
        assert first.json == answer.json
    failed = [result["org_id"] for result in answer.json["results"] if not result["ok"]]
    assert bool(failed) == _refuses_one_client(fault)
    play.outside.until_quiet()
    play.assert_true({key: truth for key, truth in rows.items() if key[0] not in failed})
    assert play.ask(request).json == answer.json
    if failed:
        path = f"/msp/rollouts/{answer.json['rollout_id']}/retry"
        play.ask(Request("POST", path, play.admin, {"org_ids": failed}, "retry"))
        play.outside.until_quiet()
        play.assert_true(rows)


def _refuses_one_client(fault: Fault) -> bool:
    """DynamoDB is too busy for one client in every try: it fails, its neighbours go on."""
    return fault.name == "one statement throttled again and again"


@pytest.mark.parametrize(("at", "fault"), pairs(scenarios.LAUNCH, _KILLS))
def test_a_launch_that_nobody_asks_for_again_is_made_whole_or_not_at_all(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    request, rows = scenarios.launching(play)
    with play.injector.fault(at, fault):
        assert play.outside.ask(request) is None
    play.outside.until_quiet()
    is_saved = (at, fault is KILLED_AFTER) >= (scenarios.SAVED_BY, True)
    play.assert_true(rows if is_saved else {})


def test_launching_again_for_failed_clients_makes_these_calls(play: FaultHarness) -> None:
    _, request, rows = scenarios.failed_clients(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 202
    assert calls == scenarios.RETRY_CLIENTS
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(scenarios.RETRY_CLIENTS))
def test_failed_clients_come_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    launching, request, rows = scenarios.failed_clients(play)
    answer_of_launch = play.ask(launching).json
    with play.injector.fault(at, fault):
        first = play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status == 202, answer.text
    if first is not None and first.status == 202:
        assert first.json == answer.json
    failed = [result["org_id"] for result in answer.json["results"] if not result["ok"]]
    assert bool(failed) == _refuses_one_client(fault)
    play.outside.until_quiet()
    play.assert_true({key: truth for key, truth in rows.items() if key[0] not in failed})
    assert play.ask(request).json == answer.json
    assert play.ask(launching).json == answer_of_launch


@pytest.mark.parametrize(("at", "fault"), pairs(scenarios.RETRY_CLIENTS, _KILLS))
def test_clients_that_nobody_asks_for_again_are_launched_whole_or_not_at_all(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    launching, request, rows = scenarios.failed_clients(play)
    answer_of_launch = play.ask(launching).json
    with play.injector.fault(at, fault):
        assert play.outside.ask(request) is None
    play.outside.until_quiet()
    is_saved = (at, fault is KILLED_AFTER) >= (scenarios.REOPENED_BY, True)
    assert problems(play.world) == []
    assert play.rows() == (rows if is_saved else dict([next(iter(rows.items()))]))
    assert play.ask(launching).json == answer_of_launch

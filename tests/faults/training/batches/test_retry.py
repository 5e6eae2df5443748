"""Retry of a row, from the request to its last chunk; broken at every call in every way."""

import pytest

from tests.faults import scenarios
from tests.faults.harness import FaultHarness
from tests.faults.kinds import Fault, pairs


def test_retrying_a_row_makes_these_calls(play: FaultHarness) -> None:
    request, rows = scenarios.partial_row(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 202
    assert calls == scenarios.RETRY
    for job, expected in (("advance", scenarios.RETRY_RECONCILE), ("chunk", scenarios.RETRY_CHUNK)):
        delivery = play.outside.take_one(job=job)
        with play.injector.watched() as calls:
            assert play.outside.deliver(delivery)
        assert calls == expected
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(scenarios.RETRY))
def test_a_retry_comes_out_right_whichever_call_of_the_request_breaks(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    request, rows = scenarios.partial_row(play)
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


@pytest.mark.parametrize(
    ("job", "at", "fault"),
    [
        pytest.param(job, *pair.values, id=f"{job}: {pair.id}")
        for job, calls in (("advance", scenarios.RETRY_RECONCILE), ("chunk", scenarios.RETRY_CHUNK))
        for pair in pairs(calls)
    ],
)
def test_a_retry_comes_out_right_whichever_call_of_its_jobs_breaks(
    play: FaultHarness, job: str, at: int, fault: Fault
) -> None:
    delivery, rows = scenarios.retried_row(play, job)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(rows)

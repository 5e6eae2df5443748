"""Reconciling a new batch: create rows, schedule, start, deny, send; broken at every call in every way."""

import pytest

from chalicelib.core.clock import to_instant
from tests.faults import scenarios
from tests.faults.harness import FaultHarness
from tests.faults.kinds import Fault, pairs


def test_reconciling_a_new_batch_makes_these_calls(play: FaultHarness) -> None:
    delivery, today, _ = scenarios.new_batch(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == scenarios.RECONCILE
    play.outside.until_quiet()
    play.assert_true(today)
    assert list(play.outside.schedules().values()) == [scenarios.LATER_INSTANT]


@pytest.mark.parametrize(("at", "fault"), pairs(scenarios.RECONCILE))
def test_a_new_batch_comes_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    delivery, today, then = scenarios.new_batch(play)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(today)
    assert list(play.outside.schedules().values()) == [scenarios.LATER_INSTANT]
    play.outside.until(to_instant(scenarios.LATER_INSTANT))
    play.assert_true(then)


def test_when_schedules_are_lost_the_sweep_does_their_work(play: FaultHarness) -> None:
    delivery, _, then = scenarios.new_batch(play)
    assert play.outside.deliver(delivery)
    play.outside.until_quiet()
    play.outside.lose_schedules()
    play.outside.until(to_instant(scenarios.LATER_INSTANT))
    play.assert_true(then)

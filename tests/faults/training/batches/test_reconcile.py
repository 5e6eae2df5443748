"""Advancing a fresh batch: expand, schedule, start, deny, send; broken at every call in every way."""

import pytest

from chalicelib.core.clock import to_instant
from tests.faults import scenarios as scenes
from tests.faults.harness import FaultHarness
from tests.faults.kinds import Fault, pairs


def test_advancing_a_fresh_batch_makes_these_calls(play: FaultHarness) -> None:
    delivery, today, _ = scenes.fresh_batch(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == scenes.ADVANCE
    play.outside.until_quiet()
    play.assert_true(today)
    assert list(play.outside.schedules().values()) == [scenes.LATER_INSTANT]


@pytest.mark.parametrize(("at", "fault"), pairs(scenes.ADVANCE))
def test_a_fresh_batch_comes_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    delivery, today, then = scenes.fresh_batch(play)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(today)
    assert list(play.outside.schedules().values()) == [scenes.LATER_INSTANT]
    play.outside.until(to_instant(scenes.LATER_INSTANT))
    play.assert_true(then)


def test_when_schedules_are_lost_the_sweep_does_their_work(play: FaultHarness) -> None:
    delivery, _, then = scenes.fresh_batch(play)
    assert play.outside.deliver(delivery)
    play.outside.until_quiet()
    play.outside.lose_schedules()
    play.outside.until(to_instant(scenes.LATER_INSTANT))
    play.assert_true(then)

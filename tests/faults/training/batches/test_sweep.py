"""The sweep, and the launches that it has carried to their end after the process that began them died."""

from datetime import timedelta

import pytest

from chalicelib.jobs import due
from chalicelib.jobs import models as due_models
from chalicelib.jobs.sweep import OVERDUE_GRACE
from tests.faults import scenarios
from tests.faults.harness import FaultHarness, Rows
from tests.faults.injector import Killed
from tests.faults.kinds import KILLED_AFTER, KILLED_BEFORE, QUERY, SEND, TRANSACT, UNREACHABLE, Fault, pairs

# One due entry for each of two launches.
SWEEP = [QUERY, SEND, TRANSACT, TRANSACT]


@pytest.mark.parametrize(
    ("died_at", "expected"),
    [
        pytest.param(scenarios.SAVED_BY, scenarios.FINISH_FROM_NOTHING, id="nothing"),
        pytest.param(scenarios.WRITTEN_BY, scenarios.FINISH_FROM_BATCHES, id="batches"),
    ],
)
def test_finishing_a_launch_makes_these_calls(play: FaultHarness, died_at: int, expected: list[str]) -> None:
    delivery, rows = scenarios.finishing_launch(play, died_at)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == expected
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(scenarios.FINISH_FROM_NOTHING))
def test_a_launch_is_finished_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    _finish_broken(play, scenarios.SAVED_BY, at, fault)


@pytest.mark.parametrize(("at", "fault"), pairs(scenarios.FINISH_FROM_BATCHES, [KILLED_BEFORE, KILLED_AFTER]))
def test_a_launch_whose_batches_stand_is_finished_though_it_dies_again(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    _finish_broken(play, scenarios.WRITTEN_BY, at, fault)


def _finish_broken(play: FaultHarness, died_at: int, at: int, fault: Fault) -> None:
    delivery, rows = scenarios.finishing_launch(play, died_at)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    failed = set(rows) - set(play.rows())
    # Of a client that DynamoDB is too busy for in every try, nothing is written; its neighbours go on.
    assert bool(failed) == (fault.name == "one statement throttled again and again")
    play.assert_true({key: truth for key, truth in rows.items() if key not in failed})


def _two_overdue(play: FaultHarness) -> Rows:
    one = scenarios.interrupted_launch(play, scenarios.SAVED_BY, "one")
    two = scenarios.interrupted_launch(play, scenarios.WRITTEN_BY, "two")
    play.world.now += OVERDUE_GRACE + timedelta(seconds=1)
    return {**one, **two}


def test_a_sweep_makes_these_calls(play: FaultHarness) -> None:
    rows = _two_overdue(play)
    with play.injector.watched() as calls:
        play.outside.sweep()
    assert calls == SWEEP
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(SWEEP))
def test_what_is_overdue_gets_done_whichever_call_of_a_sweep_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    rows = _two_overdue(play)
    with play.injector.fault(at, fault):
        _sweep_once(play)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(rows)


def test_a_shard_that_cannot_be_read_does_not_stop_the_others(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (due, due_models):
        monkeypatch.setattr(module, "NUM_DUE_SHARDS", 4)
    rows: Rows = {}
    for number in range(4):
        rows |= scenarios.interrupted_launch(play, scenarios.SAVED_BY, f"launch {number}")
    play.world.now += OVERDUE_GRACE + timedelta(seconds=1)
    with play.injector.fault(1, UNREACHABLE) as calls:
        _sweep_once(play)
    assert calls.count(QUERY) == 4
    play.outside.until_quiet()
    play.assert_true(rows)


def _sweep_once(play: FaultHarness) -> None:
    """The function that sweeps may fail; a minute later it is called again."""
    try:
        play.outside.sweep()
    except (Killed, RuntimeError):
        return

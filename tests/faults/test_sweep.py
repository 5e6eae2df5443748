"""The sweep, and the launches that it carries to their end after the process that began them died."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.enrollment import models, rollout_store
from chalicelib.enrollment.sweep import GRACE
from tests.faults.injector import Killed
from tests.faults.kinds import (
    GET_MANY,
    INSERT,
    KILLED_AFTER,
    KILLED_BEFORE,
    QUERY,
    SEND,
    TRANSACT,
    UNREACHABLE,
    Fault,
    pairs,
)
from tests.faults.outside import Delivery
from tests.faults.play import Play, Rows, enrolled

# One due entry for each of two launches.
SWEEP = [QUERY, SEND, TRANSACT, SEND, TRANSACT]

# Nothing was written but what was asked; or the batches too, and then nobody heard of them.
FROM_NOTHING = [GET_MANY, GET_MANY, GET_MANY, INSERT, INSERT, SEND, SEND, TRANSACT]
FROM_BATCHES = [GET_MANY, GET_MANY, GET_MANY, INSERT, INSERT, GET_MANY, SEND, SEND, TRANSACT]


def _interrupted(play: Play, at: int, key: str = "launch") -> Rows:
    """A launch of three clients whose process died after call `at`; what its rows come to in the end."""
    course = play.course()
    org_ids = [play.client(number, [course]) for number in (1, 0, 0)]
    request = replace(play.launching(org_ids, [{"course_id": course}]), key=key)
    with play.injector.fault(at, KILLED_AFTER):
        assert play.outside.ask(request) is None
    return {(org_id, course): [enrolled(len(play.people[org_id]))] for org_id in org_ids}


def _finishing(play: Play, at: int) -> tuple[Delivery, Rows]:
    """The message by which the sweep has the launch finished."""
    rows = _interrupted(play, at)
    play.outside.wait_for_sweep()
    return play.outside.take_one(job="launch"), rows


@pytest.mark.parametrize(("at", "expected"), [(4, FROM_NOTHING), (6, FROM_BATCHES)])
def test_finishing_a_launch_makes_these_calls(play: Play, at: int, expected: list[str]) -> None:
    delivery, rows = _finishing(play, at)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == expected
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(FROM_NOTHING))
def test_a_launch_is_finished_whichever_call_breaks(play: Play, at: int, fault: Fault) -> None:
    _breaks(play, 4, at, fault)


@pytest.mark.parametrize(("at", "fault"), pairs(FROM_BATCHES, [KILLED_BEFORE, KILLED_AFTER]))
def test_a_launch_whose_batches_stand_is_finished_though_it_dies_again(play: Play, at: int, fault: Fault) -> None:
    _breaks(play, 6, at, fault)


def _breaks(play: Play, died_at: int, at: int, fault: Fault) -> None:
    delivery, rows = _finishing(play, died_at)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    failed = set(rows) - set(play.rows())
    # Of a client that DynamoDB is too busy for in every try, nothing is written; its neighbours go on.
    assert bool(failed) == (fault.name == "one statement throttled again and again" and died_at == 4)
    play.assert_true({key: truth for key, truth in rows.items() if key not in failed})


def test_a_sweep_makes_these_calls(play: Play) -> None:
    rows = {**_interrupted(play, 4, "one"), **_interrupted(play, 6, "two")}
    play.world.now += GRACE + timedelta(seconds=1)
    with play.injector.watched() as calls:
        play.outside.sweep()
    assert calls == SWEEP
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(SWEEP))
def test_what_is_overdue_gets_done_whichever_call_of_a_sweep_breaks(play: Play, at: int, fault: Fault) -> None:
    rows = {**_interrupted(play, 4, "one"), **_interrupted(play, 6, "two")}
    play.world.now += GRACE + timedelta(seconds=1)
    with play.injector.fault(at, fault):
        _sweep_once(play)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(rows)


def test_a_shard_that_cannot_be_read_does_not_stop_the_others(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (models, rollout_store):
        monkeypatch.setattr(module, "NUM_DUE_SHARDS", 4)
    rows: Rows = {}
    for number in range(4):
        rows |= _interrupted(play, 4, f"launch {number}")
    play.world.now += GRACE + timedelta(seconds=1)
    with play.injector.fault(1, UNREACHABLE) as calls:
        _sweep_once(play)
    assert calls.count(QUERY) == 4
    play.outside.until_quiet()
    play.assert_true(rows)


def _sweep_once(play: Play) -> None:
    """The function that sweeps may fail; a minute later it is called again."""
    try:
        play.outside.sweep()
    except (Killed, RuntimeError):
        return

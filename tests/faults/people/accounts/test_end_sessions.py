"""The sessions of an account whose password was reset by a request that died: broken at every call."""

from datetime import timedelta

import pytest

from chalicelib.core.clock import to_text
from chalicelib.jobs import due
from chalicelib.people.accounts.messages import EndSessions
from chalicelib.web.sessions import service as sessions
from chalicelib.web.sessions.service import Known
from tests.faults import later
from tests.faults.fake_sqs import Delivery
from tests.faults.harness import FaultHarness
from tests.faults.kinds import DELETE, GET, QUERY, TRANSACT, Fault, pairs
from tests.faults.snapshots import built_once

# The sessions, and when all were ended; each of two sessions; the due entry.
CALLS = [QUERY, GET, TRANSACT, TRANSACT, DELETE]
ACCOUNT = "00000000-0000-0000-0000-00000000000a"


@built_once
def _died(play: FaultHarness) -> tuple[list[str], Delivery]:
    """Two sessions of before, and one that the owner has begun since; the job that was written down."""
    now = play.world.now
    who = Known(ACCOUNT, "ann@example.com", "Ann", "Lee")
    before = to_text(now + timedelta(minutes=1))
    job = EndSessions(account_id=ACCOUNT, before=before, try_id="try", due_at=to_text(now))
    due.write_down(job, now)
    times = [now - timedelta(hours=1), now, now + timedelta(minutes=2)]
    cookies = [sessions.begin(who, "Test", kept=False, now=at) for at in times]
    play.world.now = now + timedelta(minutes=11)
    play.outside.sweep()
    return cookies, play.outside.take_one(job="end_sessions")


def _assert_ended(play: FaultHarness, cookies: list[str]) -> None:
    later.settle(play)
    assert [sessions.find(cookie, play.world.now) is not None for cookie in cookies] == [False, False, True]
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_the_message_makes_these_calls(play: FaultHarness) -> None:
    cookies, delivery = _died(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == CALLS
    _assert_ended(play, cookies)


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS, later.ESSENTIAL))
def test_the_sessions_of_before_end_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    cookies, delivery = _died(play)
    later.broken_delivery(play, delivery, at, fault)
    _assert_ended(play, cookies)


def test_a_message_that_comes_twice_ends_no_more(play: FaultHarness) -> None:
    cookies, delivery = _died(play)
    assert play.outside.deliver(delivery)
    assert play.outside.deliver(Delivery(delivery.body))
    _assert_ended(play, cookies)

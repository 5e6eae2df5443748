"""The counts of rate limits, one use at a time; uses at the same moment are in aws/test_rate_limits_interleaved.py."""

from datetime import datetime, timedelta

import pytest

from chalicelib.core.errors import TooMany
from chalicelib.core.ids import short_hash
from chalicelib.web import rate_limit_store, rate_limits
from tests.harness import World

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(milliseconds=1)


def _wait(now: datetime, subject: str = "ann", per: timedelta = MINUTE) -> int:
    """Count a use of two; gives the seconds to wait, 0 when it may happen."""
    try:
        rate_limits.take("try", subject, 2, per, now)
    except TooMany as refused:
        return refused.retry_after or -1
    return 0


def test_a_window_begins_with_its_first_use_and_refused_uses_are_not_counted(world: World) -> None:
    now = world.now
    assert [_wait(now), _wait(now + 10 * MOMENT)] == [0, 0]
    assert [_wait(now + timedelta(seconds=seconds)) for seconds in (0, 1, 30, 59)] == [60, 59, 30, 1]
    assert _wait(now + MINUTE - MOMENT) == 1
    for later in (MINUTE, 3 * MINUTE):
        assert [_wait(now + later), _wait(now + later), _wait(now + later)] == [0, 0, 60]


def test_a_limit_that_is_lower_by_now_refuses_whatever_was_counted(world: World) -> None:
    for _ in range(3):
        rate_limits.take("try", "ann", 3, MINUTE, world.now)
    assert _wait(world.now) == 60


def test_each_subject_and_action_has_its_own_count(world: World) -> None:
    assert [_wait(world.now) for _ in range(2)] == [0, 0]
    assert _wait(world.now, "bob") == 0
    rate_limits.take("other", "ann", 1, MINUTE, world.now)
    assert _wait(world.now) == 60


def test_a_use_that_was_given_back_was_none_and_never_more_than_were_counted(world: World) -> None:
    rate_limits.give_back("try", "ann")
    assert [_wait(world.now) for _ in range(2)] == [0, 0]
    rate_limits.give_back("try", "ann")
    assert [_wait(world.now), _wait(world.now)] == [0, 60]
    for _ in range(3):
        rate_limits.give_back("try", "ann")
    assert [_wait(world.now) for _ in range(3)] == [0, 0, 60]


def test_the_sentence_says_the_minutes(world: World) -> None:
    for seconds, minutes in ((1, "1 minute"), (60, "1 minute"), (61, "2 minutes"), (2000, "34 minutes")):
        per, subject = timedelta(seconds=seconds), str(seconds)
        assert [_wait(world.now, subject, per) for _ in range(2)] == [0, 0]
        with pytest.raises(TooMany) as refused:
            rate_limits.take("try", subject, 2, per, world.now)
        assert str(refused.value) == f"too_many: Too many tries. Please wait {minutes}, then try again."
        assert refused.value.retry_after == seconds


def test_a_count_is_kept_by_hash_until_a_minute_after_its_window(world: World) -> None:
    assert rate_limit_store.started("try", "ann") is None
    _wait(world.now)
    found = rate_limit_store.table.get(rate_limit_store.Uses, f"LIMIT#try#{short_hash('ann')}", "COUNT")
    assert found is not None
    assert (found.num, found.started) == (1, int(world.now.timestamp() * 1000))
    assert found.ttl == int((world.now + 2 * MINUTE).timestamp())


def test_a_count_that_is_over_or_deleted_meanwhile_makes_one_wait_a_second(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [_wait(world.now) for _ in range(2)] == [0, 0]
    ended = int((world.now - MINUTE).timestamp() * 1000)
    for began in (None, ended, ended - 5000):
        monkeypatch.setattr(rate_limit_store, "started", lambda action, subject, began=began: began)
        assert _wait(world.now) == 1


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1::7", str(0x20010DB800000001)),
        ("2001:db8:0:1:ffff::", str(0x20010DB800000001)),
        ("2001:db8:0:2::7", str(0x20010DB800000002)),
        ("unknown", "unknown"),
    ],
)
def test_a_customer_s_ipv6_network_is_one_source(source: str, network: str) -> None:
    assert rate_limits.network_of(source) == network

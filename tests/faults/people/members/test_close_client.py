"""A client that is closed, from the request to the last of its people: broken at every call, and beside others."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.jobs.sweep import MAX_RUN_TIME
from chalicelib.people.members import close_client
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import DELETE, GET, QUERY, SEND, TRANSACT, Fault, each, pairs
from tests.faults.snapshots import built_once

# A member, the audit trail; the member with the event, and its message.
_ARCHIVE = [GET, QUERY, TRANSACT, SEND]
# The client, its roster, two people; the next message.
FULL = [GET, QUERY, *_ARCHIVE, *_ARCHIVE, SEND]
# The client, its roster, the last of its people. The entry stays.
REST = [GET, QUERY, *_ARCHIVE]
# Nobody is left, and nobody can be joining any more: the entry goes.
END = [GET, QUERY, DELETE]


@pytest.fixture(autouse=True)
def _two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(close_client, "_PER_MESSAGE", 2)


def _request(play: FaultHarness, org_id: str, what: str = "close") -> Request:
    return Request("POST", f"/msp/organizations/{org_id}/{what}", play.admin, key=what)


@built_once
def _full(play: FaultHarness) -> tuple[str, Delivery]:
    """The first message of a client with three people."""
    org_id = play.client(3, [])
    assert play.ask(_request(play, org_id)).status == 202
    return org_id, play.outside.take_one(job="close_client")


@built_once
def _rest(play: FaultHarness) -> tuple[str, Delivery]:
    org_id, delivery = _full(play)
    assert play.outside.deliver(delivery)
    return org_id, play.outside.take_one(job="close_client")


@built_once
def _end(play: FaultHarness) -> tuple[str, Delivery]:
    org_id, delivery = _rest(play)
    assert play.outside.deliver(delivery)
    play.outside.work_off()
    play.world.now += MAX_RUN_TIME + timedelta(minutes=6)
    play.outside.sweep()
    return org_id, play.outside.take_one(job="close_client")


_STEPS: dict[str, tuple[Callable[[FaultHarness], tuple[str, Delivery]], list[str]]] = {
    "full": (_full, FULL), "rest": (_rest, REST), "end": (_end, END),
}  # fmt: skip


def _members(play: FaultHarness) -> Counter[str]:
    return Counter(str(item["status"]) for item in play.world.dump("core") if item["pk"].endswith("#MEMBERS"))


def _settled(play: FaultHarness) -> Counter[str]:
    """What the audit trail says, when nothing is left to do."""
    later.settle(play)
    play.outside.until(play.world.now + 2 * MAX_RUN_TIME)
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("DUE#")]
    trail = [item for item in play.world.dump("core") if item["pk"].endswith("#AUDIT")]
    return Counter(str(item["action"]) for item in trail if "action" in item)


def _assert_closed(play: FaultHarness, org_id: str) -> None:
    """Everybody is archived, once."""
    assert _settled(play) == {"organization.closed": 1, "member.archived": 3}
    assert _members(play) == {"archived": 3}
    (client,) = play.world.every("/msp/organizations", play.admin)
    assert (client["org_id"], bool(client["closed_at"])) == (org_id, True)


@pytest.mark.parametrize("name", _STEPS)
def test_the_messages_of_a_closed_client_make_these_calls(play: FaultHarness, name: str) -> None:
    build, expected = _STEPS[name]
    org_id, delivery = build(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == expected
    _assert_closed(play, org_id)


@pytest.mark.parametrize(
    ("name", "at", "fault"),
    [
        pytest.param(name, *one.values, id=f"{name}: {one.id}")
        for name, (_, calls) in _STEPS.items()
        for one in pairs(calls, later.ESSENTIAL)
    ],
)
def test_everybody_is_archived_once_whichever_call_breaks(play: FaultHarness, name: str, at: int, fault: Fault) -> None:
    org_id, delivery = _STEPS[name][0](play)
    later.broken_delivery(play, delivery, at, fault)
    _assert_closed(play, org_id)


@pytest.mark.parametrize("at", each(FULL))
def test_a_message_that_is_delivered_twice_at_once_archives_once(play: FaultHarness, at: int) -> None:
    org_id, delivery = _full(play)
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    _assert_closed(play, org_id)


@pytest.mark.parametrize("at", each(FULL))
def test_a_client_that_is_opened_again_meanwhile_keeps_those_who_are_left(play: FaultHarness, at: int) -> None:
    """Who was archived stays so; what runs at that moment may archive the two that it has read, and no more."""
    org_id, delivery = _full(play)
    later.while_delivering(play, delivery, at, lambda: play.ask(_request(play, org_id, "open")))
    told = _settled(play)
    assert (told["organization.closed"], told["organization.opened"]) == (1, 1)
    assert told["member.archived"] == _members(play)["archived"] == (0 if at == 1 else 2)
    assert _members(play)["active"] == 3 - _members(play)["archived"]


def test_a_message_of_an_earlier_closing_archives_nobody(play: FaultHarness) -> None:
    org_id, delivery = _full(play)
    assert play.ask(_request(play, org_id, "open")).status == 200
    play.outside.waiting.append(delivery)
    assert _settled(play) == {"organization.closed": 1, "organization.opened": 1}
    assert _members(play) == {"active": 3}

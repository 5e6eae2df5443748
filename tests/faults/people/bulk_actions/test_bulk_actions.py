"""Many people archived at once, from the request that counts to the last of them: broken at every call in every way."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.jobs.sweep import MAX_RUN_TIME
from chalicelib.people.bulk_actions import counting, store
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault, each, pairs
from tests.faults.snapshots import built_once

_CLAIM, _ANSWER = [QUERY, GET, GET, PUT], [UPDATE]
# Two people of three are counted by the request; the action is read again, and its message sent.
PREPARE = [*_CLAIM, TRANSACT, QUERY, TRANSACT, GET, GET, SEND, *_ANSWER]
# The action, the last person; it is ready.
COUNT = [GET, QUERY, TRANSACT]
# The action, the audit trail with what it is from now on, its message.
RUN = [*_CLAIM, GET, QUERY, TRANSACT, GET, SEND, *_ANSWER]
_ARCHIVE = [GET, QUERY, TRANSACT, SEND]
# The action, its people, each of them; the note, and the next message.
# Whether who said so still may.
_RIGHTS = [QUERY, GET]
PART = [GET, GET, *_RIGHTS, *_ARCHIVE, *_ARCHIVE, TRANSACT, SEND]
LAST = [GET, GET, *_RIGHTS, *_ARCHIVE, TRANSACT]


@pytest.fixture(autouse=True)
def _two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in (("_PER_STEP", 2), ("_STEPS_NOW", 1), ("_STEPS", 1)):
        monkeypatch.setattr(counting, name, number)
    monkeypatch.setattr(store, "PEOPLE_PER_PART", 2)


def _path(org_id: str) -> str:
    return f"/orgs/{org_id}/members/bulk-archive"


def _preparing(play: FaultHarness) -> tuple[Request, str]:
    org_id = play.client(3, [])
    return Request("POST", _path(org_id), play.admin, {"filter": {}}, key="prepare"), org_id


@built_once
def _counting(play: FaultHarness) -> tuple[str, str]:
    """The client, and the action whose last person is still to be counted."""
    request, org_id = _preparing(play)
    return org_id, str(play.ask(request).json["action_id"])


@built_once
def _ready(play: FaultHarness) -> tuple[str, str]:
    org_id, action_id = _counting(play)
    assert play.outside.deliver(play.outside.take_one(job="bulk_action"))
    return org_id, action_id


def _running(play: FaultHarness, org_id: str, action_id: str) -> Request:
    return Request("POST", f"{_path(org_id)}/{action_id}/run", play.admin, key="run")


@built_once
def _first_part(play: FaultHarness) -> tuple[str, str]:
    org_id, action_id = _ready(play)
    assert play.ask(_running(play, org_id, action_id)).status == 202
    return org_id, action_id


@built_once
def _last_part(play: FaultHarness) -> tuple[str, str]:
    org_id, action_id = _first_part(play)
    assert play.outside.deliver(play.outside.take_one(job="bulk_action"))
    return org_id, action_id


_DELIVERIES: dict[str, tuple[Callable[[FaultHarness], tuple[str, str]], list[str]]] = {
    "count": (_counting, COUNT), "part": (_first_part, PART), "last": (_last_part, LAST),
}  # fmt: skip


def _seen(play: FaultHarness, org_id: str, action_id: str) -> dict[str, Any]:
    return dict(play.ask(Request("GET", f"/orgs/{org_id}/bulk-actions/{action_id}", play.admin)).json)


def _assert_ready(play: FaultHarness, org_id: str, action_id: str) -> None:
    play.outside.until_quiet()
    seen = _seen(play, org_id, action_id)
    assert (seen["status"], seen["num_matching"], seen["num_reached"]) == ("ready", 3, 3)
    results = play.ask(Request("GET", f"/orgs/{org_id}/bulk-actions/{action_id}/results", play.admin)).json["items"]
    assert len({one["member_id"] for one in results}) == len(results) == 3
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("DUE#")]
    members = [item for item in play.world.dump("core") if item["pk"].endswith("#MEMBERS")]
    assert {str(item["status"]) for item in members} == {"active"}


def _assert_archived(play: FaultHarness, org_id: str, action_id: str) -> None:
    """Everybody once, and it says so."""
    later.settle(play)
    play.outside.until(play.world.now + 2 * MAX_RUN_TIME)
    seen = _seen(play, org_id, action_id)
    assert (seen["status"], seen["num_done"], seen["num_refused"]) == ("done", 3, 0)
    trail = [item for item in play.world.dump("core") if item["pk"].endswith("#AUDIT") and "action" in item]
    assert Counter(str(item["action"]) for item in trail) == {"members.archive": 1, "member.archived": 3}
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_the_requests_and_messages_make_these_calls(play: FaultHarness) -> None:
    request, org_id = _preparing(play)
    with play.injector.watched() as calls:
        action_id = play.ask(request).json["action_id"]
    assert calls == PREPARE
    with play.injector.watched() as calls:
        assert play.outside.deliver(play.outside.take_one(job="bulk_action"))
    assert calls == COUNT
    with play.injector.watched() as calls:
        assert play.ask(_running(play, org_id, action_id)).status == 202
    assert calls == RUN
    for expected in (PART, LAST):
        with play.injector.watched() as calls:
            assert play.outside.deliver(play.outside.take_one(job="bulk_action"))
        assert calls == expected
    _assert_archived(play, org_id, action_id)


@pytest.mark.parametrize(("at", "fault"), pairs(PREPARE, later.ESSENTIAL))
def test_everybody_is_counted_once_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, org_id = _preparing(play)
    answer = later.broken_request(play, request, at, fault, 201)
    _assert_ready(play, org_id, answer.json["action_id"])


@pytest.mark.parametrize(("at", "fault"), pairs(RUN, later.ESSENTIAL))
def test_it_begins_once_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    org_id, action_id = _ready(play)
    later.broken_request(play, _running(play, org_id, action_id), at, fault, 202)
    _assert_archived(play, org_id, action_id)


@pytest.mark.parametrize(
    ("name", "at", "fault"),
    [
        pytest.param(name, *one.values, id=f"{name}: {one.id}")
        for name, (_, calls) in _DELIVERIES.items()
        for one in pairs(calls, later.ESSENTIAL)
    ],
)
def test_a_message_does_its_part_once_whichever_call_breaks(
    play: FaultHarness, name: str, at: int, fault: Fault
) -> None:
    org_id, action_id = _DELIVERIES[name][0](play)
    later.broken_delivery(play, play.outside.take_one(job="bulk_action"), at, fault)
    if name == "count":
        _assert_ready(play, org_id, action_id)
    else:
        _assert_archived(play, org_id, action_id)


@pytest.mark.parametrize(
    ("name", "at"),
    [
        pytest.param(name, *one.values, id=f"{name}: {one.id}")
        for name, (_, calls) in _DELIVERIES.items()
        for one in each(calls)
    ],
)
def test_a_message_that_is_delivered_twice_at_once_does_it_once(play: FaultHarness, name: str, at: int) -> None:
    org_id, action_id = _DELIVERIES[name][0](play)
    delivery = play.outside.take_one(job="bulk_action")
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    if name == "count":
        _assert_ready(play, org_id, action_id)
    else:
        _assert_archived(play, org_id, action_id)


def test_a_message_of_counting_that_comes_late_does_nothing(play: FaultHarness) -> None:
    org_id, action_id = _counting(play)
    late = play.outside.take_one(job="bulk_action")
    assert play.outside.deliver(Delivery(late.body))
    assert play.ask(_running(play, org_id, action_id)).status == 202
    play.world.now += timedelta(seconds=1)
    with play.injector.watched() as calls:
        assert play.outside.deliver(Delivery(late.body))
    assert len(calls) <= len(PART)
    _assert_archived(play, org_id, action_id)

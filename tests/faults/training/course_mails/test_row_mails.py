"""The mails of a row, from the due entry on: broken at every call, and twice at once. One mail for each learner."""

import json
from collections import Counter

import pytest

from chalicelib.core.clock import to_instant
from chalicelib.notifications.models import queue_pk
from chalicelib.training.course_mails import service as course_mails
from tests.faults import later
from tests.faults.fake_sqs import Delivery
from tests.faults.harness import FaultHarness
from tests.faults.kinds import DELETE, GET, INSERT, QUERY, SEND, TRANSACT, Fault, each, pairs
from tests.faults.later import Batch
from tests.faults.snapshots import built_once

_MAKE = [QUERY, INSERT, INSERT, TRANSACT]
_CALLS = {
    "ran": [GET, GET, GET, TRANSACT, *_MAKE, *_MAKE, QUERY, SEND, DELETE],
    "due_in_7_days": [GET, GET, GET, *_MAKE, *_MAKE, QUERY, SEND, DELETE],
}
_PAGE = [GET, GET, GET, *_MAKE, SEND, TRANSACT, SEND]

REMIND_AT = "2087-01-25T08:00:00Z"


def _mailing(play: FaultHarness, monkeypatch: pytest.MonkeyPatch, event: str) -> tuple[Batch, Delivery]:
    """Two people, each of them a page; the message by which this event's mails are made."""
    monkeypatch.setattr(course_mails, "_PER_PAGE", 1)
    return _launched(play, event)


@built_once
def _launched(play: FaultHarness, event: str) -> tuple[Batch, Delivery]:
    course = play.course()
    org_id = play.client(2, [course])
    switches = {"enrollment": event == "ran", "reminders": True}
    body = [{"course_id": course, "due_by": "2087-02-01"}]
    made = Batch(play, org_id, play.launch([org_id], body, notifications=switches)[org_id], [course])
    if event == "ran":
        return made, play.outside.take_one(job="mail_row")
    play.outside.work_off()
    play.world.now = to_instant(REMIND_AT)
    play.outside.wait_for_sweep()
    return made, play.outside.take_one(job="mail_row")


def _assert_made(play: FaultHarness, event: str) -> None:
    later.settle(play)
    outbox = play.world.dump("outbox")
    mails = [item for item in outbox if item["pk"].startswith("MAIL#")]
    [kind] = {mail["kind"] for mail in mails}
    assert kind == ("enrolled" if event == "ran" else event)
    # One for each person, in a shard of the tenant's queue, which is open.
    about = Counter(json.loads(mail["about"])["member_id"] for mail in mails)
    assert about == Counter(dict.fromkeys(next(iter(play.people.values())), 1))
    queued = {item["sk"]: item["pk"] for item in outbox if item["pk"].startswith("QUEUE#")}
    assert {mail["pk"].removeprefix("MAIL#") for mail in mails} == set(queued)
    [queue] = [item for item in outbox if item["pk"] == "QUEUES"]
    assert set(queued.values()) == {queue_pk(queue["sk"], int(shard)) for shard in queue["shards"]}
    planned = {item["sk"].split("#")[2].split(".")[2] for item in outbox if item["pk"].startswith("DUE#")}
    assert planned == {"due_in_7_days", "due_tomorrow", "overdue"} - {event}


@pytest.mark.parametrize("event", _CALLS)
def test_the_mails_of_a_row_make_these_calls(play: FaultHarness, monkeypatch: pytest.MonkeyPatch, event: str) -> None:
    _, delivery = _mailing(play, monkeypatch, event)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == _CALLS[event]
    _assert_made(play, event)


@pytest.mark.parametrize(
    ("event", "at", "fault"),
    [
        pytest.param(event, *pair.values, id=f"{event}: {pair.id}")
        for event, calls in _CALLS.items()
        for pair in pairs(calls)
    ],
)
def test_each_mail_of_a_row_is_made_once_whichever_call_breaks(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, event: str, at: int, fault: Fault
) -> None:
    _, delivery = _mailing(play, monkeypatch, event)
    later.broken_delivery(play, delivery, at, fault)
    _assert_made(play, event)


@pytest.mark.parametrize(
    ("event", "at"),
    [
        pytest.param(event, *call.values, id=f"{event}: {call.id}")
        for event, calls in _CALLS.items()
        for call in each(calls)
    ],
)
def test_each_mail_of_a_row_is_made_once_by_two_deliveries_at_once(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, event: str, at: int
) -> None:
    _, delivery = _mailing(play, monkeypatch, event)
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    _assert_made(play, event)


@pytest.mark.parametrize(("at", "fault"), pairs(_PAGE, later.ESSENTIAL))
def test_each_mail_is_made_once_whichever_call_of_a_page_breaks(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int, fault: Fault
) -> None:
    """The first page leaves the other to a message of its own."""
    monkeypatch.setattr(course_mails, "_PER_MESSAGE", 1)
    _, delivery = _mailing(play, monkeypatch, "due_in_7_days")
    later.broken_delivery(play, delivery, at, fault)
    _assert_made(play, "due_in_7_days")

"""Reminders that an admin sends, and mails about failures: broken at every call, each is made once."""

import json
from collections import Counter

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import DELETE, GET, INSERT, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault, pairs
from tests.faults.later import Batch
from tests.faults.snapshots import built_once

REMIND = [QUERY, GET, GET, PUT, GET, QUERY, TRANSACT, SEND, UPDATE]
REMINDED = [GET, GET, QUERY, INSERT, INSERT, TRANSACT, SEND, DELETE]
FAILED = [GET, GET, QUERY, INSERT, INSERT, TRANSACT, SEND, DELETE]


@built_once
def _ran(play: FaultHarness) -> tuple[Batch, Request]:
    """Two people are enrolled; an admin asks to remind them."""
    made = later.ran(play, 2)
    return made, Request("POST", f"{made.path}/courses/{made.courses[0]}/remind", play.admin, None, "remind")


@built_once
def _reminded(play: FaultHarness) -> tuple[Batch, Delivery]:
    made, request = _ran(play)
    assert play.ask(request).status == 202
    return made, play.outside.take_one(job="mail_row", event="remind")


@built_once
def _failed(play: FaultHarness) -> tuple[Batch, Delivery]:
    """The client lost the course before the day on which it was to be enrolled."""
    made = later.batch(play, 2, ["2087-02-01"], due_by=None)
    play.outside.work_off()
    path = f"/msp/organizations/{made.org_id}/training-access"
    other = {"course_ids": [play.course()], "reply_to": "training@acme.example"}
    assert play.ask(Request("PUT", path, play.admin, other)).status == 200
    play.world.now = play.world.now.replace(year=2087, month=2, day=2)
    play.outside.fire_schedules()
    play.outside.work_off()
    play.outside.wait_for_sweep()
    return made, play.outside.take_one(job="mail_row", event="failed")


def _assert_made(play: FaultHarness, kind: str, number: int) -> None:
    later.settle(play)
    mails = [item for item in play.world.dump("outbox") if item["pk"].startswith("MAIL#")]
    assert {mail["kind"] for mail in mails} == {kind}
    about = Counter(json.loads(mail["about"]).get("member_id") for mail in mails)
    assert (len(mails), max(about.values())) == (number, 1)


def test_asking_for_reminders_makes_these_calls(play: FaultHarness) -> None:
    _, request = _ran(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 202
    assert calls == REMIND
    _assert_made(play, "reminder", 2)


@pytest.mark.parametrize(("at", "fault"), pairs(REMIND))
def test_each_is_reminded_once_whichever_call_of_the_request_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    made, request = _ran(play)
    later.broken_request(play, request, at, fault, 202)
    _assert_made(play, "reminder", 2)
    assert made.num_audited("course.reminded") == 1


def test_reminders_make_these_calls(play: FaultHarness) -> None:
    _, delivery = _reminded(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == REMINDED
    _assert_made(play, "reminder", 2)


@pytest.mark.parametrize(("at", "fault"), pairs(REMINDED, later.ESSENTIAL))
def test_each_is_reminded_once_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    _, delivery = _reminded(play)
    later.broken_delivery(play, delivery, at, fault)
    _assert_made(play, "reminder", 2)


def test_telling_of_a_failure_makes_these_calls(play: FaultHarness) -> None:
    _, delivery = _failed(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == FAILED
    _assert_made(play, "part_failed", 1)


@pytest.mark.parametrize(("at", "fault"), pairs(FAILED))
def test_the_admin_who_launched_gets_one_mail_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    _, delivery = _failed(play)
    later.broken_delivery(play, delivery, at, fault)
    _assert_made(play, "part_failed", 1)

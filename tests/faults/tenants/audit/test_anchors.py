"""Anchors of the audit trail: the sweep and the message, call by call. Each day is anchored, and once."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import MusterError
from chalicelib.tenants.audit import anchors
from chalicelib.tenants.audit.messages import AnchorAudit
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import NOW, FaultHarness
from tests.faults.injector import Killed
from tests.faults.kinds import PUT_FILE, QUERY, SEND, TRANSACT, Fault, pairs

# The day before, which had entries, and the six before it, which had none.
SWEEP = [QUERY, SEND, *[QUERY] * 6]
# Where the chains end; the anchor; that the day is anchored.
JOB = [QUERY, PUT_FILE, TRANSACT]


def _client(play: FaultHarness) -> str:
    org_id = play.client(0, [])
    _change(play, org_id, "New")
    play.world.now = (NOW + timedelta(days=1)).replace(minute=7)
    return org_id


def _change(play: FaultHarness, org_id: str, name: str) -> None:
    assert play.ask(Request("POST", f"/orgs/{org_id}/groups", play.admin, {"name": name})).status == 201


def _delivery(org_id: str) -> Delivery:
    return Delivery(AnchorAudit(tenant_pk=f"ORG#{org_id}", day=f"{NOW:%Y-%m-%d}").body())


def _an_hour_later(play: FaultHarness) -> None:
    play.world.now += timedelta(hours=1)
    anchors.sweep(play.world.now)
    later.settle(play)


def _versions(play: FaultHarness, org_id: str) -> list[dict[str, Any]]:
    bucket = play.world.stage.environment["ANCHORS_BUCKET"]
    found = play.world.client("s3").list_object_versions(Bucket=bucket, Prefix=f"audit/ORG-{org_id}/")
    return list(found.get("Versions", []))


def _assert_anchored(play: FaultHarness, org_id: str, number: int = 1) -> None:
    (version,) = _versions(play, org_id)
    bucket = play.world.stage.environment["ANCHORS_BUCKET"]
    content = play.world.client("s3").get_object(Bucket=bucket, Key=version["Key"])["Body"].read()
    assert json.loads(content)["heads"]["0"]["number"] == number
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("ANCHOR#")]
    with play.injector.paused():
        verified = play.world.get(f"/orgs/{org_id}/audit/verify", play.admin).json
    assert (verified["ok"], verified["anchored_at"] is not None) == (True, True)


def test_a_day_is_anchored_with_these_calls(play: FaultHarness) -> None:
    org_id = _client(play)
    with play.injector.watched() as calls:
        anchors.sweep(play.world.now)
    assert calls == SWEEP
    delivery = play.outside.take_one(job="anchor_audit")
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == JOB
    _assert_anchored(play, org_id)


@pytest.mark.parametrize(("at", "fault"), pairs(JOB))
def test_a_fault_in_the_message(play: FaultHarness, at: int, fault: Fault) -> None:
    org_id = _client(play)
    later.broken_delivery(play, _delivery(org_id), at, fault)
    later.settle(play)
    _assert_anchored(play, org_id)


@pytest.mark.parametrize(("at", "fault"), pairs(JOB))
def test_a_message_that_was_lost_after_a_fault_comes_again_an_hour_later(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    """Whatever else was written meanwhile: the day's anchor stays as it was first written."""
    org_id = _client(play)
    later.broken_delivery(play, _delivery(org_id), at, fault)
    play.outside.waiting.clear()
    was_written = bool(_versions(play, org_id))
    _change(play, org_id, "Later")
    _an_hour_later(play)
    _assert_first(play, org_id, 1 if was_written else 2)
    assert not [item for item in play.world.dump("outbox") if item["pk"] == f"ANCHOR#{NOW:%Y-%m-%d}"]


def _assert_first(play: FaultHarness, org_id: str, number: int) -> None:
    (version,) = _versions(play, org_id)
    bucket = play.world.stage.environment["ANCHORS_BUCKET"]
    content = play.world.client("s3").get_object(Bucket=bucket, Key=version["Key"])["Body"].read()
    assert json.loads(content)["heads"]["0"]["number"] == number


def test_a_message_that_arrives_again_changes_nothing(play: FaultHarness) -> None:
    org_id = _client(play)
    delivery = _delivery(org_id)
    assert play.outside.deliver(delivery)
    before = _versions(play, org_id), play.world.dump("outbox")
    assert play.outside.deliver(delivery)
    assert (_versions(play, org_id), play.world.dump("outbox")) == before
    _assert_anchored(play, org_id)


@pytest.mark.parametrize("at", range(1, len(JOB) + 1))
def test_another_delivery_in_the_middle_of_one(play: FaultHarness, at: int) -> None:
    org_id = _client(play)
    delivery, again = _delivery(org_id), _delivery(org_id)
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(again))
    _assert_anchored(play, org_id)


@pytest.mark.parametrize("at", range(1, len(JOB) + 1))
def test_an_entry_in_the_middle_of_one_does_no_harm(play: FaultHarness, at: int) -> None:
    """It is in this day's anchor, or in the next one's."""
    org_id = _client(play)
    later.while_delivering(play, _delivery(org_id), at, lambda: _change(play, org_id, "Meanwhile"))
    _assert_first(play, org_id, 2 if at == 1 else 1)
    play.world.now += timedelta(days=1)
    _an_hour_later(play)
    assert len(_versions(play, org_id)) == 2
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("ANCHOR#")]


@pytest.mark.parametrize(("at", "fault"), pairs(SWEEP))
def test_a_sweep_that_breaks_is_done_by_the_next_one(play: FaultHarness, at: int, fault: Fault) -> None:
    org_id = _client(play)
    with play.injector.fault(at, fault), suppress(Killed, MusterError):
        anchors.sweep(play.world.now)
    assert play.injector.struck
    _an_hour_later(play)
    _assert_anchored(play, org_id)

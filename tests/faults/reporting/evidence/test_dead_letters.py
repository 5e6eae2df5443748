"""An evidence pack that cannot be made: it fails, and nothing is left of its parts, whichever call breaks."""

from typing import Any

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import DELETE, DELETE_FILE, GET, TRANSACT, Fault, pairs

# The export fails.
DEAD = [TRANSACT]
# The message once more: its entry and the export; the two parts, and one that might be there; the entry goes.
CLEAR = [GET, GET, *[DELETE_FILE] * 3, DELETE]


def _delivery(play: FaultHarness) -> Delivery:
    """The message that follows two parts."""
    org_id = play.client(1, [play.course()])
    assert play.ask(Request("POST", f"/orgs/{org_id}/audit/export", play.admin, key="evidence")).status == 202
    assert play.outside.deliver(play.outside.take_one(job="export"))
    for _ in range(2):
        assert play.outside.deliver(play.outside.take_one(job="collect_evidence"))
    return play.outside.take_one(job="collect_evidence")


def _export(play: FaultHarness) -> dict[str, Any]:
    (export,) = [item for item in play.world.dump("outbox") if item["sk"].startswith("EXPORT#")]
    return export


def _assert_failed(play: FaultHarness) -> None:
    later.settle(play)
    assert (_export(play)["status"], _export(play)["code"]) == ("failed", "export_failed")
    bucket = play.world.stage.environment["FILES_BUCKET"]
    assert "Contents" not in play.world.client("s3").list_objects_v2(Bucket=bucket)
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_a_pack_fails_with_these_calls(play: FaultHarness) -> None:
    delivery = _delivery(play)
    with play.injector.watched() as calls:
        assert play.outside.handle_dead_letter(delivery)
    assert calls == DEAD
    with play.injector.watched() as calls:
        assert play.outside.deliver(Delivery(delivery.body))
    assert calls == CLEAR
    _assert_failed(play)


@pytest.mark.parametrize(("at", "fault"), pairs(DEAD))
def test_a_fault_in_the_dead_letter(play: FaultHarness, at: int, fault: Fault) -> None:
    delivery = _delivery(play)
    with play.injector.fault(at, fault):
        play.outside.handle_dead_letter(delivery)
    assert play.injector.struck
    _assert_failed(play)


@pytest.mark.parametrize(("at", "fault"), pairs(CLEAR))
def test_a_fault_while_the_parts_are_deleted(play: FaultHarness, at: int, fault: Fault) -> None:
    delivery = _delivery(play)
    assert play.outside.handle_dead_letter(delivery)
    later.broken_delivery(play, Delivery(delivery.body), at, fault)
    _assert_failed(play)


@pytest.mark.parametrize("at", range(1, 8))
def test_the_pack_fails_in_the_middle_of_a_part(play: FaultHarness, at: int) -> None:
    """What this delivery still writes is deleted as well."""
    org_id = play.client(1, [play.course()])
    assert play.ask(Request("POST", f"/orgs/{org_id}/audit/export", play.admin, key="evidence")).status == 202
    assert play.outside.deliver(play.outside.take_one(job="export"))
    delivery = play.outside.take_one(job="collect_evidence")

    def fail() -> None:
        assert play.outside.handle_dead_letter(Delivery(delivery.body))
        assert play.outside.deliver(Delivery(delivery.body))

    with play.injector.meanwhile(at, fail):
        play.outside.deliver(delivery)
    assert play.injector.struck
    _assert_failed(play)

"""The evidence pack: every AWS call of its job fails once, and the pack is there, whole, all the same."""

import io
import json
import zipfile

import pytest

from chalicelib.tenants.audit.messages import AnchorAudit
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import NOW, FaultHarness
from tests.faults.kinds import (
    DELETE,
    DELETE_FILE,
    GET,
    GET_FILE,
    INVOKE,
    LIST_VERSIONS,
    PUBLIC_KEY,
    PUT_FILE,
    QUERY,
    SEND,
    SIGN,
    TRANSACT,
    Fault,
    pairs,
)
from tests.faults.later import ESSENTIAL

# The export, the message's entry with it, and the message.
BEGIN = [GET, TRANSACT, SEND]

# The message's entry, the export, the part before; what is read; this part, the entry again, and the message that goes
# on. Members, and the one's enrollments; certificates; anchors, the one's content; the ends of the chains; the trail.
_PARTS = [[QUERY, QUERY], [QUERY], [LIST_VERSIONS, GET_FILE], [QUERY], [QUERY]]
PARTS = [
    [GET, GET, *([GET_FILE] if number else []), *reads, PUT_FILE, TRANSACT, SEND] for number, reads in enumerate(_PARTS)
]

# The last part and all of them; the client; the summary as PDF; signature and key; the pack, and that it is ready; the
# parts go, and one that might be there; the entry goes.
FINISH = [
    GET, GET, GET_FILE, *[GET_FILE] * len(PARTS), GET, INVOKE, SIGN, PUBLIC_KEY, PUT_FILE, TRANSACT,
    *[DELETE_FILE] * (len(PARTS) + 1), DELETE,
]  # fmt: skip

JOBS = [BEGIN, *PARTS, FINISH]
WHOLE = {0, len(JOBS) - 1}
BROKEN = [
    pytest.param(job, *one.values, id=f"message {job} {one.id}")
    for job, calls in enumerate(JOBS)
    for one in pairs(calls, None if job in WHOLE else ESSENTIAL)
]


def _org(play: FaultHarness) -> str:
    org_id = play.client(1, [play.course()])
    assert play.ask(Request("POST", f"/orgs/{org_id}/groups", play.admin, {"name": "New"})).status == 201
    day = f"{NOW:%Y-%m-%d}"
    play.outside.deliver(Delivery(AnchorAudit(tenant_pk=f"ORG#{org_id}", day=day).body()))
    return org_id


def _delivery(play: FaultHarness, job: int = 0) -> Delivery:
    """The first message of a pack, or one of those that follow it."""
    org_id = _org(play)
    assert play.ask(Request("POST", f"/orgs/{org_id}/audit/export", play.admin, key="evidence")).status == 202
    delivery = play.outside.take_one(job="export")
    for _ in range(job):
        assert play.outside.deliver(delivery)
        delivery = play.outside.take_one(job="collect_evidence")
    return delivery


def _assert_whole(play: FaultHarness) -> None:
    later.settle(play)
    bucket = play.world.stage.environment["FILES_BUCKET"]
    s3 = play.world.client("s3")
    (entry,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    archive = zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()))
    assert json.loads(archive.read("manifest.json"))["files"].keys() < set(archive.namelist())
    for name in ("members", "audit", "anchors"):
        assert len(archive.read(f"{name}.jsonl").splitlines()) == 1
    (export,) = [item for item in play.world.dump("outbox") if item["sk"].startswith("EXPORT#")]
    assert export["status"] == "ready"
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_a_pack_is_made_with_these_calls(play: FaultHarness) -> None:
    delivery = _delivery(play)
    made = []
    for job in range(len(JOBS)):
        with play.injector.watched() as calls:
            assert play.outside.deliver(delivery)
        made.append(list(calls))
        if job + 1 < len(JOBS):
            delivery = play.outside.take_one(job="collect_evidence")
    assert made == JOBS
    _assert_whole(play)


@pytest.mark.parametrize(("job", "at", "fault"), BROKEN)
def test_a_fault_in_the_job(play: FaultHarness, job: int, at: int, fault: Fault) -> None:
    delivery = _delivery(play, job)
    later.broken_delivery(play, delivery, at, fault)
    _assert_whole(play)


@pytest.mark.parametrize("job", range(len(JOBS)))
def test_a_message_that_arrives_again_changes_nothing(play: FaultHarness, job: int) -> None:
    delivery = _delivery(play, job)
    again = Delivery(delivery.body)
    assert play.outside.deliver(delivery)
    assert play.outside.deliver(again)
    _assert_whole(play)
    before = play.world.dump("outbox")
    assert play.outside.deliver(again)
    assert play.world.dump("outbox") == before


@pytest.mark.parametrize(("job", "at"), [pytest.param(1, at, id=f"{at}") for at in range(1, len(PARTS[0]) + 1)])
def test_another_delivery_does_all_the_rest_in_the_middle_of_a_part(play: FaultHarness, job: int, at: int) -> None:
    """The late one finds that it is late, and leaves no part behind."""
    delivery = _delivery(play, job)
    again = Delivery(delivery.body)
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(again))
    _assert_whole(play)

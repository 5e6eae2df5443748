"""The evidence pack: every AWS call of its job fails once, and the pack is there, whole, all the same."""

import io
import json
import zipfile

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, LIST_VERSIONS, PUBLIC_KEY, PUT_FILE, QUERY, SIGN, TRANSACT, Fault, pairs

# The export, the message's entry with it, and the message.
BEGIN = [GET, TRANSACT, SEND]

# The message's entry, the export, the part before; what is read; this part, the entry again, and the message that goes
# on. Members, and the one's enrollments; certificates; anchors, the one's content; the ends of the chains; the trail.
_PARTS = [[QUERY, QUERY], [QUERY], [LIST_VERSIONS, READ_FILE], [QUERY], [QUERY]]
PARTS = [
    [GET, GET, *([READ_FILE] if number else []), *reads, PUT_FILE, TRANSACT, SEND]
    for number, reads in enumerate(_PARTS)
]

# The last part and all of them; the client; the summary as PDF; signature and key; the pack, that it is ready; the parts
# go, and one that might be there; the entry goes.
FINISH = [
    GET, GET, READ_FILE, *[READ_FILE] * len(PARTS), GET, INVOKE, SIGN, PUBLIC_KEY, PUT_FILE, TRANSACT,
    *[DELETE_FILE] * (len(PARTS) + 1), TRANSACT,
]  # fmt: skip

JOBS = [BEGIN, *PARTS, FINISH]
EACH = [(number, at, fault) for number, calls in enumerate(JOBS) for at, fault in [one.values for one in pairs(calls)]]


def _org(play: FaultHarness) -> str:
    org_id = play.client(1, [play.course()])
    assert play.ask(Request("POST", f"/orgs/{org_id}/groups", play.admin, {"name": "New"})).status == 201
    return org_id


def _delivery(play: FaultHarness, org_id: str) -> Delivery:
    assert play.ask(Request("POST", f"/orgs/{org_id}/audit/export", play.admin, key="evidence")).status == 202
    return play.outside.take_one(job="export")


def _assert_whole(play: FaultHarness) -> None:
    later.settle(play)
    bucket = play.world.stage.environment["FILES_BUCKET"]
    s3 = play.world.client("s3")
    (entry,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    archive = zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()))
    assert json.loads(archive.read("manifest.json"))["files"].keys() < set(archive.namelist())
    assert len(archive.read("audit.jsonl").splitlines()) == 1
    (export,) = [item for item in play.world.dump("outbox") if item["sk"].startswith("EXPORT#")]
    assert export["status"] == "ready"


def test_a_pack_is_made_with_these_calls(play: FaultHarness) -> None:
    delivery = _delivery(play, _org(play))
    with play.injector.watched() as calls:
        play.outside.deliver(delivery)
    assert calls == JOB
    _assert_whole(play)


@pytest.mark.parametrize(("at", "fault"), pairs(JOB))
def test_a_fault_in_the_job(play: FaultHarness, at: int, fault: Fault) -> None:
    delivery = _delivery(play, _org(play))
    later.broken_delivery(play, delivery, at, fault)
    _assert_whole(play)

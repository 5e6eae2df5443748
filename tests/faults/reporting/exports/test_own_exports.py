"""An export of an organization's own, by who is limited to departments: the request and the job, call by call."""

import pytest

from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, PUT, PUT_FILE, QUERY, SEND, TRANSACT, UPDATE, Fault, pairs
from tests.faults.snapshots import built_once

# Who asks; the key and its claim; the client's name; the export; its message; the answer.
REQUEST = [QUERY, GET, PUT, GET, TRANSACT, SEND, UPDATE]

# The export; the client's name; the tree of departments, the batches; the file; its status.
JOB = [GET, GET, QUERY, QUERY, PUT_FILE, TRANSACT]


@built_once
def asking(play: FaultHarness) -> tuple[Request, str]:
    """The request of a department's admin who has launched one of two batches, and the organization."""
    course = play.course()
    org_id = play.client(1, [course])
    sales = play.world.department(org_id, "Sales")
    head = play.world.org_admin(org_id, role="department_admin", department_ids=[sales])
    boss = play.world.org_admin(org_id)
    for who in (head, boss):
        body = {"name": "Ours", "courses": [{"course_id": course}]}
        assert play.ask(Request("POST", f"/orgs/{org_id}/training/enrollment", who, body, "launch")).status == 202
    play.outside.until_quiet()
    return Request("POST", f"/orgs/{org_id}/training/export", head, key="export"), org_id


def _num_rows(play: FaultHarness, request: Request, org_id: str, export_id: str) -> int | None:
    answer = play.world.get(f"/orgs/{org_id}/exports/{export_id}", request.as_)
    assert (answer.status, answer.json["status"]) == (200, "ready"), answer.text
    return int(answer.json["num_rows"])


def test_the_request_and_its_job_make_these_calls(play: FaultHarness) -> None:
    request, org_id = asking(play)
    with play.injector.watched() as calls:
        export = play.ask(request)
    assert (export.status, calls) == (202, REQUEST)
    delivery = play.outside.take_one(job="export")
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == JOB
    assert _num_rows(play, request, org_id, export.json["export_id"]) == 1


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST))
def test_one_export_comes_of_the_request_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, org_id = asking(play)
    with play.injector.fault(at, fault):
        play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status == 202, answer.text
    play.outside.until_quiet()
    assert _num_rows(play, request, org_id, answer.json["export_id"]) == 1
    assert len([item for item in play.world.dump("outbox") if item["sk"].startswith("EXPORT#")]) == 1


@pytest.mark.parametrize(("at", "fault"), pairs(JOB))
def test_the_file_holds_the_department_s_batches_whichever_call_breaks(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    request, org_id = asking(play)
    export_id = play.ask(request).json["export_id"]
    delivery = play.outside.take_one(job="export")
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.deliver(delivery)
    play.outside.until_quiet()
    assert _num_rows(play, request, org_id, export_id) == 1

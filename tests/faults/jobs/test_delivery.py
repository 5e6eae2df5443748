"""A job that failed: whatever becomes of the call by which it comes again soon, the job is not lost."""

import json
from typing import Any

import pytest

from chalicelib import worker as jobs
from tests.faults.harness import FaultHarness
from tests.faults.injector import Killed
from tests.faults.kinds import FAULTS_BY_OPERATION, SHOW_AGAIN, Fault, pairs

CALLS = [SHOW_AGAIN]


def _received(play: FaultHarness) -> dict[str, Any]:
    """A message that no version has sent, as Lambda would have received it."""
    sqs, url = play.world.client("sqs"), play.world.stage.queue_urls["jobs"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"job": "unheard_of"}), MessageGroupId="x")
    (message,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=720)["Messages"]
    record = {"messageId": "m", "receiptHandle": message["ReceiptHandle"], "body": message["Body"]}
    return {"Records": [{**record, "attributes": {"ApproximateReceiveCount": "1"}}]}


def test_a_failed_job_makes_this_call(play: FaultHarness) -> None:
    event = _received(play)
    with play.injector.watched() as calls:
        assert jobs.work(event) == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert calls == CALLS


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS))
def test_a_failed_job_stays_in_its_queue_whatever_becomes_of_the_call(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    event = _received(play)
    with play.injector.fault(at, fault):
        try:
            answer = jobs.work(event)
        except Killed:
            answer = {"batchItemFailures": [{"itemIdentifier": "m"}]}
        assert play.injector.struck
    # It is Lambda that deletes what is not named.
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    sqs, url = play.world.client("sqs"), play.world.stage.queue_urls["jobs"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    assert found["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_the_table_of_faults_knows_the_call() -> None:
    assert {*CALLS} <= FAULTS_BY_OPERATION.keys()

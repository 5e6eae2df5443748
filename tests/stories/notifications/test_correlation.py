"""One id from the request to the mail and to what SES reports of it, in every log line."""

import io
import json
from typing import Any
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger

from chalicelib import mailer, worker
from chalicelib.core import observability
from tests.harness import World
from tests.stories.driver import LAUNCH, Driver
from tests.stories.mailbox import Mailbox

MAILS = {"notifications": {"enrollment": True, "reminders": False}}
OF_THE_MAIL = ["mail sent", "news of a mail"]


class Flow:
    """What functions log, and the queues' messages as Lambda hands them over, with their attributes."""

    def __init__(self, world: World, driver: Driver, mailbox: Mailbox, log: io.StringIO) -> None:
        self.world, self.driver, self.mailbox, self._log = world, driver, mailbox, log
        self.course = world.course(driver.msp)
        org = world.org(driver.msp, courses=[self.course])
        world.learner(org, email="ann@example.com")
        self.form = driver.form([org], [self.course], **MAILS)

    def launch(self, **fields: Any) -> str:
        """The id that the answer tells."""
        # Each with an id of its own, as from API Gateway.
        headers = {"Idempotency-Key": str(uuid4()), "x-amzn-RequestId": str(uuid4())}
        answer = self.world.post(LAUNCH, self.driver.admin, {**self.form, **fields}, headers=headers)
        assert answer.status == 202, answer.text
        return answer.headers["x-request-id"]

    def received(self, queue: str, *, of_earlier_version: bool = False) -> list[dict[str, Any]]:
        sqs, url = self.world.client("sqs"), self.world.stage.queue_urls[queue]
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        records = []
        for message in answer.get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            record = {"messageId": message["MessageId"], "body": message["Body"]}
            if not of_earlier_version:
                given = message.get("MessageAttributes", {})
                record["messageAttributes"] = {
                    name: {"dataType": one["DataType"], "stringValue": one["StringValue"]}
                    for name, one in given.items()
                }
            records.append(record)
        return records

    def work(self, **how: Any) -> None:
        while records := self.received("jobs", **how):
            self.deliver(records)

    def deliver(self, records: list[dict[str, Any]]) -> None:
        assert worker.work({"Records": records}, lambda: self.world.now) == {"batchItemFailures": []}

    def mail(self, **how: Any) -> None:
        while records := self.received("mail", **how):
            sent = mailer.send({"Records": records}, lambda: self.world.now, self.world.mail_time)
            assert sent == {"batchItemFailures": []}
        self.mailbox.deliver_events()

    def ids(self) -> dict[str, set[str | None]]:
        """The ids under which each message was logged since the last look."""
        found: dict[str, set[str | None]] = {}
        for line in map(json.loads, self._log.getvalue().splitlines()):
            found.setdefault(line["message"], set()).add(line.get("correlation_id"))
        self._log.seek(0)
        self._log.truncate()
        return found


@pytest.fixture
def flow(world: World, driver: Driver, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Flow:
    log = io.StringIO()
    logger = Logger(service="test_correlation", stream=log, level="INFO")
    # Powertools keeps one handler for each name, and with it the first stream.
    logger.handlers[0].setStream(log)  # type: ignore[attr-defined]
    monkeypatch.setattr(observability, "_logger", lambda: logger)
    made = Flow(world, driver, mailbox, log)
    made.ids()
    return made


def _all(*messages: str, are: str) -> dict[str, set[str | None]]:
    return {message: {are} for message in messages}


def test_one_id_from_the_request_to_the_news_of_its_mail(flow: Flow) -> None:
    launched = flow.launch()
    flow.work()
    flow.mail()
    assert flow.ids() == _all("request answered", "job done", *OF_THE_MAIL, are=launched)


def test_two_requests_keep_their_ids_in_one_batch_of_messages(flow: Flow) -> None:
    first, second = flow.launch(), flow.launch(name="Once more")
    assert first != second
    flow.work()
    assert flow.ids()["job done"] == {first, second}
    assert observability.correlation_id() is None


def test_a_schedule_and_a_lost_one_go_on_with_the_launch(flow: Flow) -> None:
    launched = flow.launch(courses=[{"course_id": flow.course, "enroll_on": "2027-01-12"}])
    flow.work()
    ((at, body),) = flow.driver.schedules().values()
    assert body["correlation_id"] == launched
    flow.world.now = at
    flow.ids()
    flow.deliver([{"messageId": "scheduled", "body": json.dumps(body)}])
    assert flow.ids() == {"job done": {launched}}
    flow.work()
    flow.mail()
    assert flow.ids() == _all("job done", *OF_THE_MAIL, are=launched)


def test_what_the_sweep_sends_goes_on_with_what_was_lost(flow: Flow) -> None:
    launched = flow.launch(courses=[{"course_id": flow.course, "enroll_on": "2027-01-12"}])
    flow.work()
    ((at, _),) = flow.driver.schedules().values()
    flow.driver.drop_schedules()
    flow.world.now = at
    flow.driver.past_grace()
    flow.ids()
    worker.sweep(lambda: flow.world.now)
    (own,) = flow.ids()["sweeper sent overdue jobs"]
    assert own not in {None, launched}
    flow.work()
    assert flow.ids() == _all("job done", are=launched)


def test_messages_and_mails_of_an_earlier_version_get_an_id_of_their_own(flow: Flow) -> None:
    launched = flow.launch()
    flow.work(of_earlier_version=True)
    for item in flow.mailbox.items():
        flow.world.client("dynamodb").update_item(
            TableName=flow.world.stage.table_names["outbox"],
            Key={"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}},
            UpdateExpression="REMOVE correlation_id",
        )
    flow.mail(of_earlier_version=True)
    found = flow.ids()
    assert found.pop("request answered") == {launched}
    assert found.keys() == {"job done", *OF_THE_MAIL}
    assert not {launched, None} & {one for ids in found.values() for one in ids}


def test_a_failure_is_logged_under_the_id_of_its_message(flow: Flow) -> None:
    launched = flow.launch()
    (record,) = flow.received("jobs")
    flow.ids()
    spoiled = {**record, "body": '{"job": "no such"}'}
    assert worker.work({"Records": [spoiled]}, lambda: flow.world.now)["batchItemFailures"]
    assert flow.ids() == {"job failed": {launched}}


@pytest.mark.parametrize("given", ["", "not an id", "11111111-1111-1111-1111-111111111111\n", "1" * 36])
def test_an_id_that_api_gateway_would_not_make_is_not_taken(given: str, world: World) -> None:
    answer = world.get("/health", headers={"x-amzn-RequestId": given})
    assert len(answer.headers["x-request-id"]) == 36
    assert answer.headers["x-request-id"] != given


def test_the_id_of_api_gateway_is_the_request_s(world: World) -> None:
    given = "0f5c63a2-9d7e-4f0b-8a59-3d0c2f7c1b11"
    assert world.get("/health", headers={"x-amzn-RequestId": given}).headers["x-request-id"] == given

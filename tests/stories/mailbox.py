"""The local cloud's mailbox for one world: the mails that its mailer sent, and the events that SES published."""

import json
import uuid
from contextlib import suppress
from typing import Any

import pytest

from chalicelib import mailer
from chalicelib.core.settings import settings
from tests.harness import World
from tests.stories.inbox import mails_from


class Mailbox:
    """Nothing is sent, and no event arrives, before a test says so."""

    def __init__(self, world: World) -> None:
        self.world = world
        domain = f"{uuid.uuid4().hex[:12]}.example"
        self.sender = f"training@{domain}"
        ses, sns, sqs = world.client("ses"), world.client("sns"), world.client("sqs")
        ses.verify_domain_identity(Domain=domain)
        topic = sns.create_topic(Name=f"mail-events-{domain.split('.')[0]}")["TopicArn"]
        self._queue = sqs.create_queue(QueueName=f"mail-events-{domain.split('.')[0]}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        may_send = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = {"Version": "2012-10-17", "Statement": [{**may_send, "Resource": arn}]}
        sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": json.dumps(policy)})
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        sesv2, name = world.client("sesv2"), world.stage.environment["MAIL_CONFIGURATION_SET"]
        # The local cloud has one for each of SES's interfaces, and this one outlives a world.
        with suppress(sesv2.exceptions.AlreadyExistsException):
            sesv2.create_configuration_set(ConfigurationSetName=name)
        with suppress(sesv2.exceptions.NotFoundException):
            sesv2.delete_configuration_set_event_destination(ConfigurationSetName=name, EventDestinationName="news")
        sesv2.create_configuration_set_event_destination(
            ConfigurationSetName=name,
            EventDestinationName="news",
            EventDestination={
                "Enabled": True,
                "MatchingEventTypes": ["DELIVERY", "BOUNCE", "COMPLAINT"],
                "SnsDestination": {"TopicArn": topic},
            },
        )

    def is_this_world_s(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Mails are sent from here."""
        monkeypatch.setenv("MAIL_FROM", self.sender)
        settings.cache_clear()

    def send(self) -> int:
        """Deliver the mail queue's messages until it is empty. Gives how many there were."""
        count = 0
        while messages := self.world.messages("mail"):
            count += len(messages)
            records = [{"messageId": str(n), "body": json.dumps(body)} for n, body in enumerate(messages)]
            outcome = mailer.send({"Records": records}, clock=lambda: self.world.now, time=self.world.mail_time)
            assert outcome == {"batchItemFailures": []}
        return count

    def mails(self) -> list[dict[str, Any]]:
        """What this world sent, oldest first."""
        return mails_from(self.world.cloud, self.sender)

    def to(self) -> list[str]:
        return sorted(address for mail in self.mails() for address in mail["To"])

    def events(self) -> list[dict[str, Any]]:
        """Take what SES published, as SNS delivers it to a function."""
        sqs = self.world.client("sqs")
        records: list[dict[str, Any]] = []
        while received := sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in received:
                records.append({"Sns": json.loads(message["Body"])})
                sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return records

    def deliver_events(self, events: list[dict[str, Any]] | None = None) -> None:
        """Deliver these, or what was published since."""
        records = self.events() if events is None else events
        mailer.handle_delivery_events({"Records": records})

    def states(self) -> dict[str, str]:
        """The state of each mail by its id."""
        return {item["mail_id"]: item["state"] for item in self.items()}

    def items(self) -> list[dict[str, Any]]:
        return [item for item in self.world.dump("outbox") if item["pk"].startswith("MAIL#")]

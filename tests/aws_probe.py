"""Access to AWS behind the application: items, messages, and answers in place of AWS's."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.awsrequest import AWSResponse

from chalicelib.aws import clients
from infra.cloud import Cloud
from tests import in_process_cloud
from tests.cloud_fixture import Stage, aws


class AwsProbe:
    cloud: Cloud
    stage: Stage
    now: datetime

    def messages(self, queue: str = "jobs") -> list[dict[str, Any]]:
        """Take all messages from the `jobs` or the `mail` queue."""
        sqs, url = aws(self.cloud, "sqs"), self.stage.queue_urls[queue]
        bodies: list[dict[str, Any]] = []
        while True:
            received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            if not received:
                return bodies
            for message in received:
                bodies.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def lose_answers(self) -> None:
        """Leave the records of requests as if each process had died after its work and before its answer."""
        for item in self.dump("outbox"):
            if item["pk"].startswith("IDEMPOTENCY#"):
                self.client("dynamodb").update_item(
                    TableName=self.stage.table_names["outbox"],
                    Key={"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}},
                    UpdateExpression="REMOVE answer",
                )
        # No process works on them any more.
        self.now += timedelta(minutes=1)

    @contextmanager
    def answering(self, service: str, operation: str, handler: Callable[..., Any]) -> Iterator[None]:
        """Let `handler` answer the application's calls in place of AWS: with (response, parsed) or an exception.

        With None the call goes on.
        """
        found = clients.client(service).meta
        name = f"before-call.{found.service_model.service_id.hyphenize()}.{operation}"
        found.events.register(name, handler)
        try:
            yield
        finally:
            found.events.unregister(name, handler)

    @contextmanager
    def asked(self, operation: str) -> Iterator[list[dict[str, Any]]]:
        """What the application asks DynamoDB meanwhile."""
        seen: list[dict[str, Any]] = []
        with self.answering("dynamodb", operation, lambda params, **_: seen.append(json.loads(params["body"]))):
            yield seen

    @contextmanager
    def refusing(self, service: str, operation: str, code: str) -> Iterator[None]:
        """Let AWS refuse the application's calls with this error."""
        refusal = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        with self.answering(service, operation, lambda **_: (AWSResponse("", 400, {}, None), refusal)):
            yield

    def dump(self, short: str) -> list[dict[str, Any]]:
        """All items of `core`, `enrollments` or `outbox` as plain dictionaries, in the order of their keys.

        The key of cursors is left out: whichever test comes first in its process draws it.
        """
        plain = TypeDeserializer().deserialize
        items = [item for item in self.raw_dump(short) if item["pk"]["S"] != "KEYS"]
        found = [
            {
                name: value["S"] if "S" in value else value["B"] if "B" in value else plain(value)
                for name, value in raw.items()
            }
            for raw in items
        ]
        return sorted(found, key=lambda item: (item["pk"], item["sk"]))

    def raw_dump(self, short: str) -> list[dict[str, Any]]:
        """All items as DynamoDB writes them, in no order. They are not to be changed."""
        name = self.stage.table_names[short]
        near = in_process_cloud.items_of(name)
        if near is not None:
            return near
        pages = aws(self.cloud, "dynamodb").get_paginator("scan")
        return [item for page in pages.paginate(TableName=name) for item in page["Items"]]

    def client(self, service: str) -> Any:
        """A boto3 client of the local cloud, to read or change what the application stored."""
        return aws(self.cloud, service)

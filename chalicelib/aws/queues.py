"""SQS: sends messages, in calls of ten, and says when those that failed come again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.failures import translated
from chalicelib.core import observability
from chalicelib.core.errors import Unavailable
from chalicelib.core.settings import settings

# The largest batch that SendMessageBatch takes.
_PER_CALL = 10
_ATTEMPTS = 3


@dataclass(frozen=True)
class Message:
    """`group` is the message group id: on a standard queue it gives fairness between tenants, but no order.

    `correlation_id` is of what the message goes on with, where that is not what is being worked on now.
    """

    body: dict[str, Any]
    group: str
    correlation_id: str | None = None


class Queue:
    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, messages: Iterable[Message]) -> None:
        """Send all messages. Raises Unavailable when some could not be sent. Some may arrive twice."""
        waiting = iter(messages)
        while batch := list(islice(waiting, _PER_CALL)):
            self._send_batch(batch)

    def _send_batch(self, batch: Sequence[Message]) -> None:
        entries = [_entry(str(index), message) for index, message in enumerate(batch)]
        for _ in range(_ATTEMPTS):
            with translated():
                answer = client("sqs").send_message_batch(QueueUrl=self._url, Entries=entries)
            # A 200 may hold refused entries; only those go again.
            refused = {entry["Id"] for entry in answer.get("Failed", [])}
            entries = [entry for entry in entries if entry["Id"] in refused]
            if not entries:
                return
        raise Unavailable()

    def show_again(self, seconds_by_receipt: Mapping[str, int]) -> None:
        """Let messages that this process received, at most ten, be received again after so many seconds.

        Raises Unavailable. A receipt that is no longer good is passed over.
        """
        entries = [
            {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
            for index, (receipt, seconds) in enumerate(seconds_by_receipt.items())
        ]
        with translated():
            client("sqs").change_message_visibility_batch(QueueUrl=self._url, Entries=entries)


def _entry(entry_id: str, message: Message) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Id": entry_id,
        "MessageBody": json.dumps(message.body, separators=(",", ":")),
        "MessageGroupId": message.group,
    }
    correlation_id = message.correlation_id or observability.correlation_id()
    if correlation_id:
        attribute = {"DataType": "String", "StringValue": correlation_id}
        entry["MessageAttributes"] = {observability.CORRELATION_ID: attribute}
    return entry


def jobs() -> Queue:
    return Queue(settings().jobs_queue_url)


def mail() -> Queue:
    return Queue(settings().mail_queue_url)

"""Runs what SQS delivers at once, in the time that the invocation has; says what failed, and when it comes again."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.aws.queues import Queue
from chalicelib.core import observability
from chalicelib.core.errors import MusterError

# Gets the body of a message.
Handle = Callable[[dict[str, Any]], object]

# A job is begun with so much time left, and no job takes longer: an export of 250,000 rows does not, on the whole CPU
# that the worker's memory brings (.chalice/config.json). A batch's first job has twice that.
LEAST_TIME_MS = 60_000

# Seconds until a message comes again that failed once, twice, and so on. Trouble that passes costs half a minute, and
# five tries outlive an hour of it.
_PAUSES = (30, 120, 900, 2700)

# A message for which no time was left: another invocation takes it.
_GIVEN_BACK = 1


def run_each(
    event: Mapping[str, Any],
    handle: Handle,
    *,
    time_left: Callable[[], int] | None = None,
    queue: Queue | None = None,
) -> dict[str, Any]:
    """Run each message; the answer names those that failed or were not begun, which SQS delivers again.

    `time_left` gives the milliseconds that the invocation still has, None when it has as many as it likes. Messages
    that did not succeed come again from `queue` soon; without it, when the queue's visibility time-out ends.
    """
    failed: dict[str, int] = {}
    # Those that were given back before go first: to be given back counts as a try.
    for index, record in enumerate(sorted(event["Records"], key=_num_tries, reverse=True)):
        if index and time_left is not None and time_left() < LEAST_TIME_MS:
            observability.info("job given back: no time is left", message_id=record["messageId"])
            failed[record["messageId"]] = _GIVEN_BACK
            continue
        if not _is_done(record, handle):
            failed[record["messageId"]] = _PAUSES[min(_num_tries(record), len(_PAUSES)) - 1]
    if queue is not None:
        _show_again(queue, event, failed)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _is_done(record: Mapping[str, Any], handle: Handle) -> bool:
    """Run one message, under the id that it goes on with. False when it failed."""
    with observability.correlated(correlation_id_of(record)):
        try:
            body = json.loads(record["body"])
            observability.go_on(body.pop(observability.CORRELATION_ID, None))
            handle(body)
        except Exception:
            observability.failure("job failed", message_id=record["messageId"], attempt=_num_tries(record))
            return False
    return True


def correlation_id_of(record: Mapping[str, Any]) -> str | None:
    """What a message goes on with. None for one of an earlier version, or one that a schedule or a person sent."""
    attribute = record.get("messageAttributes", {}).get(observability.CORRELATION_ID, {})
    return str(attribute.get("stringValue") or "") or None


def _num_tries(record: Mapping[str, Any]) -> int:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))


def _show_again(queue: Queue, event: Mapping[str, Any], seconds_by_message: Mapping[str, int]) -> None:
    # A record that an operator hands to the function by hand has no receipt.
    receipts = {record["messageId"]: record.get("receiptHandle") for record in event["Records"]}
    seconds_by_receipt = {receipts[one]: seconds for one, seconds in seconds_by_message.items() if receipts[one]}
    if not seconds_by_receipt:
        return
    try:
        queue.show_again(seconds_by_receipt)
    except MusterError:
        # They come again all the same, only later.
        observability.failure("failed jobs come again late", num_jobs=len(seconds_by_receipt))

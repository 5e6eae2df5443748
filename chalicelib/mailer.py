"""What the mail queue, SES's news and the clock start."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalicelib.core import observability
from chalicelib.core.clock import utc_now
from chalicelib.notifications.schemas import Wake, notification_in
from chalicelib.wiring import wiring

Clock = Callable[[], datetime]


def send(event: dict[str, Any], clock: Clock = utc_now) -> dict[str, Any]:
    """The mail queue. Failed records are named in the answer and come again."""
    office = wiring().post_office_at(clock)
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        try:
            wake = Wake.model_validate(json.loads(record["body"]))
            office.run_pump(wake.pump)
        except Exception:
            observability.failure("mailer failed", message_id=record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def settle(event: dict[str, Any], clock: Clock = utc_now) -> None:
    """SES's news through SNS. What fails is handed in again by Lambda, all of it: learning twice does no harm."""
    from chalicelib.notifications.delivery_events import settle as settle_one
    from chalicelib.people.invitations.mails import follow

    for record in event["Records"]:
        settle_one(notification_in(record["Sns"]["Message"]), clock(), follow)

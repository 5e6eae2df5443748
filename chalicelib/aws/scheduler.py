"""EventBridge Scheduler: one-time schedules that put a message on the jobs queue."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.failures import StorageFailure, translated
from chalicelib.core import observability
from chalicelib.core.settings import settings


@dataclass(frozen=True)
class Scheduler:
    group: str
    queue_arn: str
    role_arn: str

    def create_once(self, name: str, at: datetime, body: dict[str, Any]) -> None:
        """A schedule that fires at `at` (within a minute) and is then deleted. Creating it twice is harmless.

        Its message has no attributes, so that the body carries what is correlated; `delivery` takes it out.
        """
        correlation_id = observability.correlation_id()
        correlated = {observability.CORRELATION_ID: correlation_id} if correlation_id else {}
        try:
            with translated():
                client("scheduler").create_schedule(
                    Name=name,
                    GroupName=self.group,
                    # In UTC: Scheduler skips a local time that a clock change leaves out.
                    ScheduleExpression=f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
                    ScheduleExpressionTimezone="UTC",
                    FlexibleTimeWindow={"Mode": "OFF"},
                    ActionAfterCompletion="DELETE",
                    Target={
                        "Arn": self.queue_arn,
                        "RoleArn": self.role_arn,
                        "Input": json.dumps({**body, **correlated}, separators=(",", ":")),
                    },
                )
        except StorageFailure as error:
            if error.aws_code != "ConflictException":
                raise


def scheduler() -> Scheduler:
    current = settings()
    return Scheduler(current.schedule_group, current.jobs_queue_arn, current.scheduler_role_arn)

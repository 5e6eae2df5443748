"""What the queues and the clock start: plain functions over events, each record on its own."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from chalicelib.core import observability
from chalicelib.core.clock import utc_now
from chalicelib.enrollment.schemas import AdvanceBatch, AnyJob, EnrollChunk, FinishLaunch
from chalicelib.wiring import wiring

Clock = Callable[[], datetime]

_JOB: TypeAdapter[AnyJob] = TypeAdapter(AnyJob)


def work(event: dict[str, Any], clock: Clock = utc_now) -> dict[str, Any]:
    """The jobs queue. Failed records are named in the answer and come again; the others are done."""
    return _each_record(event, lambda job: _work_one(job, clock()))


def bury(event: dict[str, Any], clock: Clock = utc_now) -> dict[str, Any]:
    """The jobs queue's dead letters. What cannot be read stays in the queue, for an operator to see."""
    return _each_record(event, lambda job: wiring().dead_letters.bury(job, clock()))


def sweep(clock: Clock = utc_now) -> None:
    wiring().sweep.sweep(clock())


def _work_one(job: AnyJob, now: datetime) -> None:
    if isinstance(job, AdvanceBatch):
        wiring().advance.advance(job, now)
    elif isinstance(job, EnrollChunk):
        wiring().enroll_chunk(job, now)
    elif isinstance(job, FinishLaunch):
        wiring().launches.finish(job, now)
    else:
        wiring().dates.move(job, now)


def _each_record(event: dict[str, Any], handle: Callable[[AnyJob], None]) -> dict[str, Any]:
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        try:
            handle(_JOB.validate_python(json.loads(record["body"])))
        except Exception:
            attempt = record.get("attributes", {}).get("ApproximateReceiveCount")
            observability.failure("job failed", message_id=record["messageId"], attempt=attempt)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}

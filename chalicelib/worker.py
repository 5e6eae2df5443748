"""What the queues and the clock start: plain functions over events, each record on its own.

One table names, for each kind of message, what does the job, and what gives it up once it broke every time.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.core import observability
from chalicelib.core.clock import utc_now
from chalicelib.jobs.job import Job
from chalicelib.people.invitations.messages import SendWave
from chalicelib.people.members.events import ArchiveMember, EnrollJoiner
from chalicelib.people.uploads.messages import ImportChunk, RunImport
from chalicelib.reporting.exports.schemas import RunExport
from chalicelib.tenants.organizations.events import MoveDates
from chalicelib.tenants.structure.events import EnrollGroup
from chalicelib.training.auto_enrollment.messages import EnrollJoiners
from chalicelib.training.batches.messages import AdvanceBatch, EnrollChunk
from chalicelib.training.bulk_changes.messages import ChangeChunk, StartChange
from chalicelib.training.course_mails.messages import MailRow
from chalicelib.training.rollouts.messages import FinishLaunch, PreviewJob
from chalicelib.wiring import wiring

Clock = Callable[[], datetime]
Handle = Callable[[Any, datetime], None]


@dataclass(frozen=True)
class Kind:
    """A kind of message. `give_up` is left out where the sweep sends the message again."""

    message: type[Job]
    do: Handle
    give_up: Handle | None = None

    @property
    def name(self) -> str:
        return str(self.message.model_fields["job"].default)


# Services are asked for within the functions: a cold start then imports only what its message needs.
_KINDS = (
    Kind(
        AdvanceBatch,
        lambda job, now: wiring().advance.advance(job, now),
        lambda job, now: wiring().give_up_batch(job, now),
    ),
    Kind(
        EnrollChunk,
        lambda job, now: wiring().enroll_chunk(job, now),
        lambda job, now: wiring().give_up_chunk(job, now),
    ),
    Kind(
        FinishLaunch,
        lambda job, now: wiring().launches.finish(job, now),
        lambda job, now: wiring().launches.give_up(job),
    ),
    Kind(
        EnrollJoiner,
        lambda job, now: wiring().joiners.run(job, now),
        lambda job, now: wiring().joiners.run(job, now, give_up=True),
    ),
    Kind(ArchiveMember, lambda job, now: wiring().archive.run(job, now)),
    Kind(
        EnrollJoiners,
        lambda job, now: wiring().group_joiners.run_many(job, now),
        lambda job, now: wiring().group_joiners.run_many(job, now, give_up=True),
    ),
    Kind(EnrollGroup, lambda job, now: wiring().group_joiners.run(job, now)),
    Kind(MoveDates, lambda job, now: wiring().dates.move(job, now)),
    Kind(
        RunExport,
        lambda job, now: wiring().exports.run(job, now),
        lambda job, now: wiring().exports.give_up(job),
    ),
    Kind(
        PreviewJob,
        lambda job, now: wiring().previews.count(job, now),
        lambda job, now: wiring().previews.give_up(job, now),
    ),
    Kind(MailRow, lambda job, now: wiring().mailing.run(job, now)),
    Kind(RunImport, lambda job, now: wiring().importing.run(job)),
    Kind(
        ImportChunk,
        lambda job, now: wiring().importing.run_chunk(job, now),
        lambda job, now: wiring().importing.give_up_chunk(job, now),
    ),
    Kind(SendWave, lambda job, now: wiring().invites.send_wave(job, now)),
    Kind(StartChange, lambda job, now: wiring().changes.start(job, now)),
    Kind(
        ChangeChunk,
        lambda job, now: wiring().changes.change_chunk(job, now),
        lambda job, now: wiring().changes.change_chunk(job, now, apply=False),
    ),
)

_KIND_BY_NAME = {kind.name: kind for kind in _KINDS}


def work(event: dict[str, Any], clock: Clock = utc_now) -> dict[str, Any]:
    """The jobs queue. Failed records are named in the answer and come again; the others are done."""
    return _each_record(event, lambda kind, job: kind.do(job, clock()))


def bury(event: dict[str, Any], clock: Clock = utc_now) -> dict[str, Any]:
    """The jobs queue's dead letters. What cannot be read stays in the queue, for an operator to see."""
    return _each_record(event, lambda kind, job: _bury_one(kind, job, clock()))


def sweep(clock: Clock = utc_now) -> None:
    """Trouble with one of them does not stop the other."""
    try:
        wiring().sweep.sweep(clock())
    finally:
        wiring().post_office.sweep(clock())


def _bury_one(kind: Kind, job: Job, now: datetime) -> None:
    observability.warning("dead letter", kind=kind.name, **job.model_dump(exclude={"job"}))
    if kind.give_up is not None:
        kind.give_up(job, now)


def _each_record(event: dict[str, Any], handle: Callable[[Kind, Job], None]) -> dict[str, Any]:
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        try:
            body = json.loads(record["body"])
            kind = _KIND_BY_NAME[body["job"]]
            handle(kind, kind.message.model_validate(body))
        except Exception:
            attempt = record.get("attributes", {}).get("ApproximateReceiveCount")
            observability.failure("job failed", message_id=record["messageId"], attempt=attempt)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}

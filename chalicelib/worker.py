"""The functions behind the jobs queue, its dead letters and the sweeper's schedule.

One table names, for each kind of message, the function that runs it and the one that handles its dead letter.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from chalicelib.core import observability
from chalicelib.core.clock import utc_now
from chalicelib.jobs import sweep as job_sweep
from chalicelib.jobs.job import Job
from chalicelib.notifications import outbox
from chalicelib.people.invitations import invite
from chalicelib.people.invitations.messages import SendScheduled
from chalicelib.people.members.events import MemberArchived, MemberJoined
from chalicelib.people.uploads.messages import RunUpload, UploadChunk
from chalicelib.reporting.exports.schemas import RunExport
from chalicelib.tenants.organizations.events import ScheduleMoved
from chalicelib.tenants.structure.events import GroupCoursesApplied
from chalicelib.training.auto_enrollment import enroll_group, enroll_member
from chalicelib.training.auto_enrollment.messages import EnrollMembers
from chalicelib.training.batches import enroll_chunk, reconcile
from chalicelib.training.batches.messages import EnrollChunk, MailRow, ReconcileBatch
from chalicelib.training.bulk_changes import bulk_change, reschedule_organization
from chalicelib.training.bulk_changes.messages import ChangeChunk, StartChange
from chalicelib.training.course_mails import service as course_mails
from chalicelib.training.progress import archive
from chalicelib.training.rollouts import launch, preview
from chalicelib.training.rollouts.messages import FinishLaunch, PreviewJob
from chalicelib.training.sessions.messages import (
    EnrollPeopleChunk,
    EnrollPeopleJob,
    FillPlaces,
    RemindSession,
    ShowEnrolled,
    TellPeople,
    TellSession,
)

Clock = Callable[[], datetime]
Handle = Callable[[Any, datetime], object]


@dataclass(frozen=True)
class Kind:
    """A kind of message. Without `on_dead_letter`, the sweeper sends the message again after a dead letter."""

    message: type[Job]
    run: Handle
    on_dead_letter: Handle | None = None

    @property
    def name(self) -> str:
        return str(self.message.model_fields["job"].default)


# Imported at first use: few messages need these modules, and the others start sooner without them.
def _exports() -> Any:
    from chalicelib.reporting.exports import service

    return service


def _uploads() -> Any:
    from chalicelib.people.uploads import jobs

    return jobs


def _live(module: str) -> Any:
    return import_module(f"chalicelib.training.sessions.{module}")


def _member_archived(job: MemberArchived, now: datetime) -> None:
    """Two rooms follow. The last of them ends the job: if the first fails, both come again."""
    _live("participant_changes").member_archived(job, now)
    archive.run(job, now)


_KINDS = (
    Kind(ReconcileBatch, reconcile.reconcile, reconcile.on_dead_letter),
    Kind(EnrollChunk, enroll_chunk.enroll_chunk, enroll_chunk.on_dead_letter),
    Kind(FinishLaunch, launch.finish, launch.on_dead_letter),
    Kind(MemberJoined, enroll_member.run, enroll_member.on_dead_letter),
    Kind(MemberArchived, _member_archived),
    Kind(EnrollMembers, enroll_group.enroll_members, enroll_group.on_dead_letter),
    Kind(GroupCoursesApplied, enroll_group.run),
    Kind(ScheduleMoved, reschedule_organization.reschedule),
    Kind(RunExport, lambda job, now: _exports().run(job, now), lambda job, now: _exports().on_dead_letter(job, now)),
    Kind(PreviewJob, preview.count, preview.on_dead_letter),
    Kind(MailRow, course_mails.run),
    Kind(RunUpload, lambda job, now: _uploads().run(job, now)),
    Kind(
        UploadChunk,
        lambda job, now: _uploads().run_chunk(job, now),
        lambda job, now: _uploads().give_up_chunk(job, now),
    ),
    Kind(SendScheduled, invite.send_scheduled),
    Kind(StartChange, bulk_change.start),
    Kind(ChangeChunk, bulk_change.change_chunk, bulk_change.on_dead_letter),
    Kind(EnrollPeopleJob, lambda job, now: _live("enrolling.enroll").start(job, now)),
    Kind(
        EnrollPeopleChunk,
        lambda job, now: _live("enrolling.enroll_chunk").enroll_chunk(job, now),
        lambda job, now: _live("enrolling.enroll_chunk").on_dead_letter(job, now),
    ),
    Kind(ShowEnrolled, lambda job, now: _live("enrolling.enroll").show(job, now)),
    Kind(TellPeople, lambda job, now: _live("tell").run(job, now)),
    Kind(TellSession, lambda job, now: _live("tell").tell_session(job, now)),
    Kind(RemindSession, lambda job, now: _live("reminders").remind(job, now)),
    Kind(FillPlaces, lambda job, now: _live("places").fill(job, now)),
)

_KIND_BY_NAME = {kind.name: kind for kind in _KINDS}


def work(event: dict[str, Any], clock: Clock = utc_now) -> dict[str, Any]:
    """The jobs queue. The answer names the failed records, which SQS delivers again."""
    return _each_record(event, lambda kind, job: kind.run(job, clock()))


def handle_dead_letters(event: dict[str, Any], clock: Clock = utc_now) -> dict[str, Any]:
    """The dead letters of the jobs queue. Messages that cannot be read stay in the queue for an operator."""
    return _each_record(event, lambda kind, job: _handle_dead_letter(kind, job, clock()))


def sweep(clock: Clock = utc_now) -> None:
    """A failure with jobs does not stop the mails, nor the other way round."""
    try:
        job_sweep.sweep(clock())
    finally:
        outbox.sweep(clock())


def _handle_dead_letter(kind: Kind, job: Job, now: datetime) -> None:
    observability.warning("dead letter", kind=kind.name, **job.model_dump(exclude={"job"}))
    if kind.on_dead_letter is not None:
        kind.on_dead_letter(job, now)


def _each_record(event: dict[str, Any], handle: Callable[[Kind, Job], object]) -> dict[str, Any]:
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

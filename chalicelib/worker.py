"""The functions behind the jobs queue, its dead letters and the sweeper's schedule.

One table names, for each kind of message, the function that runs it and the one that handles its dead letter.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from chalicelib.aws import queues
from chalicelib.core import observability
from chalicelib.core.clock import utc_now
from chalicelib.jobs import sweep as job_sweep
from chalicelib.jobs.delivery import run_each
from chalicelib.jobs.job import Job
from chalicelib.notifications import outbox
from chalicelib.people.accounts.messages import EndSessions
from chalicelib.people.bulk_actions.messages import RunBulkAction
from chalicelib.people.invitations.messages import SendScheduled
from chalicelib.people.members import close_client
from chalicelib.people.members.events import MemberArchived, MemberJoined
from chalicelib.people.search.messages import CountSearch
from chalicelib.people.uploads.messages import RunUpload, UploadChunk
from chalicelib.reporting.evidence.messages import CollectEvidence
from chalicelib.reporting.exports.messages import RunExport
from chalicelib.reporting.personal_data.messages import EraseAccount, EraseMember
from chalicelib.reporting.reports.messages import CountReport
from chalicelib.tenants.audit import anchors
from chalicelib.tenants.audit.messages import AnchorAudit
from chalicelib.tenants.organizations.events import ClientClosed, ScheduleMoved
from chalicelib.tenants.structure.events import GroupCoursesApplied
from chalicelib.training.auto_enrollment import enroll_group, enroll_member
from chalicelib.training.auto_enrollment.messages import EnrollMembers
from chalicelib.training.batches import enroll_chunk, reconcile
from chalicelib.training.batches.messages import EnrollChunk, MailRow, ReconcileBatch
from chalicelib.training.bulk_changes import bulk_change, reschedule_organization
from chalicelib.training.bulk_changes.messages import ChangeChunk, StartChange
from chalicelib.training.certificates.badges.messages import MakeBadge, RevokeBadge
from chalicelib.training.certificates.messages import MakeCertificate
from chalicelib.training.course_mails import service as course_mails
from chalicelib.training.progress import archive
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


def _later(module: str, name: str) -> Handle:
    """A function whose module is imported at first use: few messages need it, and the others start sooner without."""

    def handle(job: Any, now: datetime) -> object:
        return getattr(import_module(f"chalicelib.{module}"), name)(job, now)

    return handle


_BADGES, _CERTIFICATES = "training.certificates.badges", "training.certificates.pdf_file"
_EXPORTS, _SEARCH, _UPLOADS = "reporting.exports.service", "people.search.service", "people.uploads.jobs"
_EVIDENCE = "reporting.evidence.collect"
_ERASE, _REPORTS = "reporting.personal_data.erase", "reporting.reports.count"
_INVITE, _LAUNCH, _PREVIEW = "people.invitations.invite", "training.rollouts.launch", "training.rollouts.preview"


def _live(module: str) -> Any:
    return import_module(f"chalicelib.training.sessions.{module}")


def _member_archived(job: MemberArchived, now: datetime) -> None:
    """Two rooms follow. The last of them ends the job: if the first fails, both come again."""
    _live("participant_changes").member_archived(job, now)
    archive.run(job, now)


_KINDS = (
    Kind(ReconcileBatch, reconcile.reconcile, reconcile.on_dead_letter),
    Kind(EnrollChunk, enroll_chunk.enroll_chunk, enroll_chunk.on_dead_letter),
    Kind(FinishLaunch, _later(_LAUNCH, "finish"), _later(_LAUNCH, "on_dead_letter")),
    Kind(MemberJoined, enroll_member.run, enroll_member.on_dead_letter),
    Kind(MemberArchived, _member_archived),
    Kind(EnrollMembers, enroll_group.enroll_members, enroll_group.on_dead_letter),
    Kind(GroupCoursesApplied, enroll_group.run),
    Kind(ClientClosed, close_client.run),
    Kind(ScheduleMoved, reschedule_organization.reschedule),
    Kind(RunExport, _later(_EXPORTS, "run"), _later(_EXPORTS, "on_dead_letter")),
    Kind(CountReport, _later(_REPORTS, "run"), _later(_REPORTS, "on_dead_letter")),
    Kind(CollectEvidence, _later(_EVIDENCE, "run"), _later(_EVIDENCE, "on_dead_letter")),
    Kind(EraseMember, _later(_ERASE, "run")),
    Kind(EraseAccount, _later(_ERASE, "run_account")),
    Kind(EndSessions, _later("people.accounts.reset_password", "end_sessions")),
    Kind(AnchorAudit, anchors.run),
    Kind(PreviewJob, _later(_PREVIEW, "count"), _later(_PREVIEW, "on_dead_letter")),
    Kind(MailRow, course_mails.run),
    Kind(RunUpload, _later(_UPLOADS, "run")),
    Kind(UploadChunk, _later(_UPLOADS, "run_chunk"), _later(_UPLOADS, "on_dead_letter")),
    Kind(RunBulkAction, _later("people.bulk_actions.acting", "run")),
    Kind(CountSearch, _later(_SEARCH, "count_on")),
    Kind(SendScheduled, _later(_INVITE, "send_scheduled")),
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
    Kind(MakeCertificate, _later(_CERTIFICATES, "make"), _later(_CERTIFICATES, "on_dead_letter")),
    Kind(MakeBadge, _later(f"{_BADGES}.badges", "make")),
    Kind(RevokeBadge, _later(f"{_BADGES}.status_lists", "revoke")),
    Kind(FillPlaces, lambda job, now: _live("places").fill(job, now)),
)

_KIND_BY_NAME = {kind.name: kind for kind in _KINDS}


def work(event: dict[str, Any], clock: Clock = utc_now, time_left: Callable[[], int] | None = None) -> dict[str, Any]:
    """The jobs queue. The answer names the records that failed or were not begun, which SQS delivers again.

    `time_left` gives the milliseconds that the invocation still has.
    """

    def run(body: dict[str, Any]) -> None:
        kind, job = _read(body)
        kind.run(job, clock())
        observability.info("job done", kind=kind.name, tenant_id=job.tenant_id)

    return run_each(event, run, time_left=time_left, queue=queues.jobs())


def handle_dead_letters(event: dict[str, Any], clock: Clock = utc_now) -> dict[str, Any]:
    """The dead letters of the jobs queue. Messages that cannot be read stay in the queue for an operator."""

    def give_up(body: dict[str, Any]) -> None:
        kind, job = _read(body)
        observability.warning("dead letter", kind=kind.name, **job.model_dump(exclude={"job"}))
        if kind.on_dead_letter is not None:
            kind.on_dead_letter(job, clock())

    return run_each(event, give_up)


def sweep(clock: Clock = utc_now, time_left: Callable[[], int] | None = None) -> None:
    """A failure with jobs does not stop the mails, nor the other way round; nor do very many jobs."""
    with observability.correlated(), ExitStack() as rest:
        rest.callback(lambda: anchors.sweep(clock()))
        rest.callback(lambda: outbox.sweep(clock()))
        job_sweep.sweep(clock(), time_left)


def _read(body: dict[str, Any]) -> tuple[Kind, Job]:
    """Raises KeyError and ValidationError for a message that no version of ours has sent."""
    kind = _KIND_BY_NAME[body["job"]]
    return kind, kind.message.model_validate(body)

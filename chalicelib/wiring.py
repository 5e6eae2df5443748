"""The one place that joins services to queues, schedules and the clock.

Routes and jobs ask `wiring()` for what they need. Each part is made when first asked for, and imported
then, so that a worker's cold start does not pay for what only the API needs.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from chalicelib.access.service import AccessService
from chalicelib.core.clock import utc_now
from chalicelib.core.settings import mail_rate, settings

if TYPE_CHECKING:
    from chalicelib.access.admins import AdminsService
    from chalicelib.access.auth import AccountsService
    from chalicelib.access.service import Scope
    from chalicelib.aws.files import Files
    from chalicelib.aws.identity import Identity
    from chalicelib.aws.queues import Queue
    from chalicelib.aws.scheduler import Scheduler
    from chalicelib.catalog.service import CatalogService
    from chalicelib.core.http import Call
    from chalicelib.core.paging import Pager
    from chalicelib.enrollment.advance import AdvanceService
    from chalicelib.enrollment.archive import ArchiveService
    from chalicelib.enrollment.cancel import CancelService
    from chalicelib.enrollment.changes import ChangesService
    from chalicelib.enrollment.copies import CopyService
    from chalicelib.enrollment.group_joiners import GroupJoinersService
    from chalicelib.enrollment.joiners import JoinersService
    from chalicelib.enrollment.launch import LaunchService
    from chalicelib.enrollment.learners import LearnersService
    from chalicelib.enrollment.mailing import MailingService
    from chalicelib.enrollment.messages import AdvanceBatch, EnrollChunk
    from chalicelib.enrollment.move_dates import DatesService
    from chalicelib.enrollment.offers import OffersService
    from chalicelib.enrollment.own_courses import OwnCoursesService
    from chalicelib.enrollment.own_progress import OwnProgressService
    from chalicelib.enrollment.pages import MailPage
    from chalicelib.enrollment.preview import PreviewService
    from chalicelib.enrollment.progress import ProgressService
    from chalicelib.enrollment.retry import RetryService
    from chalicelib.enrollment.row_dates import RowDatesService
    from chalicelib.enrollment.sweep import SweepService
    from chalicelib.enrollment.views import ViewService
    from chalicelib.invites.answering import AnswerService
    from chalicelib.invites.desk import AnswerDesk
    from chalicelib.invites.importing import ImportingService
    from chalicelib.invites.imports import ImportService
    from chalicelib.invites.inviting import InviteService
    from chalicelib.invites.lifecycle import LifecycleService
    from chalicelib.invites.own_invites import OwnInvitesService
    from chalicelib.joining.desk import JoinDesk
    from chalicelib.joining.page_settings import JoinPageService
    from chalicelib.members.archive import MemberArchive
    from chalicelib.members.changes import MemberChanges
    from chalicelib.members.email_change import EmailChangeService
    from chalicelib.members.service import DirectoryService
    from chalicelib.notices.service import Counter, PostOffice
    from chalicelib.orgs.service import OrgsService
    from chalicelib.orgs.structure import StructureService
    from chalicelib.reports.exports import ExportService

A = TypeVar("A", bound=BaseModel)


class Wiring:
    @cached_property
    def access(self) -> AccessService:
        return AccessService()

    @cached_property
    def identity(self) -> "Identity":
        from chalicelib.aws.identity import Identity

        return Identity(settings().user_pool_id)

    @cached_property
    def accounts(self) -> "AccountsService":
        from chalicelib.access.auth import AccountsService
        from chalicelib.aws.accounts import Accounts

        return AccountsService(Accounts(settings().user_pool_client_id))

    @cached_property
    def jobs_queue(self) -> "Queue":
        from chalicelib.aws.queues import Queue

        return Queue(settings().jobs_queue_url)

    @cached_property
    def mail_queue(self) -> "Queue":
        from chalicelib.aws.queues import Queue

        return Queue(settings().mail_queue_url)

    @cached_property
    def mail_counter(self) -> "Counter":
        """Where mails are handed in."""
        from chalicelib.notices.service import Counter

        return Counter(self.mail_queue)

    @cached_property
    def post_office(self) -> "PostOffice":
        return self.post_office_at(utc_now)

    def post_office_at(self, clock: Callable[[], datetime]) -> "PostOffice":
        """What sends them. Tests bring a time of day of their own."""
        from chalicelib.aws.mailer import Mailer
        from chalicelib.enrollment.mail_facts import READERS
        from chalicelib.invites.mail_facts import READERS as INVITE_READERS
        from chalicelib.invites.mail_facts import follow
        from chalicelib.joining.mail_facts import join_code
        from chalicelib.joining.people import JOIN_CODE
        from chalicelib.members.email_change import EMAIL_CODE
        from chalicelib.members.email_change_mail import email_code
        from chalicelib.notices.pacing import RealTime
        from chalicelib.notices.service import PostOffice
        from chalicelib.orgs.mail_facts import ADMIN_APPOINTED, admin_appointed

        readers = {ADMIN_APPOINTED: admin_appointed, EMAIL_CODE: email_code(clock), **READERS, **INVITE_READERS}
        readers[JOIN_CODE] = join_code(clock)
        return PostOffice(
            self.mail_queue, Mailer(), readers, mail_rate(), settings().mail_from, RealTime(), clock, follow
        )

    @cached_property
    def invites(self) -> "InviteService":
        from chalicelib.invites.inviting import InviteService

        return InviteService(self.mail_counter, self.jobs_queue, self.scheduler)

    @cached_property
    def invite_lifecycle(self) -> "LifecycleService":
        from chalicelib.invites.lifecycle import LifecycleService

        return LifecycleService(self.mail_counter)

    @cached_property
    def answers(self) -> "AnswerService":
        from chalicelib.invites.answering import AnswerService

        return AnswerService(self.mail_counter, self.invite_lifecycle, self.joiners)

    @cached_property
    def answer_desk(self) -> "AnswerDesk":
        from chalicelib.invites.desk import AnswerDesk

        return AnswerDesk(self.answers, self.accounts, self.identity)

    @cached_property
    def imports(self) -> "ImportService":
        from chalicelib.invites.imports import ImportService

        return ImportService(self.files, self.jobs_queue)

    @cached_property
    def importing(self) -> "ImportingService":
        from chalicelib.invites.importing import ImportingService

        return ImportingService(self.files, self.jobs_queue, self.mail_counter, self.invites)

    @cached_property
    def own_invites(self) -> "OwnInvitesService":
        from chalicelib.invites.own_invites import OwnInvitesService

        return OwnInvitesService(self.answers)

    @cached_property
    def join_page(self) -> "JoinPageService":
        from chalicelib.joining.page_settings import JoinPageService

        return JoinPageService()

    @cached_property
    def join_desk(self) -> "JoinDesk":
        from chalicelib.joining.desk import JoinDesk
        from chalicelib.joining.service import JoinService

        return JoinDesk(JoinService(self.mail_counter))

    @cached_property
    def scheduler(self) -> "Scheduler":
        from chalicelib.aws.scheduler import Scheduler

        known = settings()
        return Scheduler(known.schedule_group, known.jobs_queue_arn, known.scheduler_role_arn)

    @cached_property
    def files(self) -> "Files":
        from chalicelib.aws.files import Files

        return Files(settings().files_bucket)

    @cached_property
    def admins(self) -> "AdminsService":
        from chalicelib.access.admins import AdminsService

        return AdminsService(self.identity, self.structure.unknown_departments, self.mail_counter)

    @cached_property
    def orgs(self) -> "OrgsService":
        from chalicelib.orgs.service import OrgsService

        return OrgsService(self.catalog.unknown_courses, self.dates)

    @cached_property
    def structure(self) -> "StructureService":
        from chalicelib.enrollment.uses import batch_uses
        from chalicelib.orgs.structure import StructureService

        return StructureService(self.catalog.unknown_courses, [self.directory.uses, batch_uses], self.joiners)

    @cached_property
    def catalog(self) -> "CatalogService":
        from chalicelib.catalog.service import CatalogService

        return CatalogService()

    @cached_property
    def directory(self) -> "DirectoryService":
        from chalicelib.members.service import DirectoryService

        return DirectoryService()

    @cached_property
    def email_changes(self) -> "EmailChangeService":
        from chalicelib.members.email_change import EmailChangeService

        return EmailChangeService(self.identity, self.mail_counter)

    @cached_property
    def launches(self) -> "LaunchService":
        from chalicelib.enrollment.launch import LaunchService

        return LaunchService(self.jobs_queue)

    @cached_property
    def advance(self) -> "AdvanceService":
        from chalicelib.enrollment.advance import AdvanceService

        return AdvanceService(self.jobs_queue, self.scheduler)

    @cached_property
    def retries(self) -> "RetryService":
        from chalicelib.enrollment.retry import RetryService

        return RetryService(self.jobs_queue)

    @cached_property
    def archive(self) -> "ArchiveService":
        from chalicelib.enrollment.archive import ArchiveService

        return ArchiveService(self.jobs_queue)

    @cached_property
    def member_changes(self) -> "MemberChanges":
        from chalicelib.members.changes import MemberChanges

        return MemberChanges(self.joiners)

    @cached_property
    def member_archive(self) -> "MemberArchive":
        from chalicelib.members.archive import MemberArchive

        return MemberArchive(self.archive)

    @cached_property
    def joiners(self) -> "JoinersService":
        from chalicelib.enrollment.joiners import JoinersService

        return JoinersService(self.jobs_queue)

    @cached_property
    def group_joiners(self) -> "GroupJoinersService":
        from chalicelib.enrollment.group_joiners import GroupJoinersService

        return GroupJoinersService(self.jobs_queue, self.joiners)

    @cached_property
    def sweep(self) -> "SweepService":
        from chalicelib.enrollment.due_models import DueEntry
        from chalicelib.enrollment.messages import Job
        from chalicelib.enrollment.sweep import SweepService
        from chalicelib.invites.import_models import DUE_IMPORT
        from chalicelib.invites.messages import import_of, wave_of
        from chalicelib.invites.models import DUE_WAVE

        # The others that may have been left undone, by the kind of their due entries.
        others: dict[str, Callable[[DueEntry], Job]] = {DUE_WAVE: wave_of, DUE_IMPORT: import_of}
        return SweepService(self.jobs_queue, others)

    @cached_property
    def dates(self) -> "DatesService":
        from chalicelib.enrollment.move_dates import DatesService

        return DatesService(self.jobs_queue, self.scheduler)

    @cached_property
    def previews(self) -> "PreviewService":
        from chalicelib.enrollment.preview import PreviewService

        return PreviewService(self.jobs_queue)

    @cached_property
    def cancels(self) -> "CancelService":
        from chalicelib.enrollment.cancel import CancelService

        return CancelService()

    @cached_property
    def changes(self) -> "ChangesService":
        from chalicelib.enrollment.changes import ChangesService

        return ChangesService(self.jobs_queue)

    @cached_property
    def row_dates(self) -> "RowDatesService":
        from chalicelib.enrollment.row_dates import RowDatesService

        return RowDatesService(self.jobs_queue, self.changes)

    @cached_property
    def copies(self) -> "CopyService":
        from chalicelib.enrollment.copies import CopyService

        return CopyService()

    @cached_property
    def mailing(self) -> "MailingService":
        from chalicelib.enrollment.mailing import MailingService

        return MailingService(self.jobs_queue, self.mail_counter)

    @cached_property
    def progress(self) -> "ProgressService":
        from chalicelib.enrollment.progress import ProgressService

        return ProgressService()

    @cached_property
    def views(self) -> "ViewService":
        from chalicelib.enrollment.views import ViewService

        return ViewService()

    @cached_property
    def learners(self) -> "LearnersService":
        from chalicelib.enrollment.learners import LearnersService

        return LearnersService()

    @cached_property
    def own_courses(self) -> "OwnCoursesService":
        from chalicelib.enrollment.own_courses import OwnCoursesService

        return OwnCoursesService(self.access, self.learners, self.own_progress)

    @cached_property
    def own_progress(self) -> "OwnProgressService":
        from chalicelib.enrollment.own_progress import OwnProgressService

        return OwnProgressService()

    @cached_property
    def offers(self) -> "OffersService":
        from chalicelib.enrollment.offers import OffersService

        return OffersService(self.access)

    @cached_property
    def exports(self) -> "ExportService":
        from chalicelib.reports.exports import ExportService
        from chalicelib.reports.sources import Sources

        return ExportService(Sources(self.views, self.learners), self.files, self.jobs_queue)

    def member_mails(self, scope: "Scope", member_id: str, pager: "Pager") -> "MailPage":
        from chalicelib.enrollment.member_mails import mails_of_member

        return mails_of_member(scope, member_id, pager)

    def enroll_chunk(self, job: "EnrollChunk", now: datetime) -> None:
        from chalicelib.aws.queues import Message
        from chalicelib.enrollment.chunks import enroll_chunk

        follow = enroll_chunk(job, now)
        self.jobs_queue.send_soon([Message(one.body(), job.org_id) for one in follow])

    def give_up_chunk(self, job: "EnrollChunk", now: datetime) -> None:
        from chalicelib.enrollment.chunks import give_up_chunk

        give_up_chunk(job, now)

    def give_up_batch(self, job: "AdvanceBatch", now: datetime) -> None:
        from chalicelib.enrollment.dead_letters import give_up_batch

        give_up_batch(job, now)


@lru_cache(maxsize=1)
def wiring() -> Wiring:
    return Wiring()


def once(call: "Call[Any, Any]", answer_type: type[A], action: Callable[[str], A]) -> A:
    """Answer a request once per Idempotency-Key; `action` gets the seed of the ids that it makes."""
    from chalicelib.aws import idempotency

    return idempotency.once(call.account_id, call.route, call.idempotency_key, call.said, call.now, answer_type, action)

"""Organizations, their people, and what they are enrolled in."""

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.wiring.adapters import Adapters

if TYPE_CHECKING:
    from chalicelib.access.admins import AdminsService
    from chalicelib.access.service import Scope
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
    from chalicelib.enrollment.views import ViewService
    from chalicelib.members.archive import MemberArchive
    from chalicelib.members.changes import MemberChanges
    from chalicelib.members.email_change import EmailChangeService
    from chalicelib.orgs.service import OrgsService
    from chalicelib.orgs.structure import StructureService
    from chalicelib.reports.exports import ExportService


class Training(Adapters):
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

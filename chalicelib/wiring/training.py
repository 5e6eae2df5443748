"""Organizations, their people, and what they are enrolled in."""

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.wiring.adapters import Adapters

if TYPE_CHECKING:
    from chalicelib.people.accounts.email_change import EmailChangeService
    from chalicelib.people.members.archive import MemberArchive
    from chalicelib.people.members.changes import MemberChanges
    from chalicelib.reporting.exports.service import ExportService
    from chalicelib.tenants.access.service import Scope
    from chalicelib.tenants.admins.service import AdminsService
    from chalicelib.tenants.organizations.service import OrgsService
    from chalicelib.tenants.structure.service import StructureService
    from chalicelib.training.auto_enrollment.enroll_group import GroupJoinersService
    from chalicelib.training.auto_enrollment.enroll_member import JoinersService
    from chalicelib.training.batches.advance import AdvanceService
    from chalicelib.training.batches.cancel import CancelService
    from chalicelib.training.batches.messages import AdvanceBatch, EnrollChunk
    from chalicelib.training.batches.retry import RetryService
    from chalicelib.training.bulk_changes.bulk_change import ChangesService
    from chalicelib.training.bulk_changes.course_dates import RowDatesService
    from chalicelib.training.bulk_changes.time_zone import DatesService
    from chalicelib.training.course_mails.schemas import MailPage
    from chalicelib.training.course_mails.service import MailingService
    from chalicelib.training.progress.archive import ArchiveService
    from chalicelib.training.progress.learners import LearnersService
    from chalicelib.training.progress.progress import ProgressService
    from chalicelib.training.rollouts.copy_batch import CopyService
    from chalicelib.training.rollouts.launch import LaunchService
    from chalicelib.training.rollouts.preview import PreviewService
    from chalicelib.training.rollouts.views import ViewService
    from chalicelib.training.self_enrollment.my_courses import OwnCoursesService
    from chalicelib.training.self_enrollment.offers import OffersService
    from chalicelib.training.self_enrollment.progress import OwnProgressService
    from chalicelib.web.paging import Pager


class Training(Adapters):
    @cached_property
    def admins(self) -> "AdminsService":
        from chalicelib.tenants.admins.service import AdminsService

        return AdminsService(self.identity, self.structure.unknown_departments, self.mail_counter)

    @cached_property
    def orgs(self) -> "OrgsService":
        from chalicelib.tenants.organizations.service import OrgsService

        return OrgsService(self.catalog.unknown_courses, self.dates)

    @cached_property
    def structure(self) -> "StructureService":
        from chalicelib.tenants.structure.service import StructureService
        from chalicelib.training.rollouts.group_uses import batch_uses

        return StructureService(self.catalog.unknown_courses, [self.directory.uses, batch_uses], self.joiners)

    @cached_property
    def email_changes(self) -> "EmailChangeService":
        from chalicelib.people.accounts.email_change import EmailChangeService

        return EmailChangeService(self.identity, self.mail_counter)

    @cached_property
    def launches(self) -> "LaunchService":
        from chalicelib.training.rollouts.launch import LaunchService

        return LaunchService(self.jobs_queue)

    @cached_property
    def advance(self) -> "AdvanceService":
        from chalicelib.training.batches.advance import AdvanceService

        return AdvanceService(self.jobs_queue, self.scheduler)

    @cached_property
    def retries(self) -> "RetryService":
        from chalicelib.training.batches.retry import RetryService

        return RetryService(self.jobs_queue)

    @cached_property
    def archive(self) -> "ArchiveService":
        from chalicelib.training.progress.archive import ArchiveService

        return ArchiveService(self.jobs_queue)

    @cached_property
    def member_changes(self) -> "MemberChanges":
        from chalicelib.people.members.changes import MemberChanges

        return MemberChanges(self.joiners)

    @cached_property
    def member_archive(self) -> "MemberArchive":
        from chalicelib.people.members.archive import MemberArchive

        return MemberArchive(self.archive)

    @cached_property
    def joiners(self) -> "JoinersService":
        from chalicelib.training.auto_enrollment.enroll_member import JoinersService

        return JoinersService(self.jobs_queue)

    @cached_property
    def group_joiners(self) -> "GroupJoinersService":
        from chalicelib.training.auto_enrollment.enroll_group import GroupJoinersService

        return GroupJoinersService(self.jobs_queue, self.joiners)

    @cached_property
    def dates(self) -> "DatesService":
        from chalicelib.training.bulk_changes.time_zone import DatesService

        return DatesService(self.jobs_queue, self.scheduler)

    @cached_property
    def previews(self) -> "PreviewService":
        from chalicelib.training.rollouts.preview import PreviewService

        return PreviewService(self.jobs_queue)

    @cached_property
    def cancels(self) -> "CancelService":
        from chalicelib.training.batches.cancel import CancelService

        return CancelService()

    @cached_property
    def changes(self) -> "ChangesService":
        from chalicelib.training.bulk_changes.bulk_change import ChangesService

        return ChangesService(self.jobs_queue)

    @cached_property
    def row_dates(self) -> "RowDatesService":
        from chalicelib.training.bulk_changes.course_dates import RowDatesService

        return RowDatesService(self.jobs_queue, self.changes)

    @cached_property
    def copies(self) -> "CopyService":
        from chalicelib.training.rollouts.copy_batch import CopyService

        return CopyService()

    @cached_property
    def mailing(self) -> "MailingService":
        from chalicelib.training.course_mails.service import MailingService

        return MailingService(self.jobs_queue, self.mail_counter)

    @cached_property
    def progress(self) -> "ProgressService":
        from chalicelib.training.progress.progress import ProgressService

        return ProgressService()

    @cached_property
    def views(self) -> "ViewService":
        from chalicelib.training.rollouts.views import ViewService

        return ViewService()

    @cached_property
    def learners(self) -> "LearnersService":
        from chalicelib.training.progress.learners import LearnersService

        return LearnersService()

    @cached_property
    def own_courses(self) -> "OwnCoursesService":
        from chalicelib.training.self_enrollment.my_courses import OwnCoursesService

        return OwnCoursesService(self.access, self.learners, self.own_progress)

    @cached_property
    def own_progress(self) -> "OwnProgressService":
        from chalicelib.training.self_enrollment.progress import OwnProgressService

        return OwnProgressService()

    @cached_property
    def offers(self) -> "OffersService":
        from chalicelib.training.self_enrollment.offers import OffersService

        return OffersService(self.access)

    @cached_property
    def exports(self) -> "ExportService":
        from chalicelib.reporting.exports.service import ExportService
        from chalicelib.reporting.exports.sources import Sources

        return ExportService(Sources(self.views, self.learners), self.files, self.jobs_queue)

    def member_mails(self, scope: "Scope", member_id: str, pager: "Pager") -> "MailPage":
        from chalicelib.training.course_mails.member_mails import mails_of_member

        return mails_of_member(scope, member_id, pager)

    def enroll_chunk(self, job: "EnrollChunk", now: datetime) -> None:
        from chalicelib.aws.queues import Message
        from chalicelib.training.batches.enroll_chunk import enroll_chunk

        follow = enroll_chunk(job, now)
        self.jobs_queue.send_soon([Message(one.body(), job.org_id) for one in follow])

    def give_up_chunk(self, job: "EnrollChunk", now: datetime) -> None:
        from chalicelib.training.batches.enroll_chunk import give_up_chunk

        give_up_chunk(job, now)

    def give_up_batch(self, job: "AdvanceBatch", now: datetime) -> None:
        from chalicelib.training.batches.dead_letters import give_up_batch

        give_up_batch(job, now)

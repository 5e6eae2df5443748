"""How people come in; and what works through what all features left to be sent or done."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.core.clock import utc_now
from chalicelib.core.settings import mail_rate, settings
from chalicelib.wiring.training import Training

if TYPE_CHECKING:
    from chalicelib.jobs.sweep import SweepService
    from chalicelib.notifications.service import PostOffice
    from chalicelib.people.invitations.accept_decline import AnswerService
    from chalicelib.people.invitations.accept_pages import AnswerDesk
    from chalicelib.people.invitations.invite import InviteService
    from chalicelib.people.invitations.my_invitations import OwnInvitesService
    from chalicelib.people.invitations.resend_cancel import LifecycleService
    from chalicelib.people.join_page.join_pages import JoinDesk
    from chalicelib.people.join_page.settings import JoinPageService
    from chalicelib.people.uploads.jobs import ImportingService
    from chalicelib.people.uploads.service import ImportService


class People(Training):
    @cached_property
    def post_office(self) -> "PostOffice":
        return self.post_office_at(utc_now)

    def post_office_at(self, clock: Callable[[], datetime]) -> "PostOffice":
        """What sends them. Tests bring a time of day of their own."""
        from chalicelib.aws.mailer import Mailer
        from chalicelib.notifications.send_rate_store import RealTime
        from chalicelib.notifications.service import PostOffice
        from chalicelib.people.accounts.email_change import EMAIL_CODE
        from chalicelib.people.accounts.mails import email_code
        from chalicelib.people.invitations.mails import READERS as INVITE_READERS
        from chalicelib.people.invitations.mails import follow
        from chalicelib.people.join_page.mails import join_code
        from chalicelib.people.join_page.writes import JOIN_CODE
        from chalicelib.tenants.admins.mails import ADMIN_APPOINTED, admin_appointed
        from chalicelib.training.course_mails.mails import READERS

        readers = {ADMIN_APPOINTED: admin_appointed, EMAIL_CODE: email_code(clock), **READERS, **INVITE_READERS}
        readers[JOIN_CODE] = join_code(clock)
        return PostOffice(
            self.mail_queue, Mailer(), readers, mail_rate(), settings().mail_from, RealTime(), clock, follow
        )

    @cached_property
    def invites(self) -> "InviteService":
        from chalicelib.people.invitations.invite import InviteService

        return InviteService(self.mail_counter, self.jobs_queue, self.scheduler)

    @cached_property
    def invite_lifecycle(self) -> "LifecycleService":
        from chalicelib.people.invitations.resend_cancel import LifecycleService

        return LifecycleService(self.mail_counter)

    @cached_property
    def answers(self) -> "AnswerService":
        from chalicelib.people.invitations.accept_decline import AnswerService

        return AnswerService(self.mail_counter, self.invite_lifecycle, self.joiners)

    @cached_property
    def answer_desk(self) -> "AnswerDesk":
        from chalicelib.people.invitations.accept_pages import AnswerDesk

        return AnswerDesk(self.answers, self.accounts, self.identity)

    @cached_property
    def imports(self) -> "ImportService":
        from chalicelib.people.uploads.service import ImportService

        return ImportService(self.files, self.jobs_queue)

    @cached_property
    def importing(self) -> "ImportingService":
        from chalicelib.people.uploads.jobs import ImportingService

        return ImportingService(self.files, self.jobs_queue, self.mail_counter, self.invites)

    @cached_property
    def own_invites(self) -> "OwnInvitesService":
        from chalicelib.people.invitations.my_invitations import OwnInvitesService

        return OwnInvitesService(self.answers)

    @cached_property
    def join_page(self) -> "JoinPageService":
        from chalicelib.people.join_page.settings import JoinPageService

        return JoinPageService()

    @cached_property
    def join_desk(self) -> "JoinDesk":
        from chalicelib.people.join_page.join_pages import JoinDesk
        from chalicelib.people.join_page.service import JoinService

        return JoinDesk(JoinService(self.mail_counter))

    @cached_property
    def sweep(self) -> "SweepService":
        from chalicelib.jobs.due import DueEntry
        from chalicelib.jobs.job import Job
        from chalicelib.jobs.sweep import SweepService
        from chalicelib.people.invitations.messages import wave_of
        from chalicelib.people.invitations.models import DUE_WAVE
        from chalicelib.people.uploads.messages import import_of
        from chalicelib.people.uploads.models import DUE_IMPORT

        # The others that may have been left undone, by the kind of their due entries.
        others: dict[str, Callable[[DueEntry], Job]] = {DUE_WAVE: wave_of, DUE_IMPORT: import_of}
        return SweepService(self.jobs_queue, others)

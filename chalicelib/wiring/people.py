"""How people come in; and what works through what all features left to be sent or done."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.core.clock import utc_now
from chalicelib.core.settings import mail_rate, settings
from chalicelib.wiring.training import Training

if TYPE_CHECKING:
    from chalicelib.enrollment.sweep import SweepService
    from chalicelib.invites.answering import AnswerService
    from chalicelib.invites.desk import AnswerDesk
    from chalicelib.invites.importing import ImportingService
    from chalicelib.invites.imports import ImportService
    from chalicelib.invites.inviting import InviteService
    from chalicelib.invites.lifecycle import LifecycleService
    from chalicelib.invites.own_invites import OwnInvitesService
    from chalicelib.joining.desk import JoinDesk
    from chalicelib.joining.page_settings import JoinPageService
    from chalicelib.notices.service import PostOffice


class People(Training):
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

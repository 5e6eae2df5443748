"""The functions behind the mail queue and SES's notifications, and the builder of each kind of mail."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalicelib.aws.mailer import Mailer
from chalicelib.core import observability
from chalicelib.core.clock import utc_now
from chalicelib.core.settings import mail_rate, portal_url, settings
from chalicelib.jobs.delivery import correlation_id_of
from chalicelib.notifications import delivery_events
from chalicelib.notifications.schemas import Wake, notification_in
from chalicelib.notifications.send_rate import Time
from chalicelib.notifications.send_rate_store import RealTime
from chalicelib.notifications.sender import Build
from chalicelib.notifications.service import MailService
from chalicelib.people.accounts.mails import email_changed, email_code
from chalicelib.people.accounts.states import EMAIL_CHANGED, EMAIL_CODE
from chalicelib.people.invitations import mails as invitations
from chalicelib.people.invitations.states import InvitationMail
from chalicelib.people.join_page.mails import join_code
from chalicelib.people.join_page.writes import JOIN_CODE
from chalicelib.tenants.admins.mails import admin_appointed
from chalicelib.tenants.admins.states import ADMIN_APPOINTED
from chalicelib.training.course_mails.mails import part_failed, to_learner
from chalicelib.training.course_mails.states import CourseMail
from chalicelib.training.sessions import mails as live_trainings
from chalicelib.training.sessions.states import TrainingMail

Clock = Callable[[], datetime]

BUILDER_BY_KIND: dict[str, Build] = {
    InvitationMail.INVITATION: invitations.invitation,
    InvitationMail.AGAIN: invitations.invitation,
    InvitationMail.CANCELLED: invitations.cancelled,
    InvitationMail.WELCOME: invitations.welcome,
    JOIN_CODE: join_code,
    EMAIL_CODE: email_code,
    EMAIL_CHANGED: email_changed,
    ADMIN_APPOINTED: admin_appointed,
    CourseMail.ENROLLED: to_learner,
    CourseMail.REMINDER: to_learner,
    CourseMail.DUE_IN_7_DAYS: to_learner,
    CourseMail.DUE_TOMORROW: to_learner,
    CourseMail.OVERDUE: to_learner,
    CourseMail.PART_FAILED: part_failed,
    TrainingMail.INVITED: live_trainings.invited,
    TrainingMail.CHANGED: live_trainings.changed,
    TrainingMail.WAITING: live_trainings.waiting,
    TrainingMail.CANCELLED: live_trainings.cancelled,
    TrainingMail.TOMORROW: live_trainings.reminder,
    TrainingMail.SOON: live_trainings.reminder,
}


def mail_service(clock: Clock = utc_now, time: Time | None = None) -> MailService:
    time = time or RealTime()
    return MailService(Mailer(), BUILDER_BY_KIND, mail_rate(), settings().mail_from, portal_url(), time, clock)


def send(event: dict[str, Any], clock: Clock = utc_now, time: Time | None = None) -> dict[str, Any]:
    """The mail queue. The answer names the failed records, which SQS delivers again."""
    service = mail_service(clock, time)
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        with observability.correlated(correlation_id_of(record)):
            try:
                wake = Wake.model_validate(json.loads(record["body"]))
                service.run_worker(wake.worker)
            except Exception:
                observability.failure("mailer failed", message_id=record["messageId"])
                failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def handle_answers(event: dict[str, Any], clock: Clock = utc_now) -> None:
    """SES's notifications, through SNS, of mails that came in. After a failure Lambda delivers all of them again."""
    # Answers are few: the mailer starts without what reads them.
    from chalicelib.training.sessions.calendars import replies, reply_schemas

    for record in event["Records"]:
        received = reply_schemas.received_in(record["Sns"]["Message"])
        if received is not None:
            with observability.correlated():
                replies.receive(received, clock())


def handle_delivery_events(event: dict[str, Any]) -> None:
    """SES's notifications through SNS. After a failure Lambda delivers all of them again, which does no harm."""
    for record in event["Records"]:
        with observability.correlated():
            delivery_events.handle(notification_in(record["Sns"]["Message"]), invitations.on_mail_event)

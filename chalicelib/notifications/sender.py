"""Sends one mail: claims it, builds it, waits for the rate limiter, calls SES once, records the answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from chalicelib.aws.mailer import NotSent, OutcomeUnknown, Rejected
from chalicelib.core import observability
from chalicelib.core.errors import MusterError
from chalicelib.core.ids import new_id, short_hash
from chalicelib.notifications.models import Mail, QueuedMail
from chalicelib.notifications.rendering import MailContent, MimeMessage, NotAddressable, Suppressed, mime_message
from chalicelib.notifications.states import DeliveryEvent, Turn, refused, suppressed

# Reads the recipient and the facts of a mail as they are now. Each kind of mail has its own, in its room.
Build = Callable[[Mail, datetime], MailContent | Suppressed]


class Mailer(Protocol):
    """What `aws.mailer` offers."""

    def send(self, sender: str, to: str, raw: bytes, mail_id: str) -> str: ...


class Mails(Protocol):
    """What `store` offers."""

    def claim(self, entry: QueuedMail, attempt: str, now: datetime) -> Mail | Turn: ...

    def release(self, claimed: Mail) -> None: ...

    def record_sent(self, claimed: Mail, message_id: str, now: datetime) -> None: ...

    def record_unsent(self, claimed: Mail, event: DeliveryEvent) -> None: ...


class MailSender:
    def __init__(
        self,
        mails: Mails,
        mailer: Mailer,
        builder_by_kind: Mapping[str, Build],
        wait_for_slot: Callable[[int], bool],
        clock: Callable[[], datetime],
        mail_from: str,
        front_url: str,
    ) -> None:
        self._mails = mails
        self._mailer = mailer
        self._builder_by_kind = builder_by_kind
        self._wait_for_slot = wait_for_slot
        self._clock = clock
        self._mail_from = mail_from
        self._front_url = front_url

    def send(self, entry: QueuedMail, until: int) -> Turn:
        """NOT_NOW when the next mail should wait a moment. A fault of one mail does not stop the others."""
        attempt = new_id(self._clock())
        with observability.correlated():
            try:
                claimed = self._mails.claim(entry, attempt, self._clock())
                if isinstance(claimed, Turn):
                    return claimed
                observability.go_on(claimed.correlation_id)
                return self._send(claimed, until)
            except MusterError:
                # A mail that was claimed and surely not sent is released by now. Of any other, SES's notification
                # gives the outcome, or the worker that meets it when that can come no more.
                observability.failure("sending interrupted", mail_id=entry.mail_id)
                return Turn.NOT_NOW

    def _send(self, claimed: Mail, until: int) -> Turn:
        outcome = self._message_or_outcome(claimed)
        if isinstance(outcome, DeliveryEvent):
            self._mails.record_unsent(claimed, outcome)
            return Turn.THROUGH
        claimed.to_hash = short_hash(outcome.to)
        try:
            has_slot = self._wait_for_slot(until)
        except MusterError:
            self._mails.release(claimed)
            raise
        if not has_slot:
            self._mails.release(claimed)
            return Turn.NOT_NOW
        return self._call_ses(claimed, outcome)

    def _message_or_outcome(self, claimed: Mail) -> MimeMessage | DeliveryEvent:
        """The message, or why there is none. A mail that cannot be built must not stop the mails behind it."""
        try:
            build = self._builder_by_kind.get(claimed.kind)
            content = build(claimed, self._clock()) if build else Suppressed("unknown_kind")
        except MusterError:
            self._mails.release(claimed)
            raise
        except Exception:
            # A bug: its facts are not what the builder expects.
            observability.failure("mail could not be read", mail_id=claimed.mail_id, kind=claimed.kind)
            return refused("not_written")
        if isinstance(content, Suppressed):
            return suppressed(content.reason)
        try:
            return mime_message(claimed.mail_id, claimed.kind, content, self._mail_from, self._front_url)
        except NotAddressable:
            return refused("not_addressable")
        except Exception:
            # A bug: the template does not fit these facts.
            observability.failure("mail could not be rendered", mail_id=claimed.mail_id, kind=claimed.kind)
            return refused("not_written")

    def _call_ses(self, claimed: Mail, message: MimeMessage) -> Turn:
        try:
            message_id = self._mailer.send(message.sender, message.to, message.raw, claimed.mail_id)
        except NotSent as error:
            observability.warning("SES takes no mail for now", mail_id=claimed.mail_id, aws_code=error.code)
            self._mails.release(claimed)
            return Turn.NOT_NOW
        except Rejected as error:
            observability.warning("mail rejected by SES", mail_id=claimed.mail_id, aws_code=error.code)
            self._mails.record_unsent(claimed, refused(error.code))
            return Turn.THROUGH
        except OutcomeUnknown:
            # It may have been sent. It stays claimed until SES notifies, or a worker marks it unknown. While SES is
            # in trouble, few mails should come to that.
            observability.failure("mail outcome unknown", mail_id=claimed.mail_id)
            return Turn.NOT_NOW
        observability.info("mail sent", mail_id=claimed.mail_id, kind=claimed.kind)
        self._mails.record_sent(claimed, message_id, self._clock())
        return Turn.THROUGH

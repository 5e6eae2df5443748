"""One mail on its way: claim it, read what it says, wait for a slot, hand it to SES once, note the answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from chalicelib.aws.mailer import Doubtful, NotSent, Refused
from chalicelib.core import observability
from chalicelib.core.errors import MusterError
from chalicelib.core.ids import new_id, short_hash
from chalicelib.notifications.delivery_events import Follow, no_one, pass_on
from chalicelib.notifications.models import Mail, Waiting
from chalicelib.notifications.rendering import Letter, NotAddressable, Withheld, envelope
from chalicelib.notifications.states import News, refused, withheld

# Says whom a mail is for and what it says, as things are now; each kind of mail has its own, from its room.
Build = Callable[[Mail, datetime], Letter | Withheld]


class Mailer(Protocol):
    def send(self, sender: str, to: str, raw: bytes, mail_id: str) -> str: ...


class Mails(Protocol):
    def claim(self, entry: Waiting, attempt: str, now: datetime) -> Mail | None: ...

    def release(self, claimed: Mail) -> None: ...

    def sent(self, claimed: Mail, message_id: str, now: datetime) -> bool: ...

    def learn(self, mail_id: str, news: News) -> bool: ...


class Postman:
    def __init__(
        self,
        mails: Mails,
        mailer: Mailer,
        builder_by_kind: Mapping[str, Build],
        wait_for_slot: Callable[[int], bool],
        clock: Callable[[], datetime],
        mail_from: str,
        follow: Follow = no_one,
    ) -> None:
        self._mails = mails
        self._mailer = mailer
        self._builder_by_kind = builder_by_kind
        self._wait_for_slot = wait_for_slot
        self._clock = clock
        self._mail_from = mail_from
        self._follow = follow

    def deliver(self, entry: Waiting, until: int) -> bool:
        """False when nothing more should be tried for now. One mail's trouble does not stop the others."""
        claimed: Mail | None = None
        attempt = new_id(self._clock())
        try:
            claimed = self._mails.claim(entry, attempt, self._clock())
            return claimed is None or self._deliver(claimed, until)
        except MusterError:
            # What was claimed and surely not sent was released; the rest is settled by SES's news or the sweep.
            observability.failure("mail not settled", mail_id=entry.mail_id)
            return False

    def _deliver(self, claimed: Mail, until: int) -> bool:
        try:
            build = self._builder_by_kind.get(claimed.kind)
            letter = build(claimed, self._clock()) if build else Withheld("unknown_kind")
        except MusterError:
            self._mails.release(claimed)
            raise
        except Exception:
            # Its facts are not as they should be: a bug, which must not hold up every mail behind it.
            observability.failure("mail could not be read", mail_id=claimed.mail_id, kind=claimed.kind)
            self._mails.learn(claimed.mail_id, refused("not_written"))
            return True
        if isinstance(letter, Withheld):
            self._mails.learn(claimed.mail_id, withheld(letter.reason))
            return True
        try:
            sealed = envelope(claimed.mail_id, claimed.kind, letter, self._mail_from)
        except NotAddressable:
            self._mails.learn(claimed.mail_id, refused("not_addressable"))
            return True
        except Exception:
            # A template that breaks for one mail must not hold up every mail behind it.
            observability.failure("mail could not be written", mail_id=claimed.mail_id, kind=claimed.kind)
            self._mails.learn(claimed.mail_id, refused("not_written"))
            return True
        claimed.to_hash = short_hash(sealed.to)
        try:
            has_slot = self._wait_for_slot(until)
        except MusterError:
            self._mails.release(claimed)
            raise
        if not has_slot:
            self._mails.release(claimed)
            return False
        return self._hand_over(claimed, sealed.sender, sealed.to, sealed.raw)

    def _hand_over(self, claimed: Mail, sender: str, to: str, raw: bytes) -> bool:
        try:
            message_id = self._mailer.send(sender, to, raw, claimed.mail_id)
        except NotSent:
            observability.warning("SES takes no mail for now", mail_id=claimed.mail_id)
            self._mails.release(claimed)
            return False
        except Refused as error:
            observability.warning("mail refused", mail_id=claimed.mail_id, aws_code=error.code)
            self._mails.learn(claimed.mail_id, refused(error.code))
            return True
        except Doubtful:
            # Perhaps it went. It stays claimed until SES tells of it, or the sweep calls it unknown.
            observability.failure("mail in doubt", mail_id=claimed.mail_id)
            return True
        if self._mails.sent(claimed, message_id, self._clock()):
            pass_on(claimed.mail_id, self._follow)
        return True

"""What SES tells of mails, in any order and any number of times, becomes what we know of them."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.core import observability
from chalicelib.notifications import store
from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MAIL_HEADER
from chalicelib.notifications.schemas import Notification
from chalicelib.notifications.states import DELIVERED, News, bounced, complained, refused, suppressed_by_ses

# Subtypes of a bounce that SES itself makes, for an address that bounced or complained before.
_ON_A_LIST = frozenset({"Suppressed", "OnAccountSuppressionList"})


# Told of a mail as it now is, after each piece of news, at least once: what a feature makes of it follows from the
# mail's state, not from the news.
Follow = Callable[[Mail], None]


def no_one(mail: Mail) -> None:
    """Nobody wants to know."""


def settle(notification: Notification | None, now: datetime, follow: Follow = no_one) -> None:
    news = news_of(notification) if notification else None
    if notification is None or news is None or notification.mail is None:
        return
    message_id = notification.mail.messageId
    mail_id = _named_in_headers(notification) or store.mail_of_message(message_id)
    if mail_id is None:
        store.keep_early(message_id, news, now)
        # Its id may have been noted in between, by somebody who looked for news too early.
        mail_id = store.mail_of_message(message_id)
    if mail_id is None:
        return
    if not store.learn(mail_id, news):
        observability.warning("news of a mail that is not there", mail_id=mail_id)
        return
    pass_on(mail_id, follow)


def pass_on(mail_id: str, follow: Follow) -> None:
    known = store.mail(mail_id)
    if known is not None:
        follow(known)


def news_of(notification: Notification) -> News | None:
    """None for what changes nothing: SES is still trying, say (DeliveryDelay)."""
    if notification.kind == "Delivery":
        return DELIVERED
    if notification.kind == "Reject":
        # SES took it, and then found it to be harmful.
        return refused("rejected")
    if notification.kind == "Complaint":
        kind = notification.complaint.complaintFeedbackType if notification.complaint else None
        # Somebody took the mail out of the unwanted ones.
        return DELIVERED if kind == "not-spam" else complained(kind or "complaint")
    bounce = notification.bounce
    if notification.kind != "Bounce" or bounce is None:
        return None
    if bounce.bounceSubType in _ON_A_LIST:
        return suppressed_by_ses(bounce.bounceSubType)
    # The codes alone: what the other server wrote beside them often repeats the address.
    status = next((one.status for one in bounce.bouncedRecipients if one.status), "")
    return bounced(bounce.bounceType, f"{bounce.bounceType}/{bounce.bounceSubType} {status}".strip())


def _named_in_headers(notification: Notification) -> str | None:
    headers = notification.mail.headers if notification.mail else []
    found = (header.value for header in headers if header.name.lower() == MAIL_HEADER.lower())
    return next(found, None)

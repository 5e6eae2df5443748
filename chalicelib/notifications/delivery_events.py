"""SES's notifications of deliveries, bounces and complaints. They come in any order, and may come again."""

from collections.abc import Callable

from chalicelib.aws.mailer import MAIL_TAG
from chalicelib.core import observability
from chalicelib.notifications import store
from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MAIL_HEADER
from chalicelib.notifications.schemas import Notification
from chalicelib.notifications.states import (
    DELIVERED,
    DeliveryEvent,
    bounced,
    complained,
    refused,
    suppressed_by_ses,
)

# Subtypes of a bounce that SES itself makes, for an address that bounced or complained before.
_SUPPRESSION_SUBTYPES = frozenset({"Suppressed", "OnAccountSuppressionList"})

# Called with the mail as it now is, at least once after each event. A room decides by the mail's state, not by the
# event.
OnEvent = Callable[[Mail], None]


def handle(notification: Notification | None, on_event: OnEvent) -> None:
    """Record the event of one notification, then notify. Handling it twice does no harm."""
    event = event_of(notification) if notification else None
    if notification is None or event is None or notification.mail is None:
        return
    mail_id = _mail_id_in(notification)
    if mail_id is None:
        # Not one of ours: only these carry the mail's id.
        return
    mail = store.record(mail_id, event)
    if mail is None:
        observability.warning("delivery event of an unknown mail", mail_id=mail_id)
        return
    observability.go_on(mail.correlation_id)
    observability.info("news of a mail", mail_id=mail_id, state=event.state.value)
    on_event(mail)


def event_of(notification: Notification) -> DeliveryEvent | None:
    """None for notifications that change nothing: SES is still trying, say (DeliveryDelay)."""
    if notification.kind == "Delivery":
        return DELIVERED
    if notification.kind == "Reject":
        # SES took it, and then found it to be harmful.
        return refused("rejected")
    if notification.kind == "Complaint":
        kind = notification.complaint.complaintFeedbackType if notification.complaint else None
        # The person moved the mail out of the spam folder.
        return DELIVERED if kind == "not-spam" else complained(kind or "complaint")
    bounce = notification.bounce
    if notification.kind != "Bounce" or bounce is None:
        return None
    if bounce.bounceSubType in _SUPPRESSION_SUBTYPES:
        return suppressed_by_ses(bounce.bounceSubType)
    # The codes alone: the other server's text often repeats the address.
    status = next((recipient.status for recipient in bounce.bouncedRecipients if recipient.status), "")
    return bounced(bounce.bounceType, f"{bounce.bounceType}/{bounce.bounceSubType} {status}".strip())


def _mail_id_in(notification: Notification) -> str | None:
    """As a tag, which all events of a configuration set have; or in the mail's own head, which SES may cut off."""
    if notification.mail is None:
        return None
    headers = notification.mail.headers
    values = (header.value for header in headers if header.name.lower() == MAIL_HEADER.lower())
    return next(iter([*notification.mail.tags.get(MAIL_TAG, []), *values]), None)

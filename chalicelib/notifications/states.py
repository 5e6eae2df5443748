"""The states of a mail, and the events that lead to them."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class MailState(StrEnum):
    PENDING = "pending"
    # Claimed by one attempt, whose outcome is not known yet.
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    # We did not send it, or SES did not pass it on; the mail has the reason.
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    # We do not know whether SES took it. It is not sent again, for the person might then get it twice.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class DeliveryEvent:
    """What happened to a mail. The event of the highest rank decides, whatever the order of their arrival."""

    state: MailState
    rank: int
    reason: str | None = None


class Turn(Enum):
    """What came of a mail's turn in its queue."""

    THROUGH = auto()
    # Another worker sends it, or has died while it did.
    HELD = auto()
    # The mail waits, and the next one should as well.
    NOT_NOW = auto()


PENDING_RANK, SENDING_RANK, UNKNOWN_RANK, SENT_RANK = 0, 1, 2, 3

# A transient bounce may be an automatic answer to a mail that did arrive. A permanent one is final, except that
# a person who complains must have got the mail.
_TRANSIENT_BOUNCE_RANK, _DELIVERED_RANK, _PERMANENT_BOUNCE_RANK, _COMPLAINED_RANK = 4, 5, 6, 7
_FINAL_RANK = 8

_REFUSALS = frozenset({MailState.BOUNCED, MailState.COMPLAINED, MailState.SUPPRESSED})

DELIVERED = DeliveryEvent(MailState.DELIVERED, _DELIVERED_RANK)


def bounced(kind: str, reason: str) -> DeliveryEvent:
    """`kind` is SES's bounceType: Permanent, Transient, Undetermined."""
    rank = _PERMANENT_BOUNCE_RANK if kind == "Permanent" else _TRANSIENT_BOUNCE_RANK
    return DeliveryEvent(MailState.BOUNCED, rank, reason)


def complained(reason: str) -> DeliveryEvent:
    return DeliveryEvent(MailState.COMPLAINED, _COMPLAINED_RANK, reason)


def suppressed_by_ses(reason: str) -> DeliveryEvent:
    return DeliveryEvent(MailState.SUPPRESSED, _PERMANENT_BOUNCE_RANK, reason)


class ShownState(StrEnum):
    """What people are told: whether a mail waits or is being sent is all the same to them."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    UNKNOWN = "unknown"


def public_state(state: str) -> ShownState:
    return ShownState.QUEUED if state in (MailState.PENDING, MailState.SENDING) else ShownState(state)


def blocks_further_mail(state: str, rank: int) -> bool:
    """The address takes no mail, or its owner wants none: nothing is sent there until an admin clears it.

    Transient bounces (a full mailbox, an automatic answer) do not block, nor do mails that we suppressed ourselves.
    """
    return state in _REFUSALS and rank in (_PERMANENT_BOUNCE_RANK, _COMPLAINED_RANK)


def suppressed(reason: str) -> DeliveryEvent:
    """We did not send it: the person completed the course, has no address, is an admin no more."""
    return DeliveryEvent(MailState.SUPPRESSED, _FINAL_RANK, reason)


def refused(reason: str) -> DeliveryEvent:
    """It cannot be sent at all."""
    return DeliveryEvent(MailState.FAILED, _FINAL_RANK, reason)


UNKNOWN = DeliveryEvent(MailState.UNKNOWN, UNKNOWN_RANK, "no_answer")

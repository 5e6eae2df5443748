"""What becomes of a mail, and which news of it outweighs which."""

from dataclasses import dataclass
from enum import StrEnum


class MailState(StrEnum):
    PENDING = "pending"
    # Claimed by one attempt, whose outcome is not known yet.
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    # Not sent, or not passed on by SES, for the reason that the mail carries.
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    # Whether SES took it was never learned: it is not sent again, for that might make it two.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class News:
    """Something learned about a mail. News of a higher rank wins, in whichever order they come."""

    state: MailState
    rank: int
    reason: str | None = None


PENDING_RANK, SENDING_RANK, UNKNOWN_RANK, SENT_RANK = 0, 1, 2, 3

# A transient bounce may be an automatic answer to a mail that did arrive; a permanent one comes after all else
# is known; and only who has got a mail can complain of it.
_TRANSIENT_BOUNCE_RANK, _DELIVERED_RANK, _PERMANENT_BOUNCE_RANK, _COMPLAINED_RANK = 4, 5, 6, 7
_FINAL_RANK = 8

_REFUSALS = frozenset({MailState.BOUNCED, MailState.COMPLAINED, MailState.SUPPRESSED})

DELIVERED = News(MailState.DELIVERED, _DELIVERED_RANK)


def bounced(kind: str, reason: str) -> News:
    """`kind` is SES's bounceType: Permanent, Transient, Undetermined."""
    return News(MailState.BOUNCED, _PERMANENT_BOUNCE_RANK if kind == "Permanent" else _TRANSIENT_BOUNCE_RANK, reason)


def complained(reason: str) -> News:
    return News(MailState.COMPLAINED, _COMPLAINED_RANK, reason)


def suppressed_by_ses(reason: str) -> News:
    return News(MailState.SUPPRESSED, _PERMANENT_BOUNCE_RANK, reason)


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


def shown_state(state: str) -> ShownState:
    return ShownState.QUEUED if state in (MailState.PENDING, MailState.SENDING) else ShownState(state)


def forbids_more(state: str, rank: int) -> bool:
    """The address takes no mail, or its owner wants none: no further one goes there before somebody has looked.

    Passing bounces (a full mailbox, an automatic answer) do not, nor does what we withheld ourselves.
    """
    return state in _REFUSALS and rank in (_PERMANENT_BOUNCE_RANK, _COMPLAINED_RANK)


def withheld(reason: str) -> News:
    """We did not send it: the person completed the course, has no address, is an admin no more."""
    return News(MailState.SUPPRESSED, _FINAL_RANK, reason)


def refused(reason: str) -> News:
    """It cannot be sent at all."""
    return News(MailState.FAILED, _FINAL_RANK, reason)


UNKNOWN = News(MailState.UNKNOWN, UNKNOWN_RANK, "no_answer")

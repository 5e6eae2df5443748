"""Which members can be invited, and what becomes of each address or member of a request."""

from enum import StrEnum

from chalicelib.people.members.states import INVITED, MemberStatus

# Invitations that can be accepted, declined, cancelled and sent again.
OPEN = INVITED

# Members who can be invited again: they declined, were cancelled, or have left.
INVITABLE = frozenset({MemberStatus.DECLINED, MemberStatus.CANCELLED, MemberStatus.ARCHIVED})


class InviteOutcome(StrEnum):
    INVITED = "invited"
    ALREADY_MEMBER = "already_member"
    FAILED = "failed"


class Code(StrEnum):
    """Why somebody was not invited, or an invitation not changed; sentences are in explanations.toml."""

    ALREADY_MEMBER = "already_member"
    INVALID_EMAIL = "invalid_email"
    NOT_MAILABLE = "not_mailable"
    REPEATED = "repeated"
    MAIL_BLOCKED = "mail_blocked"
    BEING_ERASED = "being_erased"
    NOT_OPEN = "not_open"
    NOT_THERE = "not_there"
    NO_ADDRESS = "no_address"
    CHANGED_MEANWHILE = "changed_meanwhile"


class InvitationMail(StrEnum):
    """Kinds of mails; the texts of each are in notifications/mails."""

    INVITATION = "invitation"
    AGAIN = "invitation_again"
    CANCELLED = "invitation_cancelled"
    WELCOME = "welcome"

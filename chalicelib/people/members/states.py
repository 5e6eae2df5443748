"""Member statuses, and sets of them named by what they permit."""

from enum import StrEnum


class MemberStatus(StrEnum):
    PROSPECT = "prospect"
    PENDING = "pending"
    ACTIVE = "active"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    ARCHIVED = "archived"


# Who has an open invitation.
INVITED = frozenset({MemberStatus.PROSPECT, MemberStatus.PENDING})

# Who stands on the rosters of their group, department and location; the others have left them.
ON_ROSTERS = frozenset({MemberStatus.PROSPECT, MemberStatus.PENDING, MemberStatus.ACTIVE})

# Names of people who have not accepted are never shown, and so never found either.
NAME_SHOWN = frozenset({MemberStatus.ACTIVE, MemberStatus.ARCHIVED})

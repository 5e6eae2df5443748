"""Member statuses, and sets of them named by what they permit."""

from enum import StrEnum


class MemberStatus(StrEnum):
    PROSPECT = "prospect"
    PENDING = "pending"
    ACTIVE = "active"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    ARCHIVED = "archived"


# The member has an open invitation.
INVITED = frozenset({MemberStatus.PROSPECT, MemberStatus.PENDING})

# From and to these a change of status may decide whether somebody is enrolled.
DECIDING = frozenset({MemberStatus.ACTIVE, MemberStatus.ARCHIVED})

# The member is on the rosters of its groups, department and location.
ON_ROSTERS = frozenset({MemberStatus.PROSPECT, MemberStatus.PENDING, MemberStatus.ACTIVE})

# Names of people who have not accepted are never shown, and so no search finds them.
NAME_SHOWN = frozenset({MemberStatus.ACTIVE, MemberStatus.ARCHIVED})

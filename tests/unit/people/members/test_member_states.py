"""What each status of a member permits."""

import pytest

from chalicelib.people.invitations.states import INVITABLE, OPEN
from chalicelib.people.members.states import DECIDING, INVITED, NAME_SHOWN, ON_ROSTERS, MemberStatus

# Whether an invitation is open, a new one can be sent, the member is on rosters, and others see the name.
TABLE = {
    #           open   again  rosters name
    "prospect": (True, False, True, False),
    "pending": (True, False, True, False),
    "active": (False, False, True, True),
    "declined": (False, True, False, False),
    "cancelled": (False, True, False, False),
    "archived": (False, True, False, True),
}


@pytest.mark.parametrize("status", MemberStatus)
def test_what_a_status_permits(status: MemberStatus) -> None:
    assert (status in OPEN, status in INVITABLE, status in ON_ROSTERS, status in NAME_SHOWN) == TABLE[status.value]
    assert (status in INVITED) == (status in OPEN)


def test_only_who_takes_part_or_has_left_decides_whether_somebody_is_enrolled() -> None:
    assert {status.value for status in DECIDING} == {"active", "archived"}

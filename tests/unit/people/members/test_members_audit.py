"""What the audit trail keeps of a member: names of what changed, values only of what says nothing of the person."""

import pytest

from chalicelib.people.members.changes import _change
from chalicelib.people.members.models import Member
from chalicelib.tenants.access.service import Scope

PERSONAL = sorted(set(Member.get_attributes()) - {"group_ids", "department_id", "location_id", "mail_blocked"})


@pytest.mark.parametrize("name", PERSONAL)
def test_a_changed_attribute_is_told_by_its_name_alone_unless_it_was_found_to_say_nothing(name: str) -> None:
    """Whatever is added to a member later is among these, so that its value does not get there by being forgotten."""
    scope = Scope(msp_id="m", org_id="o", account_id="a", department_ids=None)
    change = _change(scope, Member("pk", "sk", member_id="x"), {name: "Secret"})
    assert (change.before, change.after) == ({}, {"personal": [name]})

"""What the audit trail keeps of a changed member: names of fields, and values only of what is not personal."""

import pytest

from chalicelib.people.members.changes import _audit_entry
from chalicelib.people.members.models import Member
from chalicelib.tenants.access.service import Scope

PERSONAL = sorted(set(Member.get_attributes()) - {"group_ids", "department_id", "location_id", "mail_blocked"})


@pytest.mark.parametrize("name", PERSONAL)
def test_the_audit_trail_keeps_only_the_name_of_a_changed_field_unless_it_is_not_personal(name: str) -> None:
    """A field that is added later is personal, too, until somebody says otherwise."""
    scope = Scope(msp_id="m", org_id="o", account_id="a", department_ids=None)
    entry = _audit_entry(scope, Member("pk", "sk", member_id="x"), {name: "Secret"})
    assert (entry.before, entry.after) == ({}, {"personal": [name]})

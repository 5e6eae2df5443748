"""What changes of members replaced, where it decides enrollments."""

from datetime import datetime
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.people.members.models import Member, MemberChange, changes_pk, fields_of
from chalicelib.people.members.states import DECIDING

# What decides whether somebody is among the recipients of a batch, beside names and addresses.
_DECIDING_ATTRIBUTES = ("status", "group_ids", "department_id", "location_id", "fields")


def history_writes(org_id: str, before: Member, after: Member, now: datetime | None) -> list[Write]:
    """Nothing while the person has never been a member: until they accept, nothing is decided."""
    is_deciding = not DECIDING.isdisjoint({before.status, after.status})
    old = {name: value for name, value in _deciding(before).items() if _deciding(after)[name] != value}
    if not is_deciding:
        old.pop("status", None)
    if not old or not (is_deciding or before.account_id):
        return []
    if now is None:
        raise ValueError("this change may decide enrollments: it needs its instant")
    key = f"{int(before.revision):08d}"
    return [Write("put", MemberChange(changes_pk(org_id, before.member_id), key, at=to_text(now), before=old))]


def _deciding(member: Member) -> dict[str, Any]:
    values = {name: getattr(member, name) for name in _DECIDING_ATTRIBUTES}
    return {**values, "group_ids": sorted(member.group_ids), "fields": fields_of(member)}


def changes_of(org_id: str, member_id: str) -> list[MemberChange]:
    """The oldest first."""
    return table.query_all(MemberChange, changes_pk(org_id, member_id))

"""What changes of members replaced, where it decides enrollments.

Most people change once, when they join, and their one change lies on their own item, which is written anyway.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.people.members.models import Member, MemberChange, changes_pk, fields_of
from chalicelib.people.members.states import DECIDING

# What decides whether somebody is among the recipients of a batch, beside names and addresses.
_DECIDING_ATTRIBUTES = ("status", "group_ids", "department_id", "location_id", "fields")

# Characters. The member's item stays under 1 KB, the size by which writes are paid.
_MAX_NOTED = 200


def history_writes(org_id: str, before: Member, after: Member, now: datetime | None) -> list[Write]:
    """Note on `after` what it replaces, and keep for itself what was noted there before.

    Nothing while the person has never been a member: until they accept, nothing is decided.
    """
    is_deciding = not DECIDING.isdisjoint({before.status, after.status})
    old = {name: value for name, value in _deciding(before).items() if _deciding(after)[name] != value}
    if not is_deciding:
        old.pop("status", None)
    if not old or not (is_deciding or before.account_id):
        return []
    if now is None:
        raise ValueError("this change may decide enrollments: it needs its instant")
    change = {"revision": int(before.revision), "at": to_text(now), "before": old}
    latest = _latest(org_id, before)
    if len(json.dumps(change)) > _MAX_NOTED:
        after.last_change = None
        return [*map(_put, latest), _put(_item(org_id, before.member_id, change))]
    after.last_change = change
    return [*map(_put, latest)]


def _latest(org_id: str, member: Member) -> list[MemberChange]:
    return [_item(org_id, member.member_id, member.last_change)] if member.last_change else []


def _item(org_id: str, member_id: str, change: Mapping[str, Any]) -> MemberChange:
    key = f"{change['revision']:08d}"
    return MemberChange(changes_pk(org_id, member_id), key, at=change["at"], before=change["before"])


def _put(item: MemberChange) -> Write:
    return Write("put", item)


def _deciding(member: Member) -> dict[str, Any]:
    values = {name: getattr(member, name) for name in _DECIDING_ATTRIBUTES}
    return {**values, "group_ids": sorted(member.group_ids), "fields": fields_of(member)}


def changes_of(org_id: str, member: Member) -> list[MemberChange]:
    """Up to the revision of `member`; the oldest first."""
    stored = table.query_all(MemberChange, changes_pk(org_id, member.member_id))
    latest = _latest(org_id, member)
    # Another change may have moved the latest to the others since the member was read.
    return [one for one in stored if one.sk not in {noted.sk for noted in latest}] + latest

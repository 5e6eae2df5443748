"""Who is on a roster, and rosters of before their entries carried the department."""

from collections.abc import Iterable

from chalicelib.aws import table
from chalicelib.aws.table import Ref, Write
from chalicelib.people.members.models import Member, RosterEntry, member_sk
from chalicelib.people.members.store import entries_of, unchanged_check


def on_roster(pk: str, member_ids: Iterable[str]) -> set[str]:
    """Those of these members who are on the roster."""
    entries = table.fetch_all(Ref(RosterEntry, pk, member_sk(member_id)) for member_id in member_ids)
    return {entry.sk.removeprefix(member_sk("")) for entry in entries}


def renew(org_id: str, member: Member) -> None:
    """Write the member's entries as they should be. ConditionFailed when the member changed since it was read."""
    entries = [entry for entry in entries_of(org_id, member) if isinstance(entry, RosterEntry)]
    table.transact([unchanged_check(member), *(Write("put", entry) for entry in entries)])

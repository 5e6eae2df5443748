"""A member as they were."""

from collections.abc import Sequence
from typing import Any

from chalicelib.people.members.models import Member, MemberChange
from chalicelib.people.members.store import copy_with


def as_of(member: Member, changes: Sequence[MemberChange], instant: str, *, before: bool = False) -> Member | None:
    """The member after everything up to the instant; with `before`, without what came in its very second.

    None when there was no such member yet.
    """
    if member.created_at > instant:
        return None
    values: dict[str, Any] = {}
    for change in reversed(changes):
        if change.at > instant or (before and change.at == instant):
            values |= change.before
    return copy_with(member, **values) if values else member

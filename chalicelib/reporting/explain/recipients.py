"""Whether somebody, as they were, is among the recipients of a batch; and if not, why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, group_roster_pk, learners_pk
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.structure.models import Group
from chalicelib.training.batches.recipients import Recipients


@dataclass(frozen=True)
class Mismatch:
    """Why not, as a code of explanations.toml, with the names that its sentence needs."""

    code: str
    names: Mapping[str, str]


def mismatch(
    org_id: str, recipients: Recipients, then: Member | None, now: Member, groups: Sequence[Group]
) -> Mismatch | None:
    """None when the member, as they were `then`, is a recipient. `now` is the member as they are."""
    if then is None:
        return Mismatch("not_there_yet", {})
    if then.status != MemberStatus.ACTIVE:
        came_later = now.status in (MemberStatus.ACTIVE, MemberStatus.ARCHIVED) and then.status != now.status
        if came_later and then.status != MemberStatus.ARCHIVED:
            return Mismatch("joined_after", {})
        return Mismatch("not_active_then", {"status": str(then.status)})
    if recipients.matching is not None:
        return None if recipients.matching.criteria.matches(then) else Mismatch("not_in_filter", {})
    if recipients.individuals is not None and then.member_id not in recipients.individuals:
        return Mismatch("not_chosen", {})
    rosters = {entry.pk for entry in members_store.entries_of(org_id, then)}
    excluded = rosters & set(recipients.exclude)
    if excluded:
        excluding = [group for group in groups if group_roster_pk(org_id, group.group_id) in excluded]
        return Mismatch("excluded_by_group", {"group": excluding[0].name if excluding else "of then"})
    if learners_pk(org_id) not in recipients.include and not rosters & set(recipients.include):
        return Mismatch("not_in_group", {})
    if recipients.departments is not None and then.department_id not in recipients.departments:
        return Mismatch("not_in_department", {})
    return None

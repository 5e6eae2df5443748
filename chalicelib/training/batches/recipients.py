"""Who a batch is for: rosters to include and to exclude, streamed in the order of member ids.

The sort keys of every roster are `MEMBER#<id>`, so that a range of ids means the same in all of them.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from chalicelib.aws.bulk import sort_keys
from chalicelib.core.settings import settings
from chalicelib.people.members.models import group_roster_pk, learners_pk, member_sk
from chalicelib.people.members.roster_store import on_roster
from chalicelib.people.members.states import MemberStatus
from chalicelib.people.search.criteria import Criteria
from chalicelib.people.search.search import Search, criteria_of
from chalicelib.tenants.structure.store import departments_below, groups_named
from chalicelib.training.batches.models import Partition
from chalicelib.training.batches.schemas import Plan, Targeting

# A chunk's 50 insert calls then take two to three seconds; its result stays far below an item's 400 KB.
CHUNK_SIZE = 1250

_FIRST = member_sk("")
_ACTIVE = ("status", MemberStatus.ACTIVE.value)


@dataclass(frozen=True)
class Recipients:
    """Partition keys of rosters: the union of `include`, without anybody who is on one of `exclude`.

    Of these only who is in one of `departments`, or one of the `individuals`, where these are given. Both are decided
    entry by entry: who moves from one of the departments to another while rosters are read is not missed.
    With `matching`, in place of rosters whoever matches these criteria in this organization.
    """

    include: Sequence[str]
    exclude: Sequence[str] = ()
    departments: Sequence[str] | None = None
    individuals: Sequence[str] | None = None
    matching: Search | None = None

    def as_json(self) -> dict[str, Any]:
        limits = {"departments": self.departments, "individuals": self.individuals}
        given: dict[str, Any] = {name: list(ids) for name, ids in limits.items() if ids is not None}
        if self.matching is not None:
            given["matching"] = {"org_id": self.matching.org_id, "criteria": self.matching.criteria.as_json()}
        return {"include": list(self.include), "exclude": list(self.exclude), **given}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Recipients":
        matching = stored.get("matching")
        search = Search(matching["org_id"], Criteria.from_json(matching["criteria"])) if matching else None
        return cls(stored["include"], stored["exclude"], stored.get("departments"), stored.get("individuals"), search)


def named_groups(targeting: Targeting, org_id: str) -> dict[str, str]:
    """The ids of this client's groups that have one of the targeting's names, by name."""
    return groups_named(org_id, targeting.group_names) if targeting.group_names else {}


def recipients_of(
    targeting: Targeting,
    org_id: str,
    named_group_ids: Sequence[str] = (),
    departments: Sequence[str] | None = None,
    matching: Search | None = None,
) -> Recipients:
    """`named_group_ids` are those of `named_groups`.

    `departments` are those that it reaches, each with all below it; None for no limit. `matching` is its filter.
    """
    chosen = [group_roster_pk(org_id, group_id) for group_id in targeting.group_ids]
    everybody = [learners_pk(org_id)]
    match targeting.mode:
        case "all" | "departments":
            return Recipients(everybody, [], departments)
        case "groups":
            return Recipients(chosen, (), departments)
        case "exclude_groups":
            return Recipients(everybody, chosen, departments)
        case "group_names":
            named = [group_roster_pk(org_id, group_id) for group_id in named_group_ids]
            return Recipients(named, (), departments)
        case "individuals":
            # Fixed at launch, when the department of each was looked at.
            return Recipients(everybody, individuals=sorted(set(targeting.member_ids)))
        case "filter":
            return Recipients([], matching=matching)
        case _:
            assert_never(targeting.mode)


@dataclass(frozen=True)
class Resolved:
    """`everybody` are all whom the launching admin reaches; `missing_groups`: names of groups that the client lacks."""

    recipients: Recipients
    everybody: Recipients
    missing_groups: Sequence[str] = ()


def resolved(plan: Plan, org_id: str) -> Resolved:
    """As groups and departments are now. A department that is gone has nobody."""
    targeting = plan.targeting
    groups = named_groups(targeting, org_id)
    within = None if plan.within is None else departments_below(org_id, plan.within)
    reached, matching = within, None
    if targeting.filter is not None:
        matching = Search(org_id, criteria_of(org_id, targeting.filter, plan.within, only_active=True))
    if targeting.mode == "departments":
        chosen = departments_below(org_id, targeting.department_ids)
        reached = chosen if within is None else chosen & within
    return Resolved(
        recipients_of(targeting, org_id, sorted(groups.values()), _sorted(reached), matching),
        recipients_of(Targeting(), org_id, (), _sorted(within)),
        missing_groups=[name for name in dict.fromkeys(targeting.group_names) if name not in groups],
    )


def _sorted(ids: frozenset[str] | None) -> list[str] | None:
    return None if ids is None else sorted(ids)


def member_ids(recipients: Recipients, after: str = "", until: str | None = None) -> Iterator[str]:
    """Ids of active members in (after, until], sorted, each once, in flat memory."""
    excluded = _merged(recipients.exclude, after, until)
    skip = next(excluded, None)
    for member_id in _included(recipients, after, until):
        while skip is not None and skip < member_id:
            skip = next(excluded, None)
        if member_id != skip:
            yield member_id


def _included(recipients: Recipients, after: str, until: str | None) -> Iterator[str]:
    if recipients.matching is not None:
        return recipients.matching.member_ids(after, until)
    if recipients.individuals is None:
        return _merged(recipients.include, after, until, recipients.departments)
    ids = [one for one in recipients.individuals if one > after and (until is None or one <= until)]
    found = {one for roster in recipients.include for one in on_roster(roster, ids)}
    return iter([one for one in ids if one in found])


def _merged(
    rosters: Sequence[str], after: str, until: str | None, departments: Sequence[str] | None = None
) -> Iterator[str]:
    core = settings().core_table
    last_key = None if until is None else member_sk(until)
    among = None if departments is None else ("department_id", frozenset(departments))
    streams = [sort_keys(core, pk, after=_FIRST + after, until=last_key, only=_ACTIVE, among=among) for pk in rosters]
    previous = ""
    for key in streams[0] if len(streams) == 1 else heapq.merge(*streams):
        if key != previous:
            previous = key
            yield key[len(_FIRST) :]


def partition_of(recipients: Recipients, size: int = CHUNK_SIZE) -> Partition:
    """Ranges of `size` member ids; the last may be smaller. No recipients: no range."""
    bounds: list[str] = []
    sizes: list[int] = []
    count = 0
    member_id = ""
    for member_id in member_ids(recipients):
        count += 1
        if count == size:
            bounds.append(member_id)
            sizes.append(count)
            count = 0
    if count:
        bounds.append(member_id)
        sizes.append(count)
    return Partition(recipients=recipients.as_json(), bounds=bounds, sizes=sizes)

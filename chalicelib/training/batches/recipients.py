"""Who a batch is for: rosters to include and to exclude, streamed in the order of member ids.

The sort keys of every roster are `MEMBER#<id>`, so that a range of ids means the same in all of them.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from chalicelib.aws.bulk import sort_keys
from chalicelib.core.settings import settings
from chalicelib.people.members.models import group_roster_pk, learners_pk, member_sk
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.structure.store import groups_named
from chalicelib.training.batches.models import Partition
from chalicelib.training.batches.schemas import Targeting

# A chunk's 50 insert calls then take two to three seconds; its result stays far below an item's 400 KB.
CHUNK_SIZE = 1250

_FIRST = member_sk("")
_ACTIVE = ("status", MemberStatus.ACTIVE.value)


@dataclass(frozen=True)
class Recipients:
    """Partition keys of rosters: the union of `include`, without anybody who is on one of `exclude`."""

    include: Sequence[str]
    exclude: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        return {"include": list(self.include), "exclude": list(self.exclude)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Recipients":
        return cls(stored["include"], stored["exclude"])


def named_groups(targeting: Targeting, org_id: str) -> dict[str, str]:
    """The ids of this client's groups that have one of the targeting's names, by name."""
    return groups_named(org_id, targeting.group_names) if targeting.group_names else {}


def missing_groups(targeting: Targeting, groups: Mapping[str, str]) -> list[str]:
    """The names that no group of the client has; `groups` as `named_groups` gives them."""
    return [name for name in dict.fromkeys(targeting.group_names) if name not in groups]


def recipients_of(targeting: Targeting, org_id: str, named_group_ids: Sequence[str]) -> Recipients:
    """`named_group_ids` are those of `named_groups`."""
    chosen = [group_roster_pk(org_id, group_id) for group_id in targeting.group_ids]
    match targeting.mode:
        case "all":
            return Recipients([learners_pk(org_id)], [])
        case "groups":
            return Recipients(chosen)
        case "exclude_groups":
            return Recipients([learners_pk(org_id)], chosen)
        case "group_names":
            return Recipients([group_roster_pk(org_id, group_id) for group_id in named_group_ids])
        case _:
            assert_never(targeting.mode)


def member_ids(recipients: Recipients, after: str = "", until: str | None = None) -> Iterator[str]:
    """Ids of active members in (after, until], sorted, each once, in flat memory."""
    excluded = _merged(recipients.exclude, after, until)
    skip = next(excluded, None)
    for member_id in _merged(recipients.include, after, until):
        while skip is not None and skip < member_id:
            skip = next(excluded, None)
        if member_id != skip:
            yield member_id


def _merged(rosters: Sequence[str], after: str, until: str | None) -> Iterator[str]:
    core = settings().core_table
    last_key = None if until is None else member_sk(until)
    streams = [sort_keys(core, pk, after=_FIRST + after, until=last_key, only=_ACTIVE) for pk in rosters]
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

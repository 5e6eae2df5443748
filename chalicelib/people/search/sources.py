"""Where a search looks: lists of people that hold everybody who may match, each in the order of member ids.

The smallest kind is read, and the others are checked on the people themselves. All sort keys are `MEMBER#<id>`, so that
an id is a position in every list.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.aws.bulk import sort_keys
from chalicelib.core.paging import Page
from chalicelib.core.settings import settings
from chalicelib.core.text import searchable
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import (
    Member,
    department_roster_pk,
    group_roster_pk,
    learners_pk,
    location_roster_pk,
    member_sk,
    members_pk,
)
from chalicelib.people.members.states import MemberStatus
from chalicelib.people.search.criteria import Criteria, is_placed

# One BatchGetItem.
PER_READ = 100

# A start that so few people have is looked up in the index of words: one query of about 250 KB.
FEW = 2000

_FIRST = member_sk("")


class Source(Protocol):
    """`decides`: whoever is in it matches, but for `without`, when the criteria have no other kind."""

    @property
    def decides(self) -> bool: ...

    def holds(self, member: Member) -> bool: ...

    def read(self, after: str, limit: int) -> Page[Member]:
        """People with ids past `after`; `next_position` is the id from which to go on."""
        ...

    def ids(self, after: str, until: str | None) -> Iterator[str]:
        """Ids in (after, until], sorted, in flat memory."""
        ...


@dataclass(frozen=True)
class Listed:
    """Ids that are known, whether or not these people exist."""

    org_id: str
    member_ids: Sequence[str]
    decides: bool = False

    def holds(self, member: Member) -> bool:
        return member.member_id in self.member_ids

    def read(self, after: str, limit: int) -> Page[Member]:
        rest = [member_id for member_id in self.member_ids if member_id > after]
        found = members_store.members_by_id(self.org_id, rest[:limit])
        return Page(list(found.values()), rest[limit - 1] if len(rest) > limit else None)

    def ids(self, after: str, until: str | None) -> Iterator[str]:
        return (one for one in self.member_ids if one > after and (until is None or one <= until))


@dataclass(frozen=True)
class Roster:
    """Those on one roster, in this status if one is named. `unit` is the attribute that puts them there."""

    org_id: str
    pk: str
    unit: str
    unit_id: str
    status: MemberStatus | None
    decides: bool = True

    def holds(self, member: Member) -> bool:
        if not is_placed(member) or (self.status is not None and member.status != self.status):
            return False
        if not self.unit:
            return True
        value = getattr(member, self.unit)
        return value == self.unit_id or (self.unit == "group_ids" and self.unit_id in value)

    def read(self, after: str, limit: int) -> Page[Member]:
        page = members_store.roster(self.pk, limit, _FIRST + after if after else None)
        wanted = [one for one in page.items if self.status is None or one.status == self.status]
        found = members_store.members_by_id(self.org_id, [one.sk[len(_FIRST) :] for one in wanted])
        return Page(list(found.values()), page.next_position[len(_FIRST) :] if page.next_position else None)

    def ids(self, after: str, until: str | None) -> Iterator[str]:
        only = ("status", self.status.value) if self.status is not None else None
        return _keys(self.pk, after, until, only)


@dataclass(frozen=True)
class Everybody:
    """All people of the organization, in every status: they are read whole, with one query a megabyte."""

    org_id: str
    decides: bool = True

    def holds(self, member: Member) -> bool:
        return True

    def read(self, after: str, limit: int) -> Page[Member]:
        page = members_store.members(self.org_id, limit, _FIRST + after if after else None)
        return Page(page.items, page.next_position[len(_FIRST) :] if page.next_position else None)

    def ids(self, after: str, until: str | None) -> Iterator[str]:
        return _keys(members_pk(self.org_id), after, until, None)


def _keys(pk: str, after: str, until: str | None, only: tuple[str, str] | None) -> Iterator[str]:
    last = None if until is None else _FIRST + until
    for key in sort_keys(settings().core_table, pk, after=_FIRST + after, until=last, only=only):
        yield key[len(_FIRST) :]


def sources_of(org_id: str, criteria: Criteria, *, steady: bool = False) -> list[Source]:
    """Everybody who may match is in one of them at least. Those to add come first; only they and groups overlap.

    With `steady`, no kind of several rosters: of people who move from one to another meanwhile, a walk over both may
    see nothing. Read as one list, they are seen in one place or the other.
    """
    added: list[Source] = [Listed(org_id, sorted(criteria.also))] if criteria.also else []
    return [*added, *([] if criteria.is_for_nobody else _narrowest(org_id, criteria, steady))]


def is_decided(criteria: Criteria, sources: Sequence[Source]) -> bool:
    """Ids alone tell who matches: the filter has one kind, and the sources are of it."""
    chosen = criteria.filter
    kinds = [chosen.group_ids, criteria.departments is not None, chosen.location_ids]
    has_more = criteria.wanted_fields or criteria.starts or sum(map(bool, kinds)) > 1
    has_more_statuses = bool(criteria.statuses) and _status_on_rosters(criteria) is None
    narrowing = [source for source in sources if not isinstance(source, Listed)]
    return not (has_more or has_more_statuses) and bool(narrowing) and all(one.decides for one in narrowing)


def _narrowest(org_id: str, criteria: Criteria, steady: bool) -> Sequence[Source]:
    for start in criteria.starts.values():
        few = _few_with(org_id, start)
        if few is not None:
            return [Listed(org_id, few)]
    chosen, status = criteria.filter, _status_on_rosters(criteria)

    def rosters(pk_of: Callable[[str, str], str], unit: str, ids: Iterable[str]) -> list[Source]:
        return [Roster(org_id, pk_of(org_id, one), unit, one, status) for one in sorted(ids)]

    kinds = [
        rosters(group_roster_pk, "group_ids", chosen.group_ids),
        rosters(department_roster_pk, "department_id", criteria.departments or ()),
        rosters(location_roster_pk, "location_id", chosen.location_ids),
    ]
    usable = [kind for kind in kinds if kind and not (steady and len(kind) > 1)]
    if usable:
        return min(usable, key=len)
    is_whole = not any(kinds) and not criteria.wanted_fields and not criteria.starts
    if status == MemberStatus.ACTIVE and is_whole:
        return [Roster(org_id, learners_pk(org_id), "", "", status)]
    # Read whole, they cost a seventh of what they cost one by one.
    return [Everybody(org_id, decides=not criteria.statuses and not any(kinds))]


def _status_on_rosters(criteria: Criteria) -> MemberStatus | None:
    """The one status that entries of rosters are to have: they tell who is active, and not which others are pending."""
    return MemberStatus.ACTIVE if criteria.statuses == {MemberStatus.ACTIVE} else None


def _few_with(org_id: str, start: str) -> list[str] | None:
    """Ids of people with a word of this start; None when they are many. The index has words without their accents."""
    page = members_store.search_entries(org_id, searchable(start), FEW, None)
    return None if page.next_position else sorted({entry.member_id for entry in page.items})

"""Who matches a filter, how many, and a page of them. A search costs in proportion to the people whom it looks at.

It looks at those of the narrowest kind that the filter names, never at other organizations, and a request at so many
only; longer counts are jobs (`counting`).
"""

import heapq
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from chalicelib.core.paging import Page
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.search.criteria import Criteria
from chalicelib.people.search.schemas import MAX_COUNT, Filter
from chalicelib.people.search.sources import PER_READ, Everybody, Listed, Source, is_decided, sources_of
from chalicelib.tenants.structure import store as structure_store
from chalicelib.web.paging import invalid_cursor

# Reads of one page: each is a query, and a call for the people of its up to 100 entries.
_MAX_READS = 20

# So many lists are counted at once by a request; each is a query at least.
_MAX_SOURCES = 50

# Members are about half a kilobyte: a query ends by its megabyte.
_PER_MEGABYTE = 2000

_POSITION = re.compile(r"(\d{1,4}) ([0-9A-Za-z_-]{0,64})")


@dataclass(frozen=True)
class Counted:
    """How many of those looked at match. `position` is the id from which to go on, None at the end.

    At more than MAX_COUNT, counting ends.
    """

    num_matching: int = 0
    position: str | None = ""


def criteria_of(org_id: str, filter_: Filter, within: Collection[str] | None, *, only_active: bool = False) -> Criteria:
    """The filter as it applies now. `within` limits it to departments and all below them, whatever it says.

    `filter_` says what to filter by: a `filter_id` is looked up before (`kept_filters.resolved`).
    """
    needs_tree = within is not None or filter_.department_ids
    departments = structure_store.departments(org_id) if needs_tree else ()
    return Criteria.of(filter_, within, departments, only_active=only_active)


@dataclass(frozen=True)
class Search:
    """A filter in one organization. Reading again gives whoever matches then."""

    org_id: str
    criteria: Criteria

    def member_ids(self, after: str = "", until: str | None = None) -> Iterator[str]:
        """Ids of those who match, in (after, until], sorted, each once, in flat memory.

        Who matches all the while is among them, also if their department or group changes meanwhile.
        """
        sources = sources_of(self.org_id, self.criteria, steady=True)
        if is_decided(self.criteria, sources):
            return self._decided_ids(sources, after, until)
        members = self._members(sources, after, until)
        return (member.member_id for member in members if self.criteria.matches(member))

    def count(self, max_looks: int, so_far: Counted = Counted()) -> Counted:
        """Look at `max_looks` more people at most. Where ids alone decide, nobody is looked at."""
        after, num_matching = so_far.position or "", so_far.num_matching
        if is_decided(self.criteria, self._sources):
            ids = islice(self._decided_ids(self._sources, after, None), MAX_COUNT + 1 - num_matching)
            return Counted(num_matching + sum(1 for _ in ids), None)
        for looks, member in enumerate(self._members(self._sources, after, None)):
            if looks == max_looks:
                return Counted(num_matching, after)
            after = member.member_id
            num_matching += self.criteria.matches(member)
            if num_matching > MAX_COUNT:
                break
        return Counted(num_matching, None)

    @property
    def is_wide(self) -> bool:
        """Too many lists for a request to count."""
        return len(self._sources) > _MAX_SOURCES

    def page(self, limit: int, position: str | None) -> Page[Member]:
        """List after list, so that a page can be short. A position holds the list's number and the last id."""
        match = _POSITION.fullmatch(position or "0 ")
        if match is None:
            raise invalid_cursor()
        index, after = int(match[1]), match[2]
        kept: list[Member] = []
        for _ in range(_MAX_READS):
            if index >= len(self._sources):
                return Page(kept, None)
            read = self._sources[index].read(after, PER_READ)
            for member in read.items:
                if self._is_listed_at(index, member):
                    kept.append(member)
                    if len(kept) == limit:
                        is_last = member is read.items[-1] and read.next_position is None
                        at_the_end = is_last and index + 1 == len(self._sources)
                        return Page(kept, None if at_the_end else f"{index} {member.member_id}")
            index, after = (index, read.next_position) if read.next_position else (index + 1, "")
        return Page(kept, f"{index} {after}" if index < len(self._sources) else None)

    @cached_property
    def _sources(self) -> Sequence[Source]:
        return sources_of(self.org_id, self.criteria)

    def _is_listed_at(self, index: int, member: Member) -> bool:
        """Who is in several lists is shown in the first of them."""
        return self.criteria.matches(member) and not any(one.holds(member) for one in self._sources[:index])

    def _decided_ids(self, sources: Sequence[Source], after: str, until: str | None) -> Iterator[str]:
        streams = [source.ids(after, until) for source in sources if not isinstance(source, Listed)]
        also = [one for one in sorted(self.criteria.also) if one > after and (until is None or one <= until)]
        if also:
            found = members_store.members_by_id(self.org_id, also)
            streams.append(one for one in also if one in found and self.criteria.matches(found[one]))
        return (one for one in _merged(streams) if one not in self.criteria.without)

    def _members(self, sources: Sequence[Source], after: str, until: str | None) -> Iterator[Member]:
        """Everybody in the lists, in the order of their ids, each once."""
        if any(isinstance(source, Everybody) for source in sources):
            yield from _everybody(self.org_id, after, until)
            return
        ids = _merged([source.ids(after, until) for source in sources])
        while some := list(islice(ids, PER_READ)):
            yield from members_store.members_by_id(self.org_id, some).values()


def _everybody(org_id: str, after: str, until: str | None) -> Iterator[Member]:
    position: str | None = after
    while position is not None:
        page = Everybody(org_id).read(position, _PER_MEGABYTE)
        for member in page.items:
            if until is not None and member.member_id > until:
                return
            yield member
        position = page.next_position


def _merged(streams: Sequence[Iterator[str]]) -> Iterator[str]:
    previous = ""
    for one in streams[0] if len(streams) == 1 else heapq.merge(*streams):
        if one != previous:
            previous = one
            yield one

"""A filter as it applies in one organization: departments resolved to all below them, and who may be matched at all.

Pure. Departments that moved since do not change it, so that what was counted is what is then enrolled.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from chalicelib.core.text import normalized, searchable
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, fields_of
from chalicelib.people.members.states import ON_ROSTERS, MemberStatus
from chalicelib.people.search.schemas import Filter


class InTree(Protocol):
    """A department with its path, the root first."""

    department_id: str
    path: Any


def below(roots: Collection[str], departments: Iterable[InTree]) -> frozenset[str]:
    """These departments, as far as they exist, and all below them."""
    wanted = frozenset(roots)
    return frozenset(one.department_id for one in departments if wanted & set(one.path))


@dataclass(frozen=True)
class Criteria:
    """`departments` are those that narrow, None for no narrowing; `reach` those whose people may be matched, None: all.

    With `only_active`, nobody else matches, whom to add included: training is for active members. A member who has
    left, or declined, is in no group, department or location, although the item still names them.
    """

    filter: Filter
    departments: frozenset[str] | None = None
    reach: frozenset[str] | None = None
    only_active: bool = False

    @classmethod
    def of(
        cls,
        filter_: Filter,
        within: Collection[str] | None,
        departments: Iterable[InTree],
        *,
        only_active: bool = False,
    ) -> "Criteria":
        """`within` are the departments that the caller is limited to. Only they need the tree of `departments`."""
        tree = list(departments)
        reach = None if within is None else below(within, tree)
        narrowed = below(filter_.department_ids, tree) if filter_.department_ids else None
        if reach is not None:
            narrowed = reach if narrowed is None else narrowed & reach
        return cls(filter_, narrowed, reach, only_active)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Criteria":
        narrowed, reach = stored["departments"], stored["reach"]
        return cls(
            Filter.model_validate(stored["filter"]),
            None if narrowed is None else frozenset(narrowed),
            None if reach is None else frozenset(reach),
            bool(stored["only_active"]),
        )

    def as_json(self) -> dict[str, Any]:
        """To keep it as it was resolved."""
        return {
            "filter": self.filter.model_dump(mode="json", exclude_defaults=True),
            "departments": None if self.departments is None else sorted(self.departments),
            "reach": None if self.reach is None else sorted(self.reach),
            "only_active": self.only_active,
        }

    @cached_property
    def also(self) -> frozenset[str]:
        return frozenset(self.filter.also) - self.without

    @cached_property
    def without(self) -> frozenset[str]:
        return frozenset(self.filter.without)

    def matches(self, member: Member) -> bool:
        if member.member_id in self.without or not self.reaches(member):
            return False
        if self.only_active and member.status != MemberStatus.ACTIVE:
            return False
        return member.member_id in self.also or self._is_narrowed_to(member)

    def reaches(self, member: Member) -> bool:
        return self.reach is None or (is_placed(member) and member.department_id in self.reach)

    def _is_narrowed_to(self, member: Member) -> bool:
        chosen = self.filter
        if self.statuses and member.status not in self.statuses:
            return False
        if chosen.group_ids and not (is_placed(member) and set(chosen.group_ids) & set(member.group_ids)):
            return False
        if self.departments is not None and not (is_placed(member) and member.department_id in self.departments):
            return False
        if chosen.location_ids and not (is_placed(member) and member.location_id in chosen.location_ids):
            return False
        return self._has_fields(member) and all(
            any(word.startswith(start) for word in words_of(member, kind)) for kind, start in self.starts.items()
        )

    def _has_fields(self, member: Member) -> bool:
        if not self.wanted_fields:
            return True
        fields = fields_of(member)
        return all(normalized(fields.get(name, "")) in values for name, values in self.wanted_fields.items())

    @cached_property
    def statuses(self) -> frozenset[MemberStatus]:
        """Empty: all of them."""
        return frozenset({MemberStatus.ACTIVE}) if self.only_active else frozenset(self.filter.statuses)

    @property
    def is_for_nobody(self) -> bool:
        """Whatever people there are, only those to add can match."""
        statuses = self.filter.statuses
        is_for_others = self.only_active and bool(statuses) and MemberStatus.ACTIVE not in statuses
        is_placing = self.departments is not None or self.filter.group_ids or self.filter.location_ids
        # Who has left is in no group, department or location.
        is_for_those_who_left = bool(is_placing and statuses) and not ON_ROSTERS.intersection(statuses)
        return self.departments == frozenset() or is_for_others or is_for_those_who_left

    @cached_property
    def wanted_fields(self) -> Mapping[str, frozenset[str]]:
        return {name: frozenset(map(normalized, values)) for name, values in self.filter.fields.items() if values}

    @cached_property
    def starts(self) -> Mapping[str, str]:
        """Normalized starts by kind: name, email, login, any. Longer ones than an index entry match by what it keeps.

        `any` is what the directory's own search takes, and its words are compared as that one does.
        """
        starts = {
            kind: searchable(text) if kind == "any" else normalized(text)
            for kind, text in self.filter.starts_with.model_dump().items()
        }
        return {kind: word[: members_store.MAX_WORD] for kind, word in starts.items() if word}


def is_placed(member: Member) -> bool:
    return member.status in ON_ROSTERS


def words_of(member: Member, kind: str) -> Sequence[str]:
    """What the starts of this kind are compared with. Names only of those who have accepted."""
    if kind == "any":
        return members_store.words_of(member)
    if kind == "email":
        return [normalized(member.email or "")]
    if kind == "login":
        return [normalized(member.login_name or "")]
    if not members_store.shows_name(member):
        return []
    return [
        normalized(text) for text in (member.first_name, member.last_name, f"{member.first_name} {member.last_name}")
    ]

"""What tells who a person is, and how it is taken out of what was stored about something else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.text import normalized
from chalicelib.people.members.models import Member

# In place of a text that named the person. Nobody's name, address or login name begins like this.
ERASED = "(erased)"

_OF_A_MEMBER = Member.PERSONAL


@dataclass(frozen=True)
class Traces:
    """`words` name the person wherever they stand in a text, `names` where they are all of it; all normalized."""

    member_id: str
    words: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, member: Member, addresses: Iterable[str] = ()) -> "Traces":
        words = {normalized(text) for text in (member.email, member.login_name, *addresses) if text}
        full_name = normalized(f"{member.first_name} {member.last_name}")
        is_whole = bool(member.first_name and member.last_name)
        return cls(member.member_id, frozenset(words), frozenset({full_name} if is_whole else ()))

    def names_person(self, text: str) -> bool:
        plain = normalized(text)
        return plain in self.names or any(word in plain for word in self.words)

    def without(self, stored: Any) -> Any:
        """The same JSON without the person: texts that name them are replaced, lists lose their id."""
        if isinstance(stored, str):
            return ERASED if self.names_person(stored) else stored
        if isinstance(stored, Mapping):
            if stored.get("member_id") == self.member_id:
                stored = {name: _emptied(value) if name in _OF_A_MEMBER else value for name, value in stored.items()}
            return {name: self.without(value) for name, value in stored.items()}
        if isinstance(stored, list):
            return [self.without(one) for one in stored if one != self.member_id]
        return stored


def _emptied(value: Any) -> Any:
    return {} if isinstance(value, Mapping) else None

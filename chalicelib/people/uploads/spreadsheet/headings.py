"""What the headings of columns say, in whichever form they are written."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from chalicelib.people.uploads.limits import MAX_COLUMNS, MAX_FIELD_NAME
from chalicelib.people.uploads.spreadsheet.meanings import Meaning
from chalicelib.people.uploads.spreadsheet.sheet import SheetRow, visible

PROBLEM_HEADING, NEXT_STEP_HEADING = "Problem", "Next step"
_OWN = frozenset({"problem", "nextstep"})

_HEADINGS = Path(__file__).with_name("headings.toml")
# A heading is like another from here on; less is chance.
_NEAR = 0.8
# What programs put behind a heading without changing its meaning.
_REMARKS = re.compile(r"\*|\b(?:required|optional|mandatory|read[\s-]?only|upload[\s-]?only)\b", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
_LETTERS = re.compile(r"[^\W\d_]+")
_BRACKETS = re.compile(r"[\[(]([^\[\]()]*)[\])]")


def heading_key(heading: str) -> str:
    """Equal for headings that differ in letter case, punctuation and spaces only."""
    return _folded(heading) or visible(heading)


def means(heading: str, meaning: Meaning) -> bool:
    known = known_meaning(heading)
    return known is not None and known[0] == meaning


def has_email_heading(header: Sequence[str]) -> bool:
    return any(means(heading, Meaning.EMAIL) for heading in header[:MAX_COLUMNS])


def header_index(lines: Sequence[SheetRow]) -> int:
    """Which of the first lines of a sheet, none of them blank, has the headings: a title may stand above."""
    above = list(takewhile(lambda line: not any("@" in cell for cell in line.cells), lines))
    return max(range(len(above)), key=lambda index: _likeness(above[index].cells), default=0)


def _likeness(line: Sequence[str]) -> tuple[bool, bool, int]:
    """The greater, the more a line looks like headings of people; the first of equals is meant."""
    return has_email_heading(line), any(map(is_maybe_email, line[:MAX_COLUMNS])), num_known(line)


def num_known(header: Sequence[str]) -> int:
    return sum(known_meaning(heading) is not None or is_own(heading) for heading in header[:MAX_COLUMNS])


def is_own(heading: str) -> bool:
    """Whether our own file of failed rows added the column."""
    return heading_key(heading) in _OWN


def is_secret(heading: str) -> bool:
    """Whether the column holds passwords or the like, which are never stored."""
    words = _words()
    forms = [heading_key(heading), *_forms(heading)]
    if any(form in words.secrets_alone or any(word in form for word in words.secrets) for form in forms):
        return True
    apart = _CAMEL.sub(" ", unicodedata.normalize("NFKC", heading)).casefold()
    return not words.secret_words.isdisjoint(_LETTERS.findall(apart))


def known_meaning(heading: str) -> tuple[Meaning, int] | None:
    """What a heading means, and how far behind it stands among those with this meaning."""
    return _known(visible(heading))


@dataclass(frozen=True)
class _Words:
    """`known`: what a heading means, and how far behind it stands among those of its meaning."""

    known: dict[str, tuple[Meaning, int]]
    proposed: dict[str, Meaning]
    others: frozenset[str]
    maybe_email: frozenset[str]
    secrets: tuple[str, ...]
    secret_words: frozenset[str]
    secrets_alone: frozenset[str]


@lru_cache(maxsize=1)
def _words() -> _Words:
    lists = tomllib.loads(_HEADINGS.read_text(encoding="utf-8"))
    known = {word: (meaning, place) for meaning in Meaning for place, word in enumerate(lists[meaning])}
    return _Words(
        known,
        {word: Meaning(meaning) for meaning, words in lists["proposed"].items() for word in words},
        frozenset(lists["other"]),
        frozenset(lists["maybe_email"]),
        tuple(lists["secret"]),
        frozenset(lists["secret_word"]),
        frozenset(lists["secret_alone"]),
    )


@lru_cache(maxsize=1024)
def _known(heading: str) -> tuple[Meaning, int] | None:
    found = [known for form in _forms(heading) if (known := _words().known.get(form)) is not None]
    return min(found, key=lambda known: known[1]) if found else None


def is_maybe_email(heading: str) -> bool:
    return any(form in _words().maybe_email for form in _forms(heading))


def near_meaning(heading: str) -> Meaning | None:
    words, forms = _words(), _forms(heading)
    if is_maybe_email(heading) or not words.others.isdisjoint(forms):
        return None
    for form in forms:
        if form in words.proposed:
            return words.proposed[form]
        near = get_close_matches(form[:MAX_FIELD_NAME], words.known, n=1, cutoff=_NEAR) if len(form) > 3 else []
        if near:
            return words.known[near[0]][0]
    return None


def _forms(heading: str) -> list[str]:
    """The heading itself, without what stands in brackets, and that: `User name [userPrincipalName] Required`."""
    plain = _REMARKS.sub(" ", visible(heading)[: 2 * MAX_FIELD_NAME])
    texts = (plain, _BRACKETS.sub(" ", plain), *_BRACKETS.findall(plain))
    return list(dict.fromkeys(form for text in texts if (form := _folded(text))))


def _folded(heading: str) -> str:
    """Without letter case, punctuation and spaces; signs that belong to letters stay. `Employee #` is a number."""
    plain = unicodedata.normalize("NFKC", re.sub(r"(?<=\w)\s*#", " number", heading)).casefold()
    return "".join(character for character in plain if unicodedata.category(character)[0] in "LMN")

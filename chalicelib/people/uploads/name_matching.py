"""Finding the group, department or location that a cell means."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum, auto

from chalicelib.core.text import normalized
from chalicelib.people.uploads.spreadsheet.sheet import visible

# Quotation marks that are no way of writing a name, only around it: as sentences of ours have them.
_TYPOGRAPHIC = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"

# A name is taken for another when so much of both is the same, and the second best is so much worse.
_NEAR, _CLEARLY = 0.8, 0.1
# From here on the nearest name is worth telling.
_WORTH_TELLING = 0.5

# Comparing 500 rows of unknown names with thousands of groups would take minutes: steps of one file, about a second's.
_MAX_STEPS = 5_000_000


class MatchKind(Enum):
    EXACT = auto()
    FORM = auto()
    """Equal but for letter case, spaces and kinds of characters."""
    NEAREST = auto()
    AMBIGUOUS = auto()
    UNKNOWN = auto()


@dataclass(frozen=True)
class Match:
    """`name` is that of the thing, or the nearest one of UNKNOWN, or empty. `candidates` are for AMBIGUOUS."""

    how: MatchKind
    id: str = ""
    name: str = ""
    candidates: tuple[str, ...] = ()


class Names:
    """The names of one kind of item, of one organization.

    `named` gives the id, the name by which exactly this one is written, and all names under which it may be asked for.
    """

    def __init__(self, named: Iterable[tuple[str, str, Iterable[str]]]) -> None:
        self._full: dict[str, str] = {}
        self._by_full: dict[str, list[str]] = {}
        self._exact: dict[str, list[str]] = {}
        self._folded: dict[str, list[str]] = {}
        self._found: dict[str, Match] = {}
        self._steps_left = _MAX_STEPS
        for item_id, full, names in named:
            self._full[item_id] = full
            _add(self._by_full, full, item_id)
            for name in dict.fromkeys((full, *names)):
                _add(self._exact, name, item_id)
                _add(self._folded, folded(name), item_id)

    def has(self, name: str) -> bool:
        """Whether there is exactly this name."""
        return name in self._exact

    def match(self, given: str) -> Match:
        if given not in self._found:
            self._found[given] = self._match(given)
        return self._found[given]

    def knows(self, given: str) -> bool:
        """Whether the text is a name, in whatever form, or may be several."""
        return self._known(given) is not None

    def _match(self, given: str) -> Match:
        return self._known(given) or self._nearest(folded(_unquoted(given)))

    def _known(self, given: str) -> Match | None:
        for how, ids in (
            (MatchKind.EXACT, self._by_full.get(given)),
            (MatchKind.EXACT, self._by_full.get(given.strip())),
            (MatchKind.EXACT, self._exact.get(given.strip())),
            (MatchKind.EXACT, self._exact.get(_unquoted(given))),
            (MatchKind.FORM, self._folded.get(folded(_unquoted(given)))),
        ):
            if ids is not None and len(ids) == 1:
                return Match(how, ids[0], self._full[ids[0]])
            if ids is not None:
                return Match(MatchKind.AMBIGUOUS, candidates=tuple(sorted(self._full[one] for one in ids)))
        return None

    def _nearest(self, form: str) -> Match:
        best, best_form, ratio, second = "", "", 0.0, 0.0
        matcher = SequenceMatcher(autojunk=False)
        # It keeps what it knows of the second text, which is therefore the one that stays.
        matcher.set_seq2(form)
        for other, ids in self._folded.items():
            if self._steps_left <= 0:
                return Match(MatchKind.UNKNOWN)
            similarity = self._similarity(matcher, form, other, at_least=max(second, _WORTH_TELLING))
            if similarity > ratio:
                second = second if ids[0] == best else ratio
                best, best_form, ratio = ids[0], other, similarity
            elif ids[0] != best:
                second = max(second, similarity)
        if ratio < _WORTH_TELLING:
            return Match(MatchKind.UNKNOWN)
        sure = ratio >= _NEAR and ratio - second >= _CLEARLY and len(self._folded[best_form]) == 1
        # Team 11 is not a way of writing Team 12.
        if sure and _digits(best_form) == _digits(form):
            return Match(MatchKind.NEAREST, best, self._full[best])
        return Match(MatchKind.UNKNOWN, name=self._full[best])

    def _similarity(self, matcher: "SequenceMatcher[str]", form: str, other: str, at_least: float) -> float:
        matcher.set_seq1(other)
        product = len(other) * len(form)
        self._steps_left -= 20
        if matcher.real_quick_ratio() < at_least:
            return 0.0
        self._steps_left -= len(other) + len(form)
        if matcher.quick_ratio() < at_least:
            return 0.0
        self._steps_left -= product
        return matcher.ratio()


def written(name: str, separators: str) -> str:
    """The name as it is written among others: in quotation marks where it would be cut at one of the separators."""
    if not (set(name) & {*separators, "\r", "\n"} or name.startswith('"') or name != name.strip()):
        return name
    return '"' + name.replace('"', '""') + '"'


def parts_of(text: str, separators: str) -> list[str]:
    """The names in a text, each as it stands there, cut at separators and line breaks outside of quotation marks."""
    return re.findall(rf'(?:\s*"(?:[^"]|"")*"\s*(?=[{separators}\r\n]|$)|[^{separators}\r\n])+', text)


def _unquoted(text: str) -> str:
    """The name without quotation marks around it."""
    bare = text.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        return bare[1:-1].replace('""', '"')
    return bare.strip(_TYPOGRAPHIC).strip() if bare[:1] in _TYPOGRAPHIC else bare


def _add(ids_by_name: dict[str, list[str]], name: str, item_id: str) -> None:
    ids = ids_by_name.setdefault(name, [])
    if item_id not in ids:
        ids.append(item_id)


def folded(name: str) -> str:
    """Equal for names that look the same but for letter case and spaces."""
    plain = unicodedata.normalize("NFKC", normalized(visible(name)))
    return re.sub(r"\s*/\s*", "/", " ".join(plain.split()))


def _digits(name: str) -> list[str]:
    return re.findall(r"\d+", name)

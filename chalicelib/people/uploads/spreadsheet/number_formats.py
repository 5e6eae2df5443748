"""Numbers as a spreadsheet shows them: `EMP-00042`, `50%`, `1,234.50` (ECMA-376 part 1, 18.8.31)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

# Excel keeps no longer formats.
_MAX_FORMAT = 255
# More would be more digits than Decimal computes with.
_MAX_DECIMALS = 10
# In the place of digits: the number as it is shown without a format.
_GENERAL = "General"

_TOKENS = re.compile(
    r"""
    "(?P<quoted>[^"]*)" | \\(?P<escaped>.) | _. | \*.
    | \[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]
    | \[(?:Black|Blue|Cyan|Green|Magenta|Red|White|Yellow|Color\ ?\d+)\]
    | \[(?P<compared>[<>=]|<=|>=|<>)(?P<bound>-?\d+(?:\.\d+)?)\] | (?P<general>General) | (?P<at>@)
    | (?P<digit>[0#?]) | (?P<point>\.) | (?P<comma>,) | (?P<percent>%) | (?P<end>;)
    | (?P<literal>[-+$(): !&'~{}=]|[^\x00-\x7f])
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass
class _Section:
    """What one kind of number is shown as: texts (True) and places of digits (False) before and after the point."""

    whole: list[tuple[bool, str]] = field(default_factory=list)
    decimals: list[tuple[bool, str]] = field(default_factory=list)
    has_point: bool = False
    has_thousands: bool = False
    num_percents: int = 0
    # What numbers it is for, where it says so: how they compare with the bound.
    condition: tuple[str, Decimal] | None = None
    is_for_texts: bool = False

    @property
    def has_digits(self) -> bool:
        return bool(self.num_decimals) or any(not is_text for is_text, _ in self.whole)

    @property
    def num_decimals(self) -> int:
        return sum(not is_text for is_text, _ in self.decimals)


def formatted(raw: str, code: str) -> str | None:
    """What a cell with this number and format shows; None for a format that is not understood here, such as one with
    fractions or exponents, and for one that shows the plain number.
    """
    sections = _sections(code)
    try:
        value = Decimal(raw)
    except InvalidOperation:
        return None
    if sections is None or not value.is_finite():
        return None
    section = _section_for(value, sections)
    is_for_all = section is sections[0] and (len(sections) == 1 or _takes_positive(section))
    # The others say for themselves that a number is negative.
    return _shown(value if is_for_all else abs(value), section)


def plain_number(raw: str) -> str:
    """The number as it is shown without a format. Raises ValueError for what is no number."""
    value = float(raw)
    # Python's own limit on digits is one of time.
    whole = int(raw) if raw.lstrip("-").isdecimal() and len(raw) <= 20 else None
    if whole is None and abs(value) < 1e15 and value.is_integer():
        whole = int(value)
    # Excel keeps fifteen digits: 0.30000000000000004 is 0.3.
    return str(whole) if whole is not None else repr(float(f"{value:.15g}"))


def _section_for(value: Decimal, sections: Sequence[_Section]) -> _Section:
    """The first is for positive numbers, the second for negative ones and the third for zero, unless one of the first
    two says which numbers it is for: then the next is for those that are left.
    """
    first, second, third = (*sections, *[sections[0]] * 2)[:3]
    if first.condition is None and second.condition is None:
        return second if value < 0 and len(sections) > 1 else third if value == 0 else first
    for section in (first, second):
        if section.condition is not None and _holds(value, section.condition):
            return section
    return third if first.condition is not None and second.condition is not None else second


def _takes_positive(section: _Section) -> bool:
    return section.condition is not None and (">" in section.condition[0] or section.condition[1] > 0)


def _holds(value: Decimal, condition: tuple[str, Decimal]) -> bool:
    compared, bound = condition
    if compared == "<>":
        return value != bound
    return (
        ("<" in compared and value < bound)
        or (">" in compared and value > bound)
        or ("=" in compared and value == bound)
    )


@lru_cache(maxsize=64)
def _sections(code: str) -> list[_Section] | None:
    if len(code) > _MAX_FORMAT:
        return None
    sections = [_Section()]
    at = 0
    while at < len(code):
        match = _TOKENS.match(code, at)
        if match is None or not _take(match, sections):
            return None
        at = match.end()
    if sections[-1].is_for_texts or len(sections) == 4:
        sections.pop()
    is_understood = sections and sections[0].has_digits and not any(section.is_for_texts for section in sections)
    return sections if is_understood and len(sections) < 4 else None


def _take(match: re.Match[str], sections: list[_Section]) -> bool:
    section = sections[-1]
    kind = match.lastgroup
    pieces = section.decimals if section.has_point else section.whole
    if kind == "end":
        sections.append(_Section())
    elif kind in ("digit", "general"):
        # A number in general is in no other places.
        if any(not is_text and (kind == "general" or piece == _GENERAL) for is_text, piece in section.whole):
            return False
        pieces.append((False, match["digit"] or _GENERAL))
    elif kind == "bound":
        section.condition = (match["compared"], Decimal(match["bound"]))
    elif kind == "at":
        section.is_for_texts = True
    elif kind == "point":
        if section.has_point:
            return False
        section.has_point = True
    elif kind == "comma":
        # One behind the last digit divides by a thousand.
        if section.has_point or not re.match(r"[^;]*?[0#?]", match.string[match.end() :]):
            return False
        section.has_thousands = True
    elif kind == "percent":
        if section.num_percents:
            return False
        section.num_percents = 1
        pieces.append((True, "%"))
    elif kind is not None:
        pieces.append((True, match[kind]))
    return True


def _shown(value: Decimal, section: _Section) -> str:
    if (False, _GENERAL) in section.whole:
        text = "".join(piece if is_text else plain_number(str(abs(value))) for is_text, piece in section.whole)
        return ("-" if value < 0 else "") + text
    num_decimals = min(section.num_decimals, _MAX_DECIMALS)
    value = value.scaleb(2 * section.num_percents).quantize(Decimal(1).scaleb(-num_decimals), ROUND_HALF_UP)
    whole, _, decimals = f"{abs(value):f}".partition(".")
    text = _whole_text(whole.lstrip("0"), section)
    if section.has_point:
        text += "." + _decimals_text(decimals, section.decimals)
    return ("-" if value < 0 else "") + text


def _whole_text(digits: str, section: _Section) -> str:
    """Digits go into their places from the right; the first place takes all that are left."""
    places = [piece for is_text, piece in section.whole if not is_text]
    # `000-00` shows 1234567 as 12345-67.
    digits = digits.rjust(len(places), "\0")
    shown = [digits[: len(digits) - len(places) + 1], *digits[len(digits) - len(places) + 1 :]] if places else []
    texts: list[str] = []
    for is_text, piece in section.whole:
        texts.append(piece if is_text else shown.pop(0).replace("\0", "0" if piece == "0" else ""))
    text = "".join(texts)
    return re.sub(r"(?<=\d)(?=(?:\d{3})+(?!\d))", ",", text) if section.has_thousands else text


def _decimals_text(decimals: str, pieces: list[tuple[bool, str]]) -> str:
    texts = []
    rest = decimals
    for is_text, piece in pieces:
        if is_text:
            texts.append(piece)
            continue
        # An optional place shows no zeros at the end.
        texts.append(rest[:1] if piece == "0" or rest.strip("0") else "")
        rest = rest[1:]
    return "".join(texts)

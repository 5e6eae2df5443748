"""Numbers as a spreadsheet shows them: `EMP-00042`, `50%`, `1,234.50` (ECMA-376 part 1, 18.8.31)."""

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

# Excel keeps no longer formats.
_MAX_FORMAT = 255
# More would be more digits than Decimal computes with.
_MAX_DECIMALS = 10

_TOKENS = re.compile(
    r"""
    "(?P<quoted>[^"]*)" | \\(?P<escaped>.) | _. | \*.
    | \[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]
    | \[(?:Black|Blue|Cyan|Green|Magenta|Red|White|Yellow|Color\ ?\d+)\]
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

    @property
    def num_decimals(self) -> int:
        return sum(not is_text for is_text, _ in self.decimals)


def formatted(raw: str, code: str) -> str | None:
    """What a cell with this number and format shows; None for a format that is not understood here, such as one with
    conditions, fractions or exponents.
    """
    sections = _sections(code)
    try:
        value = Decimal(raw)
    except InvalidOperation:
        return None
    if sections is None or not value.is_finite():
        return None
    section = sections[0]
    if value < 0 and len(sections) > 1:
        section, value = sections[1], -value
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    return _shown(value, section)


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
    # A fourth one is for texts.
    numbers = sections[:3]
    has_digits = all(
        section.num_decimals or any(not is_text for is_text, _ in section.whole) for section in numbers[:1]
    )
    return numbers if has_digits else None


def _take(match: re.Match[str], sections: list[_Section]) -> bool:
    section = sections[-1]
    kind = match.lastgroup
    pieces = section.decimals if section.has_point else section.whole
    if kind == "end":
        sections.append(_Section())
    elif kind == "digit":
        pieces.append((False, match["digit"]))
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

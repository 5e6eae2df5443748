"""Numbers of a workbook as texts: dates and times are numbers, and only their format tells.

ECMA-376 part 1: number formats 18.8.30, dates 18.17.4.1.
"""

import re
from datetime import datetime, timedelta

from chalicelib.people.uploads.spreadsheet.number_formats import formatted, plain_number

_DATE_IDS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
# Those of the formats that every workbook has which show more than the plain number (18.8.30).
_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    # Not in the standard, and in every Excel.
    41: '#,##0;(#,##0);"-"',
    43: '#,##0.00;(#,##0.00);"-"',
}
_MAX_FORMATTED = 1e15
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  A date without a zone is what such a cell holds.
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
# 9999-12-31, after which Excel shows no dates.
_LAST_DAY = 2_958_466
# Excel takes 1900 for a leap year; before its 29 February days are off by one.
_FALSE_LEAP_DAY = 60

# Excel keeps no longer formats.
_MAX_FORMAT = 255
# Texts in quotation marks, single characters taken as they are, colours and languages; but for [h], [mm], [ss].
_NOT_CODES = re.compile(r'"[^"]*"|[\\_*].|\[(?!(?:h+|m+|s+)\])[^\[\]]*\]', re.IGNORECASE)


def is_date(format_id: int, code: str | None) -> bool:
    """`code` is that of a format of the workbook's own; what every workbook has is known by its id."""
    if code is None:
        return format_id in _DATE_IDS
    return len(code) <= _MAX_FORMAT and re.search("[dmyhs]", _codes(code), re.IGNORECASE) is not None


def _codes(code: str) -> str:
    shown = _NOT_CODES.sub("", code).split(";")[0]
    # Its name in some languages has such a letter.
    return "" if shown.strip().casefold() in ("general", "standard") else shown


def format_of(format_id: int, code: str | None) -> str | None:
    """The code of a number's format; None for that of every cell without one, and for what is not shown like that."""
    return code or _BUILT_IN.get(format_id)


def number_text(raw: str, *, dated: bool, from_1904: bool, code: str | None) -> str:
    """What a cell with this number shows, with dates as ISO 8601. Raises ValueError for what is no number."""
    value = float(raw)
    if dated and 0 <= value < _LAST_DAY:
        return _date_text(value, from_1904=from_1904)
    shown = formatted(raw, code) if code and not dated and abs(value) < _MAX_FORMATTED else None
    if shown is not None:
        return shown
    return plain_number(raw)


def _date_text(value: float, *, from_1904: bool) -> str:
    days, fraction = divmod(value, 1)
    seconds = round(fraction * 86_400)
    if value < 1 and not from_1904:
        return _clock(seconds)
    if value < _FALSE_LEAP_DAY and not from_1904:
        days += 1
    try:
        at = (_EPOCH_1904 if from_1904 else _EPOCH) + timedelta(days=days, seconds=seconds)
    except OverflowError:
        return repr(value)
    date = at.date().isoformat()
    return f"{date} {_clock(at.hour * 3600 + at.minute * 60 + at.second)}" if seconds else date


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}" + (f":{rest:02}" if rest else "")

"""What every kind of uploaded spreadsheet comes to: headings, and rows of texts."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.spreadsheet.refusals import refusal

MAX_ROWS = 500
MAX_COLUMNS = 50
MAX_CELL = 1000

# The apostrophes that chalicelib/core/csv_files.py puts before what a spreadsheet would run, as it finds those places.
_RUN = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_APOSTROPHES = re.compile(rf"^'+(?=\s*{_RUN})|(?<=[;\r\n])'+(?=[\s\"]*{_RUN})")

# Letters are joined by these two, so that they count within a word; around it they are nothing.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class SheetRow:
    """`number` is the line as a spreadsheet numbers it; there are as many cells as headings."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Sheet:
    """`header` is as written; a column without a heading has an empty one. Rows without any text are left out."""

    header: list[str]
    rows: list[SheetRow]


def sheet_of(lines: Iterable[tuple[int, Sequence[str]]]) -> Sheet:
    """The sheet of these numbered lines, of which the first that is not blank is the header. Raises MusterError."""
    header: list[str] | None = None
    rows: list[SheetRow] = []
    for number, written in lines:
        cells = _kept(number, written)
        if not cells:
            continue
        if header is None:
            header = cells
            continue
        if len(rows) == MAX_ROWS:
            raise refusal("too_many_rows", limit=MAX_ROWS)
        rows.append(SheetRow(number, cells))
    if header is None:
        raise refusal("empty_file")
    width = max([len(header), *(len(row.cells) for row in rows)])
    for cells in (header, *(row.cells for row in rows)):
        cells.extend([""] * (width - len(cells)))
    return Sheet(header, rows)


def _kept(number: int, written: Sequence[str]) -> list[str]:
    """Up to the last cell that is not blank."""
    if not any(written):
        return []
    if not all(is_blank(cell) for cell in written[MAX_COLUMNS:]):
        raise refusal("too_many_columns", limit=MAX_COLUMNS)
    cells = [unescaped(cell) for cell in written[:MAX_COLUMNS]]
    for column, cell in enumerate(cells, 1):
        if len(cell) > MAX_CELL:
            raise too_long(number, column)
    while cells and is_blank(cells[-1]):
        cells.pop()
    return cells


def too_long(number: int, column: int) -> MusterError:
    return refusal("cell_too_long", place=f"{letters(column)}{number}", limit=MAX_CELL)


def letters(column: int) -> str:
    """The name of a column, counted from 1: A, B, ... Z, AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def unescaped(cell: str) -> str:
    """The cell without the apostrophes that a file of ours has before what a spreadsheet would run.

    All of them go where several follow each other, so that what is read never has any at such a place, and
    is the same after it was written to the file of failed rows and read again.
    """
    return _APOSTROPHES.sub("", cell)


def is_invisible(character: str) -> bool:
    """Controls, and what only tells how to show text: marks of byte order and direction, zero-width spaces."""
    return character not in _JOINERS and unicodedata.category(character) in ("Cc", "Cf")


def is_blank(text: str) -> bool:
    return not text or text.isspace() or not trimmed(text)


def trimmed(text: str) -> str:
    """Without what cannot be seen around it: white space of every kind, controls, marks."""
    start, end = 0, len(text)
    while start < end and _is_nothing(text[start]):
        start += 1
    while start < end and _is_nothing(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_nothing(character: str) -> bool:
    return character.isspace() or character in _JOINERS or is_invisible(character)


def visible(text: str) -> str:
    """On one line, without what cannot be seen within it or around it."""
    on_one_line = re.sub(r"[\t\r\n\v\f\x85\u2028\u2029]+", " ", text)
    return trimmed("".join(character for character in on_one_line if not is_invisible(character)))

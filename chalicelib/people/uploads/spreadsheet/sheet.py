"""What every kind of uploaded spreadsheet comes to: headings, and rows of texts."""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.limits import MAX_CELL, MAX_COLUMNS
from chalicelib.people.uploads.spreadsheet.refusals import refusal

# The apostrophes that chalicelib/core/csv_files.py puts before what a spreadsheet would run, as it finds those places.
_RUN = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_APOSTROPHES = re.compile(rf"^'+(?=\s*{_RUN})|(?<=[;\r\n])'+(?=[\s\"]*{_RUN})")

# #N/A, #REF!, #DIV/0!, #NAME?, and what Excel calls them in other languages: #NV, #WERT!, #¿NOMBRE?. Err:502 is
# LibreOffice's.
_ERROR = re.compile(
    r"#(?:N/[ABD]|N/D!|NV|I/T|YOK|\u041d/\u0414|HIÁNYZIK|NENÍ_K_DISPOZICI|GETTING_DATA|[¡¿]?(?:[^\W\d_]|/0){2,12}[!?])"
    r"|Err:5\d\d"
)

# Letters are joined by these two, so that they count within a word; around it they are nothing.
_JOINERS = "\u200c\u200d"


class CellNote(StrEnum):
    """What a reader has to say of a cell beside its text."""

    STORED_VALUE = "stored_value"
    """A formula; the text is the value that the program stored with it."""
    FORMULA = "formula"
    """A formula whose value is not in the file; the text is empty."""
    ERROR = "error_value"
    """An error such as #N/A; the text is empty."""


@dataclass(frozen=True)
class SheetRow:
    """`number` is the line as a spreadsheet numbers it. `notes` by the index of the cell."""

    number: int
    cells: list[str]
    notes: dict[int, CellNote] = field(default_factory=dict)
    is_hidden: bool = False


@dataclass(frozen=True)
class Sheet:
    """`header` is as written; a column without a heading has an empty one. Rows have as many cells as headings, and
    at least one that is not blank.
    """

    header: list[str]
    rows: list[SheetRow]
    header_number: int = 1


def is_error(cell: str) -> bool:
    if not cell.startswith(("#", "Err:")) or _ERROR.fullmatch(cell) is None:
        return False
    return cell == cell.upper() or cell.startswith("Err:")


def kept(line: SheetRow) -> SheetRow | None:
    """The line up to its last cell that says something; None for a blank one. Raises MusterError for its limits."""
    if not any(line.cells) and not line.notes:
        return None
    if not all(is_blank(cell) for cell in line.cells[MAX_COLUMNS:]):
        raise refusal("too_many_columns", limit=MAX_COLUMNS)
    cells = [unescaped(cell) for cell in line.cells[:MAX_COLUMNS]]
    for column, cell in enumerate(cells, 1):
        if len(cell) > MAX_CELL:
            raise too_long(line.number, column)
    notes = {index: note for index, note in line.notes.items() if index < MAX_COLUMNS}
    while cells and is_blank(cells[-1]) and len(cells) - 1 not in notes:
        cells.pop()
    return SheetRow(line.number, cells, notes, line.is_hidden) if cells else None


def readable(lines: Iterable[SheetRow]) -> list[SheetRow]:
    """Those of the lines that say something and keep to the limits."""
    rows = []
    for line in lines:
        with suppress(MusterError):
            rows.append(kept(line))
    return [row for row in rows if row is not None]


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
    if text.isprintable():
        # As nearly every cell is, and ten times as fast: there is no white space but blanks.
        return text.strip(" ")
    on_one_line = re.sub(r"[\t\r\n\v\f\x85\u2028\u2029]+", " ", text)
    return trimmed("".join(character for character in on_one_line if not is_invisible(character)))

"""CSV (RFC 4180) for spreadsheet programs: UTF-8 with a byte-order mark, and no cell that they run as a formula."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

Cell = str | int | date | None

CONTENT_TYPE = "text/csv; charset=utf-8"

# Without it Excel takes UTF-8 for the code page of its own language.
BYTE_ORDER_MARK = "\ufeff"

# The first characters of a formula; the full-width forms are those of Excel's Japanese edition.
_FORMULA = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"

# A formula starts at the start of a cell, after white space. In countries with a decimal comma Excel splits lines at
# semicolons and ignores the quotation marks around a cell. So a formula also starts after a semicolon or a line break
# within the cell, after quotation marks.
_STARTS = re.compile(rf"^(?=\s*{_FORMULA})|(?<=[;\r\n])(?=[\s\"]*{_FORMULA})")


@dataclass
class Sheet:
    """`num_rows` is the number of rows written so far, without the headings."""

    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    num_rows: int = 0
    content_type: str = CONTENT_TYPE

    def pieces(self) -> Iterator[bytes]:
        """The file line by line; only one line is in memory."""
        write = csv.writer(_Echo(), lineterminator="\r\n").writerow
        yield _encoded(BYTE_ORDER_MARK + write(self.headings))
        for row in self.rows:
            yield _encoded(write([cell_text(cell) for cell in row]))
            self.num_rows += 1


class _Echo:
    """A file whose `write` returns the line: csv's `writerow` returns what `write` does."""

    def write(self, line: str) -> str:
        return line


def _encoded(line: str) -> bytes:
    # Half a surrogate pair cannot be encoded; it must not fail the whole file.
    return line.encode("utf-8", "replace")


def cell_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        return escape_formula(cell)
    return str(cell)


def escape_formula(text: str) -> str:
    """The text with an apostrophe before each formula, which a spreadsheet program then shows as text."""
    return _STARTS.sub("'", text)

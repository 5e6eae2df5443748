"""Tables as CSV (RFC 4180) that spreadsheets open well: UTF-8 with a byte-order mark, nothing that they would run."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

Cell = str | int | date | None

CONTENT_TYPE = "text/csv; charset=utf-8"

# Without it Excel reads UTF-8 as the code page of its own language.
BYTE_ORDER_MARK = "\ufeff"

# What makes a spreadsheet take a cell for a formula, the full-width forms in Excel's Japanese edition.
_RUN = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"

# Where it would: at the start of the cell, white space aside. Where the comma is the decimal sign, Excel splits lines
# at semicolons instead, and overlooks the quotation marks around such a cell; so a start is also what follows a
# semicolon or a line break within it, quotation marks aside.
_STARTS = re.compile(rf"^(?=\s*{_RUN})|(?<=[;\r\n])(?=[\s\"]*{_RUN})")


@dataclass
class Sheet:
    """`num_rows` counts the rows as they are written, without the line of headings."""

    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    num_rows: int = 0

    def pieces(self) -> Iterator[bytes]:
        """The file line by line; no more than one is in memory."""
        write = csv.writer(_Echo(), lineterminator="\r\n").writerow
        yield _encoded(BYTE_ORDER_MARK + write(self.headings))
        for row in self.rows:
            yield _encoded(write([cell_text(cell) for cell in row]))
            self.num_rows += 1


class _Echo:
    """A file that gives back what is written to it, which csv's writer hands on."""

    def write(self, line: str) -> str:
        return line


def _encoded(line: str) -> bytes:
    # Half a surrogate pair is no reason to go without the whole file.
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
    """The text with an apostrophe before whatever a spreadsheet would run; it then shows both as text."""
    return _STARTS.sub("'", text)

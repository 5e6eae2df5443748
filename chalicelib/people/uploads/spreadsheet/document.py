"""What every kind of uploaded file comes to before one of its sheets is chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.people.uploads.spreadsheet.encodings import Decoding
from chalicelib.people.uploads.spreadsheet.sheet import SheetRow

# So many lines of a sheet show what it holds; headings stand in one of them.
NUM_FIRST_LINES = 10
# Of so many sheets the first lines are looked at.
MAX_SHEETS = 30


@dataclass(frozen=True)
class SheetEntry:
    """`is_open`: the sheet that is seen when the workbook is opened."""

    name: str
    is_hidden: bool = False
    is_open: bool = False


@dataclass(frozen=True)
class Document:
    """`lines_of` gives the lines of a sheet by its index, and raises MusterError where they cannot be read.
    `first_lines` gives those of every sheet that hold something; None for a sheet that nobody looked at.
    `decoding` is that of a text file, whose one sheet has no name.
    """

    sheets: Sequence[SheetEntry]
    lines_of: Callable[[int], list[SheetRow]]
    first_lines: Callable[[], Sequence[Sequence[SheetRow] | None]]
    decoding: Decoding | None = None

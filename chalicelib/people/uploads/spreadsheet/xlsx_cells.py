"""The cells of one sheet of an uploaded workbook, as they are stored (ECMA-376 part 1, 18.3)."""

import re
from dataclasses import dataclass, field

from chalicelib.people.uploads.limits import MAX_COLUMNS
from chalicelib.people.uploads.spreadsheet.archive import Attributes, Handler, Parts, StopParsing
from chalicelib.people.uploads.spreadsheet.refusals import refusal

MAX_LINE, MAX_CELLS_OF_LINE = 1_048_576, 16_384

_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")


@dataclass(slots=True)
class Cell:
    """`raw` is what `kind` (18.18.11) says: a number, an index of the shared strings, a text."""

    kind: str
    style: int
    raw: str = ""
    is_formula: bool = False


@dataclass
class CellLines:
    """The cells that hold something, by line and column; `hidden` are the lines that are not shown."""

    cells: dict[int, dict[int, Cell]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)


class _SheetHandler(Handler):
    """Gathers the cells; of those past the last column one. `limit` is the number of lines after which it stops."""

    def __init__(self, limit: int | None) -> None:
        super().__init__(self._start, self._end, self._text)
        self.lines = CellLines()
        self._limit = limit
        self._number = 0
        self._column = 0
        self._cell: Cell | None = None
        self._path: list[str] = []
        self._pieces: list[str] = []

    def _start(self, name: str, attributes: Attributes) -> None:
        self._path.append(name)
        if name == "row":
            self._begin_line(attributes)
        elif name == "c":
            self._begin_cell(attributes)
        elif name == "f" and self._cell is not None:
            self._cell.is_formula = True

    def _begin_line(self, attributes: Attributes) -> None:
        number = int(float(attributes.get("r", self._number + 1)))
        if not self._number < number <= MAX_LINE:
            raise refusal("broken_workbook")
        if self._limit is not None and len(self.lines.cells) >= self._limit:
            raise StopParsing
        self._number, self._column = number, 0
        if attributes.get("hidden") in ("1", "true"):
            self.lines.hidden.add(number)

    def _begin_cell(self, attributes: Attributes) -> None:
        reference = attributes.get("r")
        self._column = _column_in(reference) if reference else self._column + 1
        if not self._number or self._column > MAX_CELLS_OF_LINE:
            raise refusal("broken_workbook")
        self._cell = Cell(attributes.get("t", "n"), int(attributes.get("s", 0)))
        self._pieces = []

    def _text(self, text: str) -> None:
        # Of a rich text all runs, and none of how its letters are read aloud.
        if self._path[-1] == "v" or (self._path[-1] == "t" and "is" in self._path and "rPh" not in self._path):
            self._pieces.append(text)

    def _end(self, name: str) -> None:
        self._path.pop()
        if name == "sheetData":
            raise StopParsing
        if name == "c" and self._cell is not None:
            self._cell.raw = "".join(self._pieces)
            if self._cell.raw or self._cell.is_formula:
                line = self.lines.cells.setdefault(self._number, {})
                # Whatever is past the last column gets the file refused; where it was matters no more.
                line[min(self._column, MAX_COLUMNS + 1)] = self._cell
            self._cell = None


def _column_in(reference: str) -> int:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise refusal("broken_workbook")
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def cells_of(parts: Parts, name: str, limit: int | None = None) -> CellLines:
    """The cells of a sheet, or of its first lines that hold any."""
    handler = _SheetHandler(limit)
    parts.read(name, handler)
    return handler.lines

"""The cells of one sheet of an uploaded workbook, as they are stored (ECMA-376 part 1, 18.3)."""

import re
from dataclasses import dataclass

from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.spreadsheet.sheet import MAX_COLUMNS, letters
from chalicelib.people.uploads.spreadsheet.xlsx_xml import Attributes, Handler, Parts, StopParsing

MAX_LINE, MAX_CELLS_OF_LINE = 1_048_576, 16_384

_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")


@dataclass(slots=True)
class Cell:
    """`raw` is what `kind` (18.18.11) says: a number, an index of the shared strings, a text."""

    kind: str
    style: int
    raw: str = ""


class _SheetHandler(Handler):
    """Gathers the cells that hold something, by line and column; of those past the last column one."""

    def __init__(self) -> None:
        super().__init__(self._start, self._end, self._text)
        self.lines: dict[int, dict[int, Cell]] = {}
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
        elif name == "f":
            raise refusal("formulas", place=f"{letters(self._column)}{self._number}")

    def _begin_line(self, attributes: Attributes) -> None:
        number = int(float(attributes.get("r", self._number + 1)))
        if not self._number < number <= MAX_LINE:
            raise refusal("broken_workbook")
        self._number, self._column = number, 0

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
            line = self.lines.setdefault(self._number, {}) if self._cell.raw else {}
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


def cells_of(parts: Parts, name: str) -> dict[int, dict[int, Cell]]:
    handler = _SheetHandler()
    parts.read(name, handler)
    return handler.lines

"""Uploaded OpenDocument spreadsheets (.ods), as LibreOffice saves them (OpenDocument 1.3, part 3)."""

import re
from dataclasses import dataclass, field

from chalicelib.people.uploads.limits import MAX_CELL, MAX_COLUMNS, MAX_ROWS
from chalicelib.people.uploads.spreadsheet.archive import Attributes, Handler, Parts, local
from chalicelib.people.uploads.spreadsheet.document import MAX_SHEETS, NUM_FIRST_LINES, Document, SheetEntry
from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.spreadsheet.sheet import CellNote, SheetRow, is_error
from chalicelib.people.uploads.spreadsheet.xlsx_numbers import number_text

MEDIA_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"

# Lines above the header, the header, and one row too many.
_MAX_LINES = NUM_FIRST_LINES + MAX_ROWS + 2
_MAX_LINE = 1_048_576

_EXPONENT = re.compile(r"\dE[+-]?\d")

# What may stand in a cell beside its text: comments, pictures.
_NOT_CELL_TEXT = frozenset({"annotation", "frame", "custom-shape"})


def is_ods(parts: Parts) -> bool:
    return "mimetype" in parts and parts.bytes_of("mimetype", 100).strip().startswith(MEDIA_TYPE)


def document(parts: Parts) -> Document:
    """Raises MusterError for what is damaged or under a password."""
    _refuse_encrypted(parts)
    if "content.xml" not in parts:
        raise refusal("broken_workbook")
    open_name = _open_sheet(parts)
    handler = _ContentHandler(open_name)
    parts.read("content.xml", handler)
    tables = handler.tables
    return Document(
        [SheetEntry(table.name, table.style in handler.hidden_styles, table.name == open_name) for table in tables],
        lambda index: tables[index].rows,
        lambda: [table.rows[:NUM_FIRST_LINES] for table in tables],
    )


@dataclass
class _Table:
    name: str
    style: str
    rows: list[SheetRow] = field(default_factory=list)


@dataclass
class _Cell:
    repeated: int
    kind: str
    value: str
    is_formula: bool
    has_error: bool
    paragraphs: list[str] = field(default_factory=list)


class _ContentHandler(Handler):
    """Gathers the rows of all tables that hold something; of a table no more than one could read."""

    def __init__(self, open_name: str) -> None:
        super().__init__(self._start, self._end, self._text)
        self._open_name: str | None = open_name
        self._is_looked_at = True
        self.tables: list[_Table] = []
        self.hidden_styles: set[str] = set()
        self._path: list[str] = []
        self._style = ""
        self._number = 0
        self._row_repeated = 1
        self._is_hidden = False
        self._cells: list[str] = []
        self._notes: dict[int, CellNote] = {}
        self._cell: _Cell | None = None
        # How deep in what does not belong to the cell's text.
        self._aside = 0

    def _start(self, name: str, attributes: Attributes) -> None:
        self._path.append(name)
        if name in _NOT_CELL_TEXT:
            self._aside += 1
        elif name == "style":
            self._style = _value(attributes, "name")
        elif name == "table-properties" and _value(attributes, "display") == "false":
            self.hidden_styles.add(self._style)
        elif name == "table":
            self._begin_table(_Table(_value(attributes, "name"), _value(attributes, "style-name")))
        elif name == "table-row":
            self._begin_row(attributes)
        elif name in ("table-cell", "covered-table-cell"):
            self._begin_cell(attributes)
        elif self._cell is not None and not self._aside:
            self._begin_text(name, attributes, self._cell)

    def _begin_table(self, table: _Table) -> None:
        is_open = table.name == self._open_name
        self._is_looked_at = len(self.tables) < MAX_SHEETS or is_open
        # Names are unique, and whoever made the file otherwise has the first read.
        if is_open:
            self._open_name = None
        self.tables.append(table)
        self._number = 0

    def _begin_row(self, attributes: Attributes) -> None:
        self._number += 1
        self._row_repeated = _times(attributes, "number-rows-repeated")
        self._is_hidden = _value(attributes, "visibility") in ("collapse", "filter")
        self._cells, self._notes = [], {}

    def _begin_cell(self, attributes: Attributes) -> None:
        kind = _value(attributes, "value-type")
        value = _value(attributes, "date-value") if kind == "date" else _value(attributes, "value")
        has_error = attributes.get("calcext:value-type") == "error"
        is_formula = bool(_value(attributes, "formula"))
        self._cell = _Cell(_times(attributes, "number-columns-repeated"), kind, value, is_formula, has_error)

    def _begin_text(self, name: str, attributes: Attributes, cell: _Cell) -> None:
        if name == "p":
            cell.paragraphs.append("")
        elif not cell.paragraphs or len(cell.paragraphs[-1]) > MAX_CELL:
            return
        elif name == "s":
            cell.paragraphs[-1] += " " * min(_times(attributes, "c"), MAX_CELL)
        elif name in ("tab", "line-break"):
            cell.paragraphs[-1] += "\t" if name == "tab" else "\n"

    def _text(self, text: str) -> None:
        if self._cell is not None and self._cell.paragraphs and not self._aside and "p" in self._path:
            self._cell.paragraphs[-1] += text

    def _end(self, name: str) -> None:
        self._path.pop()
        if name in _NOT_CELL_TEXT:
            self._aside -= 1
        elif name in ("table-cell", "covered-table-cell") and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif name == "table-row" and self.tables:
            self._end_row(self.tables[-1])

    def _end_cell(self, cell: _Cell) -> None:
        text, note = _shown(cell)
        # Of what is past the last column one is enough to get the file refused.
        for _ in range(min(cell.repeated, MAX_COLUMNS + 1 - len(self._cells))):
            if note is not None:
                self._notes[len(self._cells)] = note
            self._cells.append(text)

    def _end_row(self, table: _Table) -> None:
        if self._is_looked_at and (any(self._cells) or self._notes):
            for number in range(self._number, self._number + self._row_repeated):
                if len(table.rows) >= _MAX_LINES:
                    break
                table.rows.append(SheetRow(number, self._cells, self._notes, self._is_hidden))
        self._number += self._row_repeated - 1
        if self._number > _MAX_LINE:
            raise refusal("broken_workbook")


def _shown(cell: _Cell) -> tuple[str, CellNote | None]:
    text = "\n".join(cell.paragraphs)
    if cell.has_error or is_error(text):
        return "", CellNote.ERROR
    if cell.kind == "date" and cell.value:
        text = cell.value.removesuffix("T00:00:00").replace("T", " ")
    elif cell.kind == "float" and (not text or _EXPONENT.search(text)):
        # What would be too wide is shown as a power of ten.
        text = number_text(cell.value, dated=False, from_1904=False, code=None) if cell.value else text
    if not cell.is_formula:
        return text, None
    return text, CellNote.STORED_VALUE if cell.kind or text else CellNote.FORMULA


def _value(attributes: Attributes, name: str) -> str:
    """Of the attribute with this name in OpenDocument itself; `calcext` are LibreOffice's own."""
    return next(
        (value for key, value in attributes.items() if local(key) == name and not key.startswith("calcext:")), ""
    )


def _times(attributes: Attributes, name: str) -> int:
    text = _value(attributes, name) or "1"
    if not text.isdecimal() or not 0 < len(text) < 8:
        raise refusal("broken_workbook")
    return max(int(text), 1)


def _open_sheet(parts: Parts) -> str:
    """The name of the sheet that was seen when the file was saved."""
    name: list[str] = []
    items: list[str] = []

    def start(element: str, attributes: Attributes) -> None:
        items.append(_value(attributes, "name") if element == "config-item" else "")

    def end(element: str) -> None:
        items.pop()

    def text(piece: str) -> None:
        if items and items[-1] == "ActiveTable":
            name.append(piece)

    if "settings.xml" in parts:
        parts.read("settings.xml", Handler(start, end, text))
    return "".join(name)


def _refuse_encrypted(parts: Parts) -> None:
    def start(element: str, attributes: Attributes) -> None:
        if element == "encryption-data":
            raise refusal("encrypted")

    if "META-INF/manifest.xml" in parts:
        parts.read("META-INF/manifest.xml", Handler(start))

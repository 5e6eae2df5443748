"""Uploaded Excel workbooks (.xlsx): their sheets, and the rows of each (ECMA-376 part 1, 18.2 and 18.3)."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.spreadsheet.archive import Attributes, Handler, Parts, local
from chalicelib.people.uploads.spreadsheet.document import MAX_SHEETS, NUM_FIRST_LINES, Document, SheetEntry
from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.spreadsheet.sheet import CellNote, SheetRow, is_error
from chalicelib.people.uploads.spreadsheet.xlsx_cells import Cell, CellLines, cells_of
from chalicelib.people.uploads.spreadsheet.xlsx_values import Styles, strings_of, styles_of, text_of

# Other archives, by the end of a name that each of them has.
_OTHERS = (
    (".iwa", "a document of Apple's Numbers, Pages or Keynote"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    (".csv", "an archive with a CSV file in it"),
    (".xlsx", "an archive with a workbook in it"),
)
_MACRO_FOLDERS = ("xl/macrosheets/", "xl/vbaproject")


@dataclass
class _Book:
    from_1904: bool = False
    open_index: int = 0
    # Name, state and relation of every sheet, in their order.
    sheets: list[tuple[str, str, str]] = field(default_factory=list)


def workbook(parts: Parts, content_type: str) -> Document:
    """Raises MusterError for what is no workbook without macros."""
    book_name = _book_name(parts)
    if "macroenabled" in content_type.casefold() or any(
        name.startswith(_MACRO_FOLDERS) or name.endswith("vbaproject.bin") for name in parts.names()
    ):
        raise refusal("macros")
    _refuse_macro_types(parts)
    book, relations = _book(parts, book_name), _relations(parts, book_name)
    by_kind = {kind: target for target, kind in relations.values()}
    sheets: list[tuple[SheetEntry, str]] = []
    for index, (name, state, relation) in enumerate(book.sheets):
        target, kind = relations.get(relation, ("", ""))
        if kind == "worksheet":
            sheets.append((SheetEntry(name, state != "visible", index == book.open_index), target))
    entries = [entry for entry, _ in sheets]
    # The one that is seen first, however many stand before it.
    looked_at = sorted(range(len(sheets)), key=lambda index: not entries[index].is_open)[:MAX_SHEETS]
    reader = _Reader(book, by_kind, [target for _, target in sheets], looked_at)
    return Document(
        entries,
        lambda index: reader.lines_of(parts.afresh(), index),
        # Asked for twice, for the choice of a sheet and for the secrets.
        cache(lambda: reader.first_lines(parts.afresh())),
    )


@dataclass(frozen=True)
class _Reader:
    book: _Book
    by_kind: dict[str, str]
    targets: Sequence[str]
    looked_at: Sequence[int]

    def lines_of(self, parts: Parts, index: int) -> list[SheetRow]:
        return list(self._rows(parts, [cells_of(parts, self.targets[index])])[0])

    def first_lines(self, parts: Parts) -> list[list[SheetRow] | None]:
        found: dict[int, CellLines] = {}
        for index in self.looked_at:
            # A sheet that cannot be read is said to be so when it is chosen.
            with suppress(MusterError):
                found[index] = cells_of(parts, self.targets[index], NUM_FIRST_LINES)
        rows = dict(zip(found, self._rows(parts, list(found.values())), strict=True))
        return [_readable(rows[index]) if index in rows else None for index in range(len(self.targets))]

    def _rows(self, parts: Parts, sheets: Sequence[CellLines]) -> list[Iterator[SheetRow]]:
        cells = [cell for lines in sheets for line in lines.cells.values() for cell in line.values()]
        strings = strings_of(parts, self.by_kind.get("sharedStrings"), {cell.raw for cell in cells if cell.kind == "s"})
        styles = styles_of(parts, self.by_kind.get("styles"), {cell.style for cell in cells if cell.kind == "n"})
        return [_rows_of(lines, strings, styles, from_1904=self.book.from_1904) for lines in sheets]


def _readable(rows: Iterable[SheetRow]) -> list[SheetRow] | None:
    try:
        return list(rows)
    except MusterError:
        return None


def _rows_of(lines: CellLines, strings: dict[int, str], styles: Styles, *, from_1904: bool) -> Iterator[SheetRow]:
    try:
        for number, line in lines.cells.items():
            texts = [""] * max(line)
            notes: dict[int, CellNote] = {}
            for column, cell in line.items():
                note = _note(cell)
                text = "" if note == CellNote.ERROR else text_of(cell, strings, styles, from_1904=from_1904)
                if is_error(text):
                    note, text = CellNote.ERROR, ""
                if note is not None:
                    notes[column - 1] = note
                texts[column - 1] = text
            yield SheetRow(number, texts, notes, number in lines.hidden)
    except (ValueError, LookupError):
        raise refusal("broken_workbook") from None


def _note(cell: Cell) -> CellNote | None:
    if cell.kind == "e":
        return CellNote.ERROR
    if not cell.is_formula:
        return None
    if cell.raw:
        return CellNote.STORED_VALUE
    # The value of a formula can be a text without letters.
    return None if cell.kind == "str" else CellNote.FORMULA


def _book_name(parts: Parts) -> str:
    for target, kind in _relations(parts, "").values():
        if kind == "officeDocument" and target in parts:
            if target.endswith(".bin"):
                raise refusal("binary_workbook")
            if target.startswith("xl/"):
                return target
    if "xl/workbook.xml" in parts:
        return "xl/workbook.xml"
    raise refusal("not_a_spreadsheet", what=_other_kind(parts))


def _other_kind(parts: Parts) -> str:
    for suffix, what in _OTHERS:
        if any(name.endswith(suffix) for name in parts.names()):
            return what
    return "an archive or a document of another kind"


def _refuse_macro_types(parts: Parts) -> None:
    def start(name: str, attributes: Attributes) -> None:
        if "macroenabled" in attributes.get("ContentType", "").casefold():
            raise refusal("macros")

    if "[Content_Types].xml" in parts:
        parts.read("[Content_Types].xml", Handler(start))


def _relations(parts: Parts, name: str) -> dict[str, tuple[str, str]]:
    """By id: the part that is meant, and the kind of the relation. `name` is the part that has them."""
    folder, file = posixpath.split(name)
    relations: dict[str, tuple[str, str]] = {}

    def start(element: str, attributes: Attributes) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "").replace("\\", "/")
            target = posixpath.normpath(posixpath.join("/", folder, target))
            kind = posixpath.basename(attributes.get("Type", ""))
            relations[attributes.get("Id", "")] = (target.lstrip("/"), kind)

    rels = posixpath.join(folder, "_rels", f"{file}.rels")
    if rels in parts:
        parts.read(rels, Handler(start))
    return relations


def _book(parts: Parts, name: str) -> _Book:
    book = _Book()
    root = ""
    views: list[Attributes] = []

    def start(element: str, attributes: Attributes) -> None:
        nonlocal root
        root = root or element
        if element == "workbookPr":
            book.from_1904 = attributes.get("date1904", "") in ("1", "true")
        elif element == "workbookView":
            views.append(attributes)
        elif element == "sheet":
            relation = next((value for key, value in attributes.items() if local(key) == "id"), "")
            book.sheets.append((attributes.get("name", ""), attributes.get("state", "visible"), relation))

    parts.read(name, Handler(start))
    if root != "workbook":
        raise refusal("broken_workbook")
    # Several windows may show a workbook; the first is the one in front.
    active = views[0].get("activeTab", "0") if views else "0"
    book.open_index = int(active) if active.isdecimal() and len(active) < 6 else 0
    return book

"""Uploaded Excel workbooks (.xlsx): the cells of the first sheet that is visible, as texts.

ECMA-376 part 1, 18.2 (workbook), 18.3 (sheet), 18.4 (strings), 18.8 (styles).
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.spreadsheet.xlsx_cells import Cell, cells_of
from chalicelib.people.uploads.spreadsheet.xlsx_numbers import is_date, number_text
from chalicelib.people.uploads.spreadsheet.xlsx_xml import (
    CORRUPT_ARCHIVE,
    Attributes,
    Handler,
    Parts,
    StopParsing,
    local,
)

MAX_ENTRIES = 2_000
MAX_UNPACKED = 50_000_000
MAX_RATIO = 200
# Below it no ratio does harm, and a sheet of equal cells packs well.
_HARMLESS = 1_000_000

_ENTRY_MARK = b"PK\x01\x02"
# How a text writes a character that XML has not: _x000D_. An underscore that only looks like it is _x005F_.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MACRO_FOLDERS = ("xl/macrosheets/", "xl/vbaproject")


@dataclass
class _Book:
    from_1904: bool = False
    # State and relation of every sheet, in their order.
    sheets: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Styles:
    """The number format of every style, as its id, and the codes of the workbook's own formats."""

    formats: list[int] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)


def workbook_lines(content: bytes, content_type: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not empty, with their numbers. Raises MusterError for what is no workbook of plain values."""
    # Counted before anything is made of each: more of them than this could take a second to list.
    if content.count(_ENTRY_MARK) > MAX_ENTRIES:
        raise refusal("zip_bomb")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except CORRUPT_ARCHIVE:
        raise refusal("broken_workbook") from None
    _check_directory(entries, len(content))
    parts = Parts(archive)
    book_name = _book_name(parts)
    names = [name.casefold() for name in parts.names]
    if "macroenabled" in content_type.casefold() or any(
        name.startswith(_MACRO_FOLDERS) or name.endswith("vbaproject.bin") for name in names
    ):
        raise refusal("macros")
    _refuse_macro_types(parts)
    yield from _lines(parts, book_name)


def _check_directory(entries: list[zipfile.ZipInfo], size: int) -> None:
    """What the directory admits to; the rest shows while reading, for nothing is unpacked beyond its budget."""
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or (unpacked > _HARMLESS and unpacked > MAX_RATIO * size):
        raise refusal("zip_bomb")
    if any(entry.flag_bits & 1 for entry in entries):
        raise refusal("encrypted")


def _book_name(parts: Parts) -> str:
    for target, kind in _relations(parts, "").values():
        if kind == "officeDocument" and target in parts.names:
            if target.endswith(".bin"):
                raise refusal("binary_workbook")
            if target.startswith("xl/"):
                return target
    if "xl/workbook.xml" in parts.names:
        return "xl/workbook.xml"
    raise refusal("not_a_spreadsheet", what="an archive or a document of another kind")


def _refuse_macro_types(parts: Parts) -> None:
    def start(name: str, attributes: Attributes) -> None:
        if "macroenabled" in attributes.get("ContentType", "").casefold():
            raise refusal("macros")

    if "[Content_Types].xml" in parts.names:
        parts.read("[Content_Types].xml", Handler(start))


def _relations(parts: Parts, name: str) -> dict[str, tuple[str, str]]:
    """By id: the part that is meant, and the kind of the relation. `name` is the part that has them."""
    folder, file = posixpath.split(name)
    relations: dict[str, tuple[str, str]] = {}

    def start(element: str, attributes: Attributes) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            kind = posixpath.basename(attributes.get("Type", ""))
            relations[attributes.get("Id", "")] = (target.lstrip("/"), kind)

    rels = posixpath.join(folder, "_rels", f"{file}.rels")
    if rels in parts.names:
        parts.read(rels, Handler(start))
    return relations


def _lines(parts: Parts, book_name: str) -> Iterator[tuple[int, list[str]]]:
    book = _book(parts, book_name)
    relations = _relations(parts, book_name)
    sheets = [relations.get(relation, ("", "")) for state, relation in book.sheets if state == "visible"]
    shown = [target for target, kind in sheets if kind == "worksheet"]
    if not shown:
        raise refusal("no_sheet")
    by_kind = {kind: target for target, kind in relations.values()}
    lines = cells_of(parts, shown[0])
    cells = [cell for line in lines.values() for cell in line.values()]
    strings = _strings(parts, by_kind.get("sharedStrings"), {cell.raw for cell in cells if cell.kind == "s"})
    styles = _styles(parts, by_kind.get("styles"), {cell.style for cell in cells if cell.kind == "n"})
    try:
        for number, line in lines.items():
            texts = [""] * max(line)
            for column, cell in line.items():
                texts[column - 1] = _text(cell, strings, styles, from_1904=book.from_1904)
            yield number, texts
    except (ValueError, LookupError):
        raise refusal("broken_workbook") from None


def _book(parts: Parts, name: str) -> _Book:
    book = _Book()
    roots: list[str] = []

    def start(element: str, attributes: Attributes) -> None:
        roots.append(element)
        if element == "workbookPr":
            book.from_1904 = attributes.get("date1904", "") in ("1", "true")
        elif element == "sheet":
            relation = next((value for key, value in attributes.items() if local(key) == "id"), "")
            book.sheets.append((attributes.get("state", "visible"), relation))

    parts.read(name, Handler(start))
    if roots[:1] != ["workbook"]:
        raise refusal("broken_workbook")
    return book


def _strings(parts: Parts, name: str | None, wanted: Collection[str]) -> dict[int, str]:
    """The shared strings of these indexes; a workbook keeps all sheets' strings in one list."""
    try:
        indexes = {int(index) for index in wanted}
    except ValueError:
        raise refusal("broken_workbook") from None
    found: dict[int, str] = {}
    if not indexes or name is None:
        return found
    last = max(indexes)
    index = -1
    path: list[str] = []
    pieces: list[str] = []

    def start(element: str, attributes: Attributes) -> None:
        nonlocal index
        path.append(element)
        if element == "si":
            index += 1
            pieces.clear()

    def text(piece: str) -> None:
        if index in indexes and path[-1] == "t" and "rPh" not in path:
            pieces.append(piece)

    def end(element: str) -> None:
        path.pop()
        if element == "si":
            if index in indexes:
                found[index] = "".join(pieces)
            if index >= last:
                raise StopParsing

    parts.read(name, Handler(start, end, text))
    return found


def _styles(parts: Parts, name: str | None, wanted: Collection[int]) -> _Styles:
    styles = _Styles()
    if name is None or not any(wanted):
        return styles
    path: list[str] = []

    def start(element: str, attributes: Attributes) -> None:
        if element == "numFmt":
            styles.codes[int(attributes.get("numFmtId", -1))] = attributes.get("formatCode", "")
        elif element == "xf" and path and path[-1] == "cellXfs":
            styles.formats.append(int(attributes.get("numFmtId", 0)))
        path.append(element)

    def end(element: str) -> None:
        path.pop()

    parts.read(name, Handler(start, end))
    return styles


def _text(cell: Cell, strings: dict[int, str], styles: _Styles, *, from_1904: bool) -> str:
    if not cell.raw:
        return ""
    if cell.kind == "n":
        format_id = styles.formats[cell.style] if cell.style and styles.formats else 0
        code = styles.codes.get(format_id)
        return number_text(cell.raw, dated=is_date(format_id, code), from_1904=from_1904, code=code)
    if cell.kind == "b":
        return "TRUE" if cell.raw in ("1", "true") else "FALSE"
    if cell.kind == "d":
        return cell.raw.removesuffix("Z").removesuffix("T00:00:00")
    return _ESCAPED.sub(_unescaped, strings[int(cell.raw)] if cell.kind == "s" else cell.raw)


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    if 0xD800 <= code < 0xE000:
        return match[0]
    return chr(code) if code >= 0x20 or code in (9, 10, 13) else ""

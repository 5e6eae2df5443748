"""The texts of a workbook's cells: its list of strings, its styles (ECMA-376 part 1, 18.4 and 18.8)."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from chalicelib.people.uploads.spreadsheet.archive import Attributes, Handler, Parts, StopParsing
from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.spreadsheet.xlsx_cells import Cell
from chalicelib.people.uploads.spreadsheet.xlsx_numbers import format_of, is_date, number_text

# How a text writes a character that XML has not: _x000D_. An underscore that only looks like it is _x005F_.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass
class Styles:
    """The number format of every style, as its id, and the codes of the workbook's own formats."""

    formats: list[int] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)


def strings_of(parts: Parts, name: str | None, needed: Collection[str]) -> dict[int, str]:
    """The shared strings of these indexes; a workbook keeps all sheets' strings in one list."""
    try:
        indexes = {int(index) for index in needed}
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


def styles_of(parts: Parts, name: str | None, needed: Collection[int]) -> Styles:
    styles = Styles()
    if name is None or not any(needed):
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


def text_of(cell: Cell, strings: dict[int, str], styles: Styles, *, from_1904: bool) -> str:
    if not cell.raw:
        return ""
    if cell.kind == "n":
        format_id = styles.formats[cell.style] if cell.style and styles.formats else 0
        code = styles.codes.get(format_id)
        dated = is_date(format_id, code)
        return number_text(cell.raw, dated=dated, from_1904=from_1904, code=format_of(format_id, code))
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

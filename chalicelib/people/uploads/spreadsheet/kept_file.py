"""The file as it is kept until the decision, so that it can be judged again: without passwords and other secrets."""

import csv
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.spreadsheet.document import MAX_SHEETS, NUM_FIRST_LINES, Document, SheetEntry
from chalicelib.people.uploads.spreadsheet.headings import header_index, is_secret
from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.spreadsheet.sheet import CellNote, SheetRow, readable

_NOTED = {CellNote.FORMULA: "=", CellNote.ERROR: "#N/A"}


@dataclass(frozen=True)
class KeptFile:
    """`is_sheets`: in place of a workbook with secrets, its sheets as they were read."""

    content: bytes
    is_sheets: bool = False


@dataclass(frozen=True)
class Secrets:
    """The columns of a sheet that hold secrets, below the line of their headings."""

    header_number: int
    columns: frozenset[int]

    def removed(self, number: int, cells: list[str]) -> list[str]:
        if number <= self.header_number:
            return cells
        return ["" if index in self.columns else cell for index, cell in enumerate(cells)]


def kept_file(content: bytes, document: Document, chosen: int, found: Secrets) -> KeptFile:
    """The file itself, unless one of its headings says that secrets stand below, or nobody looked at all of them.
    `chosen` is the index of the sheet that was read, and `found` are the secrets in it.
    """
    secrets = [None if lines is None else _secrets_in(lines) for lines in document.first_lines()]
    secrets[chosen] = found
    if len(secrets) <= MAX_SHEETS and all(sheet is not None and not sheet.columns for sheet in secrets):
        return KeptFile(content)
    if document.decoding is not None:
        return KeptFile(_text_without(document, document.decoding.encoding, found))
    return KeptFile(_sheets_without(document, secrets, chosen), is_sheets=True)


def kept_sheets(content: bytes) -> Document:
    """A workbook that was kept as its sheets."""
    sheets = json.loads(content)
    lines = [[_row(line) for line in sheet["lines"]] if sheet["lines"] is not None else None for sheet in sheets]

    def lines_of(index: int) -> list[SheetRow]:
        found = lines[index]
        if found is None:
            raise refusal("sheet_not_kept")
        return found

    return Document(
        [SheetEntry(sheet["name"], sheet["is_hidden"], sheet["is_open"]) for sheet in sheets],
        lines_of,
        lambda: [(found or [])[:NUM_FIRST_LINES] for found in lines],
    )


def _secrets_in(lines: Sequence[SheetRow]) -> Secrets:
    rows = readable(lines)
    if not rows:
        return Secrets(0, frozenset())
    header = rows[header_index(rows)]
    return Secrets(header.number, frozenset(index for index, cell in enumerate(header.cells) if is_secret(cell)))


def _text_without(document: Document, encoding: str, secrets: Secrets) -> bytes:
    """In the same encoding, so that another one can still be chosen."""
    file = io.StringIO(newline="")
    file.write("sep=,\r\n")
    writer = csv.writer(file)
    number = 0
    for line in document.lines_of(0):
        # Rows keep their numbers.
        writer.writerows([[]] * (line.number - number - 1))
        writer.writerow(secrets.removed(line.number, _as_written(line)))
        number = line.number
    mark = "\ufeff" if encoding.startswith("utf-") else ""
    return (mark + file.getvalue()).encode(encoding, "replace")


def _as_written(line: SheetRow) -> list[str]:
    notes = [line.notes.get(index) for index in range(len(line.cells))]
    return [_NOTED.get(note, cell) if note else cell for note, cell in zip(notes, line.cells, strict=True)]


def _sheets_without(document: Document, secrets: Sequence[Secrets | None], chosen: int) -> bytes:
    lines: dict[int, list[list[object]]] = {}
    # That which was read first: there is a limit on how much of an archive is read.
    for index in sorted({*range(min(len(secrets), MAX_SHEETS)), chosen}, key=lambda index: index != chosen):
        # A sheet that cannot be read cannot be chosen, and is not kept.
        with suppress(MusterError):
            read = document.lines_of(index)
            # Its first lines may have been too much to look at with those of the others.
            found = secrets[index] or _secrets_in(read[:NUM_FIRST_LINES])
            lines[index] = [
                [line.number, found.removed(line.number, line.cells), line.notes, line.is_hidden] for line in read
            ]
    sheets = [
        {"name": entry.name, "is_hidden": entry.is_hidden, "is_open": entry.is_open, "lines": lines.get(index)}
        for index, entry in enumerate(document.sheets)
    ]
    return json.dumps(sheets).encode()


def _row(line: list[Any]) -> SheetRow:
    number, cells, notes, is_hidden = line
    return SheetRow(number, cells, {int(index): CellNote(note) for index, note in notes.items()}, is_hidden)

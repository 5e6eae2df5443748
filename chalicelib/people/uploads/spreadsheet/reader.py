"""Uploaded spreadsheets of whatever kind, as rows of texts under columns with a meaning (I2, B12)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress

from chalicelib.core.errors import FieldError, Invalid, MusterError
from chalicelib.people.uploads.limits import MAX_ROWS
from chalicelib.people.uploads.spreadsheet import ods_reader, xlsx_reader
from chalicelib.people.uploads.spreadsheet.archive import Parts, archive_of
from chalicelib.people.uploads.spreadsheet.columns import Column, columns_of
from chalicelib.people.uploads.spreadsheet.csv_reader import text_document
from chalicelib.people.uploads.spreadsheet.document import NUM_FIRST_LINES, Document
from chalicelib.people.uploads.spreadsheet.encoding_names import LABELS, encoding_named
from chalicelib.people.uploads.spreadsheet.headings import has_email_heading, header_index
from chalicelib.people.uploads.spreadsheet.kept_file import KeptFile, Secrets, kept_file, kept_sheets
from chalicelib.people.uploads.spreadsheet.meanings import Choices, Reason, Source
from chalicelib.people.uploads.spreadsheet.refusals import explain, refusal
from chalicelib.people.uploads.spreadsheet.sheet import Sheet, SheetRow, is_blank, kept, readable

# The limit that users meet, in megabytes, as the sentence says it.
MAX_MEGABYTES = 5

_ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
# The container of old Office files, and of new ones under a password; names in it are UTF-16.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PASSWORD = "EncryptedPackage".encode("utf-16-le")

# By their first bytes.
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a picture, a sound or a film"),
    (b"{\\rtf", "a text document"),
    (b"<", "a web page or XML"),
)


@dataclass(frozen=True)
class Choice:
    """What is said of a file. What is None is found out; columns that are not named keep their meaning.

    `source` is how the encoding is known.
    """

    sheet: str | None = None
    encoding: str | None = None
    source: Source = Source.CHOSEN
    columns: Choices = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """`columns` are those of `sheet.header`. `index` and `sheet_name` are those of the sheet that was read; a text file
    has no name of one.
    """

    sheet: Sheet
    columns: Sequence[Column]
    document: Document
    index: int
    sheet_name: str | None
    # The names of the sheets that list people, beside the one that was read.
    others: Sequence[str] = ()
    # Whether something stands above the headings.
    has_title: bool = False

    def without_secrets(self, content: bytes) -> KeptFile:
        """The file as it may be kept."""
        secrets = frozenset(index for index, column in enumerate(self.columns) if column.reason == Reason.SECRET)
        return kept_file(content, self.document, self.index, Secrets(self.sheet.header_number, secrets))


def read_file(
    content: bytes,
    content_type: str,
    choice: Choice | None = None,
    last_time: Choices | None = None,
    *,
    is_sheets: bool = False,
) -> Reading:
    """The rows of an uploaded file, told by what is in it and not by its name. `is_sheets` is that of a kept file.

    Raises Invalid or TooLarge with one error of the field `file`, whose code is a heading of the first part of
    refusals.toml, or with errors of the fields of the choice. Whatever the bytes are, it comes to an end within
    seconds and flat memory.
    """
    choice = choice or Choice()
    if len(content) > MAX_MEGABYTES * 1024 * 1024:
        raise refusal("file_too_large", limit=MAX_MEGABYTES)
    document = _document(content, content_type, choice, is_sheets=is_sheets)
    index, others = _chosen_sheet(document, choice.sheet)
    sheet, has_title = _sheet_of(document.lines_of(index))
    columns = columns_of(sheet.header, sheet.rows, choice.columns, last_time)
    sheet = _without_blank_rows(sheet, columns)
    return Reading(sheet, columns, document, index, document.sheets[index].name or None, others, has_title)


def _document(content: bytes, content_type: str, choice: Choice, *, is_sheets: bool) -> Document:
    is_text = not content.startswith((*_ARCHIVE, _COMPOUND)) and not is_sheets
    encoding = encoding_named(choice.encoding) if choice.encoding is not None else None
    if choice.encoding is not None and (encoding is None or not is_text):
        code = "unknown_encoding_name" if is_text else "no_encoding"
        text = explain(code, encodings=", ".join(LABELS.values())).text
        raise Invalid(FieldError("encoding", code, text))
    if is_sheets:
        return kept_sheets(content)
    if content.startswith(_ARCHIVE):
        parts = Parts(archive_of(content))
        if ods_reader.is_ods(parts):
            return ods_reader.document(parts)
        return xlsx_reader.workbook(parts, content_type)
    if content.startswith(_COMPOUND):
        raise refusal("encrypted" if _PASSWORD in content else "old_workbook")
    other = _other_kind(content)
    if other is not None:
        raise other
    return text_document(content, content_type, encoding, choice.source)


def _other_kind(content: bytes) -> MusterError | None:
    start = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, what in _OTHERS:
        if start.startswith(mark):
            return refusal("not_a_spreadsheet", what=what)
    return None


def _chosen_sheet(document: Document, name: str | None) -> tuple[int, list[str]]:
    """The sheet to read, and the names of the others that list people."""
    entries = document.sheets
    named = next((index for index, entry in enumerate(entries) if name is not None and entry.name == name), None)
    if name is not None and (named is None or document.decoding is not None):
        names = ", ".join(f'"{entry.name}"' for entry in entries if entry.name)
        raise Invalid(FieldError("sheet", "unknown_sheet", explain("unknown_sheet", names=names or "none").text))
    shown = [index for index, entry in enumerate(entries) if not entry.is_hidden]
    if not shown and named is None:
        raise refusal("no_sheet")
    if len(entries) == 1:
        return 0, []
    with_people = {index for index, lines in enumerate(document.first_lines()) if _lists_people(lines)}
    # The one that is seen when the workbook is opened; the first with people, if those are not in it.
    candidates = sorted(shown, key=lambda index: (index not in with_people, not entries[index].is_open, index))
    chosen = named if named is not None else candidates[0]
    return chosen, [entries[index].name for index in sorted(with_people - {chosen})]


def _lists_people(lines: Sequence[SheetRow] | None) -> bool:
    rows = readable(lines or ())
    return bool(rows) and has_email_heading(rows[header_index(rows)].cells)


def _sheet_of(lines: Sequence[SheetRow]) -> tuple[Sheet, bool]:
    """The rows below the headings, and whether something stands above. Raises MusterError."""
    found: list[SheetRow] = []
    for line in lines:
        row = kept(line)
        if row is None:
            continue
        found.append(row)
        # More may stand above the headings.
        if len(found) > MAX_ROWS + NUM_FIRST_LINES:
            raise refusal("too_many_rows", limit=MAX_ROWS)
    if not found:
        raise refusal("empty_file")
    start = header_index(found[:NUM_FIRST_LINES])
    header, rows = found[start], found[start + 1 :]
    if len(rows) > MAX_ROWS:
        raise refusal("too_many_rows", limit=MAX_ROWS)
    width = max(len(row.cells) for row in (header, *rows))
    for row in (header, *rows):
        row.cells.extend([""] * (width - len(row.cells)))
    return Sheet(header.cells, rows, header.number), start > 0


def _without_blank_rows(sheet: Sheet, columns: Sequence[Column]) -> Sheet:
    """What an earlier file of failed rows said of a row is nobody."""
    counts = [column.reason != Reason.OWN for column in columns]
    rows = [row for row in sheet.rows if row.notes or not all(map(is_blank, compress(row.cells, counts)))]
    if not rows:
        raise refusal("no_rows")
    return Sheet(sheet.header, rows, sheet.header_number)

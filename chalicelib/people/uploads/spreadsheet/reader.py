"""Uploaded spreadsheets of whatever kind, as rows of texts (I2, B12)."""

from collections.abc import Iterator, Sequence
from itertools import compress

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.spreadsheet.columns import IGNORED, columns_of
from chalicelib.people.uploads.spreadsheet.csv_reader import text_lines
from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.spreadsheet.sheet import Sheet, is_blank, sheet_of
from chalicelib.people.uploads.spreadsheet.xlsx_reader import workbook_lines

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


def read_sheet(content: bytes, content_type: str) -> Sheet:
    """The rows of an uploaded file, told by what is in it and not by its name.

    Raises Invalid or TooLarge with one error of the field `file`, whose code is a heading of the first part of
    upload_explanations.toml. Whatever the bytes are, it comes to an end within seconds and flat memory.
    """
    if len(content) > MAX_MEGABYTES * 1024 * 1024:
        raise refusal("file_too_large", limit=MAX_MEGABYTES)
    sheet = sheet_of(_lines(content, content_type))
    counts = [column.meaning != IGNORED for column in columns_of(sheet.header)]
    # What an earlier file of failed rows told of a row says nobody is there.
    rows = [row for row in sheet.rows if not all(map(is_blank, compress(row.cells, counts)))]
    if not rows:
        raise refusal("no_rows")
    return Sheet(sheet.header, rows)


def _lines(content: bytes, content_type: str) -> Iterator[tuple[int, Sequence[str]]]:
    if content.startswith(_ARCHIVE):
        return workbook_lines(content, content_type)
    if content.startswith(_COMPOUND):
        raise refusal("encrypted" if _PASSWORD in content else "old_workbook")
    other = _other_kind(content)
    if other is not None:
        raise other
    return text_lines(content)


def _other_kind(content: bytes) -> MusterError | None:
    start = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, what in _OTHERS:
        if start.startswith(mark):
            return refusal("not_a_spreadsheet", what=what)
    return None

"""Uploaded text: which delimiter, which cells."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, count

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.limits import MAX_COLUMNS, MAX_ROWS
from chalicelib.people.uploads.spreadsheet.document import NUM_FIRST_LINES, Document, SheetEntry
from chalicelib.people.uploads.spreadsheet.encodings import decoded
from chalicelib.people.uploads.spreadsheet.headings import num_known
from chalicelib.people.uploads.spreadsheet.meanings import Source
from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.spreadsheet.sheet import CellNote, SheetRow, is_error, too_long

# Blank lines count too: a file of nothing but line breaks has five million.
MAX_LINES = 20_000

_CHARSET = re.compile(r";\s*charset=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_DELIMITERS = ",;\t|"
# What Excel writes, and obeys, above the header.
_NAMED_DELIMITER = re.compile(r'\A"?sep=([,;\t|])"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
# So many records tell the delimiters apart.
_SAMPLE = 20
# Text holds none, so that this cell after the last line is of no record unless a quotation mark is open.
_END = "\x00"
# How a program keeps a spreadsheet from taking a text for a number: ="00123".
_TEXT_FORMULA = re.compile(r'="((?:[^"]|"")*)"')


def text_document(content: bytes, content_type: str, encoding: str | None, source: Source) -> Document:
    """`encoding` is the one to be read, and `source` how that is known. Raises Invalid for what is no text."""
    charset = _CHARSET.search(content_type)
    decoding = decoded(content, charset[1] if charset else None, encoding, source)
    lines = list(_lines(decoding.text))
    return Document([SheetEntry("", is_open=True)], lambda _: lines, lambda: [lines[:NUM_FIRST_LINES]], decoding)


def _lines(text: str) -> Iterator[SheetRow]:
    """The lines, numbered as a spreadsheet does: a line break within a quoted cell begins no line. Raises Invalid."""
    # Blank lines at the end need no look.
    text = text.rstrip("\r\n")
    named = _NAMED_DELIMITER.match(text)
    if named:
        text = text[named.end() :]
    delimiter = named[1] if named else _delimiter_of(text)
    for number, cells in enumerate(_records(text, delimiter), 1):
        if number > MAX_LINES:
            raise refusal("too_much_content", limit=MAX_ROWS)
        if any(cells):
            yield _row(number, cells)


def _row(number: int, cells: Sequence[str]) -> SheetRow:
    texts: list[str] = []
    notes: dict[int, CellNote] = {}
    # What is past the last column only has the file refused.
    for index, cell in enumerate(cells[: MAX_COLUMNS + 1]):
        note = _note(cell)
        if note is not None:
            notes[index] = note
        text = _TEXT_FORMULA.fullmatch(cell) if cell.startswith("=") else None
        texts.append("" if note is not None else text[1].replace('""', '"') if text else cell)
    if len(cells) > len(texts):
        texts[-1] = next((cell for cell in cells[MAX_COLUMNS:] if cell.strip()), "")
    return SheetRow(number, texts, notes)


def _note(cell: str) -> CellNote | None:
    """A spreadsheet's formula is written with its text where it should be with its value.

    What begins with `+`, `-` or `@` is taken for a formula by some programs, and written by none: telephone numbers
    (+49 151 2345), dashes and handles (@ann) are plain texts. White space or an apostrophe in front makes a text of
    anything.
    """
    if cell.startswith("=") and not _TEXT_FORMULA.fullmatch(cell):
        return CellNote.FORMULA
    return CellNote.ERROR if is_error(cell) else None


def _delimiter_of(text: str) -> str:
    """The one by which most headings are known and most lines are as long as the header; the comma when all tie."""
    return max(_DELIMITERS, key=lambda delimiter: _fitness(text, delimiter))


def _fitness(text: str, delimiter: str) -> tuple[int, int, int]:
    sample: list[list[str]] = []
    # Whoever reads the file by the delimiter that is chosen meets the same, and says it.
    with suppress(MusterError):
        for number, cells in enumerate(_records(text, delimiter)):
            if any(cells):
                sample.append(cells)
            if len(sample) > _SAMPLE or number > MAX_LINES:
                break
    if not sample:
        return (0, 0, 0)
    # A title may stand above the header.
    header = max(sample[:NUM_FIRST_LINES], key=num_known)
    num_like_header = sum(len(cells) == len(header) for cells in sample) if len(header) > 1 else 0
    return (num_known(header), num_like_header, len(header))


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    # Written by hand, quotation marks often stand after a space, where the standard does not know them.
    after_space = re.search(rf'{re.escape(delimiter)} +"(?!["\r\n{delimiter}])', text) is not None
    # This ends lines at all three line ends, and leaves them as they are within quotation marks.
    lines = io.StringIO(text, newline="")
    reader = csv.reader(chain(lines, [_END]), delimiter=delimiter, skipinitialspace=after_space)
    for number in count(1):
        first_line = reader.line_num + 1
        try:
            cells = next(reader)
        except csv.Error:
            # Of lines cut like this it has but one complaint: a cell is longer than 131,072 characters.
            raise too_long(number, 1) from None
        if cells == [_END]:
            return
        if cells and cells[-1].endswith(_END):
            raise refusal("open_quote", line=first_line)
        yield cells

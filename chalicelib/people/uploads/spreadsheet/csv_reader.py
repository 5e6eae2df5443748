"""Uploaded text: which encoding, which delimiter, which cells."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, count

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.spreadsheet.columns import num_known
from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.spreadsheet.sheet import MAX_COLUMNS, MAX_ROWS, letters, too_long

# Blank lines count too: a file of nothing but line breaks has five million.
MAX_LINES = 20_000

_MARKS = (
    # The mark of UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DELIMITERS = ",;\t"
# What Excel writes, and obeys, above the header.
_NAMED_DELIMITER = re.compile(r'\A"?sep=([,;\t])"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
# So many records tell the delimiters apart.
_SAMPLE = 20
# Text holds none, so that this cell after the last line is of no record unless a quotation mark is open.
_END = "\x00"
# A function called, or a program asked for a value (DDE): `@SUM(A1)`, `+cmd|'/c calc'!A0`.
_CALL = re.compile(r"[A-Za-z][0-9]{0,4}\(|\|[^|]*!")


def text_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The lines, numbered as a spreadsheet does: a line break within a quoted cell begins no line. Raises Invalid."""
    # Blank lines at the end need no look.
    text = decoded(content).rstrip("\r\n")
    named = _NAMED_DELIMITER.match(text)
    if named:
        text = text[named.end() :]
    delimiter = named[1] if named else _delimiter_of(text)
    for number, cells in enumerate(_records(text, delimiter), 1):
        if number > MAX_LINES:
            raise refusal("too_much_content", limit=MAX_ROWS)
        for column, cell in enumerate(cells[:MAX_COLUMNS], 1):
            if is_formula(cell):
                raise refusal("formulas", place=f"{letters(column)}{number}")
        yield number, cells


def decoded(content: bytes) -> str:
    """UTF-8, -16 or -32 by its mark; UTF-16 by its NULs; UTF-8 if it is; else Windows-1252. Raises Invalid.

    These are what spreadsheet programs write. A guess by the frequency of letters would take short lists of
    names for encodings that nobody uses; a wrong letter shows in the preview, before anything is sent.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            text = _strictly(content[len(mark) :], encoding)
            break
    else:
        text = _strictly(content, *_unmarked(content[:4096]))
    if _CONTROL.search(text):
        raise refusal("not_text")
    return text


def _unmarked(start: bytes) -> Sequence[str]:
    """A Latin letter in UTF-16 is a NUL and the letter, and so is a delimiter among the letters of any script."""
    num_first, num_second = start[::2].count(0), start[1::2].count(0)
    if max(num_first, num_second) * 40 <= len(start):
        return ("utf-8", "cp1252")
    if num_second > 4 * num_first:
        return ("utf-16-le",)
    return ("utf-16-be",) if num_first > 4 * num_second else ()


def _strictly(content: bytes, *encodings: str) -> str:
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refusal("not_text")


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet wrote this as a formula, so that its value is not in the file.

    Everything that begins with `=` is one. What begins with `+`, `-` or `@` is one only when it calls something:
    telephone numbers (+49 151 2345), dashes, negative numbers and handles (@ann) are plain texts. White space or
    an apostrophe in front makes a text of anything.
    """
    return cell.startswith("=") or (cell.startswith(("+", "-", "@")) and _CALL.search(cell) is not None)


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
    header = sample[0]
    num_like_header = sum(len(cells) == len(header) for cells in sample) if len(header) > 1 else 0
    return (num_known(header), num_like_header, len(header))


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    # Written by hand, quotation marks often stand after a space, where the standard does not know them.
    after_space = re.search(rf'{delimiter} +"(?!["\r\n{delimiter}])', text) is not None
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

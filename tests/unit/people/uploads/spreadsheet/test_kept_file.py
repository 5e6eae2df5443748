"""The file as it is kept: itself, or without the secrets in it."""

import csv
import io
import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.spreadsheet import archive
from chalicelib.people.uploads.spreadsheet.document import MAX_SHEETS
from chalicelib.people.uploads.spreadsheet.kept_file import KeptFile
from chalicelib.people.uploads.spreadsheet.reader import Choice, Reading, read_file
from tests.pace import at_most
from tests.unit.people.uploads.spreadsheet.workbooks import (
    ANN,
    HEADER,
    inline,
    part_of,
    saved,
    sheet_of,
    with_parts,
    workbook,
)

CSV = "text/csv"


def kept(content: bytes) -> KeptFile:
    return read_file(content, CSV).without_secrets(content)


def again(content: bytes, choice: Choice | None = None) -> Reading:
    """The file as it is kept, read."""
    return opened(kept(content), choice)


def opened(file: KeptFile, choice: Choice | None = None) -> Reading:
    return read_file(file.content, "", choice, is_sheets=file.is_sheets)


@pytest.mark.parametrize("content", [b"E-mail,Name\r\na@example.com,Token\r\n", workbook(), workbook(HEADER, ANN)])
def test_a_file_without_secrets_is_kept_as_it_is(content: bytes) -> None:
    assert kept(content) == KeptFile(content)


def test_rows_keep_their_numbers_formulas_and_errors() -> None:
    content = b'Title\n\nE-mail;Password;Name\n\na@example.com;x;="01"\n;;\nb@example.com;y;=A1\nc@example.com;z;#N/A\n'
    before, after = read_file(content, CSV), again(content)
    assert [row.number for row in after.sheet.rows] == [row.number for row in before.sheet.rows] == [5, 7, 8]
    assert [row.notes for row in after.sheet.rows] == [row.notes for row in before.sheet.rows]
    assert after.sheet.header_number == before.sheet.header_number == 3
    assert [row.cells[1:] for row in after.sheet.rows] == [["", "01"], ["", ""], ["", ""]]


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp932"])
def test_another_encoding_can_still_be_chosen(encoding: str) -> None:
    name = {"cp1251": "Иван", "cp932": "太郎"}.get(encoding, "Zoé")
    content = f"E-mail,Password,First name\r\na@example.com,geheim,{name}\r\n".encode(encoding)
    assert b"geheim" not in kept(content).content.replace(b"\x00", b"")
    decoding = read_file(content, CSV).document.decoding
    assert decoding is not None
    read = again(content, Choice(encoding=decoding.label))
    assert read.sheet.rows[0].cells == ["a@example.com", "", name]


def test_a_workbook_with_secrets_is_kept_as_its_sheets() -> None:
    content = workbook((*HEADER, "PIN"), (*ANN, 1234))
    assert kept(content).is_sheets
    assert b"1234" not in kept(content).content
    assert again(content).sheet.rows[0].cells == [*ANN, ""]


def test_secrets_below_many_lines_of_spaces_are_not_kept() -> None:
    content = b" , , \n" * 40 + b"E-mail,Password,Name\na@example.com,geheim,Ann\n"
    assert b"geheim" not in kept(content).content
    assert [row.number for row in again(content).sheet.rows] == [42]


def test_of_more_sheets_than_are_looked_at_the_others_are_not_kept() -> None:
    book = Workbook()
    for number in range(MAX_SHEETS + 5):
        sheet = book.create_sheet(f"S{number}")
        sheet.append([*HEADER, "Notes" if number < MAX_SHEETS else "Password"])
        sheet.append([*ANN, f"geheim {number}"])
    # The first sheet of all is empty, so that they count from 1.
    for is_open in (3, MAX_SHEETS + 3):
        book.active = is_open
        content = saved(book)
        assert read_file(content, "").sheet_name == f"S{is_open - 1}"
        assert b"geheim 7" in kept(content).content
        for number in range(MAX_SHEETS + 1, MAX_SHEETS + 5):
            assert f"geheim {number}".encode() not in kept(content).content
        assert again(content).sheet.rows[0].cells[:3] == list(ANN)
        with pytest.raises(MusterError) as caught:
            again(content, Choice(sheet=f"S{MAX_SHEETS + 1}"))
        assert caught.value.code == "sheet_not_kept"


def test_a_workbook_of_many_large_sheets_with_secrets_takes_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    # A tenth of what is read at most, in a tenth of the time.
    monkeypatch.setattr(archive, "MAX_ELEMENTS", archive.MAX_ELEMENTS // 10)
    monkeypatch.setattr(archive, "MAX_READ", archive.MAX_READ // 10)
    people = inline("E-mail", "Password") + inline("a@example.com", "geheim")
    content = sheet_of(people + ("<row>" + "<c/>" * 400 + "</row>") * 110)
    book = part_of(content, "xl/workbook.xml")
    (entry,) = re.findall(r"<sheet [^>]*/>", book)
    more = "".join(re.sub(r'name="[^"]*"', f'name="S{number}"', entry) for number in range(500))
    # What packs as well as this is refused by its ratio; that is not what is tried here.
    parts = {"xl/workbook.xml": book.replace(entry, more), "xl/media/x": Random(1).randbytes(60_000)}
    content = with_parts(content, parts)
    with at_most(seconds=0.6):
        file = kept(content)
        assert b"geheim" not in file.content
        assert opened(file).sheet.rows[0].cells == ["a@example.com", ""]


def test_a_sheet_that_was_too_much_to_look_at_with_the_others_is_not_kept_with_its_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive, "MAX_ELEMENTS", 1000)
    book = Workbook()
    for number, heading in enumerate(("Name", "Password")):
        sheet = book.create_sheet(f"S{number}")
        sheet.append(["E-mail", heading])
        sheet.append(["a@example.com", "geheim"])
        for line in range(3, 300):
            sheet.cell(line, 1).number_format = "0.00"
    content = saved(book)
    file = kept(content)
    assert file.is_sheets
    assert opened(file).sheet.rows[0].cells == ["a@example.com", "geheim"]
    assert opened(file, Choice(sheet="S1")).sheet.rows[0].cells == ["a@example.com", ""]


letters = st.sampled_from(",;\t'\"= \r\n@#-ab1") | st.characters(exclude_categories=["Cs", "Cc"], max_codepoint=0x3FF)
texts = st.text(letters, max_size=12)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=6), st.sampled_from(",;\t"))
def test_whatever_the_cells_hold_only_the_secrets_are_gone(rows: list[tuple[str, str, str]], delimiter: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["E-mail", "Password", "Name", "Groups"])
    writer.writerows([f"p{number}@example.com", *row] for number, row in enumerate(rows))
    content = file.getvalue().encode()
    before, after = read_file(content, CSV), again(content)
    assert _without_secrets(after) == _without_secrets(before)
    assert all(not row.cells[1] for row in after.sheet.rows)


def _without_secrets(reading: Reading) -> list[object]:
    return [(row.number, [row.cells[0], *row.cells[2:]], _notes(row.notes)) for row in reading.sheet.rows]


def _notes(notes: dict[int, object]) -> dict[int, object]:
    return {index: note for index, note in notes.items() if index != 1}

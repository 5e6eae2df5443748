"""Which sheet of a workbook is read, and what is said of the others and of hidden rows."""

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook

from chalicelib.core.errors import Invalid
from chalicelib.people.uploads.spreadsheet.reader import Choice, read_file
from chalicelib.people.uploads.spreadsheet.sheet import Sheet
from tests.unit.people.uploads.spreadsheet.workbooks import ANN, HEADER, saved, with_parts, workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def read(content: bytes) -> Sheet:
    return read_file(content, XLSX).sheet


def book_of(**sheets: list[tuple[Any, ...]]) -> Workbook:
    """A workbook with these sheets, of which the first is open."""
    book = Workbook()
    for name, lines in sheets.items():
        sheet = book.active if book.sheetnames == ["Sheet"] else book.create_sheet()
        sheet.title = name
        for line in lines:
            sheet.append(line)
    return book


PEOPLE: list[tuple[Any, ...]] = [HEADER, ANN]
BOB: list[tuple[Any, ...]] = [HEADER, ("bob@example.com", "Bob", "Sales")]


def test_the_sheet_that_is_seen_is_read_and_others_with_people_are_named() -> None:
    book = book_of(Old=PEOPLE, New=BOB, Notes=[("nothing",)], Hidden=PEOPLE)
    book.active = 1
    book["Hidden"].sheet_state = "hidden"
    reading = read_file(saved(book), XLSX)
    assert (reading.sheet_name, list(reading.others)) == ("New", ["Old", "Hidden"])
    assert reading.sheet.rows[0].cells[0] == "bob@example.com"
    assert read_file(saved(book), XLSX, Choice(sheet="Hidden")).sheet.rows[0].cells == list(ANN)


def test_where_the_sheet_that_is_seen_has_no_people_the_first_that_has_some_is_read() -> None:
    book = book_of(Read_me=[("How to fill this in",)], People=BOB, More=PEOPLE)
    book.create_chartsheet("chart", 0)
    reading = read_file(saved(book), XLSX)
    assert (reading.sheet_name, list(reading.others)) == ("People", ["More"])


def test_a_sheet_that_the_workbook_has_not_cannot_be_chosen() -> None:
    with pytest.raises(Invalid) as caught:
        read_file(saved(book_of(One=PEOPLE, Two=BOB)), XLSX, Choice(sheet="Three"))
    (error,) = caught.value.errors
    assert (error.field, error.code) == ("sheet", "unknown_sheet")
    assert '"One", "Two"' in error.message


def test_other_sheets_do_no_harm_to_the_one_that_is_read() -> None:
    book = book_of(People=PEOPLE, Wide=[tuple("x" * 60)], Long=[("E-mail", "x" * 2000)], Formulas=[("=1+1",)])
    assert read(saved(book)).rows[0].cells == list(ANN)
    broken = with_parts(
        saved(book_of(People=PEOPLE, More=BOB)), {"xl/worksheets/sheet2.xml": "<worksheet><sheetData><c"}
    )
    assert read(broken).rows[0].cells == list(ANN)


def test_rows_that_are_hidden_or_filtered_out_are_read_and_noted() -> None:
    book = book_of(People=[*PEOPLE, ("bob@example.com", "Bob", "Sales")])
    book.active.row_dimensions[3].hidden = True
    assert [row.is_hidden for row in read(saved(book)).rows] == [False, True]


def test_parts_named_with_backslashes_and_in_other_letter_case_are_found() -> None:
    content = workbook()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    relations = parts["xl/_rels/workbook.xml.rels"].replace(b"/xl/worksheets/sheet1", b"worksheets\\Sheet1")
    parts["xl/_rels/workbook.xml.rels"] = relations
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("/", "\\"), part)
    assert b"xl\\worksheets" in file.getvalue()
    assert read(file.getvalue()).rows[0].cells == list(ANN)

"""Uploaded OpenDocument spreadsheets, and what is refused. tests/files/libreoffice.ods is a whole one."""

import io
import tracemalloc
import zipfile
from contextlib import suppress

import pytest

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.limits import MAX_CELL, MAX_COLUMNS, MAX_ROWS
from chalicelib.people.uploads.spreadsheet.reader import Reading, read_file
from chalicelib.people.uploads.spreadsheet.sheet import CellNote

ODS = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"' for prefix in ("office", "table", "text")
)
HEADER = "<table:table-row><table:table-cell><text:p>E-mail</text:p></table:table-cell></table:table-row>"


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def ods(*rows: str, **parts: str) -> bytes:
    """A spreadsheet whose sheet has these rows, as XML; `parts` are more parts, or others."""
    content = (
        f'<office:document-content {NAMES} xmlns:calcext="urn:calcext"><office:body><office:spreadsheet>'
        f'<table:table table:name="People">{"".join(rows)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", ODS)
        for name, part in {"content.xml": content, **parts}.items():
            archive.writestr(name.replace("__", "/"), part, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def read(*rows: str) -> Reading:
    return read_file(ods(HEADER, *rows), "")


def refused(content: bytes) -> str:
    with pytest.raises(MusterError) as caught:
        read_file(content, "")
    return caught.value.code


ANN = cell("ann@example.com")


def test_the_sheet_that_was_open_is_read_however_many_stand_before_it() -> None:
    others = "".join(f'</table:table><table:table table:name="S{number}">{HEADER}{row(ANN)}' for number in range(40))
    opened = "</table:table><table:table table:name='Open'>" + HEADER + row(cell("bob@example.com"))
    settings = '<c:config-item xmlns:c="urn:c" c:name="ActiveTable">Open</c:config-item>'
    reading = read_file(ods(HEADER, row(ANN), others, opened, **{"settings.xml": settings}), "")
    assert (reading.sheet_name, reading.sheet.rows[0].cells) == ("Open", ["bob@example.com"])


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (cell("a<text:s/>b<text:s text:c='3'/>c<text:tab/>d<text:line-break/>e"), "a b   c\td\ne"),
        (cell("one</text:p><text:p>two"), "one\ntwo"),
        (cell("<text:span>A</text:span>nn"), "Ann"),
        (cell("00042", 'office:value-type="float" office:value="42"'), "00042"),
        (cell("4.91E+12", 'office:value-type="float" office:value="4915112345678"'), "4915112345678"),
        (cell("4/1/27", 'office:value-type="date" office:date-value="2027-01-04"'), "2027-01-04"),
        (cell("x", 'office:value-type="date" office:date-value="2027-01-04T09:30:00"'), "2027-01-04 09:30:00"),
        (cell("TRUE", 'office:value-type="boolean" office:boolean-value="true"'), "TRUE"),
        ("<table:table-cell><office:annotation><text:p>no</text:p></office:annotation></table:table-cell>", ""),
    ],
)
def test_cells_come_as_they_are_shown(written: str, text: str) -> None:
    assert read(row(ANN, written, cell("end"))).sheet.rows[0].cells[1] == text


def test_formulas_and_errors_are_noted() -> None:
    cells = [
        cell("Ann", 'table:formula="of:=A1" office:value-type="string"'),
        '<table:table-cell table:formula="of:=A1"/>',
        cell("Err:502", 'table:formula="of:=A1" calcext:value-type="error"'),
        cell("#N/A"),
    ]
    (line,) = read(row(ANN, *cells)).sheet.rows
    assert line.cells == ["ann@example.com", "Ann", "", "", ""]
    assert line.notes == {1: CellNote.STORED_VALUE, 2: CellNote.FORMULA, 3: CellNote.ERROR, 4: CellNote.ERROR}


def test_repeated_rows_and_cells_stand_in_their_places() -> None:
    reading = read(
        row("<table:table-cell table:number-columns-repeated='16384'/>", attributes="table:number-rows-repeated='3'"),
        row(ANN, cell("x", "table:number-columns-repeated='2'"), cell("end")),
        row(cell("bob@example.com"), attributes="table:number-rows-repeated='2'"),
        row("<table:table-cell/>", attributes="table:number-rows-repeated='1048000'"),
    )
    assert [(line.number, line.cells[:4]) for line in reading.sheet.rows] == [
        (5, ["ann@example.com", "x", "x", "end"]),
        (6, ["bob@example.com", "", "", ""]),
        (7, ["bob@example.com", "", "", ""]),
    ]


def test_limits_are_those_of_other_files() -> None:
    many = row(ANN, attributes=f"table:number-rows-repeated='{MAX_ROWS}'")
    assert len(read(many).sheet.rows) == MAX_ROWS
    assert refused(ods(HEADER, many, row(ANN))) == "too_many_rows"
    wide = cell("x", f"table:number-columns-repeated='{MAX_COLUMNS}'")
    assert refused(ods(HEADER, row(ANN, wide))) == "too_many_columns"
    assert refused(ods(HEADER, row(ANN, cell("x" * (MAX_CELL + 1))))) == "cell_too_long"
    assert refused(ods(HEADER)) == "no_rows"
    assert refused(ods()) == "empty_file"


def test_a_password_and_what_is_damaged_are_said() -> None:
    manifest = '<m:manifest xmlns:m="urn:m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    assert refused(ods(HEADER, row(ANN), **{"META-INF__manifest.xml": manifest})) == "encrypted"
    assert refused(ods(HEADER, row(ANN), **{"content.xml": "<office"})) == "broken_workbook"
    assert refused(ods(HEADER, row(ANN, attributes="table:number-rows-repeated='x'"))) == "broken_workbook"
    assert refused(ods(HEADER, row(ANN), **{"content.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a/>'})) == "unsafe_xml"


@pytest.mark.parametrize(
    "rows",
    [
        [row(ANN, attributes="table:number-rows-repeated='9999999'")],
        [row(cell("x", "table:number-columns-repeated='9999999'"), attributes="table:number-rows-repeated='1000000'")],
        [row(cell("<text:s text:c='9999999'/>" * 100_000))],
        [HEADER + row(ANN, attributes="table:number-rows-repeated='512'") + "</table:table><table:table>"] * 2000,
        ["<table:table-row/>" * 600_000],
    ],
)
def test_files_made_to_take_much_memory_do_not(rows: list[str]) -> None:
    content = ods(*rows, media=bytes(100_000).decode())
    tracemalloc.start()
    with suppress(MusterError):
        read_file(content, "")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000_000

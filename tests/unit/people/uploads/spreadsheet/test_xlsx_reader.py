"""Uploaded Excel workbooks: cells as texts, the same as openpyxl reads them, and what is refused."""

import io
import struct
import tracemalloc
import zipfile
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.limits import MAX_CELL, MAX_COLUMNS, MAX_ROWS
from chalicelib.people.uploads.spreadsheet import archive
from chalicelib.people.uploads.spreadsheet.archive import MAX_ELEMENTS, MAX_ENTRIES, MAX_READ
from chalicelib.people.uploads.spreadsheet.reader import read_file
from chalicelib.people.uploads.spreadsheet.sheet import CellNote, Sheet
from tests.pace import at_most
from tests.unit.people.uploads.spreadsheet.workbooks import (
    ANN,
    HEADER,
    MAIN,
    SHEET,
    STRINGS,
    inline,
    part_of,
    saved,
    sharing,
    sheet_of,
    with_parts,
    with_strings,
    workbook,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"


def read(content: bytes) -> Sheet:
    return read_file(content, XLSX).sheet


def refused(content: bytes, content_type: str = XLSX) -> MusterError:
    with pytest.raises(MusterError) as caught:
        read_file(content, content_type)
    (error,) = caught.value.errors
    assert (error.field, error.code) == ("file", caught.value.code)
    assert caught.value.status in (413, 422)
    return caught.value


def cell_of(value: Any, number_format: str | None = None) -> str:
    book = Workbook()
    book.active.append(["E-mail", "Value"])
    book.active.append(["a@example.com", value])
    if number_format is not None:
        book.active["B2"].number_format = number_format
    return read(saved(book)).rows[0].cells[1]


def test_a_workbook_is_read_whatever_it_is_said_to_be() -> None:
    for content_type in (XLSX, "text/csv", ""):
        sheet = read_file(workbook(), content_type).sheet
        assert sheet.header == list(HEADER)
        assert [(row.number, row.cells) for row in sheet.rows] == [(2, list(ANN))]


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        ("Zoë 李 🦉", None, "Zoë 李 🦉"),
        ("R&D <x> \u2028", None, "R&D <x> \u2028"),
        (" two  spaces\nand a line ", None, " two  spaces\nand a line "),
        (42, None, "42"),
        (42.0, None, "42"),
        (-7, None, "-7"),
        (0.1, None, "0.1"),
        (4915112345678, None, "4915112345678"),
        (1e20, None, "1e+20"),
        (42, "00000", "00042"),
        (42, "#,##0.00", "42.00"),
        (1234567, "#,##0", "1,234,567"),
        (0.5, "0%", "50%"),
        (0.125, "0.0%", "12.5%"),
        (42, '"EMP-"00000', "EMP-00042"),
        (5550100, "000-0000", "555-0100"),
        (-5, "0.00;[Red](0.00)", "(5.00)"),
        (1e20, "0.00", "1e+20"),
        (7, "[>5]0;00", "7"),
        (3, "[>5]0;00", "03"),
        (-3, "[<5]0.0;00", "-3.0"),
        (-3, "[<0](0);00", "(3)"),
        (0, '[>0]0;[<0]-0;"none"', "none"),
        (5, "[<>5]0;00", "05"),
        # Phone numbers, as Excel offers them; amounts; and texts in the same column.
        (5550100, r"[<=9999999]###\-####;\(###\)\ ###\-####", "555-0100"),
        (2065550100, r"[<=9999999]###\-####;\(###\)\ ###\-####", "(206) 555-0100"),
        (1234.5, r'_(* #,##0.00_);_(* \(#,##0.00\);_(* "-"??_);_(@_)', "1,234.50"),
        (0, r'_(* #,##0.00_);_(* \(#,##0.00\);_(* "-"??_);_(@_)', "-"),
        (42, '"EMP-"00000;@', "EMP-00042"),
        (42, '"EMP-"General', "EMP-42"),
        (0.5, 'General" h"', "0.5 h"),
        (42, "@", "42"),
        (42, "@;0", "42"),
        (42, "0;0;0;@;0", "42"),
        (1.5, "# ?/?", "1.5"),
        (0.1 + 0.2, None, "0.3"),
        (True, None, "TRUE"),
        (False, None, "FALSE"),
        (date(2027, 1, 4), None, "2027-01-04"),
        (date(2027, 1, 4), "d. mmmm yyyy", "2027-01-04"),
        (date(2027, 1, 4), "[$-407]d/m/yy;@", "2027-01-04"),
        (datetime.fromisoformat("2027-01-04 09:30"), None, "2027-01-04 09:30"),
        (datetime.fromisoformat("2027-01-04 23:59:59"), None, "2027-01-04 23:59:59"),
        (clock(9, 30), None, "09:30"),
        (timedelta(hours=9), "h:mm", "09:00"),
        (date(1900, 1, 15), None, "1900-01-15"),
        (date(1900, 3, 1), None, "1900-03-01"),
        (44_000, '"days" 0', "days 44000"),
        (44_000, "[Red]0", "44000"),
        (44_000, r"0\d", "44000d"),
        (44_000, "General", "44000"),
    ],
)
def test_cells_of_every_kind_come_as_texts(value: Any, number_format: str | None, text: str) -> None:
    assert cell_of(value, number_format) == text


@pytest.mark.parametrize(
    ("stored", "text"),
    [("a_x000D_\nb", "a\r\nb"), ("_x005F_x000D_", "_x000D_"), ("a_x0000__x0007_b", "ab"), ("_xD800_", "_xD800_")],
)
def test_characters_that_xml_has_not_are_read_as_spreadsheets_write_them(stored: str, text: str) -> None:
    assert read(sheet_of(inline("E-mail") + inline("a@example.com", stored))).rows[0].cells[1] == text


def test_dates_count_from_1904_where_the_workbook_says_so() -> None:
    book = Workbook()
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001
    book.active.append(["E-mail", "Since"])
    book.active.append(["a@example.com", date(2027, 1, 4)])
    assert read(saved(book)).rows[0].cells[1] == "2027-01-04"


def test_a_workbook_whose_sheets_are_all_hidden_is_refused() -> None:
    content = workbook()
    xml = part_of(content, "xl/workbook.xml").replace('state="visible"', 'state="veryHidden"')
    assert refused(with_parts(content, {"xl/workbook.xml": xml})).code == "no_sheet"


def test_parts_are_found_by_their_relations_and_not_by_their_names() -> None:
    content = workbook()
    moved = with_parts(
        content,
        {
            "xl/workbook.xml": None,
            "xl/workbook2.xml": part_of(content, "xl/workbook.xml"),
            "xl/_rels/workbook.xml.rels": None,
            "xl/_rels/workbook2.xml.rels": part_of(content, "xl/_rels/workbook.xml.rels").replace("sheet1", "people"),
            SHEET: None,
            "xl/worksheets/people.xml": part_of(content, SHEET),
            "_rels/.rels": part_of(content, "_rels/.rels").replace("workbook.xml", "workbook2.xml"),
        },
    )
    assert read(moved).rows[0].cells == list(ANN)


def test_prefixes_rich_texts_and_aids_to_reading_are_understood() -> None:
    rows = (
        '<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>E-mail</x:t></x:is></x:c>'
        '<x:c r="B1" t="inlineStr"><x:is><x:t>Name</x:t></x:is></x:c></x:row>'
        '<x:row r="3"><x:c r="A3" t="str"><x:v>a@example.com</x:v></x:c><x:c r="B3" t="inlineStr"><x:is>'
        "<x:r><x:t>田</x:t></x:r><x:r><x:t>中</x:t></x:r><x:rPh><x:t>タナカ</x:t></x:rPh></x:is></x:c></x:row>"
    )
    part = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    (row,) = read(with_parts(workbook(), {SHEET: part})).rows
    assert (row.number, row.cells) == (3, ["a@example.com", "田中"])


def test_blank_rows_and_formatted_empty_cells_do_not_count() -> None:
    book = Workbook()
    book.active.append(HEADER)
    for line in range(2, 3000):
        book.active.cell(line, 60).number_format = "0.00"
    book.active.cell(3, 1, "a@example.com")
    book.active.cell(2900, 1, "b@example.com")
    assert [row.number for row in read(saved(book)).rows] == [3, 2900]


def test_limits_are_those_of_text_files() -> None:
    rows = [[f"p{number}@example.com"] for number in range(MAX_ROWS)]
    assert len(read(workbook(["E-mail"], *rows)).rows) == MAX_ROWS
    assert refused(workbook(["E-mail"], *rows, [], ["more@example.com"])).code == "too_many_rows"
    assert refused(workbook(["E-mail", *["Problem"] * MAX_COLUMNS], ANN)).code == "too_many_columns"
    assert refused(workbook(HEADER, ("a@example.com", "x" * (MAX_CELL + 1)))).code == "cell_too_long"
    assert refused(saved(Workbook())).code == "empty_file"
    assert refused(workbook(HEADER)).code == "no_rows"
    assert refused(workbook(("Name", "Groups"), ("Ann", "Finance"))).code == "no_email_column"


def test_the_stored_value_of_a_formula_is_its_text() -> None:
    rows = (
        inline("E-mail", "Name", "Number", "Empty", "None")
        + '<row><c t="inlineStr"><is><t>a@example.com</t></is></c><c t="str"><f>B1&amp;"x"</f><v>Ann</v></c>'
        '<c><f>1+1</f><v>2</v></c><c t="str"><f>""</f><v></v></c><c><f>1+1</f><v></v></c></row>'
    )
    (row,) = read(sheet_of(rows)).rows
    assert row.cells == ["a@example.com", "Ann", "2", "", ""]
    assert row.notes == {1: CellNote.STORED_VALUE, 2: CellNote.STORED_VALUE, 4: CellNote.FORMULA}


def test_a_formula_without_its_value_leaves_its_own_cell_empty() -> None:
    (row,) = read(workbook(HEADER, ("a@example.com", "=1+1", "Finance"))).rows
    assert (row.cells, row.notes) == (["a@example.com", "", "Finance"], {1: CellNote.FORMULA})
    assert read(sheet_of(inline("E-mail") + inline("a@example.com", "=1+1"))).rows[0].cells[1] == "=1+1"


def test_errors_are_nothing_and_noted() -> None:
    rows = (
        inline("E-mail", "Name", "Number")
        + '<row><c t="inlineStr"><is><t>a@example.com</t></is></c><c t="e"><f>NA()</f><v>#N/A</v></c>'
        '<c t="inlineStr"><is><t>#REF!</t></is></c></row>'
    )
    (row,) = read(sheet_of(rows)).rows
    assert (row.cells, row.notes) == (["a@example.com", "", ""], {1: CellNote.ERROR, 2: CellNote.ERROR})


@pytest.mark.parametrize(
    "name", ["xl/vbaProject.bin", "xl/VBAPROJECT.BIN", "word/vbaProject.bin", "xl/macrosheets/a.xml"]
)
def test_a_workbook_with_macros_is_refused(name: str) -> None:
    assert refused(with_parts(workbook(), {name: b"macro"})).code == "macros"


def test_a_workbook_of_a_kind_that_may_have_macros_is_refused() -> None:
    content = workbook()
    types = part_of(content, "[Content_Types].xml").replace(f"{XLSX}.main+xml", MACROS)
    assert MACROS in types
    assert refused(with_parts(content, {"[Content_Types].xml": types})).code == "macros"
    assert refused(content, "application/vnd.ms-excel.sheet.macroEnabled.12").code == "macros"


def test_archives_of_other_kinds_are_refused() -> None:
    document = with_parts(workbook(), {"xl/workbook.xml": None, "_rels/.rels": None, "word/document.xml": "<a/>"})
    assert (refused(document).code, "a Word document" in refused(document).detail) == ("not_a_spreadsheet", True)
    for name, what in (
        ("Index/Document.iwa", "Apple's Numbers"),
        ("ppt/presentation.xml", "PowerPoint"),
        ("people.csv", "an archive with a CSV file"),
        ("People.XLSX", "an archive with a workbook"),
        ("note.txt", "another kind"),
    ):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr(name, "x")
        assert what in refused(archive.getvalue()).detail
    assert refused(b"PK\x05\x06" + bytes(18)).code == "not_a_spreadsheet"
    content = workbook()
    binary = {
        "xl/workbook.xml": None,
        "xl/workbook.bin": b"x",
        "_rels/.rels": part_of(content, "_rels/.rels").replace("workbook.xml", "workbook.bin"),
    }
    assert refused(with_parts(content, binary)).code == "binary_workbook"


def _patched(content: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    """Every entry of the directory (or every entry's own head), with these bytes changed."""
    made = bytearray(content)
    at = made.find(mark)
    while at >= 0:
        made[at + offset : at + offset + len(value)] = value
        at = made.find(mark, at + 1)
    return bytes(made)


def test_an_archive_with_a_password_is_refused() -> None:
    flagged = _patched(_patched(workbook(), b"PK\x01\x02", 8, b"\x01\x00"), b"PK\x03\x04", 6, b"\x01\x00")
    assert refused(flagged).code == "encrypted"


def test_broken_archives_are_refused() -> None:
    content = workbook()
    assert refused(content[: len(content) // 2]).code == "broken_workbook"
    assert refused(b"PK\x03\x04" + b"x" * 1000).code == "broken_workbook"
    # A method that unpacks whole blocks at a time.
    assert refused(_patched(content, b"PK\x01\x02", 10, b"\x0c\x00")).code == "broken_workbook"
    assert refused(with_parts(content, {SHEET: None})).code == "broken_workbook"
    assert refused(with_parts(content, {SHEET: "<worksheet><sheetData><row"})).code == "broken_workbook"


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="0"><c><v>1</v></c></row>',
        '<row r="2"/><row r="1"/>',
        '<row r="1048577"/>',
        '<row r="nan"/>',
        '<row r="1e999"/>',
        '<row><c r="1A"><v>1</v></c></row>',
        '<row><c r="XFE1"><v>1</v></c></row>',
        '<row><c s="x"><v>1</v></c></row>',
        "<row><c><v>one</v></c></row>",
        '<row><c t="s"><v>0</v></c></row>',
        '<row><c t="s"><v>-1</v></c></row>',
        '<row><c t="s"><v>x</v></c></row>',
        f"<row><c><v>{'9' * 5000}x</v></c></row>",
    ],
)
def test_what_no_spreadsheet_program_writes_is_refused(rows: str) -> None:
    assert refused(sheet_of(rows)).code == "broken_workbook"


@pytest.mark.parametrize(
    "declared",
    ['<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">', '<!ENTITY a SYSTEM "file:///etc/passwd">', "<!ELEMENT a ANY>"],
)
@pytest.mark.parametrize(
    "name", [SHEET, STRINGS, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"]
)
def test_declarations_of_entities_are_refused_in_every_part(declared: str, name: str) -> None:
    content = sharing(workbook())
    xml = f"<!DOCTYPE a [{declared}]>" + part_of(content, name).removeprefix("<?xml version='1.0' encoding='UTF-8'?>")
    assert refused(with_parts(content, {name: xml})).code == "unsafe_xml"


def test_bombs_are_refused_by_the_directory() -> None:
    assert refused(with_parts(workbook(), {"xl/media/big.bin": bytes(51_000_000)})).code == "zip_bomb"
    assert refused(with_parts(workbook(), {"xl/media/big.bin": bytes(5_000_000)})).code == "zip_bomb"
    many = with_parts(workbook(), {f"xl/media/{number}": b"" for number in range(MAX_ENTRIES)})
    error = refused(many)
    assert (error.status, error.code) == (413, "zip_bomb")


def test_bombs_are_refused_though_the_directory_denies_them() -> None:
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{inline("E-mail") * 300_000}</sheetData></worksheet>'
    content = with_parts(workbook(), {SHEET: sheet})
    # Every entry says that it is small.
    lied = _patched(content, b"PK\x01\x02", 24, struct.pack("<I", 20_000))
    assert zipfile.ZipFile(io.BytesIO(lied)).getinfo(SHEET).file_size == 20_000
    assert refused(lied).code in ("broken_workbook", "zip_bomb", "too_much_content")


_ATTRIBUTES = " ".join(f"a{number}=''" for number in range(200_000))
_LONG = "x" * (MAX_READ + 1)
_ONE = inline("E-mail") + inline("a@example.com")


@pytest.mark.parametrize(
    ("name", "xml"),
    [
        (SHEET, f"<worksheet><sheetData>{'<row/>' * 600_000}</sheetData></worksheet>"),
        (SHEET, f"<worksheet><sheetData><row>{'<c/>' * 600_000}</row></sheetData></worksheet>"),
        (SHEET, f"<worksheet>{'<a>' * 600_000}</worksheet>"),
        (SHEET, f"<worksheet><a {_ATTRIBUTES}/></worksheet>"),
        (SHEET, f"<worksheet><!--{'x' * 3_000_000}--></worksheet>"),
        (SHEET, f"<worksheet><sheetData>{_ONE}<row><c t='str'><v>{_LONG}</v></c></row></sheetData></worksheet>"),
        (STRINGS, f"<sst>{'<si><t>a</t></si>' * 300_000}</sst>"),
        ("xl/styles.xml", f"<styleSheet><cellXfs>{'<xf/>' * 600_000}</cellXfs></styleSheet>"),
        ("xl/workbook.xml", f"<workbook><sheets>{'<sheet/>' * 600_000}</sheets></workbook>"),
        ("[Content_Types].xml", f"<Types>{'<Default/>' * 600_000}</Types>"),
    ],
    ids=lambda value: "" if value.startswith("<") else value,
)  # fmt: skip
def test_parts_that_would_take_long_are_refused_soon_and_in_little_memory(
    name: str, xml: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = _ONE + '<row><c s="1"><v>1</v></c><c t="s"><v>299999999</v></c></row>'
    noise = bytes((n * 7919 + n // 251) % 256 for n in range(200_000))
    content = with_parts(with_strings(sheet_of(rows), ""), {name: xml, "xl/media/noise": noise})
    # What packs as well as this is refused by its ratio; that is not what is tried here.
    padded = with_stored(content, 100_000)
    with at_most(seconds=3):
        code = refused(padded).code
    assert code in ("too_much_content", "broken_workbook")
    # Watching the memory takes four times as long as the rest: a tenth of the limits, a tenth of the memory.
    monkeypatch.setattr(archive, "MAX_ELEMENTS", MAX_ELEMENTS // 10)
    monkeypatch.setattr(archive, "MAX_READ", MAX_READ // 10)
    tracemalloc.start()
    again = refused(padded).code
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert again == code
    assert peak < 15_000_000


def with_stored(content: bytes, size: int) -> bytes:
    """With an entry that does not pack."""
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/media/stored", bytes(size))
    return file.getvalue()


def test_a_format_made_to_keep_a_reader_busy_does_not() -> None:
    content = workbook(HEADER, *[("a@example.com", 1.5)] * 400)
    xml = part_of(content, "xl/styles.xml")
    brackets = "[" * 255
    codes = "".join(f'<numFmt numFmtId="{200 + n}" formatCode="{brackets}"/>' for n in range(500))
    xfs = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(500))
    xml = f'<styleSheet xmlns="{MAIN}"><numFmts>{codes}</numFmts><cellXfs>{xfs}</cellXfs></styleSheet>'
    sheet = part_of(content, SHEET)
    for number in range(400):
        sheet = sheet.replace(f'r="B{number + 2}"', f'r="B{number + 2}" s="{number + 1}"')
    with at_most(seconds=1):
        assert len(read(with_parts(content, {"xl/styles.xml": xml, SHEET: sheet})).rows) == 400


def test_five_hundred_rows_of_fifty_columns_take_a_second_at_most() -> None:
    header = ["E-mail", *["Problem"] * (MAX_COLUMNS - 1)]
    content = workbook(header, *[[f"text {row} {column}" for column in range(MAX_COLUMNS)] for row in range(MAX_ROWS)])
    with at_most(seconds=1):
        assert len(read(content).rows) == MAX_ROWS


# openpyxl refuses control characters, and reads no escapes.
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="_'"), max_size=20)
values = texts | st.integers(-(10**12), 10**12) | st.booleans() | st.dates(date(1900, 3, 1)) | st.none()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(values, min_size=1, max_size=6), min_size=1, max_size=8))
def test_every_table_is_read_as_openpyxl_reads_it(lines: list[list[Any]]) -> None:
    book = Workbook()
    book.active.append(["E-mail"])
    for line in lines:
        for column, value in enumerate(line, 1):
            cell = book.active.cell(book.active.max_row + (column == 1), column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    content = saved(book)
    expected = {
        number: [_shown(cell.value) for cell in line]
        for number, line in enumerate(load_workbook(io.BytesIO(content)).active.iter_rows(), 1)
    }
    if not any(text.strip() for line in list(expected.values())[1:] for text in line):
        assert refused(content).code == "no_rows"
        return
    sheet = read(content)
    assert read(sharing(content)) == sheet
    by_number = {row.number: row.cells for row in sheet.rows}
    for number, cells in list(expected.items())[1:]:
        mine = by_number.get(number, [])
        for column, text in enumerate(cells):
            given = mine[column] if column < len(mine) else ""
            assert given == text or (not given and not text.strip())


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    return value.date().isoformat() if isinstance(value, datetime) else str(value)

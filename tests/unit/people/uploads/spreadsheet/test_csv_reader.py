"""Uploaded text: encodings, delimiters, line ends, quotation marks, and what is no list of people."""

import codecs

import pytest

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.limits import MAX_CELL, MAX_COLUMNS, MAX_ROWS
from chalicelib.people.uploads.spreadsheet.reader import read_file
from chalicelib.people.uploads.spreadsheet.sheet import CellNote, Sheet

CSV = "text/csv"
LIST = "E-mail,Name,Groups\r\nzoe@example.com,Zoë,Büro Süd\r\n"
ROWS = [["zoe@example.com", "Zoë", "Büro Süd"]]


def read(content: str | bytes) -> Sheet:
    return read_file(content.encode() if isinstance(content, str) else content, CSV).sheet


def cells(content: str | bytes) -> list[list[str]]:
    return [row.cells for row in read(content).rows]


def refused(content: str | bytes) -> MusterError:
    with pytest.raises(MusterError) as caught:
        read(content)
    (error,) = caught.value.errors
    assert error.field == "file"
    assert error.code == caught.value.code
    return caught.value


@pytest.mark.parametrize(
    "content",
    [
        LIST.encode(),
        codecs.BOM_UTF8 + LIST.encode(),
        LIST.encode("cp1252"),
        LIST.encode("utf-16"),
        codecs.BOM_UTF16_LE + LIST.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + LIST.encode("utf-16-be"),
        LIST.encode("utf-16-le"),
        LIST.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + LIST.encode("utf-32-le"),
    ],
)
def test_every_encoding_that_spreadsheets_write_is_read(content: bytes) -> None:
    sheet = read(content)
    assert sheet.header == ["E-mail", "Name", "Groups"]
    assert [row.cells for row in sheet.rows] == ROWS


def test_letters_of_no_latin_script_are_read_from_utf_16_without_a_mark() -> None:
    text = "E-mail;名前\nann@example.com;田中さくら\nbob@example.com;鈴木一郎\n"
    assert cells(text.encode("utf-16-le"))[0] == ["ann@example.com", "田中さくら"]
    assert cells(text.encode("utf-16-be"))[0] == ["ann@example.com", "田中さくら"]


def test_the_signs_that_windows_1252_has_and_latin_1_has_not_are_read() -> None:
    assert cells("E-mail,Name\na@example.com,“Œuvre” … 5 €".encode("cp1252")) == [["a@example.com", "“Œuvre” … 5 €"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_every_delimiter_and_line_end_is_read(delimiter: str, end: str) -> None:
    lines = [["E-mail", "Name", "Groups"], ["a@example.com", "Ann", "Finance"], ["b@example.com", "", "Sales"]]
    text = end.join(delimiter.join(line) for line in lines)
    assert cells(text) == cells(text + end) == lines[1:]


def test_groups_separated_by_semicolons_do_not_make_the_semicolon_the_delimiter() -> None:
    assert cells("E-mail,Groups\na@example.com,A;B;C\nb@example.com,A;B;C\n")[0] == ["a@example.com", "A;B;C"]


def test_commas_in_names_do_not_make_the_comma_the_delimiter() -> None:
    text = "E-mail;Last name;Office\na@example.com;Lee, Ann;a,b\nb@example.com;Ray, Bob;a,b\n"
    assert cells(text)[1] == ["b@example.com", "Ray, Bob", "a,b"]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_delimiter_that_excel_names_above_the_header_is_obeyed(first: str) -> None:
    sheet = read(f"{first}\r\nE-mail;a,b,c\r\nann@example.com;1,2,3\r\n")
    assert sheet.header == ["E-mail", "a,b,c"]
    assert [(row.number, row.cells) for row in sheet.rows] == [(2, ["ann@example.com", "1,2,3"])]


def test_quoted_cells_hold_delimiters_line_breaks_and_quotation_marks() -> None:
    text = 'E-mail,Notes,Groups\r\na@example.com,"one,\r\ntwo ""three""\nfour",Finance\r\nb@example.com,,Sales\r\n'
    sheet = read(text)
    assert sheet.rows[0].cells == ["a@example.com", 'one,\r\ntwo "three"\nfour', "Finance"]
    assert [row.number for row in sheet.rows] == [2, 3]


def test_quotation_marks_after_a_space_are_known_for_what_they_are() -> None:
    assert cells('E-mail, Name\na@example.com, "Lee, Ann"\n') == [["a@example.com", "Lee, Ann"]]


def test_rows_keep_the_numbers_of_their_lines_and_blank_ones_do_not_count() -> None:
    text = "\n ,\u00a0,\nE-mail,Name\n\na@example.com,Ann\n,\n \u200b,\nb@example.com,Bob\n\n\n"
    assert [(row.number, row.cells[1]) for row in read(text).rows] == [(5, "Ann"), (8, "Bob")]


def test_rows_are_as_long_as_the_longest_and_headings_of_more_cells_are_empty() -> None:
    sheet = read("E-mail,Name\na@example.com\nb@example.com,Bob,note,\n")
    assert sheet.header == ["E-mail", "Name", ""]
    assert [row.cells for row in sheet.rows] == [["a@example.com", "", ""], ["b@example.com", "Bob", "note"]]


def test_five_hundred_rows_are_taken_and_one_more_is_not() -> None:
    rows = [f"p{number}@example.com,Ann" for number in range(MAX_ROWS)]
    assert len(read("\n".join(["E-mail,Name", *rows, "", ","])).rows) == MAX_ROWS
    error = refused("\n".join(["E-mail,Name", *rows, "", "one@example.com,More"]))
    assert (error.status, error.code) == (422, "too_many_rows")
    assert "500" in error.detail


def test_columns_and_cells_have_their_limits() -> None:
    header = ["E-mail", *(f"Problem {number}"[:7] for number in range(MAX_COLUMNS - 1))]
    assert len(read(",".join(header) + ",,,\na@example.com,,\n").header) == 1 + MAX_COLUMNS - 1
    assert refused(",".join([*header, "more"]) + "\na@example.com\n").code == "too_many_columns"
    assert refused("E-mail\na@example.com" + "," * MAX_COLUMNS + "far out\n").code == "too_many_columns"
    assert len(cells(f"E-mail,Notes\na@example.com,{'x' * MAX_CELL}\n")[0][1]) == MAX_CELL
    error = refused(f"E-mail,Notes\n\na@example.com,{'x' * (MAX_CELL + 1)}\n")
    assert error.code == "cell_too_long"
    assert "B3" in error.detail
    assert "1000" in error.detail
    assert refused(f'E-mail,Notes\na@example.com,"{"x" * 200_000}"\n').code == "cell_too_long"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b" \r\n\t\r\n,,,\r\n", "empty_file"),
        (b"E-mail,Groups\r\n,\r\n", "no_rows"),
        (b"ann@example.com,Ann\nbob@example.com,Bob\n", "no_header"),
        (b"Name,Groups\nAnn,Finance\n", "no_email_column"),
        (b'E-mail,Name\na@example.com,"Ann\nb@example.com,Bob\n', "open_quote"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not_a_spreadsheet"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not_a_spreadsheet"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "not_a_spreadsheet"),
        (b"<!DOCTYPE html><table><tr><td>E-mail", "not_a_spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "old_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"E-mail,Name\na@example.com,A\x00nn\n", "not_text"),
        (b"E-mail,Name\na@example.com,A\x07nn\n", "not_text"),
        (b"\xff\xfeE\x00-", "not_text"),
        (b"\x7fELF" + bytes(range(256)), "not_text"),
    ],
)
def test_what_is_no_list_of_people_is_refused_with_the_reason(content: bytes, code: str) -> None:
    error = refused(content)
    assert (error.status, error.code) == (422, code)
    assert error.detail.count(". ") >= 1, "what is wrong, and what would be right"


def test_a_file_of_more_than_five_megabytes_is_refused() -> None:
    error = refused(b"E-mail\n" + b"a@example.com\n" * 400_000)
    assert (error.status, error.code) == (413, "file_too_large")


@pytest.mark.parametrize("content", [b"\n" * 5_000_000 + b"E-mail\na@b.example", b"E-mail\n" + b",\n" * 2_000_000])
def test_endless_blank_lines_are_refused(content: bytes) -> None:
    assert refused(content).code == "too_much_content"


def test_a_refusal_never_repeats_what_a_cell_holds() -> None:
    for text in ("secret@example.com,x\n", "Secret,Name\nsecret,x\n"):
        error = refused(text)
        assert "secret" not in f"{error} {error.errors}".casefold()


@pytest.mark.parametrize("cell", ["=1+1", "=", "=SUM(A1:A9)", '=HYPERLINK("mailto:a@example.com","Ann")', '=A1&"x"'])
def test_a_formula_leaves_its_own_cell_empty_and_is_noted(cell: str) -> None:
    text = '"' + cell.replace('"', '""') + '"'
    (row,) = read(f"E-mail;Name;Groups\n\na@example.com;Ann;{text}\n").rows
    assert (row.cells, row.notes) == (["a@example.com", "Ann", ""], {2: CellNote.FORMULA})


@pytest.mark.parametrize(
    "cell",
    [
        "+49 151 2345", "+49 (0)151 2345", "+1-555-0100 ext 4", "+1 555 0100 ext(12)", "- acting Manager(HR)", "-",
        "- none -", "-5", "@ann", "a=b", " =1+1", "… (x)", "@SUM(A1:A9)", "+SUM(1)", "-LOG10(5)", "+cmd|'/c calc'!A0",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_formula_is_a_text(cell: str) -> None:
    (row,) = read(f"E-mail;Name\na@example.com;{cell}\n").rows
    assert (row.cells, row.notes) == (["a@example.com", cell], {})


@pytest.mark.parametrize(("cell", "text"), [('="00123"', "00123"), ('="a ""b"" c"', 'a "b" c'), ('=""', "")])
def test_a_text_kept_from_being_a_number_is_that_text(cell: str, text: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    for written in (cell, quoted) if text == "00123" else (quoted,):
        (row,) = read(f"E-mail,Number,Name\na@example.com,{written},Ann\n").rows
        assert (row.cells, row.notes) == (["a@example.com", text, "Ann"], {})


@pytest.mark.parametrize(
    "cell",
    [
        "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NV", "#WERT!", "#¿NOMBRE?", "#ЗНАЧ!",
        "#\u041d/\u0414", "#N/B", "#N/D!", "#I/T", "#YOK", "#HIÁNYZIK", "#NENÍ_K_DISPOZICI", "#SPILL!", "#GETTING_DATA",
        "Err:502",
    ],
)  # fmt: skip
def test_an_error_is_nothing_and_noted(cell: str) -> None:
    (row,) = read(f"E-mail;Name;Groups\na@example.com;{cell};x\n").rows
    assert (row.cells, row.notes) == (["a@example.com", "", "x"], {1: CellNote.ERROR})


@pytest.mark.parametrize("cell", ["#1", "#hashtag", "#team!", "# N/A", "N/A", "#", "#NVA", "Err: 502", "Err:none"])
def test_what_only_begins_like_an_error_is_a_text(cell: str) -> None:
    assert cells(f"E-mail;Name\na@example.com;{cell}\n") == [["a@example.com", cell]]


def test_the_headings_are_found_below_a_title() -> None:
    reading = read_file(b"version:v1.0\r\nMembers of Finance,,\r\n\r\nE-mail,Name\r\na@example.com,Ann\r\n", CSV)
    assert (reading.sheet.header, reading.sheet.header_number, reading.has_title) == (["E-mail", "Name"], 4, True)
    assert [(row.number, row.cells) for row in reading.sheet.rows] == [(5, ["a@example.com", "Ann"])]
    assert not read_file(LIST.encode(), CSV).has_title


@pytest.mark.parametrize("cell", ["'=1+1", "''=1+1"])
def test_the_apostrophe_that_keeps_a_formula_from_running_is_taken_off(cell: str) -> None:
    assert cells(f"E-mail;Name\na@example.com;{cell}\n") == [["a@example.com", "=1+1"]]


@pytest.mark.parametrize("cell", ["O'Neil", "'quoted'", "'t Hart"])
def test_other_apostrophes_stay(cell: str) -> None:
    assert cells(f"E-mail;Name\na@example.com;{cell}\n") == [["a@example.com", cell]]

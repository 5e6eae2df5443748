"""CSV for spreadsheet programs, without formulas."""

import csv
import io
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.csv_files import Cell, Sheet, escape_formula
from chalicelib.reporting.exports.sources import file_name_of

RUN_BY_SPREADSHEETS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")

# Every character that matters for parsing, and letters.
letters = st.sampled_from("=+-@\t\r\n\uff1d\uff20;,\"' \u00a0ab1") | st.characters(exclude_categories=["Cs"])
texts = st.text(letters, max_size=12)
tables = st.lists(st.tuples(texts, texts, texts), max_size=5)


def _text(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    return b"".join(Sheet(headings, rows).pieces()).decode()


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "   -1", "\u00a0=1", " \t", "\uff1d1", "=", "-"],
)
def test_a_cell_that_would_run_gets_an_apostrophe(text: str) -> None:
    assert escape_formula(text).startswith("'")
    assert escape_formula(text).replace("'", "") == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bolt;=1+1", "Bolt;'=1+1"),
        ('Bolt; "=1+1', "Bolt;' \"=1+1"),
        ("Bolt\n-1", "Bolt\n'-1"),
        ("=1;=2", "'=1;'=2"),
    ],
)
def test_what_would_run_after_a_semicolon_or_a_line_break_is_defused_in_its_place(text: str, shown: str) -> None:
    assert escape_formula(text) == shown


@pytest.mark.parametrize(
    "text",
    ["", "Ann Lee", "O'Neil", "a=1", "ann@example.com", "5 - 3", "2027-01-04", '"=1"', "a;b", "a; b", "Café\nBar"],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert escape_formula(text) == text


@settings(deadline=None)
@given(texts)
def test_defusing_only_adds_apostrophes_and_once(text: str) -> None:
    assert escape_formula(text).replace("'", "") == text.replace("'", "")
    assert escape_formula(escape_formula(text)) == escape_formula(text)


@settings(deadline=None)
@given(tables)
def test_no_cell_begins_with_what_would_run(rows: list[tuple[str, str, str]]) -> None:
    """Read as the standard says, and as Excel reads it where the comma is the decimal sign."""
    text = _text(["one", "two", "three"], rows)
    by_comma = list(csv.reader(io.StringIO(text, newline=""), delimiter=","))
    by_semicolon = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert not [cell for row in by_comma for cell in row if cell.startswith(RUN_BY_SPREADSHEETS)]
    for row in by_comma + by_semicolon:
        assert not [cell for cell in row if cell.lstrip().startswith(RUN_BY_SPREADSHEETS)]


@settings(deadline=None)
@given(tables)
def test_every_cell_comes_back_as_it_was_written(rows: list[tuple[str, str, str]]) -> None:
    text = _text(["one", "two", "three"], rows)
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert read == [["one", "two", "three"], *([escape_formula(cell) for cell in row] for row in rows)]


def test_a_file_is_utf_8_with_a_byte_order_mark_and_full_line_ends() -> None:
    sheet = Sheet(["name", "n"], [["Zoë, PhD", 3], ['Bo "B" Ross', None]])
    pieces = list(sheet.pieces())
    assert b"".join(pieces) == b'\xef\xbb\xbfname,n\r\n"Zo\xc3\xab, PhD",3\r\n"Bo ""B"" Ross",\r\n'
    assert sheet.num_rows == 2


def test_cells_of_other_kinds() -> None:
    assert _text(["a"], [[True, False, None, 0, -1, date(2027, 1, 4)]]) == "\ufeffa\r\ntrue,false,,0,-1,2027-01-04\r\n"


def test_half_a_surrogate_pair_does_not_break_the_file() -> None:
    assert _text(["a"], [["x\ud83d"]]) == "\ufeffa\r\nx?\r\n"


@pytest.mark.parametrize(
    ("names", "file_name"),
    [
        (("learners", "Büro & Söhne", "Spotting Phishing"), "learners-buro-sohne-spotting-phishing"),
        (("batches", "東京"), "batches"),
        (("batches", '../"; filename="x.exe'), "batches-filename-x-exe"),
        (("batches", "-" * 70 + "a"), "batches-a"),
        (("batches", "ab " * 60), "batches-" + "-".join(["ab"] * 20)),
    ],
)
def test_the_name_of_a_file_is_plain(names: tuple[str, ...], file_name: str) -> None:
    assert file_name_of(*names) == file_name

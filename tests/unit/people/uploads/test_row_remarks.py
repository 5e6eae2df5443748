"""How cells came to their texts, where that is worth knowing: formulas, errors, hidden rows, letters."""

import pytest

from chalicelib.people.uploads.row_schemas import RowOut, Verdict
from chalicelib.people.uploads.spreadsheet.sheet import CellNote, Sheet, SheetRow
from tests.unit.people.uploads.judging import DIRECTORY, judge, one, problems


def noted(note: CellNote, text: str = "", *, index: int = 2) -> RowOut:
    """The verdict on a row whose cell with this index has the note; by the index: address, groups, name, left out."""
    cells = ["ann@example.com", "Finance", "", ""]
    cells[index] = text
    sheet = Sheet(["E-mail", "Groups", "First name", ""], [SheetRow(7, cells, {index: note}, False)])
    (verdict,) = judge(sheet, DIRECTORY)
    return verdict


def test_a_formula_fails_its_row_only_where_its_value_is_needed_and_missing() -> None:
    assert problems(noted(CellNote.FORMULA)) == [("First name", "formula")]
    assert "C7" in noted(CellNote.FORMULA).problems[0].sentence
    assert problems(noted(CellNote.FORMULA, index=0)) == [("E-mail", "formula")]
    assert problems(noted(CellNote.FORMULA, index=1)) == [("Groups", "formula")]
    assert noted(CellNote.FORMULA, index=3).verdict == Verdict.OK


def test_the_stored_value_of_a_formula_counts_and_that_is_said() -> None:
    verdict = noted(CellNote.STORED_VALUE, "Ann")
    assert (verdict.verdict, verdict.values.first_name) == (Verdict.OK, "Ann")
    assert [(remark.column, remark.code) for remark in verdict.remarks] == [("First name", "stored_value")]


def test_an_error_in_a_cell_is_nothing_and_that_is_said() -> None:
    verdict = noted(CellNote.ERROR)
    assert (verdict.verdict, verdict.values.first_name) == (Verdict.OK, "")
    assert [(remark.column, remark.code) for remark in verdict.remarks] == [("First name", "error_value")]
    assert problems(noted(CellNote.ERROR, index=0)) == [("E-mail", "email_missing")]


def test_a_hidden_row_is_judged_and_that_is_said() -> None:
    row = SheetRow(7, ["ann@example.com", "Finance"], is_hidden=True)
    (verdict,) = judge(Sheet(["E-mail", "Groups"], [row]), DIRECTORY)
    assert (verdict.verdict, [remark.code for remark in verdict.remarks]) == (Verdict.OK, ["hidden_row"])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("M\u00c3\u00bcller", "Müller"),
        ("\u0420\u045a\u0421\u040b\u0420\u00bb\u0420\u00bb\u0420\u00b5\u0421\u0402", "Мюллер"),
        ("M\ufffdller", None),
        ("M?ller", None),
    ],
)
def test_garbled_text_is_never_taken_without_a_remark(text: str, meant: str | None) -> None:
    (remark,) = one(Last_name=text).remarks
    assert (remark.column, remark.code) == ("Last name", "garbled")
    assert meant is None or meant in remark.sentence


@pytest.mark.parametrize(
    "text", ["Müller", "Łukasz", "Иван", "山田", "Güneş", "O\u2019Neil", "Who?", "http://a.example/?b=c"]
)
def test_text_that_is_as_it_should_be_gets_no_remark(text: str) -> None:
    assert one(Last_name=text).remarks == []


def test_letters_of_a_guessed_encoding_are_remarked_on_in_every_row_that_has_some() -> None:
    rows = [SheetRow(2, ["ann@example.com", "Ann", "Sales"]), SheetRow(3, ["bob@example.com", "Bü", "Sales"])]
    first, second = judge(Sheet(["E-mail", "First name", "Groups"], rows), DIRECTORY, is_guessed=True)
    assert first.remarks == []
    assert [(remark.column, remark.code) for remark in second.remarks] == [("First name", "guessed_letters")]

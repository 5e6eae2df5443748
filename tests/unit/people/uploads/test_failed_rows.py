"""The file of failed rows: what is read from it is what was read before."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.csv_files import escape_formula
from chalicelib.people.uploads.directory import Directory
from chalicelib.people.uploads.failed_rows import failed_csv
from chalicelib.people.uploads.row_schemas import ProblemOut
from chalicelib.people.uploads.spreadsheet.columns import columns_of
from chalicelib.people.uploads.spreadsheet.headings import is_secret
from chalicelib.people.uploads.spreadsheet.reader import read_file
from chalicelib.people.uploads.spreadsheet.sheet import Sheet, SheetRow, is_blank, unescaped
from chalicelib.people.uploads.verdicts import judge

WRONG = ProblemOut(column="Groups", code="unknown_group", sentence="There is none.", next_step="Write another.")


def again(sheet: Sheet) -> Sheet:
    return read_file(failed_csv(sheet.header, [(row.cells, [WRONG]) for row in sheet.rows]), "text/csv").sheet


def without_added(sheet: Sheet) -> list[list[str]]:
    return [sheet.header[:-2], *(row.cells[:-2] for row in sheet.rows)]


def test_failed_rows_keep_their_cells_and_get_the_problem_and_the_next_step() -> None:
    header = ["E-mail", "Name", "Groups"]
    rows = [(["ann@example.com", "=1+1", "Büro;-x"], [WRONG, WRONG])]
    text = failed_csv(header, rows).decode()
    assert text == (
        "\ufeffE-mail,Name,Groups,Problem,Next step\r\n"
        "ann@example.com,'=1+1,Büro;'-x,There is none. There is none.,Write another.\r\n"
    )


def test_the_file_can_be_uploaded_again_and_fails_again_with_the_same_columns() -> None:
    sheet = Sheet(["E-mail", "Groups"], [SheetRow(2, ["ann@example.com", "Fin"])])
    for _ in range(3):
        (verdict,) = judge(sheet, columns_of(sheet.header), Directory(groups={"g": "Sales"}))
        assert [problem.code for problem in verdict.problems] == ["unknown_group"]
        sheet = read_file(failed_csv(sheet.header, [(sheet.rows[0].cells, verdict.problems)]), "text/csv").sheet
        assert sheet.header == ["E-mail", "Groups", "Problem", "Next step"]
        assert sheet.rows[0].cells[:3] == ["ann@example.com", "Fin", verdict.problems[0].sentence]


# Whatever plays a part in how a file is taken apart, or in what a spreadsheet would run.
letters = st.sampled_from("=+-@\t\r\n\uff1d\uff20;,\"' \u00a0ab1(|!") | st.characters(exclude_categories=["Cs", "Cc"])
texts = st.text(letters, max_size=12)


@settings(deadline=None, max_examples=300)
@given(texts)
def test_what_was_read_survives_being_defused_and_read_again(text: str) -> None:
    read = unescaped(text)
    assert unescaped(read) == read
    assert unescaped(escape_formula(read)) == read


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    # Columns of secrets do not come back.
    fields = draw(st.lists(texts.filter(lambda text: not is_blank(text) and not is_secret(f"f0{text}")), max_size=3))
    header = ["E-mail", *(f"f{number}{field}" for number, field in enumerate(fields))]
    rows = draw(st.lists(st.lists(texts, min_size=len(header), max_size=len(header)), min_size=1, max_size=5))
    first = [["x" if number % 2 else "'=", *row[1:]] for number, row in enumerate(rows)]
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, *first, *rows])
    return read_file(file.getvalue().encode(), "text/csv").sheet


@settings(deadline=None, max_examples=300)
@given(sheets())
def test_every_table_comes_back_cell_for_cell(sheet: Sheet) -> None:
    read = again(sheet)
    # A row of nothing but formulas without a value comes back empty, for people to fill in, and is then a blank line.
    rows = [row.cells for row in sheet.rows if not all(map(is_blank, row.cells))]
    assert without_added(read) == [sheet.header, *rows]
    assert read.header[-2:] == ["Problem", "Next step"]

"""What headings mean, and the template."""

import io

import pytest
from openpyxl import load_workbook

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.spreadsheet.columns import MAX_FIELD_NAME, MAX_FIELDS, TEMPLATE_COLUMNS, columns_of
from chalicelib.people.uploads.spreadsheet.reader import read_sheet
from chalicelib.people.uploads.template import CSV_TYPE, XLSX_TYPE, template_csv, template_xlsx
from tests.unit.people.uploads.spreadsheet.workbooks import saved

MEANINGS = ["email", "first_name", "last_name", "groups", "department", "location", "field"]


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("E-Mail", "email"),
        ("email", "email"),
        ("E-MAIL ADDRESS", "email"),
        ("\ufeffe\u2011mail", "email"),
        ("E_mail *", "email"),
        ("\uff25\uff2d\uff21\uff29\uff2c", "email"),
        ("First\u00a0name", "first_name"),
        (" firstname ", "first_name"),
        ("Last name", "last_name"),
        ("Surname", "last_name"),
        ("group", "groups"),
        ("Group(s)", "groups"),
        ("Department:", "department"),
        ("location", "location"),
        ("Problem", "ignored"),
        ("next step", "ignored"),
        ("Office", "field"),
        ("Groups of interest", "field"),
        ("#", "field"),
        ("", "unnamed"),
        (" \u200b", "unnamed"),
    ],
)
def test_headings_are_known_in_any_form(heading: str, meaning: str) -> None:
    columns = columns_of([heading] if meaning == "email" else ["E-mail", heading])
    assert columns[-1].meaning == meaning


def test_a_field_keeps_its_name_as_written_without_the_space_around_it() -> None:
    assert columns_of([" Cost  Centre\n(old)\t", "E-mail"])[0].heading == "Cost  Centre (old)"


def test_columns_come_in_any_order() -> None:
    assert [one.meaning for one in columns_of(list(reversed(TEMPLATE_COLUMNS)))] == MEANINGS[::-1]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (["Name"], "no_email_column"),
        ([""], "no_email_column"),
        (["ann@example.com", "Ann"], "no_header"),
        (["E-mail", "First name", "Email"], "repeated_column"),
        (["E-mail", "Surname", "Last name"], "repeated_column"),
        (["E-mail", "Cost centre", "cost-centre"], "repeated_column"),
        (["E-mail", "#", "#"], "repeated_column"),
        (["E-mail", "x" * (MAX_FIELD_NAME + 1)], "heading_too_long"),
        (["E-mail", *(f"field {number}" for number in range(MAX_FIELDS + 1))], "too_many_fields"),
    ],
)
def test_headings_of_no_list_of_people_are_refused(header: list[str], code: str) -> None:
    with pytest.raises(MusterError) as caught:
        columns_of(header)
    assert caught.value.code == code


def test_what_is_overlooked_may_come_twice_and_signs_of_other_scripts_count() -> None:
    header = ["E-mail", "Problem", "Problem", "", "", "कि", "का", "#", "%"]
    assert [one.meaning for one in columns_of(header)].count("field") == 4


def test_there_may_be_as_many_fields_as_a_person_can_have() -> None:
    assert len(columns_of(["E-mail", "Groups", *(f"field {number}" for number in range(MAX_FIELDS))])) == MAX_FIELDS + 2


def test_the_template_has_all_columns_and_a_profile_field_to_show_what_that_is() -> None:
    assert [one.meaning for one in columns_of(TEMPLATE_COLUMNS)] == MEANINGS


def test_the_csv_template_has_a_mark_so_that_excel_opens_it_well() -> None:
    expected = "\ufeffE-mail,First name,Last name,Groups,Department,Location,Employee number\r\n"
    assert template_csv().decode() == expected


def test_the_excel_template_opens_with_headings_and_cells_of_text() -> None:
    book = load_workbook(io.BytesIO(template_xlsx()))
    (sheet,) = book.worksheets
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [list(TEMPLATE_COLUMNS)]
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["A"].number_format == "@"


@pytest.mark.parametrize(("content", "kind"), [(template_csv(), CSV_TYPE), (template_xlsx(), XLSX_TYPE)])
def test_an_empty_template_is_refused_for_having_no_rows_and_nothing_else(content: bytes, kind: str) -> None:
    with pytest.raises(MusterError) as caught:
        read_sheet(content, kind)
    assert caught.value.code == "no_rows"


def test_filled_in_templates_are_read() -> None:
    person = ["ann@example.com", "Ann", "Lee", "Finance; Sales", "", "Berlin", "00042"]
    book = load_workbook(io.BytesIO(template_xlsx()))
    book.active.append(person)
    for content in (saved(book), template_csv() + b"ann@example.com,Ann,Lee,Finance; Sales,,Berlin,00042\r\n"):
        sheet = read_sheet(content, "")
        assert sheet.header == list(TEMPLATE_COLUMNS)
        assert sheet.rows[0].cells == person


def test_a_row_of_which_only_the_problem_is_left_is_none() -> None:
    content = b"E-mail,Groups,Problem\r\nann@example.com,Finance,\r\n,,It was wrong.\r\n"
    assert [row.cells[0] for row in read_sheet(content, "text/csv").rows] == ["ann@example.com"]

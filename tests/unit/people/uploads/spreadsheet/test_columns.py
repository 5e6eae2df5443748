"""What headings mean, and the template."""

import io
import tomllib
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from chalicelib.core.errors import Invalid, MusterError
from chalicelib.people.uploads.limits import MAX_FIELD_NAME, MAX_FIELDS
from chalicelib.people.uploads.spreadsheet import columns, headings
from chalicelib.people.uploads.spreadsheet.columns import TEMPLATE_COLUMNS, columns_of
from chalicelib.people.uploads.spreadsheet.headings import heading_key
from chalicelib.people.uploads.spreadsheet.meanings import Meaning
from chalicelib.people.uploads.spreadsheet.reader import read_file
from chalicelib.people.uploads.spreadsheet.sheet import SheetRow
from chalicelib.people.uploads.template import CSV_TYPE, XLSX_TYPE, template_csv, template_xlsx
from tests.unit.people.uploads.spreadsheet.workbooks import saved

MEANINGS = ["email", "first_name", "last_name", "groups", "department", "location", "field"]


def meanings(*header: str, rows: list[list[str]] | None = None, **choices: Any) -> list[str | None]:
    """What each column means; `?` and a meaning is only proposed."""
    columns = columns_of(header, [SheetRow(number, row) for number, row in enumerate(rows or [], 2)], **choices)
    return [column.meaning or (f"?{column.proposal}" if column.proposal else None) for column in columns]


def reasons(*header: str, **choices: Any) -> list[str]:
    return [column.reason for column in columns_of(header, **choices)]


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("E-Mail", "email"),
        ("email", "email"),
        ("E-MAIL ADDRESS", "email"),
        ("\ufeffe\u2011mail", "email"),
        ("E_mail *", "email"),
        ("\uff25\uff2d\uff21\uff29\uff2c", "email"),
        ("Work Email", "email"),
        ("Email - Primary Work", "email"),
        ("Email Address [Required]", "email"),
        ("User name [userPrincipalName] Required", "email"),
        ("User name [userPrincipalName]", "email"),
        ("User principal name", "email"),
        ("Email Address - Work", "email"),
        ("Legal Name - First Name", "first_name"),
        ("Preferred Name - Last Name", "last_name"),
        ("First Name Last Name", "full_name"),
        ("Legal Name in General Display Format", "full_name"),
        ("Office [physicalDeliveryOfficeName]", "location"),
        ("Office", "location"),
        ("First\u00a0name", "first_name"),
        (" firstname ", "first_name"),
        ("First", "first_name"),
        ("Given name", "first_name"),
        ("Legal First Name [Required]", "first_name"),
        ("First name [givenName]", "first_name"),
        ("Last name", "last_name"),
        ("Surname", "last_name"),
        ("Last Name (required)", "last_name"),
        ("Full name", "full_name"),
        ("displayName", "full_name"),
        ("Name", "full_name"),
        ("group", "groups"),
        ("Group(s)", "groups"),
        ("Department:", "department"),
        ("location", "location"),
        ("Employee #", "field"),
        ("Problem", None),
        ("next step", None),
        ("Job title", None),
        ("Groups of interest", None),
        ("#", None),
        ("", None),
        (" \u200b", None),
    ],
)
def test_headings_are_known_in_any_form(heading: str, meaning: str | None) -> None:
    header = [heading] if meaning == "email" else ["E-mail", heading]
    assert columns_of(header)[-1].meaning == meaning


def test_every_heading_is_listed_once_and_in_the_form_in_which_it_is_looked_up() -> None:
    path = Path(headings.__file__).with_name("headings.toml")
    lists = tomllib.loads(path.read_text(encoding="utf-8"))
    proposed = [word for words in lists.pop("proposed").values() for word in words]
    for words in (*lists.values(), proposed):
        assert words == [heading_key(word) for word in words]
    meanings = [word for meaning in Meaning for word in lists[meaning]]
    known = [*meanings, *proposed, *lists["maybe_email"], *lists["other"]]
    assert sorted(known) == sorted(set(known))


@pytest.mark.parametrize(
    ("heading", "proposal"),
    [
        ("E-mial", "email"),
        ("Frist name", "first_name"),
        ("Grops", "groups"),
        ("Locaton", "location"),
        ("Supervisory Organization", "department"),
        ("Org Unit Path [Required]", "department"),
        ("City", "location"),
        ("cohort1", "groups"),
        ("Labels", "groups"),
        ("Shoe size", None),
        # What is only near by its letters.
        ("Preferred Name", None),
        ("Floor Name", None),
        ("Work Address", None),
        ("Group Email [Required]", None),
    ],
)
def test_a_heading_that_is_nearly_known_is_left_out_and_its_meaning_proposed(
    heading: str, proposal: str | None
) -> None:
    others = ["Kontakt"] if proposal == "email" else ["E-mail"]
    column = columns_of([heading, *others])[0]
    assert (column.meaning, column.reason, column.proposal) == (None, "not_chosen", proposal)


def test_a_column_of_addresses_under_an_unknown_heading_is_proposed_for_them() -> None:
    rows = [["ann@example.com", "x"], ["bob@example.com", "y"], ["", "z"]]
    assert meanings("Kontakt", "Notes", rows=rows) == ["?email", None]
    assert meanings("Kontakt", "E-mail", rows=rows) == [None, "email"]


def test_a_user_name_is_the_address_only_where_it_is_one_and_nothing_else_is() -> None:
    assert meanings("Username", "First name", rows=[["ann@example.com", "Ann"]]) == ["email", "first_name"]
    assert meanings("username", "email", rows=[["ann@example.com", "ann@example.com"]]) == [None, "email"]
    assert meanings("username", "Kontakt", rows=[["ann", "ann@example.com"]]) == [None, "?email"]


def test_of_several_columns_for_one_meaning_the_best_known_is_taken_and_the_others_say_so() -> None:
    assert meanings("userPrincipalName", "mail", "Work email") == [None, "email", None]
    assert reasons("userPrincipalName", "mail", "Work email") == ["repeated", "known", "repeated"]
    assert meanings("Email", "Email") == ["email", None]
    assert meanings("E-mail", "Full name", "Surname") == ["email", None, "last_name"]


@pytest.mark.parametrize(
    "heading",
    [
        "password", "Password [Required]", "Initial password [passwordProfile] Required", "ssha_password",
        "Password Hash Function [UPLOAD ONLY]", "Passwort", "Kennwort", "Mot de passe", "Contraseña", "пароль",
        "\u30d1\u30b9\u30ef\u30fc\u30c9", "API key", "Access token", "Secret", "PIN", "pwd",
        "Security answer", "Oath token metadata", "user_pwd", "userPin", "Temp. PIN", "Pw2", "2FA secret", "initialPW",
        "Zugangscode", "Mitarbeiter-PIN", "Sicherheitsfrage", "mdp", "Recovery key", "lozinka", "M\u1eadt kh\u1ea9u",
    ],
)  # fmt: skip
def test_secrets_are_left_out_whatever_is_chosen(heading: str) -> None:
    assert reasons("E-mail", heading) == ["known", "secret"]
    assert reasons("E-mail", heading, last_time={heading_key(heading): Meaning.FIELD}) == ["known", "secret"]
    assert refusal("E-mail", heading, chosen={heading: Meaning.FIELD}) == [(f"columns.{heading}", "secret_column")]


def test_names_in_which_a_secret_word_only_sounds_are_none() -> None:
    sounding = ("Shipping address", "Passport country", "Secretary", "Pass / Fail", "Opinion", "Compass", "Spinning")
    assert reasons("E-mail", *sounding) == ["known", *["not_chosen"] * len(sounding)]


def refusal(*header: str, **choices: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        columns_of(header, **choices)
    return [(error.field, error.code) for error in caught.value.errors]


def test_what_is_chosen_counts_before_what_is_known() -> None:
    header = ("E-mail", "Work email", "Team", "Badge")
    chosen = {"Work email": Meaning.EMAIL, "Badge": Meaning.FIELD, "Team": None}
    assert meanings(*header, chosen=chosen) == [None, "email", None, "field"]
    assert reasons(*header, chosen=chosen) == ["repeated", "chosen", "chosen", "chosen"]


def test_what_was_chosen_last_time_counts_again_under_headings_in_any_form() -> None:
    last_time = {heading_key("Badge No."): Meaning.FIELD, heading_key("Department"): None, "gone": Meaning.FIELD}
    assert meanings("E-mail", "BADGE no", "Department", last_time=last_time) == ["email", "field", None]
    assert reasons("E-mail", "BADGE no", "Department", last_time=last_time) == ["known", "last_time", "last_time"]
    assert meanings("E-mail", "badge-no", chosen={"badge-no": None}, last_time=last_time) == ["email", None]


@pytest.mark.parametrize(
    ("chosen", "errors"),
    [
        ({"Nothing": Meaning.FIELD}, [("columns.Nothing", "unknown_heading")]),
        ({"Badge": Meaning.EMAIL, "Team": Meaning.EMAIL}, [("columns.Team", "repeated_meaning")]),
        ({"Badge": Meaning.FIELD, "badge.": Meaning.FIELD}, [("columns.badge.", "repeated_meaning")]),
        ({"x" * (MAX_FIELD_NAME + 1): Meaning.FIELD}, [("columns." + "x" * MAX_FIELD_NAME, "heading_too_long")]),
        ({"E-mail": None}, [("file", "no_email_column")]),
    ],
)
def test_what_cannot_be_chosen_is_refused_by_the_heading(
    chosen: dict[str, Meaning | None], errors: list[tuple[str, str]]
) -> None:
    assert refusal("E-mail", "Badge", "badge.", "Team", "x" * (MAX_FIELD_NAME + 1), chosen=chosen) == errors


def test_there_may_be_as_many_fields_as_a_person_can_have() -> None:
    header = ["E-mail", *(f"field {number}" for number in range(MAX_FIELDS + 1))]
    chosen = dict.fromkeys(header[1 : MAX_FIELDS + 1], Meaning.FIELD)
    assert meanings(*header, chosen=chosen).count("field") == MAX_FIELDS
    assert refusal(*header, chosen=dict.fromkeys(header[1:], Meaning.FIELD)) == [("columns", "too_many_fields")]
    last_time = {heading_key(heading): Meaning.FIELD for heading in header[1:]}
    assert meanings(*header, last_time=last_time).count("field") == MAX_FIELDS


def test_a_field_keeps_its_name_as_written_without_the_space_around_it() -> None:
    assert columns_of([" Cost  Centre\n(old)\t", "E-mail"])[0].heading == "Cost  Centre (old)"


def test_columns_come_in_any_order() -> None:
    assert meanings(*reversed(TEMPLATE_COLUMNS)) == MEANINGS[::-1]


@pytest.mark.parametrize(
    ("header", "code"),
    [(["Name"], "no_email_column"), ([""], "no_email_column"), (["ann@example.com", "Ann"], "no_header")],
)
def test_headings_of_no_list_of_people_are_refused(header: list[str], code: str) -> None:
    assert refusal(*header) == [("file", code)]


def test_the_template_has_all_columns_and_a_profile_field_to_show_what_that_is() -> None:
    assert meanings(*TEMPLATE_COLUMNS) == MEANINGS


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
        read_file(content, kind)
    assert caught.value.code == "no_rows"


def test_filled_in_templates_are_read() -> None:
    person = ["ann@example.com", "Ann", "Lee", "Finance; Sales", "", "Berlin", "00042"]
    book = load_workbook(io.BytesIO(template_xlsx()))
    book.active.append(person)
    for content in (saved(book), template_csv() + b"ann@example.com,Ann,Lee,Finance; Sales,,Berlin,00042\r\n"):
        sheet = read_file(content, "").sheet
        assert sheet.header == list(TEMPLATE_COLUMNS)
        assert sheet.rows[0].cells == person


def test_a_row_of_which_only_the_problem_is_left_is_none() -> None:
    content = b"E-mail,Groups,Problem\r\nann@example.com,Finance,\r\n,,It was wrong.\r\n"
    assert [row.cells[0] for row in read_file(content, "text/csv").sheet.rows] == ["ann@example.com"]


def test_addresses_are_looked_for_from_their_at() -> None:
    """From each letter on, 25,000 cells of 1,000 letters, which are a file of 600 bytes, took more than a minute."""
    for cell, is_one in {
        "ann@example.com": True, "Ann <ann@example.com>": True, "x@y@example.com": True, "a@b..c": True,
        "a" * 1000: False, "@example.com": False, "ann@example": False, "ann@.": False, "ann @example.com": False,
        "ann@example. com": False, "ann@.com": False,
    }.items():  # fmt: skip
        found = columns._ADDRESS.search(cell)
        assert (found is not None) is is_one, cell
        assert found is None or cell[found.start()] == "@"

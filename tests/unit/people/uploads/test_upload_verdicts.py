"""Verdicts on the rows of an upload: what is corrected, what is wrong, and what to do about it."""

import pytest

from chalicelib.people.members.states import MemberStatus
from chalicelib.people.uploads.row_schemas import RowOut, Verdict
from chalicelib.people.uploads.spreadsheet.sheet import MAX_ROWS, Sheet, SheetRow
from chalicelib.people.uploads.verdicts import MAX_GROUPS, MAX_NAME, MAX_VALUE, Department, Directory, judge
from tests.pace import at_most

DIRECTORY = Directory(
    groups={
        "f": "Finance",
        "s": "Sales",
        "b": "Büro  Süd",
        "t1": "Team 11",
        "t2": "Team 21",
        "h1": "HR",
        "h2": "hr",
        "x": "A;B",
        "o1": "Operations North",
        "o2": "Operations Nord",
    },
    departments=[
        Department("d1", "Sales", ("Sales",)),
        Department("d2", "EMEA", ("Sales", "EMEA")),
        Department("d3", "EMEA", ("Support", "EMEA")),
        Department("d4", "Support", ("Support",)),
        Department("d5", "Benelux", ("Sales", "EMEA", "Benelux")),
        Department("d6", "Support", ("Sales", "Support")),
    ],
    locations={"l1": "Berlin", "l2": "New York"},
    members={
        "prospect@example.com": "prospect",
        "pending@example.com": "pending",
        "active@example.com": "active",
        "declined@example.com": "declined",
        "cancelled@example.com": "cancelled",
        "archived@example.com": "archived",
    },
)


def one(directory: Directory = DIRECTORY, **cells: str) -> RowOut:
    """The verdict on a row with these cells; address and group are right where they are not given."""
    given = {"E-mail": "ann@example.com", "Groups": "Finance", **{key.replace("_", " "): text for key, text in cells.items()}}  # fmt: skip  # noqa: E501
    given["E-mail"] = given.pop("email", given["E-mail"])
    (verdict,) = judge(Sheet(list(given), [SheetRow(7, list(given.values()))]), directory)
    assert verdict.number == 7
    for problem in verdict.problems:
        assert problem.sentence.endswith(".")
        assert problem.next_step.endswith(".")
    return verdict


def corrections(verdict: RowOut) -> list[tuple[str, str, str, str]]:
    assert all(correction.reason.endswith(".") for correction in verdict.corrections)
    return [(made.column, made.code, made.given, made.taken) for made in verdict.corrections]


def problems(verdict: RowOut) -> list[tuple[str, str]]:
    assert (verdict.verdict == Verdict.FAILED) == bool(verdict.problems)
    return [(problem.column, problem.code) for problem in verdict.problems]


def test_a_row_without_faults_is_ok_with_all_its_values() -> None:
    verdict = one(
        email="Ann.Lee@example.com",
        First_name="Ann",
        Surname="Lee",
        Groups="Finance;Sales; Finance",
        Department="Sales / EMEA",
        Location="New York",
        Cost_centre="0042",
        Empty=" ",
    )
    assert verdict.verdict == Verdict.OK
    assert verdict.values.model_dump() == {
        "email": "Ann.Lee@example.com",
        "first_name": "Ann",
        "last_name": "Lee",
        "group_ids": ["f", "s"],
        "department_id": "d2",
        "location_id": "l2",
        "fields": {"Cost centre": "0042"},
    }
    assert not verdict.problems
    assert not verdict.remarks


@pytest.mark.parametrize(
    ("given", "taken", "code"),
    [
        (" ann@example.com ", "ann@example.com", "spaces"),
        ("\u00a0ann@example.com\u3000", "ann@example.com", "spaces"),
        ("ann@example.com\r\n", "ann@example.com", "spaces"),
        ("\ufeffann@example.com", "ann@example.com", "unprintable"),
        ("ann@exam\u200bple.com", "ann@example.com", "unprintable"),
        ("mailto:ann@example.com", "ann@example.com", "mended_email"),
        ("MAILTO: ann@example.com?subject=Hi", "ann@example.com", "mended_email"),
        ("Ann Lee <ann@example.com>", "ann@example.com", "mended_email"),
        ('"Lee, Ann" <mailto:ann@example.com>;', "ann@example.com", "mended_email"),
        ("<ann@example.com>", "ann@example.com", "mended_email"),
        ("ann@example.com.", "ann@example.com", "mended_email"),
        ("ann@example.com,;", "ann@example.com", "mended_email"),
        ("'ann@example.com'", "ann@example.com", "mended_email"),
        ("ann@müller.example", "ann@xn--mller-kva.example", "email_form"),
    ],
)
def test_an_address_is_mended_and_the_correction_told(given: str, taken: str, code: str) -> None:
    verdict = one(email=given)
    assert verdict.verdict == Verdict.CORRECTED
    assert verdict.values.email == taken
    assert corrections(verdict) == [("E-mail", code, given, taken)]


def test_an_address_is_kept_as_typed_but_for_the_domain_which_is_not_worth_a_word() -> None:
    verdict = one(email="Ann.Lee@EXAMPLE.com")
    assert (verdict.verdict, verdict.values.email) == (Verdict.OK, "Ann.Lee@example.com")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "email_missing"),
        (" \u200b", "email_missing"),
        ("<>", "email_missing"),
        ("ann", "invalid_email"),
        ("ann@example", "invalid_email"),
        ("a b@example.com", "invalid_email"),
        ("ann@example.com\r\nBcc: x", "invalid_email"),
        ("a" * 300 + "@example.com", "invalid_email"),
        ("ann@example.com; bob@example.com", "several_emails"),
        ("ann@example.com, bob@example.com", "several_emails"),
    ],
)
def test_what_is_no_address_fails(given: str, code: str) -> None:
    assert problems(one(email=given)) == [("E-mail", code)]


def test_the_second_of_two_equal_addresses_fails_and_names_the_line_of_the_first() -> None:
    addresses = [
        "ann@example.com",
        "bob@example.com",
        " ANN@example.com",
        "\uff21nn@example.com",
        "mailto:Bob@example.com",
    ]
    rows = [SheetRow(number, [address, "Sales"]) for number, address in enumerate(addresses, 10)]
    verdicts = judge(Sheet(["E-mail", "Groups"], rows), DIRECTORY)
    assert [problems(verdict) for verdict in verdicts[:2]] == [[], []]
    assert [problems(verdict) for verdict in verdicts[2:]] == [[("E-mail", "email_repeated")]] * 3
    assert [verdict.problems[0].sentence[:6] for verdict in verdicts[2:]] == ["Row 10", "Row 10", "Row 11"]


@pytest.mark.parametrize("status", ["prospect", "pending", "active"])
def test_who_is_in_the_directory_fails_with_the_status(status: str) -> None:
    verdict = one(email=f"{status.title()}@Example.com")
    assert problems(verdict) == [("E-mail", "already_member")]
    assert f"status {status}." in verdict.problems[0].sentence


@pytest.mark.parametrize("status", ["declined", "cancelled", "archived"])
def test_who_was_in_the_directory_is_invited_again_and_that_is_said(status: str) -> None:
    verdict = one(email=f"{status}@example.com")
    assert verdict.verdict == Verdict.OK
    ((column, code, sentence),) = [(one.column, one.code, one.sentence) for one in verdict.remarks]
    assert (column, code) == ("E-mail", "invited_again")
    assert status in sentence


def test_every_status_of_a_member_has_an_answer() -> None:
    for status in MemberStatus:
        verdict = one(Directory(groups={"f": "Finance"}, members={"ann@example.com": status}))
        assert bool(verdict.problems) != bool(verdict.remarks)


@pytest.mark.parametrize(
    ("given", "group_ids"),
    [
        ("Finance", ["f"]),
        ("Finance; Sales;", ["f", "s"]),
        ("Sales\nFinance", ["s", "f"]),
        ("HR", ["h1"]),
        ("hr", ["h2"]),
        ("A;B", ["x"]),
        ("Büro  Süd", ["b"]),
    ],
)
def test_exact_names_are_taken_without_a_word(given: str, group_ids: list[str]) -> None:
    verdict = one(Groups=given)
    assert (verdict.verdict, verdict.values.group_ids) == (Verdict.OK, group_ids)


@pytest.mark.parametrize(
    ("given", "group_id", "taken", "code"),
    [
        ("finance", "f", "Finance", "name_form"),
        ("\uff26inance", "f", "Finance", "name_form"),
        ("Fin\u200bance", "f", "Finance", "name_form"),
        ("Bu\u0308ro su\u0308d", "b", "Büro  Süd", "name_form"),
        ("Finanec", "f", "Finance", "nearest_name"),
        ("Salse", "s", "Sales", "nearest_name"),
        ("Buro Sud", None, "", ""),
    ],
)
def test_names_that_nearly_fit_are_corrected(given: str, group_id: str | None, taken: str, code: str) -> None:
    verdict = one(Groups=given)
    if group_id is None:
        assert problems(verdict) == [("Groups", "unknown_group")]
        return
    assert verdict.values.group_ids == [group_id]
    assert corrections(verdict) == [("Groups", code, given, taken)]


@pytest.mark.parametrize(
    ("given", "code", "hint"),
    [
        ("", "group_missing", "semicolons"),
        (" ; ;", "group_missing", "semicolons"),
        ("Hr", "ambiguous_group", '"HR", "hr"'),
        ("Team 12", "unknown_group", '"Team '),
        ("Fin", "unknown_group", '"Finance"'),
        ("Operations Norh", "unknown_group", '"Operations Nor'),
        ("Zebra", "unknown_group", "create the group"),
        (";".join(["Sales"] * (MAX_GROUPS + 1)), "too_many_groups", str(MAX_GROUPS)),
    ],
)
def test_names_that_do_not_fit_fail_with_what_to_write(given: str, code: str, hint: str) -> None:
    verdict = one(Groups=given)
    assert problems(verdict) == [("Groups", code)]
    assert hint in verdict.problems[0].next_step


def test_every_group_of_a_row_is_judged() -> None:
    verdict = one(Groups="Finance; Zebra; sales; Hr")
    assert verdict.values.group_ids == ["f", "s"]
    assert [problem.code for problem in verdict.problems] == ["unknown_group", "ambiguous_group"]
    assert corrections(verdict) == [("Groups", "name_form", "sales", "Sales")]


def test_a_file_without_a_column_of_groups_fails_by_the_name_that_the_template_has() -> None:
    (verdict,) = judge(Sheet(["email"], [SheetRow(2, ["ann@example.com"])]), DIRECTORY)
    assert problems(verdict) == [("Groups", "group_missing")]


@pytest.mark.parametrize(
    ("given", "department_id"),
    [
        ("", None),
        ("Sales", "d1"),
        ("Benelux", "d5"),
        ("Sales / EMEA", "d2"),
        ("Support / EMEA", "d3"),
        ("EMEA / Benelux", "d5"),
        ("Support", "d4"),
        ("Sales / Support", "d6"),
    ],
)
def test_departments_are_found_by_name_or_path(given: str, department_id: str | None) -> None:
    verdict = one(Department=given)
    assert (verdict.verdict, verdict.values.department_id) == (Verdict.OK, department_id)


def test_paths_in_another_form_are_corrected() -> None:
    verdict = one(Department="sales/emea/BENELUX")
    assert corrections(verdict) == [("Department", "name_form", "sales/emea/BENELUX", "Sales / EMEA / Benelux")]
    assert verdict.values.department_id == "d5"


def test_what_an_ambiguous_department_is_answered_with_can_be_written() -> None:
    verdict = one(Department="EMEA")
    assert problems(verdict) == [("Department", "ambiguous_department")]
    assert '"Sales / EMEA", "Support / EMEA"' in verdict.problems[0].next_step
    assert one(Department="Sales / EMEA").verdict == Verdict.OK


@pytest.mark.parametrize(
    ("cell", "given", "code"),
    [
        ("Department", "Saless", "nearest_name"),
        ("Location", "berlin", "name_form"),
        ("Location", "Berlim", "nearest_name"),
    ],
)
def test_departments_and_locations_are_corrected_too(cell: str, given: str, code: str) -> None:
    assert [correction[1] for correction in corrections(one(**{cell: given}))] == [code]


@pytest.mark.parametrize(("cell", "code"), [("Department", "unknown_department"), ("Location", "unknown_location")])
def test_unknown_departments_and_locations_fail(cell: str, code: str) -> None:
    for given in ("Zebra", "Ber", "York"):
        assert problems(one(**{cell: given})) == [(cell, code)]


@pytest.mark.parametrize(
    ("given", "taken", "code"),
    [
        (" Ann\u00a0", "Ann", "spaces"),
        ("Ann\u0007", "Ann", "unprintable"),
        ("Ann\r\nMarie", "Ann Marie", "unprintable"),
        ("A\u202enn", "Ann", "unprintable"),
    ],
)
def test_names_and_fields_are_cleaned_and_the_correction_told(given: str, taken: str, code: str) -> None:
    for heading in ("First_name", "Last_name", "Office"):
        verdict = one(**{heading: given})
        assert corrections(verdict) == [(heading.replace("_", " "), code, given, taken)]
        assert taken in (verdict.values.first_name, verdict.values.last_name, verdict.values.fields.get("Office"))


def test_joiners_within_names_stay() -> None:
    assert one(First_name="\u0646\u0627\u0645\u200c\u0647\u0627").verdict == Verdict.OK


def test_long_names_and_values_fail() -> None:
    assert one(First_name="x" * MAX_NAME, Office="x" * MAX_VALUE).verdict == Verdict.OK
    assert problems(one(First_name="x" * (MAX_NAME + 1))) == [("First name", "too_long")]
    assert problems(one(Office="x" * (MAX_VALUE + 1))) == [("Office", "too_long")]


def test_a_cell_without_a_heading_is_left_out_and_that_is_said() -> None:
    rows = [SheetRow(2, ["ann@example.com", "Sales", "call her"]), SheetRow(3, ["bob@example.com", "Sales", ""])]
    first, second = judge(Sheet(["E-mail", "Groups", ""], rows), DIRECTORY)
    assert corrections(first) == [("", "no_heading", "call her", "")]
    assert second.verdict == Verdict.OK


def test_everything_that_is_wrong_with_a_row_is_told_at_once() -> None:
    verdict = one(email="ann", Groups="", First_name="x" * 201, Department="Zebra", Location="Zebra")
    assert [problem.code for problem in verdict.problems] == [
        "invalid_email",
        "too_long",
        "group_missing",
        "unknown_department",
        "unknown_location",
    ]


def test_braces_in_a_name_do_not_take_part_in_the_sentence() -> None:
    (problem,) = one(Groups="{limit} {0}").problems
    assert problem.sentence == 'The organization has no group named "{limit} {0}".'


def test_a_long_name_is_not_repeated_in_full() -> None:
    assert len(one(Groups="x" * 900).problems[0].sentence) < 200


def test_verdicts_survive_json() -> None:
    verdict = one(email="mailto:ann@example.com", Groups="Zebra")
    assert RowOut.model_validate_json(verdict.model_dump_json()) == verdict


@pytest.mark.parametrize(
    "letters", ["Operations group {}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{}a"]
)
def test_many_unknown_names_among_many_groups_take_seconds_at_most(letters: str) -> None:
    directory = Directory(groups={str(number): letters.format(number) for number in range(2000)})
    rows = [
        SheetRow(
            number, [f"p{number}@example.com", ";".join(f"{letters.format('x')}{number}{part}" for part in range(10))]
        )
        for number in range(MAX_ROWS)
    ]
    with at_most(seconds=10):
        verdicts = judge(Sheet(["E-mail", "Groups"], rows), directory)
    assert len(verdicts) == MAX_ROWS

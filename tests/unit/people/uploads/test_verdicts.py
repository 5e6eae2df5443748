"""Verdicts on the rows of an upload: what is corrected, what is wrong, and what to do about it."""

from collections.abc import Sequence

import pytest

from chalicelib.people.members.states import MemberStatus
from chalicelib.people.uploads.directory import Department, Directory
from chalicelib.people.uploads.limits import MAX_GROUPS, MAX_NAME, MAX_ROWS, MAX_VALUE
from chalicelib.people.uploads.row_schemas import RowOut, Verdict
from chalicelib.people.uploads.spreadsheet.sheet import Sheet, SheetRow
from tests.pace import at_most
from tests.unit.people.uploads.judging import DIRECTORY, corrections, judge, one, problems


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


@pytest.mark.parametrize("status", ["prospect", "pending", "active"])
def test_who_is_in_the_directory_fails_with_the_status(status: str) -> None:
    verdict = one(email=f"{status.title()}@Example.com")
    assert problems(verdict) == [("E-mail", "already_member")]
    assert f"status is {status}." in verdict.problems[0].sentence


@pytest.mark.parametrize("status", ["declined", "cancelled", "archived"])
def test_who_was_in_the_directory_is_invited_again_and_that_is_said(status: str) -> None:
    verdict = one(email=f"{status}@example.com")
    assert verdict.verdict == Verdict.OK
    ((column, code, sentence),) = [(one.column, one.code, one.sentence) for one in verdict.remarks]
    assert (column, code) == ("E-mail", "invited_again")
    assert status in sentence


def test_every_status_of_a_member_has_an_answer() -> None:
    for status in MemberStatus:
        verdict = one(
            Directory(groups={"f": "Finance"}, statuses_of=lambda emails, status=status: {"ann@example.com": status})
        )
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
        ("Hr", "ambiguous_group", "\u201cHR\u201d, \u201chr\u201d"),
        ("Team 12", "unknown_group", "\u201cTeam "),
        ("Fin", "unknown_group", "\u201cFinance\u201d"),
        ("Operations Norh", "unknown_group", "\u201cOperations Nor"),
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
    assert "\u201cSales / EMEA\u201d, \u201cSupport / EMEA\u201d" in verdict.problems[0].next_step
    assert one(Department="\u201cSales / EMEA\u201d").values.department_id == "d2"
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
    for heading in ("First_name", "Last_name", "Desk"):
        verdict = one(**{heading: given})
        assert corrections(verdict) == [(heading.replace("_", " "), code, given, taken)]
        assert taken in (verdict.values.first_name, verdict.values.last_name, verdict.values.fields.get("Desk"))


def test_joiners_within_names_stay() -> None:
    assert one(First_name="\u0646\u0627\u0645\u200c\u0647\u0627").verdict == Verdict.OK


def test_long_names_and_values_fail() -> None:
    assert one(First_name="x" * MAX_NAME, Desk="x" * MAX_VALUE).verdict == Verdict.OK
    assert problems(one(First_name="x" * (MAX_NAME + 1))) == [("First name", "too_long")]
    assert problems(one(Desk="x" * (MAX_VALUE + 1))) == [("Desk", "too_long")]


def test_a_cell_without_a_heading_is_left_out() -> None:
    (verdict,) = judge(
        Sheet(["E-mail", "Groups", ""], [SheetRow(2, ["ann@example.com", "Sales", "call her"])]), DIRECTORY
    )
    assert (verdict.verdict, verdict.values.fields) == (Verdict.OK, {})


@pytest.mark.parametrize(
    ("name", "first", "last", "is_corrected"),
    [
        ("Ann Lee", "Ann", "Lee", False),
        ("Ludwig van Beethoven", "Ludwig van", "Beethoven", False),
        ("Madonna", "Madonna", "", False),
        ("Lee, Ann", "Ann", "Lee", True),
        ("van Beethoven, Ludwig", "Ludwig", "van Beethoven", True),
        ("Lee,", "Lee,", "", True),
        ("", "", "", False),
    ],
)
def test_a_name_in_one_column_is_divided_so_that_it_reads_the_same(
    name: str, first: str, last: str, is_corrected: bool
) -> None:
    verdict = one(Full_name=name)
    assert (verdict.values.first_name, verdict.values.last_name) == (first, last)
    assert [code for _, code, _, _ in corrections(verdict)] == (["name_order"] if is_corrected else [])


@pytest.mark.parametrize(
    ("given", "taken", "group_ids"),
    [
        ("Finance, Sales", "Finance; Sales", ["f", "s"]),
        ("finance,Sales,", "finance; Sales", ["f", "s"]),
        ("Legal, Risk", None, ["c"]),
        ("Finance, Nowhere", None, None),
        ("Finance, Sales; HR", None, None),
    ],
)
def test_group_names_may_be_separated_by_commas_where_each_of_them_is_one(
    given: str, taken: str | None, group_ids: list[str] | None
) -> None:
    verdict = one(Directory(groups={**DIRECTORY.groups, "c": "Legal, Risk"}), Groups=given)
    if group_ids is None:
        assert "unknown_group" in [code for _, code in problems(verdict)]
    else:
        assert (problems(verdict), verdict.values.group_ids) == ([], group_ids)
        assert [made[3] for made in corrections(verdict) if made[1] == "separators"] == ([taken] if taken else [])


@pytest.mark.parametrize(
    ("given", "group_ids"),
    [
        ('"A;B"; Sales', ["x", "s"]),
        ('Sales;"A;B"', ["s", "x"]),
        ('"Finance"', ["f"]),
        ("\u201cFinance\u201d; \u201eSales\u201d", ["f", "s"]),
        ('"a;b"', ["x"]),
    ],
)
def test_names_can_be_written_in_quotation_marks(given: str, group_ids: list[str]) -> None:
    assert one(Groups=given).values.group_ids == group_ids


def test_what_is_proposed_for_an_unknown_group_can_be_written_as_it_stands() -> None:
    directory = Directory(groups={"x": 'R&D; "Labs"', "y": "Sales", "z": "hr ", "w": "HR "})
    for wrong in ("R&D, Labs 2", "Hr "):
        next_step = one(directory, Groups=wrong).problems[0].next_step
        proposed = next_step[next_step.index("\u201c") + 1 : next_step.index("\u201d")]
        assert one(directory, Groups=f"Sales; {proposed}").values.group_ids[:1] == ["y"]
        assert len(one(directory, Groups=f"Sales; {proposed}").values.group_ids) == 2
        assert one(directory, Groups=proposed).verdict == Verdict.OK


def test_a_department_with_a_slash_in_its_name_is_told_from_a_path() -> None:
    directory = Directory(
        groups={"f": "Finance"},
        departments=[
            Department("d1", "R", ("R",)),
            Department("d2", "D", ("R", "D")),
            Department("d3", "R / D", ("R / D",)),
            Department("d4", "Lab", ("R / D", "Lab")),
        ],
    )
    expected = {"R / D": "d2", '"R / D"': "d3", '"R / D" / Lab': "d4", "Lab": "d4"}
    assert {given: one(directory, Department=given).values.department_id for given in expected} == expected


@pytest.mark.parametrize(
    ("cell", "given"), [("Groups", "Finance "), ("Groups", " Finance;Sales\u00a0"), ("Location", "Berlin ")]
)
def test_spaces_at_the_ends_of_names_are_corrections_that_show(cell: str, given: str) -> None:
    assert corrections(one(**{cell: given})) == [(cell, "spaces", given, given.strip())]


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
    assert problem.sentence == "The organization has no group named \u201c{limit} {0}\u201d."


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


def test_an_address_is_read_once_and_members_are_looked_up_once_by_those_that_are_addresses() -> None:
    asked: list[list[str]] = []

    def statuses_of(emails: Sequence[str]) -> dict[str, str]:
        asked.append(list(emails))
        return {}

    rows = [SheetRow(number, [cell, "Finance"]) for number, cell in enumerate(["mailto:ann@example.com", "nobody"])]
    judge(Sheet(["E-mail", "Groups"], rows), Directory(statuses_of=statuses_of))
    assert asked == [["ann@example.com"]]

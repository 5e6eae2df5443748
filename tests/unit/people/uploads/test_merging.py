"""Rows of one person are one invitation."""

from chalicelib.people.uploads.directory import Directory
from chalicelib.people.uploads.limits import MAX_GROUPS
from chalicelib.people.uploads.row_schemas import RowOut
from chalicelib.people.uploads.spreadsheet.sheet import Sheet, SheetRow
from tests.unit.people.uploads.judging import DIRECTORY, corrections, judge, problems


def rows_of(*rows: tuple[str, ...], header: tuple[str, ...] = ("E-mail", "First name", "Groups")) -> list[RowOut]:
    return judge(Sheet(list(header), [SheetRow(number, list(row)) for number, row in enumerate(rows, 10)]), DIRECTORY)


def test_rows_of_one_person_are_merged_into_the_first_with_a_remark_on_each() -> None:
    first, other, second, third = rows_of(
        ("ann@example.com", "Ann", "Finance"),
        ("bob@example.com", "Bob", "Finance"),
        (" ANN@example.com", "ann", "Sales"),
        ("\uff21nn@example.com", "", "HR; Finance"),
    )
    assert [row.verdict for row in (first, other, second, third)] == ["ok", "ok", "merged", "merged"]
    assert first.values.group_ids == ["f", "s", "h1"]
    assert [remark.sentence for remark in first.remarks] == [
        "Other rows of the same person were added to this one: 12, 13."
    ]
    assert [[remark.code for remark in row.remarks] for row in (other, second, third)] == [[], ["merged"], ["merged"]]
    assert "Row 10" in second.remarks[0].sentence
    assert corrections(second) == [("E-mail", "spaces", " ANN@example.com", "ANN@example.com")]


def test_a_merged_row_gives_what_the_first_lacks_and_says_where_the_two_differ() -> None:
    header = ("E-mail", "Last name", "Groups", "Location", "Badge", "Role")
    first, second = rows_of(
        ("ann@example.com", "", "Finance", "", "A-1", "owner"),
        ("ann@example.com", "Lee", "Sales", "Berlin", "", "member"),
        header=header,
    )
    assert (first.values.last_name, first.values.location_id) == ("Lee", "l1")
    assert first.values.fields == {"Badge": "A-1", "Role": "owner"}
    assert [remark.code for remark in second.remarks] == ["merged_but"]


def test_rows_with_one_address_and_two_names_are_of_two_people() -> None:
    first, second = rows_of(("team@example.com", "Ann", "Finance"), ("team@example.com", "Bob", "Sales"))
    assert (first.verdict, first.values.group_ids) == ("ok", ["f"])
    assert problems(second) == [("E-mail", "email_repeated")]
    assert second.problems[0].sentence == "Row 10 has the same email address but another name."


def test_a_row_that_fails_does_not_make_the_next_one_a_repetition() -> None:
    first, second, third = rows_of(
        ("ann@example.com", "Ann", "Zebra"), ("ann@example.com", "Ann", "Sales"), ("ann@example.com", "Ann", "Finance")
    )
    assert problems(first) == [("Groups", "unknown_group")]
    assert [row.verdict for row in (second, third)] == ["ok", "merged"]
    assert second.values.group_ids == ["s", "f"]


def test_merged_rows_have_no_more_groups_than_a_person_may_have() -> None:
    many = Directory(groups={f"g{number}": f"Group {number}" for number in range(MAX_GROUPS + 1)})
    rows = [SheetRow(number, ["ann@example.com", f"Group {number}"]) for number in range(MAX_GROUPS + 1)]
    verdicts = judge(Sheet(["E-mail", "Groups"], rows), many)
    assert problems(verdicts[-1]) == [("E-mail", "too_many_groups")]
    assert len(verdicts[0].values.group_ids) == MAX_GROUPS

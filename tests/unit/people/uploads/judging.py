"""An organization for tests of verdicts, and verdicts on single rows."""

from chalicelib.people.members.states import MemberStatus
from chalicelib.people.uploads.directory import Department, Directory
from chalicelib.people.uploads.row_schemas import RowOut, Verdict
from chalicelib.people.uploads.spreadsheet.columns import columns_of
from chalicelib.people.uploads.spreadsheet.meanings import Meaning
from chalicelib.people.uploads.spreadsheet.sheet import Sheet, SheetRow
from chalicelib.people.uploads.verdicts import judge as judge_columns

STATUSES = {f"{status}@example.com": str(status) for status in MemberStatus}

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
    statuses_of=lambda emails: STATUSES,
)


def judge(sheet: Sheet, directory: Directory, *, is_guessed: bool = False) -> list[RowOut]:
    """With every column that is not known as a profile field."""
    known = columns_of(sheet.header, sheet.rows)
    fields = {column.heading: Meaning.FIELD for column in known if column.heading and column.meaning is None}
    columns = columns_of(sheet.header, sheet.rows, fields)
    return judge_columns(sheet, columns, directory, is_guessed=is_guessed)


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

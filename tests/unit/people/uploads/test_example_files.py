"""Files as programs write them, in tests/files: a test for each, by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.people.uploads.directory import Department, Directory
from chalicelib.people.uploads.row_schemas import RowOut
from chalicelib.people.uploads.spreadsheet.meanings import Meaning, Reason, Source
from chalicelib.people.uploads.spreadsheet.reader import Choice, Reading, read_file
from chalicelib.people.uploads.verdicts import judge

FILES = Path(__file__).parents[3] / "files"

DIRECTORY = Directory(
    groups={"f": "Finance", "s": "Sales", "r": "R&D; Labs"},
    departments=[Department("df", "Finance", ("Finance",)), Department("ds", "Sales", ("Sales",))],
    locations={"b": "Berlin", "n": "New York"},
)


@dataclass
class Judged:
    """A file, as the preview would show it."""

    reading: Reading
    rows: list[RowOut]

    @property
    def meanings(self) -> dict[str, str]:
        """What the columns that are not left out mean, by their headings."""
        return {column.heading: column.meaning for column in self.reading.columns if column.meaning}

    @property
    def secrets(self) -> list[str]:
        return [column.heading for column in self.reading.columns if column.reason == Reason.SECRET]

    @property
    def proposals(self) -> dict[str, str]:
        return {column.heading: column.proposal for column in self.reading.columns if column.proposal}

    @property
    def names(self) -> list[tuple[str, str, str]]:
        return [(row.values.email, row.values.first_name, row.values.last_name) for row in self.rows]

    @property
    def verdicts(self) -> list[str]:
        return [str(row.verdict) for row in self.rows]

    def codes(self, index: int) -> list[str]:
        """Of what is wrong with a row, and of the remarks on it."""
        row = self.rows[index]
        return [*(problem.code for problem in row.problems), *(remark.code for remark in row.remarks)]


def content_of(name: str) -> bytes:
    return (FILES / name).read_bytes()


def judged(name: str, choice: Choice | None = None) -> Judged:
    """As uploaded without a word about what it is."""
    reading = read_file(content_of(name), "application/octet-stream", choice)
    decoding = reading.document.decoding
    is_guessed = decoding is not None and decoding.source == Source.GUESSED
    return Judged(reading, judge(reading.sheet, reading.columns, DIRECTORY, is_guessed=is_guessed))


ANN, BOB = ("ann@example.com", "Ann", "Lee"), ("bob@example.com", "Bob", "Ray")


def google_workspace_users_csv() -> None:
    file = judged("google-workspace-users.csv")
    assert file.meanings == {
        "First Name [Required]": "first_name",
        "Last Name [Required]": "last_name",
        "Email Address [Required]": "email",
        "Department": "department",
    }
    assert "Password [Required]" in file.secrets
    assert b"Tr0ub4dor" not in file.reading.without_secrets(content_of("google-workspace-users.csv")).content
    assert file.names == [ANN, ("zoe@example.com", "Zoë", "Núñez")]
    assert [row.values.department_id for row in file.rows] == ["df", "ds"]


def microsoft_365_users_csv() -> None:
    file = judged("microsoft-365-users.csv")
    assert file.meanings == {
        "Department": "department",
        "First name": "first_name",
        "Last name": "last_name",
        "Office": "location",
        "User principal name": "email",
    }
    assert file.names == [ANN, ("juergen@example.com", "Jürgen", "Weiß")]


def entra_bulk_create_csv() -> None:
    file = judged("entra-bulk-create.csv")
    assert (file.reading.has_title, file.reading.sheet.header_number) == (True, 2)
    assert file.meanings == {
        "User name [userPrincipalName] Required": "email",
        "First name [givenName]": "first_name",
        "Last name [surname]": "last_name",
        "Department [department]": "department",
        "Office [physicalDeliveryOfficeName]": "location",
    }
    assert file.secrets == ["Initial password [passwordProfile] Required"]
    assert b"assw0rd" not in file.reading.without_secrets(content_of("entra-bulk-create.csv")).content
    assert file.names == [ANN, BOB]


def entra_users_csv() -> None:
    file = judged("entra-users.csv")
    assert file.meanings == {
        "mail": "email",
        "givenName": "first_name",
        "surname": "last_name",
        "department": "department",
        "officeLocation": "location",
    }
    assert file.names == [ANN, BOB]


def bamboohr_report_csv() -> None:
    file = judged("bamboohr-report.csv")
    assert file.meanings["Last Name, First Name"] == "full_name"
    assert (file.meanings["Work Email"], file.meanings["Employee #"]) == ("email", "field")
    assert "Home Email" not in file.meanings
    assert file.names == [ANN, BOB]


def moodle_users_csv() -> None:
    file = judged("moodle-users.csv")
    assert file.secrets == ["password"]
    assert file.proposals == {"cohort1": "groups"}
    assert file.names == [ANN, BOB]


def canvas_users_csv() -> None:
    file = judged("canvas-users.csv")
    assert file.secrets == ["password", "ssha_password"]
    assert file.meanings == {"first_name": "first_name", "last_name": "last_name", "email": "email"}


def group_memberships_csv() -> None:
    file = judged("group-memberships.csv")
    assert file.verdicts == ["ok", "merged", "ok", "merged", "merged"]
    assert [row.values.group_ids for row in file.rows if row.verdict == "ok"] == [["f", "s"], ["f", "s", "r"]]


def _excel(name: str, encoding: str, *people: str) -> None:
    """Of another code page: read, said to be a guess, and each row with letters of it remarked on."""
    file = judged(name)
    decoding = file.reading.document.decoding
    assert decoding is not None
    assert (decoding.label, decoding.source) == (encoding, Source.GUESSED)
    assert [f"{first} {last}" for _, first, last in file.names] == list(people)
    assert all("guessed_letters" in file.codes(index) for index in range(len(people)))
    assert set(file.verdicts) == {"ok"}


def excel_german_csv() -> None:
    _excel("excel-german.csv", "windows-1252", "Jürgen Weiß", "Zoë Müller")


def excel_polish_csv() -> None:
    _excel("excel-polish.csv", "windows-1250", "Łukasz Wiśniewski", "Małgorzata Żółkiewska")


def excel_russian_csv() -> None:
    _excel("excel-russian.csv", "windows-1251", "Иван Петров", "Ольга Смирнова")


def excel_turkish_csv() -> None:
    _excel("excel-turkish.csv", "windows-1254", "Ayşe Y\u0131lmaz", "Ça\u011fr\u0131 Öztürk")


def excel_greek_csv() -> None:
    _excel("excel-greek.csv", "windows-1253", "Γιώργος Παπαδόπουλος")


def excel_japanese_csv() -> None:
    _excel("excel-japanese.csv", "Shift_JIS", "太郎 山田", "花子 佐藤")


def excel_chinese_csv() -> None:
    _excel("excel-chinese.csv", "GB18030", "小明 王", "娜 李")


def excel_mac_csv() -> None:
    _excel("excel-mac.csv", "macintosh", "Hélène Lefèvre", "François Noël")


def excel_unicode_text_txt() -> None:
    file = judged("excel-unicode-text.txt")
    assert file.names == [("zoe@example.com", "Zoë", "Núñez")]
    assert file.codes(0) == []


def excel_sep_line_csv() -> None:
    assert judged("excel-sep-line.csv").names == [("ann@example.com", "Ann", "")]


def text_like_formulas_csv() -> None:
    file = judged("text-like-formulas.csv")
    assert file.names[0] == ("ann@example.com", "- acting Manager(HR)", "+1 555 0100 ext(12)")
    assert [row.values.fields for row in file.rows] == [
        {"Employee number": "00123"}, {}, {"Employee number": "00125"},
    ]  # fmt: skip
    assert [file.codes(index) for index in range(3)] == [[], ["formula"], ["error_value"]]


def saved_twice_csv() -> None:
    file = judged("saved-twice.csv")
    assert [set(file.codes(index)) for index in range(3)] == [{"garbled"}, set(), {"garbled"}]
    assert "Jürgen" in file.rows[0].remarks[0].sentence


def excel_open_sheet_filtered_xlsx() -> None:
    file = judged("excel-open-sheet-filtered.xlsx")
    assert (file.reading.sheet_name, list(file.reading.others)) == ("2026", ["2025"])
    assert [file.codes(index) for index in range(3)] == [[], ["hidden_row"], ["hidden_row"]]
    assert file.rows[0].values.fields == {"Employee number": "00017"}
    assert judged("excel-open-sheet-filtered.xlsx", Choice(sheet="2025")).rows[0].values.email == "old@example.com"


def excel_shown_values_xlsx() -> None:
    file = judged("excel-shown-values.xlsx")
    assert [row.values.fields["Employee number"] for row in file.rows] == ["EMP-00042", "EMP-00043", "EMP-00044"]
    assert file.names == [ANN, BOB, ("cid@example.com", "Cid", "")]
    assert [file.codes(index) for index in range(3)] == [[], ["stored_value"], ["error_value"]]


def library_without_values_xlsx() -> None:
    file = judged("library-without-values.xlsx")
    assert [(file.verdicts[index], file.codes(index)) for index in range(2)] == [("failed", ["formula"]), ("ok", [])]


def workday_report_xlsx() -> None:
    file = judged("workday-report.xlsx")
    assert file.reading.sheet.header_number == 4
    assert file.meanings == {
        "Legal First Name [Required]": "first_name",
        "Legal Last Name": "last_name",
        "Email - Primary Work": "email",
        "Location": "location",
    }
    assert file.names == [ANN, BOB]


def backslashes_xlsx() -> None:
    assert b"xl\\worksheets" in content_of("backslashes.xlsx")
    assert judged("backslashes.xlsx").names == [ANN]


def passwords_in_second_sheet_xlsx() -> None:
    name = "passwords-in-second-sheet.xlsx"
    kept = judged(name).reading.without_secrets(content_of(name))
    assert b"correct horse" not in kept.content
    other = read_file(kept.content, "", Choice(sheet="Accounts"), is_sheets=kept.is_sheets)
    assert [(column.heading, column.reason) for column in other.columns] == [
        ("E-mail", "known"),
        ("Password", "secret"),
    ]
    assert other.sheet.rows[0].cells == ["ann@example.com", ""]


def libreoffice_ods() -> None:
    file = judged("libreoffice.ods")
    assert (file.reading.sheet_name, list(file.reading.others)) == ("People", ["Hidden"])
    assert file.names == [("zoe@example.com", "Zoë  Ann", "Núñez"), ("bob@example.com", "Bob", "")]
    assert [row.number for row in file.rows] == [2, 5]
    assert file.rows[0].values.fields == {"Employee number": "EMP-00042"}
    assert file.reading.sheet.rows[0].cells[5] == "2027-01-04"
    assert file.rows[1].values.fields == {"Employee number": "50%"}
    assert file.codes(1) == ["hidden_row", "stored_value", "error_value"]


def google_contacts_csv() -> None:
    file = judged("google-contacts.csv")
    assert file.meanings == {"First Name": "first_name", "Last Name": "last_name", "E-mail 1 - Value": "email"}
    assert file.proposals == {"Organization Department": "department", "Labels": "groups"}
    assert file.names == [("zoe@example.com", "Zoë", "Núñez"), BOB]


def google_groups_members_csv() -> None:
    file = judged("google-groups-members.csv")
    assert (file.reading.has_title, file.meanings) == (True, {"Email address": "email"})
    assert file.proposals == {}
    assert [row.values.email for row in file.rows] == [ANN[0], BOB[0]]


def outlook_contacts_csv() -> None:
    file = judged("outlook-contacts.csv")
    assert file.meanings == {
        "First Name": "first_name",
        "Last Name": "last_name",
        "Department": "department",
        "Office Location": "location",
        "E-mail Address": "email",
    }
    assert file.names == [ANN, ("juergen@example.com", "Jürgen", "Weiß")]


def powershell_ad_users_csv() -> None:
    """Windows PowerShell writes its letters in ASCII, and what type of thing they are of above the headings."""
    file = judged("powershell-ad-users.csv")
    assert file.reading.sheet.header_number == 2
    assert (file.meanings["EmailAddress"], file.meanings["Office"]) == ("email", "location")
    assert file.names == [ANN, ("juergen@example.com", "J?rgen", "Wei?")]
    assert ["garbled" in file.codes(index) for index in range(2)] == [False, True]


def entra_group_members_csv() -> None:
    file = judged("entra-group-members.csv")
    assert file.reading.sheet.header_number == 2
    assert [row.values.email for row in file.rows] == [ANN[0], BOB[0]]


def microsoft_365_add_users_csv() -> None:
    file = judged("microsoft-365-add-users.csv")
    assert file.meanings == {
        "Username": "email",
        "First name": "first_name",
        "Last name": "last_name",
        "Department": "department",
    }
    assert file.proposals == {"City": "location"}
    assert file.names == [ANN, BOB]


def moodle_participants_csv() -> None:
    """Groups are separated by commas."""
    file = judged("moodle-participants.csv")
    assert (file.verdicts, file.names) == (["corrected", "ok"], [ANN, BOB])
    assert [row.values.group_ids for row in file.rows] == [["f", "s"], ["f"]]


def canvas_gradebook_csv() -> None:
    """A line of points is between the headings and the people."""
    file = judged("canvas-gradebook.csv")
    assert file.meanings == {"Student": "full_name", "SIS Login ID": "email"}
    assert file.proposals == {"Section": "groups"}
    assert "email_missing" in file.codes(0)
    assert file.names[1:] == [ANN, BOB]


def numbers_csv() -> None:
    file = judged("numbers.csv")
    assert (file.reading.has_title, file.verdicts) == (True, ["ok"])
    assert file.names == [("zoe@example.com", "Zoë", "")]


def pipes_csv() -> None:
    file = judged("pipes.csv")
    assert (file.verdicts, file.names) == (["ok", "ok"], [ANN, BOB])


def excel_special_formats_xlsx() -> None:
    fields = dict.fromkeys(("Phone", "Badge", "Budget", "Share"), Meaning.FIELD)
    file = judged("excel-special-formats.xlsx", Choice(columns=fields))
    assert [row.values.fields for row in file.rows] == [
        {"Phone": "(206) 555-0100", "Badge": "K-0017", "Budget": "$1,234.50", "Share": "50.0%"},
        {"Phone": "555-0101", "Badge": "K-0018", "Budget": "$-"},
    ]


CASES: list[Callable[[], None]] = [
    google_workspace_users_csv, microsoft_365_users_csv, entra_bulk_create_csv, entra_users_csv, bamboohr_report_csv,
    moodle_users_csv, canvas_users_csv, group_memberships_csv, excel_german_csv, excel_polish_csv, excel_russian_csv,
    excel_turkish_csv, excel_greek_csv, excel_japanese_csv, excel_chinese_csv, excel_mac_csv, excel_unicode_text_txt,
    excel_sep_line_csv, text_like_formulas_csv, saved_twice_csv, excel_open_sheet_filtered_xlsx,
    excel_shown_values_xlsx, library_without_values_xlsx, workday_report_xlsx, backslashes_xlsx,
    passwords_in_second_sheet_xlsx, libreoffice_ods, google_contacts_csv, google_groups_members_csv,
    outlook_contacts_csv, powershell_ad_users_csv, entra_group_members_csv, microsoft_365_add_users_csv,
    moodle_participants_csv, canvas_gradebook_csv, numbers_csv, pipes_csv, excel_special_formats_xlsx,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_file_is_read_as_it_is_meant(case: Callable[[], None]) -> None:
    case()


def test_every_file_has_its_test() -> None:
    names = {path.name for path in FILES.iterdir()} - {"README.md"}
    assert {name.replace("-", "_").replace(".", "_") for name in names} == {case.__name__ for case in CASES}

"""Judging the rows of an uploaded spreadsheet: who would be invited with what, what is corrected, what is wrong."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.core.text import normalized
from chalicelib.people.members.states import ON_ROSTERS
from chalicelib.people.uploads.corrections import Correction, corrected_email, corrected_text, email_problem
from chalicelib.people.uploads.name_matching import MatchKind, Names
from chalicelib.people.uploads.row_schemas import CorrectionOut, ProblemOut, RemarkOut, RowOut, ValuesOut, Verdict
from chalicelib.people.uploads.spreadsheet import columns
from chalicelib.people.uploads.spreadsheet.columns import Column
from chalicelib.people.uploads.spreadsheet.refusals import explain
from chalicelib.people.uploads.spreadsheet.sheet import Sheet, SheetRow, is_blank, trimmed

RowVerdict = RowOut

MAX_NAME = 200
MAX_VALUE = 500
MAX_GROUPS = 20
# So much of a name is repeated in a sentence.
_SHOWN = 80

_HEADINGS = {columns.EMAIL: columns.TEMPLATE_COLUMNS[0], columns.GROUPS: columns.TEMPLATE_COLUMNS[3]}


@dataclass(frozen=True)
class Department:
    """`path` are the names from the root down to its own."""

    id: str
    name: str
    path: Sequence[str]


def _nobody(emails: Sequence[str]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Directory:
    """What the organization has. Groups and locations: name by id; `statuses_of`: addresses to the status of their
    members, by normalized address.
    """

    groups: Mapping[str, str] = field(default_factory=dict)
    departments: Sequence[Department] = ()
    locations: Mapping[str, str] = field(default_factory=dict)
    statuses_of: Callable[[Sequence[str]], Mapping[str, str]] = _nobody


@dataclass(frozen=True)
class _Address:
    """What one row has for an address; `problem` is the code of what is wrong with it."""

    correction: Correction
    problem: str | None


def judge(sheet: Sheet, directory: Directory) -> list[RowVerdict]:
    """A verdict for every row, in their order. Raises Invalid for headings that `read_sheet` would have refused.

    Every cell is read once. Members are looked up once, for all addresses together.
    """
    sheet_columns = columns.columns_of(sheet.header)
    index = [column.meaning for column in sheet_columns].index(columns.EMAIL)
    addresses = [_address(row.cells[index]) for row in sheet.rows]
    statuses = directory.statuses_of([address.correction.text for address in addresses if address.problem is None])
    names = _AllNames(directory)
    lines: dict[str, int] = {}
    return [
        _Row(sheet_columns, row, address, names, statuses, lines).verdict()
        for row, address in zip(sheet.rows, addresses, strict=True)
    ]


def _address(given: str) -> _Address:
    correction = corrected_email(given)
    return _Address(correction, email_problem(correction.text))


class _AllNames:
    def __init__(self, directory: Directory) -> None:
        self.groups = _plain_names(directory.groups)
        self.locations = _plain_names(directory.locations)
        self.departments = Names(
            (department.id, " / ".join(department.path), _names_of(department)) for department in directory.departments
        )


def _plain_names(names: Mapping[str, str]) -> Names:
    return Names((item_id, name, ()) for item_id, name in names.items())


def _names_of(department: Department) -> list[str]:
    """Its own, and the ends of its path: `EMEA`, `Sales / EMEA`, `Company / Sales / EMEA`."""
    path = department.path
    return [department.name, *(" / ".join(path[start:]) for start in range(len(path)))]


class _Row:
    """One row while it is judged. `lines` knows the addresses of the rows before, and gets this one's."""

    def __init__(
        self,
        sheet_columns: Sequence[Column],
        row: SheetRow,
        address: _Address,
        names: _AllNames,
        statuses: Mapping[str, str],
        lines: dict[str, int],
    ) -> None:
        self._row = row
        self._address = address
        self._columns = list(zip(sheet_columns, row.cells, strict=True))
        self._by_meaning = {column.meaning: (column.heading, cell) for column, cell in self._columns}
        self._names = names
        self._statuses = statuses
        self._lines = lines
        self._values = ValuesOut()
        self._corrections: list[CorrectionOut] = []
        self._problems: list[ProblemOut] = []
        self._remarks: list[RemarkOut] = []

    def verdict(self) -> RowVerdict:
        self._values.email = self._email()
        self._values.first_name = self._name(columns.FIRST_NAME)
        self._values.last_name = self._name(columns.LAST_NAME)
        self._values.group_ids = self._groups()
        self._values.department_id = self._place(columns.DEPARTMENT, self._names.departments)
        self._values.location_id = self._place(columns.LOCATION, self._names.locations)
        self._values.fields = self._fields()
        verdict = Verdict.FAILED if self._problems else Verdict.CORRECTED if self._corrections else Verdict.OK
        return RowVerdict(
            number=self._row.number,
            verdict=verdict,
            values=self._values,
            corrections=self._corrections,
            problems=self._problems,
            remarks=self._remarks,
        )

    def _cell(self, meaning: str) -> tuple[str, str]:
        """Heading and text of the column with this meaning."""
        return self._by_meaning.get(meaning, (_HEADINGS.get(meaning, ""), ""))

    def _email(self) -> str:
        heading, given = self._cell(columns.EMAIL)
        address = self._address.correction.text
        if self._address.problem is not None:
            self._fail(heading, self._address.problem)
            return address
        self._add_correction(heading, given, self._address.correction)
        key = normalized(address)
        first = self._lines.setdefault(key, self._row.number)
        if first != self._row.number:
            self._fail(heading, "email_repeated", line=first)
        status = self._statuses.get(key)
        if status in ON_ROSTERS:
            self._fail(heading, "already_member", status=status)
        elif status is not None:
            sentence = explain("invited_again", status=status).sentence
            self._remarks.append(RemarkOut(column=heading, code="invited_again", sentence=sentence))
        return address

    def _name(self, meaning: str) -> str:
        heading, given = self._cell(meaning)
        return self._line(heading, given, MAX_NAME)

    def _fields(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for column, given in self._columns:
            if column.meaning == columns.FIELD:
                value = self._line(column.heading, given, MAX_VALUE)
                if value:
                    values[column.heading] = value
            elif column.meaning == columns.UNNAMED and not is_blank(given):
                self._correct("", "no_heading", given, "")
        return values

    def _line(self, heading: str, given: str, limit: int) -> str:
        correction = corrected_text(given)
        if len(correction.text) > limit:
            self._fail(heading, "too_long", limit=limit)
            return correction.text
        self._add_correction(heading, given, correction)
        return correction.text

    def _groups(self) -> list[str]:
        heading, given = self._cell(columns.GROUPS)
        # A group may have a semicolon in its name.
        whole = self._names.groups.has(given)
        parts = [part for part in ([given] if whole else re.split(r"[;\r\n]", given)) if not is_blank(part)]
        if not parts:
            self._fail(heading, "group_missing")
        if len(parts) > MAX_GROUPS:
            self._fail(heading, "too_many_groups", limit=MAX_GROUPS)
            return []
        found = [self._match(heading, part, "group", self._names.groups) for part in parts]
        return list(dict.fromkeys(item_id for item_id in found if item_id is not None))

    def _place(self, meaning: str, names: Names) -> str | None:
        heading, given = self._cell(meaning)
        return None if is_blank(given) else self._match(heading, given, meaning, names)

    def _match(self, heading: str, given: str, kind: str, names: Names) -> str | None:
        match = names.match(given)
        shown = _short(trimmed(given))
        if match.how is MatchKind.AMBIGUOUS:
            candidates = ", ".join(f'"{_short(name)}"' for name in match.candidates[:10])
            self._fail(heading, f"ambiguous_{kind}", given=shown, candidates=candidates)
        elif match.how is MatchKind.UNKNOWN and match.name:
            self._fail(heading, f"unknown_{kind}", f"unknown_{kind}_near", given=shown, nearest=_short(match.name))
        elif match.how is MatchKind.UNKNOWN:
            self._fail(heading, f"unknown_{kind}", given=shown)
        elif match.how is MatchKind.FORM:
            self._correct(heading, "name_form", trimmed(given), match.name)
        elif match.how is MatchKind.NEAREST:
            self._correct(heading, "nearest_name", trimmed(given), match.name)
        return match.id or None

    def _add_correction(self, heading: str, given: str, correction: Correction) -> None:
        if correction.code is not None:
            self._correct(heading, correction.code, given, correction.text)

    def _correct(self, heading: str, code: str, given: str, taken: str) -> None:
        reason = explain(code).sentence
        self._corrections.append(CorrectionOut(column=heading, code=code, given=given, taken=taken, reason=reason))

    def _fail(self, heading: str, code: str, text: str | None = None, **names: object) -> None:
        explanation = explain(text or code, **names)
        self._problems.append(
            ProblemOut(column=heading, code=code, sentence=explanation.sentence, next_step=explanation.next_step)
        )


def _short(name: str) -> str:
    return name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}\u2026"

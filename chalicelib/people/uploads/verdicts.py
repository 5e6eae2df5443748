"""Judging the rows of an uploaded spreadsheet: who would be invited with what, what is corrected, what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.core.text import normalized
from chalicelib.people.members.states import ON_ROSTERS
from chalicelib.people.uploads.corrections import (
    Correction,
    corrected_email,
    corrected_text,
    email_problem,
    split_name,
)
from chalicelib.people.uploads.directory import Directory, DirectoryNames
from chalicelib.people.uploads.limits import MAX_GROUPS, MAX_NAME, MAX_VALUE
from chalicelib.people.uploads.merging import merge_rows
from chalicelib.people.uploads.name_matching import MatchKind, Names, parts_of
from chalicelib.people.uploads.row_remarks import remarks_on
from chalicelib.people.uploads.row_schemas import CorrectionOut, ProblemOut, RemarkOut, RowOut, ValuesOut, Verdict
from chalicelib.people.uploads.spreadsheet.columns import TEMPLATE_COLUMNS, Column
from chalicelib.people.uploads.spreadsheet.meanings import Meaning
from chalicelib.people.uploads.spreadsheet.refusals import explain
from chalicelib.people.uploads.spreadsheet.sheet import CellNote, Sheet, SheetRow, is_blank, letters, trimmed

# So much of a name that the organization does not have is repeated in a sentence.
_SHOWN = 80

_HEADINGS = {Meaning.EMAIL: TEMPLATE_COLUMNS[0], Meaning.GROUPS: TEMPLATE_COLUMNS[3]}


@dataclass(frozen=True)
class _Address:
    """What one row has for an address; `problem` is the code of what is wrong with it."""

    correction: Correction
    problem: str | None


def judge(sheet: Sheet, columns: Sequence[Column], directory: Directory, *, is_guessed: bool = False) -> list[RowOut]:
    """A verdict for every row, in their order. `is_guessed`: the encoding of the file is a guess.

    Every cell is read once. Members are looked up once, for all addresses together.
    """
    index = _index_of(columns, Meaning.EMAIL)
    addresses = [_address(row.cells[index] if index is not None else "") for row in sheet.rows]
    statuses = directory.statuses_of([address.correction.text for address in addresses if address.problem is None])
    names = DirectoryNames(directory)
    rows = [
        _Row(columns, row, address, names, statuses).verdict(is_guessed=is_guessed)
        for row, address in zip(sheet.rows, addresses, strict=True)
    ]
    merge_rows(rows, columns[index].heading if index is not None else _HEADINGS[Meaning.EMAIL])
    return rows


def _index_of(columns: Sequence[Column], meaning: Meaning) -> int | None:
    return next((index for index, column in enumerate(columns) if column.meaning == meaning), None)


def _address(given: str) -> _Address:
    correction = corrected_email(given)
    return _Address(correction, email_problem(correction.text))


class _Row:
    """One row while it is judged."""

    def __init__(
        self,
        columns: Sequence[Column],
        row: SheetRow,
        address: _Address,
        names: DirectoryNames,
        statuses: Mapping[str, str],
    ) -> None:
        self._row = row
        self._address = address
        self._columns = columns
        self._index_by_meaning = {column.meaning: index for index, column in enumerate(columns)}
        self._names = names
        self._statuses = statuses
        self._values = ValuesOut()
        self._corrections: list[CorrectionOut] = []
        self._problems: list[ProblemOut] = []
        self._remarks: list[RemarkOut] = []

    def verdict(self, *, is_guessed: bool) -> RowOut:
        self._values.email = self._email()
        self._values.first_name, self._values.last_name = self._person_name()
        self._values.group_ids = self._groups()
        self._values.department_id = self._place(Meaning.DEPARTMENT, self._names.departments)
        self._values.location_id = self._place(Meaning.LOCATION, self._names.locations)
        self._values.fields = self._fields()
        self._formulas()
        verdict = Verdict.FAILED if self._problems else Verdict.CORRECTED if self._corrections else Verdict.OK
        return RowOut(
            number=self._row.number,
            verdict=verdict,
            values=self._values,
            corrections=self._corrections,
            problems=self._problems,
            remarks=[*self._remarks, *remarks_on(self._row, self._columns, is_guessed=is_guessed)],
        )

    def _cell(self, meaning: Meaning) -> tuple[str, str]:
        """Heading and text of the column with this meaning."""
        index = self._index_by_meaning.get(meaning)
        if index is None:
            return _HEADINGS.get(meaning, ""), ""
        return self._columns[index].heading, self._row.cells[index]

    def _is_formula(self, meaning: Meaning) -> bool:
        index = self._index_by_meaning.get(meaning)
        return index is not None and self._row.notes.get(index) == CellNote.FORMULA

    def _formulas(self) -> None:
        """Formulas whose value is not in the file."""
        for index, note in self._row.notes.items():
            if note == CellNote.FORMULA and self._columns[index].meaning is not None:
                place = f"{letters(index + 1)}{self._row.number}"
                self._fail(self._columns[index].heading, "formula", place=place)

    def _email(self) -> str:
        heading, given = self._cell(Meaning.EMAIL)
        address = self._address.correction.text
        if self._address.problem is not None:
            if not self._is_formula(Meaning.EMAIL):
                self._fail(heading, self._address.problem)
            return address
        self._add_correction(heading, given, self._address.correction)
        status = self._statuses.get(normalized(address))
        if status in ON_ROSTERS:
            self._fail(heading, "already_member", status=status)
        elif status is not None:
            sentence = explain("invited_again", status=status).sentence
            self._remarks.append(RemarkOut(column=heading, code="invited_again", sentence=sentence))
        return address

    def _person_name(self) -> tuple[str, str]:
        if Meaning.FULL_NAME not in self._index_by_meaning:
            return self._name(Meaning.FIRST_NAME), self._name(Meaning.LAST_NAME)
        heading, _ = self._cell(Meaning.FULL_NAME)
        name = self._name(Meaning.FULL_NAME)
        first_name, last_name = split_name(name)
        if "," in name:
            self._correct(heading, "name_order", name, f"{first_name} {last_name}")
        return first_name, last_name

    def _name(self, meaning: Meaning) -> str:
        heading, given = self._cell(meaning)
        return self._line(heading, given, MAX_NAME)

    def _fields(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for column, given in zip(self._columns, self._row.cells, strict=True):
            if column.meaning == Meaning.FIELD:
                value = self._line(column.heading, given, MAX_VALUE)
                if value:
                    values[column.heading] = value
        return values

    def _line(self, heading: str, given: str, limit: int) -> str:
        correction = corrected_text(given)
        if len(correction.text) > limit:
            self._fail(heading, "too_long", limit=limit)
            return correction.text
        self._add_correction(heading, given, correction)
        return correction.text

    def _groups(self) -> list[str]:
        heading, given = self._cell(Meaning.GROUPS)
        # A group may have a semicolon in its name.
        whole = self._names.groups.has(given)
        parts = [part for part in ([given] if whole else parts_of(given, ";")) if not is_blank(part)]
        by_comma = self._groups_by_comma(parts)
        if by_comma is not None:
            self._correct(heading, "separators", given, "; ".join(by_comma))
            parts = by_comma
        if not parts and not self._is_formula(Meaning.GROUPS):
            self._fail(heading, "group_missing")
        if len(parts) > MAX_GROUPS:
            self._fail(heading, "too_many_groups", limit=MAX_GROUPS)
            return []
        found = [self._match(heading, part, "group", self._names.groups) for part in parts]
        if parts and not whole:
            self._note_spaces(heading, given)
        return list(dict.fromkeys(item_id for item_id in found if item_id is not None))

    def _groups_by_comma(self, parts: Sequence[str]) -> list[str] | None:
        """The names in the only part, if it is no name and all in it between commas are."""
        groups = self._names.groups
        if len(parts) != 1 or "," not in parts[0] or groups.knows(parts[0]):
            return None
        names = [trimmed(name) for name in parts_of(parts[0], ",") if not is_blank(name)]
        return names if all(map(groups.knows, names)) else None

    def _place(self, meaning: Meaning, names: Names) -> str | None:
        heading, given = self._cell(meaning)
        if is_blank(given):
            return None
        found = self._match(heading, given, meaning, names)
        if not names.has(given):
            self._note_spaces(heading, given)
        return found

    def _note_spaces(self, heading: str, given: str) -> None:
        """Spaces count in names that the organization gave, so that it shows where they are left out."""
        bare = trimmed(given)
        if bare != given:
            self._correct(heading, "spaces", given, bare)

    def _match(self, heading: str, given: str, kind: str, names: Names) -> str | None:
        match = names.match(given)
        shown = _short(trimmed(given))
        if match.how is MatchKind.AMBIGUOUS:
            candidates = ", ".join(f"\u201c{name}\u201d" for name in match.candidates[:10])
            self._fail(heading, f"ambiguous_{kind}", given=shown, candidates=candidates)
        elif match.how is MatchKind.UNKNOWN and match.name:
            self._fail(heading, f"unknown_{kind}", f"unknown_{kind}_near", given=shown, nearest=match.name)
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

"""What the columns of an uploaded spreadsheet are taken for: by their headings, or as an admin chose."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.people.uploads.limits import MAX_COLUMNS, MAX_FIELD_NAME, MAX_FIELDS
from chalicelib.people.uploads.spreadsheet.headings import (
    heading_key,
    is_maybe_email,
    is_own,
    is_secret,
    known_meaning,
    means,
    near_meaning,
)
from chalicelib.people.uploads.spreadsheet.meanings import Choices, Meaning, Reason
from chalicelib.people.uploads.spreadsheet.refusals import explain, refusal
from chalicelib.people.uploads.spreadsheet.sheet import SheetRow, is_blank, visible

# The last one shows what a profile field is.
TEMPLATE_COLUMNS = ("E-mail", "First name", "Last name", "Groups", "Department", "Location", "Employee number")

# Looked for from the @ on: begun at every letter before one, a file of 600 bytes that unpacks to 25,000 long cells took
# a minute.
_ADDRESS = re.compile(r"(?<=[^\s@])@[^\s@]+\.[^\s@]")


@dataclass(frozen=True)
class Column:
    """`heading` is without white space around it; it is the name of the profile field, where it is one.

    A column without a meaning is left out; `proposal` is what it may be.
    """

    heading: str
    meaning: Meaning | None
    reason: Reason
    proposal: Meaning | None = None


@dataclass(frozen=True)
class _Claim:
    """A column that may get a meaning; of several for one meaning, that with the lowest rank does."""

    index: int
    meaning: Meaning
    reason: Reason
    rank: tuple[int, int]


_BY_REASON = {Reason.CHOSEN: 0, Reason.LAST_TIME: 1, Reason.KNOWN: 2}


def columns_of(
    header: Sequence[str],
    rows: Sequence[SheetRow] = (),
    chosen: Choices | None = None,
    last_time: Choices | None = None,
) -> list[Column]:
    """A column for every heading. `last_time` is by `heading_key`.

    Raises Invalid when they cannot be those of a list of people, or what was chosen cannot be.
    """
    headings = [visible(heading) for heading in header]
    choices = _choices_by_index(headings, chosen or {})
    claims = list(_claims(headings, rows, choices, last_time or {}))
    taken = _shared_out(headings, claims)
    _check_choices(headings, claims, taken)
    columns = [
        Column(heading, taken[index].meaning, taken[index].reason)
        if index in taken
        else _left_out(heading, index, claims, choices, last_time or {})
        for index, heading in enumerate(headings)
    ]
    columns = _with_proposals(columns, rows)
    names = ", ".join(TEMPLATE_COLUMNS[:-1])
    if not any(column.meaning == Meaning.EMAIL for column in columns) and any("@" in heading for heading in header):
        raise refusal("no_header", columns=names)
    if not any(Meaning.EMAIL in (column.meaning, column.proposal) for column in columns):
        raise refusal("no_email_column", columns=names)
    return columns


def _choices_by_index(headings: Sequence[str], chosen: Choices) -> dict[int, Meaning | None]:
    """A heading that stands there twice means its first column."""
    found: dict[int, Meaning | None] = {}
    errors = []
    for heading, meaning in chosen.items():
        text = visible(heading)
        index = headings.index(text) if text and text in headings else None
        if index is None:
            errors.append(_error("unknown_heading", heading))
        elif meaning is not None and is_secret(text):
            errors.append(_error("secret_column", heading))
        elif meaning == Meaning.FIELD and len(text) > MAX_FIELD_NAME:
            errors.append(_error("heading_too_long", heading, limit=MAX_FIELD_NAME))
        else:
            found[index] = meaning
    if errors:
        raise Invalid(*errors)
    return found


def _claims(
    headings: Sequence[str], rows: Sequence[SheetRow], choices: Mapping[int, Meaning | None], last_time: Choices
) -> Iterator[_Claim]:
    for index, heading in enumerate(headings):
        if not heading or is_secret(heading):
            continue
        key = heading_key(heading)
        known = known_meaning(heading)
        if index in choices:
            meaning, reason, place = choices[index], Reason.CHOSEN, 0
        elif key in last_time:
            meaning, reason, place = last_time[key], Reason.LAST_TIME, 0
        elif known is not None:
            meaning, reason, place = known[0], Reason.KNOWN, known[1]
        else:
            continue
        if meaning is not None and (meaning != Meaning.FIELD or len(heading) <= MAX_FIELD_NAME):
            yield _Claim(index, meaning, reason, (_BY_REASON[reason], place))
    if not any(means(heading, Meaning.EMAIL) for heading in headings):
        for index, heading in enumerate(headings):
            if index not in choices and is_maybe_email(heading) and _holds_addresses(rows, index):
                yield _Claim(index, Meaning.EMAIL, Reason.KNOWN, (_BY_REASON[Reason.KNOWN], MAX_COLUMNS))


def _shared_out(headings: Sequence[str], claims: Sequence[_Claim]) -> dict[int, _Claim]:
    """Every meaning to one column, but for fields, of which there are several with headings of their own."""
    taken: dict[int, _Claim] = {}
    meanings: dict[str, _Claim] = {}
    fields: dict[str, _Claim] = {}
    for claim in sorted(claims, key=lambda claim: (claim.rank, claim.index)):
        if claim.meaning != Meaning.FIELD:
            owner = meanings.setdefault(claim.meaning, claim)
        elif len(fields) < MAX_FIELDS:
            owner = fields.setdefault(heading_key(headings[claim.index]), claim)
        else:
            continue
        if owner is claim:
            taken[claim.index] = claim
    full = meanings.get(Meaning.FULL_NAME)
    parts = [meanings[part] for part in (Meaning.FIRST_NAME, Meaning.LAST_NAME) if part in meanings]
    # A name is taken once: in two columns, or in one.
    if full is not None and parts:
        worse = [full] if min(part.rank[0] for part in parts) <= full.rank[0] else parts
        for claim in worse:
            del taken[claim.index]
    return taken


def _check_choices(headings: Sequence[str], claims: Sequence[_Claim], taken: Mapping[int, _Claim]) -> None:
    lost = [claim for claim in claims if claim.reason == Reason.CHOSEN and claim.index not in taken]
    if sum(claim.meaning == Meaning.FIELD for claim in taken.values()) == MAX_FIELDS and lost:
        raise Invalid(FieldError("columns", "too_many_fields", explain("too_many_fields", limit=MAX_FIELDS).text))
    if lost:
        raise Invalid(*(_error("repeated_meaning", headings[claim.index]) for claim in lost))


def _left_out(
    heading: str,
    index: int,
    claims: Sequence[_Claim],
    choices: Mapping[int, Meaning | None],
    last_time: Choices,
) -> Column:
    if not heading:
        return Column("", None, Reason.NO_HEADING)
    if is_own(heading):
        return Column(heading, None, Reason.OWN)
    if is_secret(heading):
        return Column(heading, None, Reason.SECRET)
    if index in choices:
        return Column(heading, None, Reason.CHOSEN)
    if last_time.get(heading_key(heading), Meaning.FIELD) is None:
        return Column(heading, None, Reason.LAST_TIME)
    claimed = next((claim for claim in claims if claim.index == index), None)
    if claimed is not None:
        return Column(heading, None, Reason.REPEATED)
    return Column(heading, None, Reason.NOT_CHOSEN)


def _with_proposals(columns: Sequence[Column], rows: Sequence[SheetRow]) -> list[Column]:
    """What a column may be that is not known, where no other is that already."""
    meanings = {column.meaning for column in columns}
    found: list[Column] = []
    for index, column in enumerate(columns):
        proposal = None
        if column.reason == Reason.NOT_CHOSEN:
            proposal = near_meaning(column.heading)
            if Meaning.EMAIL not in meanings and _holds_addresses(rows, index):
                proposal = Meaning.EMAIL
        if proposal in meanings or (proposal == Meaning.FULL_NAME and Meaning.FIRST_NAME in meanings):
            proposal = None
        if proposal is not None:
            meanings.add(proposal)
        found.append(Column(column.heading, column.meaning, column.reason, proposal))
    return found


def _holds_addresses(rows: Sequence[SheetRow], index: int) -> bool:
    cells = [row.cells[index] for row in rows if not is_blank(row.cells[index])]
    return bool(cells) and sum(_ADDRESS.search(cell) is not None for cell in cells) * 2 > len(cells)


def _error(code: str, heading: str, **names: object) -> FieldError:
    return FieldError(f"columns.{visible(heading)[:MAX_FIELD_NAME]}", code, explain(code, **names).text)

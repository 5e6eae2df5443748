"""What the columns of an uploaded spreadsheet mean, told by their headings."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.spreadsheet.sheet import MAX_COLUMNS, is_blank, letters, visible

EMAIL, FIRST_NAME, LAST_NAME = "email", "first_name", "last_name"
GROUPS, DEPARTMENT, LOCATION = "groups", "department", "location"
# A column of a profile field; what our own file of failed rows added; a column without a heading.
FIELD, IGNORED, UNNAMED = "field", "ignored", "unnamed"

MAX_FIELDS = 30
# As the directory's filter takes it, chalicelib/people/members/schemas.py.
MAX_FIELD_NAME = 100

PROBLEM_HEADING, NEXT_STEP_HEADING = "Problem", "Next step"

# The last one shows what a profile field is.
TEMPLATE_COLUMNS = ("E-mail", "First name", "Last name", "Groups", "Department", "Location", "Employee number")

# Headings without letter case, punctuation and spaces: "E-Mail Address", "e_mail-address" are "emailaddress".
_MEANINGS = {
    **dict.fromkeys(("email", "emailaddress", "emailaddresses", "mail", "mailaddress"), EMAIL),
    **dict.fromkeys(("firstname", "givenname", "forename"), FIRST_NAME),
    **dict.fromkeys(("lastname", "surname", "familyname"), LAST_NAME),
    **dict.fromkeys(("groups", "group", "groupname", "groupnames"), GROUPS),
    **dict.fromkeys(("department", "departmentname"), DEPARTMENT),
    **dict.fromkeys(("location", "locationname"), LOCATION),
    **dict.fromkeys(("problem", "nextstep"), IGNORED),
}


@dataclass(frozen=True)
class Column:
    """`heading` is without white space around it; it is the name of the profile field, where it is one."""

    heading: str
    meaning: str


def columns_of(header: Sequence[str]) -> list[Column]:
    """A column for every heading. Raises Invalid when they cannot be those of a list of people."""
    columns = [_column(heading) for heading in header]
    if not any(column.meaning == EMAIL for column in columns):
        code = "no_header" if any("@" in heading for heading in header) else "no_email_column"
        raise refusal(code, columns=", ".join(TEMPLATE_COLUMNS[:-1]))
    seen: dict[tuple[str, str], int] = {}
    for index, column in enumerate(columns):
        if len(column.heading) > MAX_FIELD_NAME:
            raise refusal("heading_too_long", place=letters(index + 1), limit=MAX_FIELD_NAME)
        if column.meaning in (IGNORED, UNNAMED):
            continue
        key = (column.meaning, _folded(column.heading) or column.heading if column.meaning == FIELD else "")
        if key in seen:
            raise refusal("repeated_column", first=letters(seen[key] + 1), second=letters(index + 1))
        seen[key] = index
    if sum(column.meaning == FIELD for column in columns) > MAX_FIELDS:
        raise refusal("too_many_fields", limit=MAX_FIELDS)
    return columns


def num_known(header: Sequence[str]) -> int:
    return sum(_folded(heading) in _MEANINGS for heading in header[:MAX_COLUMNS])


def _column(heading: str) -> Column:
    if is_blank(heading):
        return Column("", UNNAMED)
    return Column(visible(heading), _MEANINGS.get(_folded(heading), FIELD))


def _folded(heading: str) -> str:
    """Without letter case, punctuation and spaces; signs that belong to letters stay."""
    plain = unicodedata.normalize("NFKC", heading).casefold()
    return "".join(character for character in plain if unicodedata.category(character)[0] in "LMNS")

"""What goes in where admins make accounts for people without an address."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from chalicelib.core.text import Id, Line, normalized
from chalicelib.people.members.schemas import MAX_FIELDS, MAX_GROUPS, FieldName, FieldValue
from chalicelib.web.schemas import Form, unique

# Longer than any that is accepted: passwords.py says which rule one breaks.
_Password = Annotated[str, StringConstraints(min_length=1, max_length=1000)]

# Letter case does not matter. Nothing that an address could be: by those people log in, too.
_LoginName = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{2,63}$"),
    AfterValidator(normalized),
    Field(description="3 to 64 letters, digits, dots, hyphens, underscores; one for all organizations."),
]


class MemberCreate(Form):
    """A person without an address. One name is enough. The password is for the first log-in, within seven days."""

    login_name: _LoginName
    password: _Password
    first_name: Line | None = None
    last_name: Line | None = None
    group_ids: Annotated[list[Id], Field(max_length=MAX_GROUPS), AfterValidator(unique)] = []
    department_id: Id | None = None
    location_id: Id | None = None
    fields: Annotated[dict[FieldName, FieldValue], Field(max_length=MAX_FIELDS)] = {}

    @model_validator(mode="after")
    def _has_a_name(self) -> "MemberCreate":
        if self.first_name is None and self.last_name is None:
            raise ValueError("Give a first or a last name.")
        return self


class FirstPassword(Form):
    password: _Password

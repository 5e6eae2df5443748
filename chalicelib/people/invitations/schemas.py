"""What the routes of invitations take and answer."""

import json
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationError

from chalicelib.core.alternatives import either
from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.people.invitations.states import InviteOutcome
from chalicelib.people.members.states import MemberStatus
from chalicelib.web.schemas import Form

# Limits that users meet.
MAX_BY_HAND = 10
MAX_AT_ONCE = 100


def _instant(value: Any) -> Any:
    """Within `either`, JSON's text comes as a text of Python, which strictly is no instant."""
    if not isinstance(value, str):
        return value
    try:
        return TypeAdapter(AwareDatetime).validate_json(json.dumps(value), strict=True)
    except ValidationError:
        raise ValueError from None


Notify = Annotated[
    Literal["now"] | Annotated[AwareDatetime, BeforeValidator(_instant)],
    either("invalid_notify", 'This must be "now", or a date and time with a time zone, such as 2027-01-31T09:00:00Z.'),
    Field(description="When the mails go out: `now`, or an instant up to a year ahead."),
]


class InviteForm(Form):
    """Each address is judged on its own: a wrong one does not stop the others."""

    group_id: Id
    emails: Annotated[
        list[Annotated[str, StringConstraints(max_length=1000)]], Field(min_length=1, max_length=MAX_BY_HAND)
    ]
    department_id: Id | None = Field(
        None, description="The department that they come into; who is limited to departments has to name one of theirs."
    )
    notify: Notify = "now"
    clear_blocked: bool = Field(
        False, description="Invite also people whose mail bounced or who complained; say so only after checking."
    )


class InviteResult(BaseModel):
    """`email` as it was given, `taken_as` the address that it was understood as, where they differ.

    `status` is the member's, where there is one. `code`, `sentence` and `next_step` say why not.
    """

    email: str
    taken_as: str | None = None
    result: InviteOutcome
    member_id: str | None = None
    status: MemberStatus | None = None
    code: str | None = None
    sentence: str | None = None
    next_step: str | None = None


class InvitesOut(BaseModel):
    results: list[InviteResult]


class MemberIds(Form):
    member_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_AT_ONCE)]


class ResendForm(MemberIds):
    clear_blocked: bool = Field(
        False, description="Send also to addresses that bounced or complained; say so only after checking them."
    )


class ChangedInvite(BaseModel):
    """`done`, or the reason why not."""

    member_id: str
    done: bool
    status: MemberStatus | None = None
    code: str | None = None
    sentence: str | None = None
    next_step: str | None = None


class ChangedInvites(BaseModel):
    results: list[ChangedInvite]


class Announcement(BaseModel):
    """A text to send to the people beforehand, so that they expect the invitation. `guide_url` shows every step."""

    subject: str
    text: str
    guide_url: str


class MyInvite(BaseModel):
    invite_id: str
    org_id: str
    organization: str
    expires_at: str
    expired: bool


class MyInvitePage(BaseModel):
    items: list[MyInvite]
    next_cursor: str | None


class AcceptForm(Form):
    """`token` is that of the mailed link: with it an invitation to another address moves to the account's own."""

    first_name: Line | None = None
    last_name: Line | None = None
    token: Annotated[str, StringConstraints(max_length=200)] | None = None


class AnswerForm(Form):
    """The fields of the page's forms; which of them count depends on the step."""

    step: Annotated[str, StringConstraints(max_length=20)] = ""
    request: Annotated[str, StringConstraints(max_length=64)] = Field(
        "", description="The form's own id: sent twice, it registers and mails once."
    )
    email: Annotated[str, StringConstraints(max_length=320)] = ""
    # Longer than any that is accepted: passwords.py says which rule one breaks.
    password: Annotated[str, StringConstraints(max_length=1000)] = ""
    first_name: Annotated[str, StringConstraints(max_length=200)] = ""
    last_name: Annotated[str, StringConstraints(max_length=200)] = ""
    registration_id: Annotated[str, StringConstraints(max_length=64)] = ""
    code: Annotated[str, StringConstraints(max_length=64)] = ""
    ticket: Annotated[str, StringConstraints(max_length=100)] = ""
    sent: Annotated[str, StringConstraints(max_length=10)] = ""


class AnswerQuery(Form):
    """What the address of a step carries."""

    registration_id: Annotated[str, StringConstraints(max_length=64)] = ""
    ticket: Annotated[str, StringConstraints(max_length=100)] = Field(
        "", description="What the step before handed over; good for 15 minutes."
    )
    sent: Annotated[str, StringConstraints(max_length=10)] = Field("", description="A code was mailed again.")


class NoFields(Form):
    """A form that is a button."""


class Answered(BaseModel):
    org_id: str
    member_id: str
    organization: str
    status: MemberStatus

"""What the routes of the directory take and answer."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, WithJsonSchema, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, LineOrNothing
from chalicelib.notifications.states import ShownState
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.states import Permission, Role
from chalicelib.web.paging import PageQuery
from chalicelib.web.schemas import UNIQUE, Form, left_out

# One transaction holds all rosters that a member leaves and comes to.
MAX_GROUPS = 30
MAX_FIELDS = 30

_FIELD = "field."
# How the OpenAPI document writes the family of these parameters.
_FIELD_PARAMETER = "field.<name>"

FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
FieldValue = Annotated[str, StringConstraints(max_length=500)]


class MemberQuery(PageQuery):
    """Filters narrow each other down."""

    status: MemberStatus | None = Field(None, description="Only members in this status.")
    group_id: Id | None = Field(None, description="Only members of this group.")
    department_id: Id | None = Field(None, description="Only members of this department and those below it.")
    location_id: Id | None = Field(None, description="Only members of this location.")
    search: str | None = Field(
        None, max_length=200, description="The start of a name, an email address or a login name."
    )
    fields: Annotated[
        dict[FieldName, FieldValue],
        Field(
            default_factory=dict,
            alias=_FIELD_PARAMETER,
            description="Only members whose profile field of this name has this value; letter case does not matter.",
        ),
        WithJsonSchema({"type": "string"}),
    ]

    @model_validator(mode="before")
    @classmethod
    def _gather_fields(cls, given: dict[str, Any]) -> dict[str, Any]:
        # Sorted, so that a cursor does not depend on the order in which the filters are named.
        named = {name.removeprefix(_FIELD): given[name] for name in sorted(given) if name.startswith(_FIELD)}
        others = {name: value for name, value in given.items() if not name.startswith(_FIELD)}
        return {**others, _FIELD_PARAMETER: named}


class InvitationOut(BaseModel):
    """`expired`: it can be sent again, and the person can have a fresh link sent."""

    expires_at: str
    expired: bool


class InvitationMailOut(BaseModel):
    """What became of the latest mail about the invitation. `reason` is SES's, or why we sent none."""

    state: ShownState
    reason: str | None
    sentence: str
    next_step: str


class MemberOut(BaseModel):
    """Names are null until the person has accepted. `invitation` is the open one.

    `mail_blocked`: mail to this person came back, or they complained of it; nothing is sent before an admin says so.
    """

    member_id: str
    status: MemberStatus
    email: str | None
    login_name: str | None
    first_name: str | None
    last_name: str | None
    group_ids: list[str]
    department_id: str | None
    location_id: str | None
    fields: dict[str, str]
    created_at: str
    invitation: InvitationOut | None = None
    mail: InvitationMailOut | None = None
    mail_blocked: bool = False


class MemberPatch(Form):
    """What is left out stays. `fields` are all of them: those not named go. Names only of people who have accepted;
    one of the two is enough, the other may be empty.

    `mail_blocked` false lets mail go there again, once the address was checked after a bounce or a complaint.
    """

    first_name: LineOrNothing = left_out()
    last_name: LineOrNothing = left_out()
    group_ids: Annotated[list[Id], Field(max_length=MAX_GROUPS), *UNIQUE] = left_out()
    department_id: Id | None = left_out()
    location_id: Id | None = left_out()
    fields: Annotated[dict[FieldName, FieldValue], Field(max_length=MAX_FIELDS)] = left_out()
    mail_blocked: Literal[False] = left_out()


class MemberPage(BaseModel):
    """A page can be short, or empty, and still have a next one: filters look at so many people a request."""

    items: list[MemberOut]
    next_cursor: str | None


class RoleOut(BaseModel):
    """`name` is that of the organization, or of the MSP where `org_id` is null."""

    role: Role
    msp_id: str
    org_id: str | None
    name: str
    department_ids: list[str]
    permissions: list[Permission]


class MembershipOut(BaseModel):
    org_id: str
    name: str
    member_id: str
    status: MemberStatus


class MeOut(BaseModel):
    account_id: str
    roles: list[RoleOut]
    memberships: list[MembershipOut]

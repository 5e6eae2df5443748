"""What the routes of organizations take and answer."""

from functools import lru_cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.core.addresses import Email
from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.tenants.organizations.states import Missing, Readiness, Subscription
from chalicelib.web.paging import PageQuery
from chalicelib.web.schemas import Form, left_out, unique

# One item holds the entitlements of a client, at 35 bytes each; DynamoDB's items end at 400 KB.
MAX_ENTITLED = 1000


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # Two of the files are no places: the machine's own zone, and a mark of "not set up yet".
    return frozenset(available_timezones() - {"Factory", "localtime"})


def _zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError(
            "unknown_time_zone", "This is no time zone of the IANA database; write it as in Europe/Berlin."
        )
    return name


TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)]
CourseIds = Annotated[list[Id], AfterValidator(unique)]
EnrollHour = Annotated[
    str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), Field(description="`HH:MM`, 00:00 to 23:59.")
]


class OrgQuery(PageQuery):
    search: str | None = Field(None, max_length=200, description="A part of the name; letter case does not matter.")
    readiness: Readiness | None = Field(None, description="Only those that are, or are not, ready.")


class OrgCreate(Form):
    name: Line
    time_zone: TimeZone


class OrgPatch(Form):
    name: Line = left_out()
    time_zone: TimeZone = left_out()
    subscription: Subscription = left_out()


class TrainingAccess(Form):
    """What a client needs to be given before training can be assigned to it."""

    course_ids: Annotated[CourseIds, Field(min_length=1, max_length=MAX_ENTITLED)]
    reply_to: Email
    seats: Annotated[
        dict[Id, Annotated[int, Field(ge=1, le=1_000_000)]],
        Field(description="Seats by course id; a course that is not named here has no limit."),
    ] = {}

    @field_validator("seats")
    @classmethod
    def _of_these_courses(cls, seats: dict[str, int], info: ValidationInfo) -> dict[str, int]:
        if not seats.keys() <= set(info.data.get("course_ids", seats)):
            raise PydanticCustomError("not_entitled", "Seats can only be set for courses that the organization has.")
        return seats


class ClientOut(BaseModel):
    """A client as its MSP sees it."""

    org_id: str
    name: str
    readiness: Readiness
    missing: list[Missing]
    time_zone: str | None
    subscription: Subscription


class ClientPage(BaseModel):
    items: list[ClientOut]
    next_cursor: str | None


class TrainingAccessOut(BaseModel):
    readiness: Readiness
    missing: list[Missing]
    course_ids: list[str]
    reply_to: str
    seats: dict[str, int]


class SettingsOut(BaseModel):
    """`invitation_days` is how long an invitation can be accepted."""

    org_id: str
    name: str
    readiness: Readiness
    missing: list[Missing]
    time_zone: str | None
    reply_to: str | None
    enroll_hour: str
    invitation_days: int
    subscription: Subscription


class SettingsPatch(Form):
    time_zone: TimeZone = left_out()
    reply_to: Email = left_out()
    enroll_hour: EnrollHour = left_out()
    invitation_days: Annotated[int, Field(ge=1, le=365)] = left_out()

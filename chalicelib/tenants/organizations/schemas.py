"""What the routes of organizations take and answer."""

import re
from functools import lru_cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.core.addresses import Email
from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.tenants.courses.schemas import LibraryCourse
from chalicelib.tenants.organizations.states import Missing, Readiness, Subscription
from chalicelib.web.paging import PageQuery
from chalicelib.web.schemas import UNIQUE, WHOLE, Form, left_out

# One item holds the entitlements of a client, at 35 bytes each; DynamoDB's items end at 400 KB.
MAX_ENTITLED = 1000


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # Two of the files are no places: the machine's own zone, and a mark of "not set up yet".
    return frozenset(available_timezones() - {"Factory", "localtime"})


# Names of one offset all year: who has one of them probably means a place whose clocks change.
_PLACE_BY_OFFSET = {
    "EST": "America/New_York", "MST": "America/Denver", "HST": "Pacific/Honolulu", "-10": "Pacific/Honolulu",
    "-9": "America/Anchorage", "-8": "America/Los_Angeles", "-7": "America/Denver", "-6": "America/Chicago",
    "-5": "America/New_York", "-4": "America/Halifax", "-3": "America/Sao_Paulo", "-12": "Pacific/Pago_Pago",
    "-11": "Pacific/Pago_Pago", "-2": "America/Noronha", "-1": "Atlantic/Azores", "+1": "Europe/Berlin",
    "+2": "Europe/Athens", "+3": "Europe/Istanbul", "+4": "Asia/Dubai", "+5": "Asia/Karachi", "+6": "Asia/Dhaka",
    "+7": "Asia/Bangkok", "+8": "Asia/Singapore", "+9": "Asia/Tokyo", "+10": "Australia/Sydney",
    "+11": "Pacific/Noumea", "+12": "Pacific/Auckland", "+13": "Pacific/Tongatapu", "+14": "Pacific/Kiritimati",
}  # fmt: skip
_FIXED = re.compile(r"EST|MST|HST|Etc/GMT([+-])(\d+)")
# Who wants a clock that never changes says UTC; who says Greenwich mostly means London, where it does.
_GREENWICH = frozenset(
    f"{area}{name}" for area in ("", "Etc/") for name in ("GMT", "GMT+0", "GMT-0", "GMT0", "Greenwich")
)


def _place_instead(name: str) -> str | None:
    """The place that is probably meant by a zone without rules for summer time; None for any other zone."""
    if name in _GREENWICH:
        return "Europe/London"
    fixed = _FIXED.fullmatch(name)
    if fixed is None:
        return None
    # The signs of these names are those of POSIX: Etc/GMT+5 lies west of Greenwich.
    offset = name if fixed[1] is None else ("-" if fixed[1] == "+" else "+") + fixed[2]
    return _PLACE_BY_OFFSET.get(offset)


def _zone(name: str) -> str:
    place = _place_instead(name)
    if place is not None:
        raise PydanticCustomError(
            "no_summer_time",
            "{name} doesn't follow summer time. Use a place, such as {place}.",
            {"name": name, "place": place},
        )
    if name not in _zones():
        raise PydanticCustomError(
            "unknown_time_zone", "We don't know this time zone. Use a name such as Europe/Berlin."
        )
    return name


TimeZone = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(_zone),
    WithJsonSchema({"type": "string", "format": "iana-time-zone", "maxLength": 64, "examples": ["Europe/Berlin"]}),
]
EnrollHour = Annotated[
    str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), Field(description="`HH:MM`, 00:00 to 23:59.")
]


def zone_names() -> list[str]:
    """Those that `TimeZone` takes, in the order of the alphabet."""
    return sorted(name for name in _zones() if _place_instead(name) is None)


class OrgQuery(PageQuery):
    search: str | None = Field(None, max_length=200, description="A part of the name; letter case does not matter.")
    readiness: Readiness | None = Field(None, description="Only those that are, or are not, ready.")


class OrgCreate(Form):
    """A client of this name that there is already is refused, unless `same_name` says that it is on purpose."""

    name: Line
    time_zone: TimeZone
    same_name: bool = False


class OrgPatch(Form):
    """The name of another client is refused, unless `same_name` says that it is on purpose."""

    name: Line = left_out()
    time_zone: TimeZone = left_out()
    subscription: Subscription = left_out()
    same_name: bool = False


class TrainingAccess(Form):
    """What a client needs to be given before training can be assigned to it."""

    course_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_ENTITLED), *UNIQUE]
    reply_to: Email
    seats: Annotated[
        dict[Id, Annotated[int, Field(ge=1, le=1_000_000), WHOLE]],
        Field(
            description="Seats by course id; a course that is not named here has no limit.",
            json_schema_extra={"additionalProperties": False, "propertyNames": {"maxLength": 64}},
        ),
    ] = {}

    @field_validator("seats")
    @classmethod
    def _of_these_courses(cls, seats: dict[str, int], info: ValidationInfo) -> dict[str, int]:
        if not seats.keys() <= set(info.data.get("course_ids", seats)):
            raise PydanticCustomError("not_entitled", "Seats can only be set for courses that the organization has.")
        return seats


class ClientOut(BaseModel):
    """A client as its MSP sees it. `closed_at` while it is closed."""

    org_id: str
    name: str
    readiness: Readiness
    missing: list[Missing]
    time_zone: str | None
    subscription: Subscription
    closed_at: str | None = None


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
    closed_at: str | None = None


class SettingsPatch(Form):
    time_zone: TimeZone = left_out()
    reply_to: Email = left_out()
    enroll_hour: EnrollHour = left_out()
    invitation_days: Annotated[int, Field(ge=1, le=365), WHOLE] = left_out()


class Seats(BaseModel):
    """`limit` and `taken` are of the whole organization, and null for who is limited to departments."""

    limit: int | None
    taken: int | None
    free: int


class OwnCourse(LibraryCourse):
    """`seats` is null when their number is not limited."""

    seats: Seats | None


class OwnCoursePage(BaseModel):
    items: list[OwnCourse]
    next_cursor: str | None

"""What the routes of trainings and sessions take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, NaiveDatetime, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Line
from chalicelib.tenants.organizations.schemas import TimeZone
from chalicelib.training.sessions.states import SessionStatus
from chalicelib.web.paging import PageQuery
from chalicelib.web.schemas import Form, left_out

# Limits that users meet.
MAX_SESSIONS = 50
MAX_CAPACITY = 100_000

_Text = Annotated[str, StringConstraints(max_length=5000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
_WebLink = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s\x00-\x1f\x7f<>\"]+$")]
_Capacity = Annotated[int, Field(ge=1, le=MAX_CAPACITY)]


def _in_our_days(local: datetime) -> datetime:
    """In these bounds every local time is an instant in every time zone."""
    if not 2000 <= local.year < 3000:
        raise PydanticCustomError("out_of_range", "Choose a date from 2000 to 2999.")
    return local


_Local = Annotated[
    NaiveDatetime,
    AfterValidator(_in_our_days),
    WithJsonSchema({"type": "string", "format": "local-date-time", "examples": ["2027-02-01T09:00"]}),
    Field(description="Local date and time in `time_zone`, to the minute, without offset."),
]


class TrainingForm(Form):
    title: Line
    description: _Text = ""
    certificate: bool = False


class TrainingPatch(Form):
    """Another title is told to the people of sessions to come, unless `notify` is false."""

    title: Line = left_out()
    description: _Text = left_out()
    certificate: bool = left_out()
    notify: bool = True


class TrainingOut(BaseModel):
    """`num_sessions`, `next_session_at` and `num_participants` are without cancelled sessions.

    `num_participants` is null to who is limited to departments: their people are those of the list of participants.
    """

    training_id: str
    title: str
    description: str
    certificate: bool
    num_sessions: int
    next_session_at: str | None
    num_participants: int | None
    created_at: str
    archived_at: str | None


class TrainingPage(BaseModel):
    items: list[TrainingOut]
    next_cursor: str | None


class TrainingQuery(PageQuery):
    search: str | None = Field(None, max_length=200, description="Part of the title.")
    archived: bool = Field(False, description="Also those that were archived.")


class SessionForm(Form):
    """A place, a web link, or both. `capacity` null: no limit. Without `waiting_list`, a full session is closed."""

    starts_at: _Local
    ends_at: _Local
    time_zone: TimeZone
    place: Line | None = None
    web_link: _WebLink | None = None
    capacity: _Capacity | None = None
    waiting_list: bool = False
    reminders: bool = Field(False, description="Remind those who are to come a day and an hour before.")
    instructor: Line | None = None


class SessionPatch(Form):
    """A change of time, place, link or instructor is told to its people, unless `notify` is false."""

    starts_at: _Local = left_out()
    ends_at: _Local = left_out()
    time_zone: TimeZone = left_out()
    place: Line | None = left_out()
    web_link: _WebLink | None = left_out()
    capacity: _Capacity | None = left_out()
    waiting_list: bool = left_out()
    reminders: bool = left_out()
    instructor: Line | None = left_out()
    notify: bool = True


class CancelForm(Form):
    reason: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")] = ""


class SessionOut(BaseModel):
    """`starts_at` and `ends_at` are local in `time_zone`, `starts_utc` and `ends_utc` the instants.

    `num_free` is null without a capacity. To who is limited to departments, `num_taken` and `num_waiting` are null:
    their people are those of the list of participants.
    """

    session_id: str
    training_id: str
    status: SessionStatus
    starts_at: str
    ends_at: str
    time_zone: str
    starts_utc: str
    ends_utc: str
    place: str | None
    web_link: str | None
    instructor: str | None
    capacity: int | None
    waiting_list: bool
    reminders: bool
    num_taken: int | None
    num_waiting: int | None
    num_free: int | None
    sequence: int
    cancelled_at: str | None
    cancel_reason: str | None


class SessionPage(BaseModel):
    items: list[SessionOut]
    next_cursor: str | None


class RsvpForm(Form):
    """The page's two buttons."""

    answer: Literal["confirm", "decline"]

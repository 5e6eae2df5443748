"""What the routes of participants, attendance and results take and answer."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id
from chalicelib.notifications.states import ShownState
from chalicelib.training.sessions.schemas import SessionOut
from chalicelib.training.sessions.states import AnsweredBy, ParticipantStatus
from chalicelib.web.paging import PageQuery
from chalicelib.web.schemas import UNIQUE, Form, left_out

# Limits that users meet.
MAX_ATTENDANCE = 1000
MAX_SORTED = 1000

_Score = Annotated[int, Field(ge=0, le=100)]
_Comment = Annotated[str, StringConstraints(max_length=2000)]
_Members = Annotated[list[Id], Field(max_length=MAX_ATTENDANCE), *UNIQUE]


class ParticipantsQuery(PageQuery):
    session_id: Id | None = None
    status: ParticipantStatus | None = None
    has_place: bool = Field(False, description="Only who has a place: invited, confirmed, attended or absent.")
    search: str | None = Field(None, max_length=200, description="The start of a name or an email address.")
    sort: Literal["session", "answer", "name"] = Field(
        "session",
        description=f"By answer and by name, up to {MAX_SORTED:,} people are sorted.",
    )


class ParticipantMailOut(BaseModel):
    """The latest mail about it. `reason` is SES's or ours."""

    state: ShownState
    reason: str | None
    sentence: str
    next_step: str


class ParticipantOut(BaseModel):
    """`status` is `cancelled` for everybody in a session that was cancelled, but for who had declined.

    Without an address (`has_address`) the account alone tells the person. `remark` is what a calendar's reply said.
    """

    member_id: str
    first_name: str
    last_name: str
    email: str | None
    has_address: bool
    session_id: str
    status: ParticipantStatus
    place_in_line: int | None
    visible_from: str
    answered_at: str | None
    answered_by: AnsweredBy | None
    remark: str | None
    mail: ParticipantMailOut | None
    attendance_at: str | None
    score: int | None
    comment: str | None


class TrainingReason(BaseModel):
    """What enrolled the person, a request that `GET .../trainings/enroll/{enroll_id}` shows; who made it, and when."""

    enroll_id: str
    enrolled_by: str | None
    enrolled_at: str | None


class MemberTrainingOut(BaseModel):
    """`session` is the one that the person is, or was last, in. `participant` has answer, mail, attendance and result.

    Change it under `.../trainings/{training_id}/participants/{member_id}`.
    """

    training_id: str
    title: str
    certificate: bool
    session: SessionOut
    participant: ParticipantOut
    why: TrainingReason


class MemberTrainingPage(BaseModel):
    items: list[MemberTrainingOut]
    next_cursor: str | None


class ParticipantPage(BaseModel):
    items: list[ParticipantOut]
    next_cursor: str | None


class ParticipantPatch(Form):
    """Another session frees the place, takes one there and is told. Attendance and results: from the start on."""

    session_id: Id = left_out()
    attendance: Literal["attended", "absent"] = left_out()
    score: _Score | None = left_out()
    comment: _Comment | None = left_out()


class ResultEntry(Form):
    """What is left out stays; null takes it away."""

    member_id: Id
    score: _Score | None = left_out()
    comment: _Comment | None = left_out()


class AttendanceForm(Form):
    """Up to 1,000 people. `results` may be of those named above them, and of others who have a place."""

    attended: _Members = []
    absent: _Members = []
    results: Annotated[list[ResultEntry], Field(max_length=MAX_ATTENDANCE)] = []


class AttendanceResult(BaseModel):
    """`done`, or the reason why not."""

    member_id: str
    done: bool
    code: str | None
    sentence: str | None


class AttendanceOut(BaseModel):
    results: list[AttendanceResult]

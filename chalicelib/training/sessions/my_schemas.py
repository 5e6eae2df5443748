"""What the routes of a person's own live trainings answer."""

from chalicelib.core.lazy import BaseModel
from chalicelib.training.sessions.states import ParticipantStatus


class MyTraining(BaseModel):
    """`starts_at` and `ends_at` are local in `time_zone`, `starts_utc` and `ends_utc` the instants.

    `remark` is what a calendar's reply said, or "Tentative" for who has answered neither yes nor no.
    """

    participation_id: str
    org_id: str
    organization: str
    title: str
    description: str
    starts_at: str
    ends_at: str
    time_zone: str
    starts_utc: str
    ends_utc: str
    place: str | None
    web_link: str | None
    instructor: str | None
    status: ParticipantStatus
    place_in_line: int | None
    can_answer: bool
    answered_at: str | None
    remark: str | None = None
    score: int | None


class MyTrainingPage(BaseModel):
    items: list[MyTraining]
    next_cursor: str | None

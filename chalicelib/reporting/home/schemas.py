"""What the start page of an account answers."""

from pydantic import Field

from chalicelib.core.lazy import BaseModel
from chalicelib.notifications.notice_schemas import NoticeOut
from chalicelib.people.invitations.schemas import MyInvite
from chalicelib.training.certificates.schemas import CertificateOut
from chalicelib.training.progress.schemas import EnrollmentOut
from chalicelib.training.sessions.states import ParticipantStatus


class HomeTraining(BaseModel):
    """A session to come. `starts_at` and `ends_at` are local in `time_zone`."""

    participation_id: str
    org_id: str
    organization: str
    title: str
    starts_at: str
    ends_at: str
    time_zone: str
    starts_utc: str
    place: str | None
    web_link: str | None
    status: ParticipantStatus
    can_answer: bool


class HomeOut(BaseModel):
    """Numbers count all, the lists hold the first of each: `/me/invites`, `/me/courses` and the others have the
    rest."""

    num_invitations: int
    invitations: list[MyInvite] = Field(description="To accept or to decline, before anything else.")
    num_open_courses: int
    num_overdue_courses: int
    courses: list[EnrollmentOut] = Field(description="Not completed; what is due first comes first.")
    trainings: list[HomeTraining] = Field(description="The next sessions, the soonest first.")
    num_unread: int
    notifications: list[NoticeOut] = Field(description="The newest, read or not.")
    num_certificates: int = Field(description="Those that count.")
    certificates: list[CertificateOut] = Field(description="The newest, whatever their state.")

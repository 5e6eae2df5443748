"""Requests and answers of self-enrollment."""

from collections.abc import Sequence

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.web.schemas import Form


class OfferOut(BaseModel):
    """Progress of one's own; `status` is that of the course, as it is now. `accepted_at` once an admin accepted it.

    `course_id` is the organization's course. `provider` names the MSP from whose library the person took its twin.
    """

    offer_id: str
    course_id: str
    title: str
    status: EnrollmentStatus
    started_at: str | None
    completed_at: str | None
    score: int | None
    offered_at: str
    accepted_at: str | None
    provider: str | None = None


class OfferPage(BaseModel):
    items: Sequence[OfferOut]
    next_cursor: str | None


class TakeCourse(Form):
    course_id: Id


class OfferTo(Form):
    org_id: Id

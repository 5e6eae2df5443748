"""Requests and answers about enrollments."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.training.batches.schemas import Day
from chalicelib.training.batches.states import EnrollmentStatus, LaunchedBy, Outcome
from chalicelib.web.paging import PageQuery
from chalicelib.web.schemas import AT_LEAST_ONE, WHOLE, Form


class LearnerOut(BaseModel):
    member_id: str
    name: str | None
    email: str | None
    outcome: Outcome
    code: str | None
    sentence: str
    next_step: str
    status: EnrollmentStatus | None = Field(None, description="Progress, of those who are enrolled.")
    overdue: bool = False
    due_by: date | None = None
    started_at: str | None = None
    completed_at: str | None = None


class LearnerPage(BaseModel):
    items: Sequence[LearnerOut]
    next_cursor: str | None


class EnrollmentOut(BaseModel):
    """`org_id` is null for a course taken on one's own account; `carried_over_to` names who took its progress over."""

    enrollment_id: str
    org_id: str | None
    course_id: str
    title: str
    status: EnrollmentStatus
    overdue: bool
    due_by: date | None
    enrolled_at: str
    started_at: str | None
    completed_at: str | None
    score: int | None
    batch_id: str | None
    earlier: bool = Field(False, description="An earlier enrollment in the same course, kept as history.")
    carried_over_to: list[str] = []


class EnrollmentReason(BaseModel):
    """What made an enrollment. `name` is that of the batch, which for a group names the group.

    `invitation`: the person accepted an invitation into the group; `group`: they were added to it, or its courses were
    applied to its members; `own_course`: progress that the person brought along.
    """

    kind: Literal["batch", "group", "invitation", "own_course"]
    launched_by: LaunchedBy | None
    batch_id: str | None
    group_id: str | None
    name: str | None


class MemberEnrollmentOut(EnrollmentOut):
    """As admins see it, with why it is there. `cancelled_by`: what ended it."""

    why: EnrollmentReason
    cancelled_at: str | None = None
    cancelled_by: Literal["admin", "undo", "archive"] | None = None


class MemberEnrollmentPage(BaseModel):
    items: Sequence[MemberEnrollmentOut]
    next_cursor: str | None


class EnrollmentPage(BaseModel):
    items: Sequence[EnrollmentOut]
    next_cursor: str | None


class StartedOut(BaseModel):
    enrollment: EnrollmentOut
    launch_url: str


class CourseResult(Form):
    """What an admin enters for a learner: that the course was completed, when, and how well."""

    completed_at: Day | None = Field(None, description="The day in the organization's time zone; null is today.")
    score: Annotated[int, Field(ge=0, le=100), WHOLE] | None = None


class EnrollmentChange(Form):
    model_config = AT_LEAST_ONE

    due_by: Day | None = None
    result: CourseResult | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Enter a due date, a result, or both.")
        return self


class LearnersQuery(PageQuery):
    outcome: Outcome | None = Field(None, description="Only those with this outcome.")
    search: str | None = Field(None, max_length=200, description="The start of a name or an email address.")

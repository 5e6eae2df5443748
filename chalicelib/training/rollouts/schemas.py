"""What launches, rollouts, their pages and learners' courses answer."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import Field

from chalicelib.core.lazy import BaseModel
from chalicelib.notifications.states import ShownState
from chalicelib.training.batches.states import BatchStatus, EnrollmentStatus, Outcome, RolloutState, RowStatus


class ErrorOut(BaseModel):
    code: str
    detail: str


class OrgResult(BaseModel):
    """`ok` is null while the launch is still at work on this client."""

    org_id: str
    name: str
    ok: bool | None
    batch_id: str | None = None
    error: ErrorOut | None = None


class LaunchOut(BaseModel):
    rollout_id: str
    results: list[OrgResult]


class PreviewCourse(BaseModel):
    """Head-counts of one course at one client, and its instants as they resolve there.

    `groups_missing`: the client lacks some of the groups named. `code` tells when the count is not known.
    """

    course_id: str
    title: str
    enroll_at: str | None = None
    due_at: str | None = None
    will_enroll: int = 0
    already_enrolled: int = 0
    already_completed: int = 0
    excluded: int = 0
    no_access: int = 0
    no_seat: int = 0
    would_be_mailed: int = 0
    groups_missing: bool = False
    code: str | None = None


class PreviewOrg(BaseModel):
    org_id: str
    name: str
    courses: list[PreviewCourse]


class PreviewOut(BaseModel):
    plan_id: str
    status: Literal["running", "ready"]
    expires_at: str
    organizations: list[PreviewOrg]


class Progress(BaseModel):
    num_targeted: int
    num_done: int
    num_failed: int


class OrgProgress(OrgResult):
    batch_status: BatchStatus | None = None
    progress: Progress | None = None


class RolloutItem(BaseModel):
    rollout_id: str
    name: str
    state: RolloutState
    num_orgs: int
    num_ok: int
    num_failed: int
    created_at: str


class RolloutPage(BaseModel):
    items: Sequence[RolloutItem]
    next_cursor: str | None


class RolloutOut(RolloutItem):
    results: list[OrgProgress]


class Totals(BaseModel):
    course_enrollments: int
    completed: int
    scheduled: int


class StatusCounts(BaseModel):
    completed: int
    scheduled: int
    failed: int


class DashboardItem(BaseModel):
    org_id: str
    name: str
    num_batches: int
    num_courses: int
    status: StatusCounts | Literal["pending"]


class Dashboard(BaseModel):
    totals: Totals
    items: Sequence[DashboardItem]
    next_cursor: str | None


class OrgHead(BaseModel):
    org_id: str
    name: str


class BatchItem(BaseModel):
    batch_id: str
    name: str
    num_courses: int
    status: BatchStatus
    next_enrollment_date: date | None
    created_at: str


class BatchPage(BaseModel):
    organization: OrgHead
    items: Sequence[BatchItem]
    next_cursor: str | None


class BatchSummary(BaseModel):
    enrolled: int
    scheduled: int
    needs_access: int
    failed: int


class RowOut(BaseModel):
    course_id: str
    title: str
    status: RowStatus
    enroll_on: date | None
    enroll_at: str
    due_by: date | None
    num_targeted: int
    num_enrolled: int
    num_already_enrolled: int
    num_skipped: int
    num_failed: int
    num_withdrawn: int
    num_started: int
    num_completed: int
    num_overdue: int
    can_retry: bool
    code: str | None
    explanation: str | None


class NotReversed(BaseModel):
    member_id: str
    code: str


class RemindOut(BaseModel):
    """How many had not completed when the reminder was asked for."""

    num_not_completed: int


class UndoOut(BaseModel):
    """`kept_started` counts learners who had started or completed, and so keep their enrollment."""

    status: Literal["running", "done"]
    reversed: int
    kept_started: int
    not_reversed: list[NotReversed]


class BatchOut(BaseModel):
    batch_id: str
    name: str
    status: BatchStatus
    created_at: str
    summary: BatchSummary
    courses: Sequence[RowOut]


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


class OfferOut(BaseModel):
    """Progress of one's own; `status` is that of the course, as it is now. `accepted_at` once an admin accepted it."""

    offer_id: str
    course_id: str
    title: str
    status: EnrollmentStatus
    started_at: str | None
    completed_at: str | None
    score: int | None
    offered_at: str
    accepted_at: str | None


class OfferPage(BaseModel):
    items: Sequence[OfferOut]
    next_cursor: str | None


class EnrollmentPage(BaseModel):
    items: Sequence[EnrollmentOut]
    next_cursor: str | None


class StartedOut(BaseModel):
    enrollment: EnrollmentOut
    launch_url: str


class CourseMailOut(BaseModel):
    """`reason` is SES's or ours."""

    kind: str
    course_id: str | None
    state: ShownState
    reason: str | None
    sentence: str
    next_step: str
    made_at: str


class MailPage(BaseModel):
    items: list[CourseMailOut]
    next_cursor: str | None

"""What a launch says, what rollouts and their pages answer, and the messages of the jobs queue."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib.core.text import Id, Line

# Limits that users meet (product.md).
MAX_ORGS = 25
MAX_COURSES = 50
MAX_GROUPS = 100

# Within these, months and days can be counted on from a date, and turned into instants of any zone.
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


class Form(BaseModel):
    """Input: unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CourseChoice(Form):
    course_id: Id
    enroll_on: Day | None = Field(None, description="In the client's time zone; null is now.")
    due_by: Day | None = Field(None, description="The last day to complete; null is no due date.")


class Schedule(Form):
    """Gives the courses their dates. Course k of a stagger starts k - 1 months after `start_on`."""

    preset: Literal["all_immediate", "monthly_stagger"]
    start_on: Day | None = None
    days_to_complete: Annotated[int, Field(ge=1, le=3650)] | None = None

    @model_validator(mode="after")
    def _start_belongs_to_stagger(self) -> Self:
        if self.preset == "monthly_stagger" and self.start_on is None:
            raise ValueError("monthly_stagger needs start_on.")
        if self.preset == "all_immediate" and self.start_on is not None:
            raise ValueError("all_immediate starts now; leave start_on out.")
        return self


class Targeting(Form):
    mode: Literal["all", "groups", "exclude_groups", "group_names"] = "all"
    group_ids: Annotated[list[Id], Field(max_length=MAX_GROUPS)] = []
    group_names: Annotated[list[Line], Field(max_length=MAX_GROUPS)] = []

    @model_validator(mode="after")
    def _fields_belong_to_mode(self) -> Self:
        by_id = self.mode in ("groups", "exclude_groups")
        if by_id != bool(self.group_ids):
            raise ValueError("group_ids go with groups and exclude_groups, at least one of them.")
        if (self.mode == "group_names") != bool(self.group_names):
            raise ValueError("group_names go with the mode group_names, at least one of them.")
        return self


class Notifications(Form):
    enrollment: bool = False
    reminders: bool = False


class Launch(Form):
    """One wizard submission. Length limits are checked by the service, which names them in its errors."""

    name: Line
    org_ids: list[Id]
    courses: list[CourseChoice]
    schedule: Schedule | None = None
    targeting: Targeting = Targeting()
    notifications: Notifications = Notifications()
    reenroll_completed: bool = False
    plan_id: Id | None = None
    accept_changes: bool = False


class PlannedCourse(BaseModel):
    """A course of a rollout with its dates resolved from the preset."""

    course_id: str
    title: str
    enroll_on: date | None
    due_by: date | None


class PlannedOrg(BaseModel):
    org_id: str
    name: str


class Plan(BaseModel):
    """What a rollout keeps of its submission; every batch of it refers to this."""

    name: str
    orgs: list[PlannedOrg]
    courses: list[PlannedCourse]
    targeting: Targeting
    notifications: Notifications
    reenroll_completed: bool
    created_by: str
    created_at: str


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
    items: list[PreviewOrg]


class RetryOrgs(Form):
    org_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_ORGS)]


class Progress(BaseModel):
    num_targeted: int
    num_done: int
    num_failed: int


class OrgProgress(OrgResult):
    batch_status: str | None = None
    progress: Progress | None = None


class RolloutItem(BaseModel):
    rollout_id: str
    name: str
    state: str
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
    status: str
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
    status: str
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


class RowDates(Form):
    """New dates of one course. `enroll_on` only while it is scheduled; null is now. `due_by` null is no due date."""

    enroll_on: Day | None = None
    due_by: Day | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Give enroll_on, due_by, or both.")
        return self


class NotReversed(BaseModel):
    member_id: str
    code: str


class UndoOut(BaseModel):
    """`kept_started` counts learners who had started or completed, and so keep their enrollment."""

    status: Literal["running", "done"]
    reversed: int
    kept_started: int
    not_reversed: list[NotReversed]


class BatchOut(BaseModel):
    batch_id: str
    name: str
    status: str
    created_at: str
    summary: BatchSummary
    courses: Sequence[RowOut]


class LearnerOut(BaseModel):
    member_id: str
    name: str | None
    email: str | None
    outcome: str
    code: str | None
    sentence: str
    next_step: str
    status: str | None = Field(None, description="Progress: enrolled, in_progress, completed, cancelled.")
    overdue: bool = False
    due_by: date | None = None
    started_at: str | None = None
    completed_at: str | None = None


class LearnerPage(BaseModel):
    items: Sequence[LearnerOut]
    next_cursor: str | None


class EnrollmentOut(BaseModel):
    enrollment_id: str
    org_id: str
    course_id: str
    title: str
    status: str
    overdue: bool
    due_by: date | None
    enrolled_at: str
    started_at: str | None
    completed_at: str | None
    score: int | None
    batch_id: str | None
    earlier: bool = Field(False, description="An earlier enrollment in the same course, kept as history.")


class EnrollmentPage(BaseModel):
    items: Sequence[EnrollmentOut]
    next_cursor: str | None


class StartedOut(BaseModel):
    enrollment: EnrollmentOut
    launch_url: str


class Result(Form):
    """What an admin enters for a learner: that the course was completed, when, and how well."""

    completed_at: Day | None = Field(None, description="The day in the organization's time zone; null is today.")
    score: Annotated[int, Field(ge=0, le=100)] | None = None


class EnrollmentChange(Form):
    due_by: Day | None = None
    result: Result | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Give due_by, result, or both.")
        return self


# ---------------------------------------------------------------- messages of the jobs queue


class Job(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def body(self) -> dict[str, Any]:
        return self.model_dump()


class AdvanceBatch(Job):
    job: Literal["advance"] = "advance"
    msp_id: str
    org_id: str
    batch_id: str


class EnrollChunk(Job):
    job: Literal["chunk"] = "chunk"
    msp_id: str
    org_id: str
    batch_id: str
    course_id: str
    cut_id: str
    run: int
    chunk: int


class FinishLaunch(Job):
    job: Literal["launch"] = "launch"
    msp_id: str
    rollout_id: str
    due_at: str


class MoveDates(Job):
    """An organization's time zone or hour changed: its scheduled rows move."""

    job: Literal["move_dates"] = "move_dates"
    msp_id: str
    org_id: str
    due_at: str


class StartChange(Job):
    """Undo, or a new due date for those who have not completed: counts the chunks and sends them."""

    job: Literal["change"] = "change"
    msp_id: str
    org_id: str
    batch_id: str
    change_id: str
    due_at: str


class ChangeChunk(Job):
    job: Literal["change_chunk"] = "change_chunk"
    msp_id: str
    org_id: str
    batch_id: str
    change_id: str
    course_id: str
    chunk: int


class PreviewJob(Job):
    job: Literal["preview"] = "preview"
    msp_id: str
    plan_id: str
    org_id: str
    course_id: str

"""What launches, rollouts, their pages and learners' courses answer."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.training.batches.schemas import ClientTargeting, Day, Notifications, Targeting
from chalicelib.training.batches.states import BatchStatus, RolloutState, RowStatus
from chalicelib.web.paging import PageQuery
from chalicelib.web.schemas import WHOLE, Form


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

    `groups_missing`: the client lacks some of the groups named; `missing_groups` are their names. `code` tells when the
    count is not known.
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
    missing_groups: list[str] = []
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


class NextCourse(BaseModel):
    """The course that waits for its day, which is one in the client's time zone."""

    title: str
    enroll_on: date


class CourseFailure(BaseModel):
    course_id: str
    title: str
    status: RowStatus
    explanation: str | None


class OrgProgress(OrgResult):
    """`running`: something is being done for this client now, or is about to be; not for courses of a later date.

    `next_course` is the first of those, `failures` are the courses that can be retried.
    """

    running: bool = False
    batch_status: BatchStatus | None = None
    progress: Progress | None = None
    next_course: NextCourse | None = None
    failures: list[CourseFailure] = []


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


class RunningRollout(BaseModel):
    """Counted in courses at clients. Those of a later date count when they have run."""

    rollout_id: str
    name: str
    num_courses: int
    num_ran: int
    num_failed: int


class FailedLaunch(BaseModel):
    """A rollout that could not be launched for some of its clients."""

    rollout_id: str
    name: str
    num_failed: int


class Totals(BaseModel):
    course_enrollments: int
    completed: int
    scheduled: int

    @property
    def failed(self) -> int:
        """Each course enrollment that is not cancelled is in one of the three."""
        return self.course_enrollments - self.completed - self.scheduled


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


class DashboardStatus(StrEnum):
    PENDING = "pending"
    COMPLETED = "completed"
    SCHEDULED = "scheduled"
    FAILED = "failed"
    # Of any status.
    COURSES = "courses"


class DashboardSort(StrEnum):
    ADDED = "added"
    NAME = "name"
    FAILED = "failed"


class DashboardQuery(PageQuery):
    search: str | None = Field(None, max_length=200, description="A part of the name; letter case does not matter.")
    status: DashboardStatus | None = Field(
        None,
        description="Only clients with a course enrollment of this status (`courses`: any); `pending`: without batch.",
    )
    sort: DashboardSort = Field(
        DashboardSort.ADDED, description="In the order in which they were added, by name, or most failures first."
    )


class Dashboard(BaseModel):
    totals: Totals
    items: Sequence[DashboardItem]
    next_cursor: str | None


# Limits that users meet.
MAX_ORGS = 25
MAX_COURSES = 50


class CourseChoice(Form):
    course_id: Id
    enroll_on: Day | None = Field(None, description="In the client's time zone; null is now.")
    due_by: Day | None = Field(None, description="The last day to complete; null is no due date.")


class Schedule(Form):
    """Gives the courses their dates. Course k of a stagger starts k - 1 months after `start_on`."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"preset": {"const": "monthly_stagger"}}},
            "then": {"required": ["start_on"], "properties": {"start_on": {"type": "string"}}},
            "else": {"properties": {"start_on": {"type": "null"}}},
        }
    )

    preset: Literal["all_immediate", "monthly_stagger"]
    start_on: Day | None = None
    days_to_complete: Annotated[int, Field(ge=1, le=3650), WHOLE] | None = None

    @model_validator(mode="after")
    def _start_belongs_to_stagger(self) -> Self:
        if self.preset == "monthly_stagger" and self.start_on is None:
            raise ValueError("Choose a start date for the monthly schedule.")
        if self.preset == "all_immediate" and self.start_on is not None:
            raise ValueError("Leave the start date out when everything starts at once.")
        return self


class _Submission(Form):
    """What both wizards have. Length limits are checked by the service, which names them in its errors."""

    name: Line
    courses: list[CourseChoice]
    schedule: Schedule | None = None
    notifications: Notifications = Notifications()
    reenroll_completed: bool = False
    plan_id: Id | None = None
    accept_changes: bool = False


class WizardForm(_Submission):
    """A submission of either wizard, as the services take it."""

    org_ids: list[Id]
    targeting: Targeting = Targeting()


class Launch(_Submission):
    """One submission of the MSP's wizard."""

    org_ids: list[Id]
    targeting: ClientTargeting = ClientTargeting()

    def form(self) -> WizardForm:
        return WizardForm(**{**dict(self), "targeting": Targeting(**dict(self.targeting))})


class OrgLaunch(_Submission):
    """One submission of an organization's own wizard."""

    targeting: Targeting = Targeting()

    def form(self, org_id: str) -> WizardForm:
        return WizardForm(**dict(self), org_ids=[org_id])


class RetryOrgs(Form):
    org_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_ORGS)]

"""What a launch and its later changes say, and what a rollout keeps of it."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line

# Limits that users meet.
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


class RetryOrgs(Form):
    org_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_ORGS)]


class RowDates(Form):
    """New dates of one course. `enroll_on` only while it is scheduled; null is now. `due_by` null is no due date."""

    enroll_on: Day | None = None
    due_by: Day | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Give enroll_on, due_by, or both.")
        return self


class CourseResult(Form):
    """What an admin enters for a learner: that the course was completed, when, and how well."""

    completed_at: Day | None = Field(None, description="The day in the organization's time zone; null is today.")
    score: Annotated[int, Field(ge=0, le=100)] | None = None


class EnrollmentChange(Form):
    due_by: Day | None = None
    result: CourseResult | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Give due_by, result, or both.")
        return self


class TakeCourse(Form):
    course_id: Id


class OfferTo(Form):
    org_id: Id
